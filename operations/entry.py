"""The console script's first step: the commands' libraries take seconds to import, and Ctrl-C meanwhile is no error to trace."""

from __future__ import annotations

import sys


def main() -> None:
    """Import and run the ``headrace`` command."""
    try:
        from operations.cli import main as run  # noqa: PLC0415  # see above
    except KeyboardInterrupt:
        sys.exit(130)
    run()
