"""Times and ids as the vendor writes them."""

from __future__ import annotations

import secrets
import time
from typing import Final

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def moment(seconds: float) -> str:
    """``2011-05-05T10:38:52Z``"""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def precise(seconds: float) -> str:
    """Nine digits of a second, as in ``2025-01-08T14:25:30.123456789Z``."""
    return f"{moment(seconds)[:-1]}.{int(seconds % 1 * 1_000_000_000):09d}Z"


def ulid() -> str:
    """26 characters, the first ten of which are the time."""
    number = int(time.time() * 1000) << 80 | secrets.randbits(80)
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))
