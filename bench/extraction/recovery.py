"""How much of a text came back."""

from __future__ import annotations

import re
import shutil
import subprocess
import unicodedata
from collections import Counter
from typing import Final

from rapidfuzz.distance import Levenshtein

_WORD: Final = re.compile(r"\w{2,}")
_NOT_COUNTED: Final = re.compile(r"[\s\u00ad\u2010\u2011-]+")
"""Blanks and hyphens: programs differ in how they join lines, and no reader minds."""
_LEADERS: Final = re.compile(r"(?:\s*\.){4,}")


def written(text: str) -> str:
    """What is compared: letters, digits and signs, ligatures and kinds of quotes made equal; the dots that lead to a page number are decoration."""
    folded = unicodedata.normalize("NFKC", _LEADERS.sub(" ", text))
    for alike, plain in (("‘’‚`´", "'"), ("“”„", '"'), ("–—−", "-"), ("•∙·◦", "*")):
        folded = folded.translate({ord(sign): plain for sign in alike})
    return _NOT_COUNTED.sub("", folded)


def characters(reference: str, found: str) -> tuple[int, int]:
    """(recovered, all) of the reference's characters: all less what must be inserted, deleted or replaced, so rubbish in ``found`` counts against it."""
    wanted, got = written(reference), written(found)
    return max(0, len(wanted) - Levenshtein.distance(wanted, got)), len(wanted)


def words(reference: str, found: str) -> float:
    """Share of the reference's words that are found, each as often as it is there, by their length. For texts that are laid out differently."""
    wanted, got = (Counter(_WORD.findall(unicodedata.normalize("NFKC", text).lower())) for text in (reference, found))
    weights = {word: len(word) * count for word, count in wanted.items()}
    return sum(len(word) * min(count, got[word]) for word, count in wanted.items()) / sum(weights.values())


def poppler_pages(pdf: bytes) -> list[str] | None:
    """The text of each page as another program reads it; None where `pdftotext` (Debian: poppler-utils) is not installed."""
    if shutil.which("pdftotext") is None:
        return None
    done = subprocess.run(["pdftotext", "-q", "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode("utf-8", "replace").split("\f")[:-1]
