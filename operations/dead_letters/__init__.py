"""``headrace dead-letters …``: what could not be processed, why, and what an operator does about it."""

from operations.dead_letters.commands import app

__all__ = ["app"]
