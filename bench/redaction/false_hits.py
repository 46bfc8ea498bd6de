"""What is replaced in the handbook, with what stands around it: to be read by eyes, since only they tell a true value from a false one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bench.redaction.recall import KEY
from streams.redact import RedactionPolicy, Redactor
from streams.redact.tokens import TOKEN


@dataclass(frozen=True, slots=True)
class Replacement:
    """One replaced value in its place."""

    label: str
    value: str
    before: str
    after: str


# Seen by reading every replacement in the last state of the handbook; everything else there is a genuine mail address, phone number or person.
FALSE_PATTERNS = frozenset({"06/2015", "20405-0001", "5902rmnmjz5fivko9172xs74c"})

FALSE_NAMES = frozenset(
    {
        "Apps Script",
        "Non-Billable Work",
        "Click Update",
        "Zoom Admins",
        "Zoom Admin",
        "Full Name",
        "Non-Disclosure Agreement",
        "Note Sketch",
        "Monadnock Building",
    }
    | {"O'Hare International Airport", "Grant Park", "Plaza Building Directory", "Plaza Mailing"}
)


def replacements(pages: Sequence[str], *, names: bool) -> list[Replacement]:
    """Every replacement over all pages, paragraph by paragraph."""
    redactor = Redactor(KEY, policy=RedactionPolicy(entities=("PERSON",), names=True) if names else RedactionPolicy())
    found = []
    for page in pages:
        for paragraph in page.split("\n\n"):
            redacted = redactor.redact(paragraph).text
            if redacted != paragraph:
                found += _aligned(paragraph, redacted)
    return found


def _aligned(original: str, redacted: str) -> list[Replacement]:
    labels = [token[1:].partition(":")[0] for token in TOKEN.findall(redacted)]
    match = re.fullmatch("(.+?)".join(re.escape(part) for part in TOKEN.split(redacted)), original, re.DOTALL)
    if match is None:
        raise AssertionError("a redacted paragraph must be its original with values replaced")
    return [
        Replacement(label, match.group(i), original[max(0, match.start(i) - 50) : match.start(i)], original[match.end(i) : match.end(i) + 30])
        for i, label in enumerate(labels, 1)
    ]


def words(pages: Sequence[str]) -> int:
    """Words of the pages."""
    return sum(len(page.split()) for page in pages)


def by_label(found: Sequence[Replacement]) -> dict[str, int]:
    """Replacements per label."""
    return dict(Counter(replacement.label for replacement in found))
