"""What the model is given for a chunk's text."""

from __future__ import annotations


def embedded_text(text: str) -> str:
    """Runs of white space become one space, so a text that was only wrapped anew needs no new vector (docs/decisions/0021)."""
    return " ".join(text.split())
