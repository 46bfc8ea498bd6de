"""Where an error came from, fit for a log: its own text may hold content, its frames do not."""

from __future__ import annotations

import traceback
from typing import Final

_MOST_FRAMES: Final = 12


def frames_of(error: BaseException) -> list[str]:
    """``file:line function`` of the innermost frames."""
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)][-_MOST_FRAMES:]
