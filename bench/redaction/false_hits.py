"""What is replaced in the handbook, with what stands around it: to be read by eyes, since only they tell a true value from a false one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

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


# By reading every replacement in the last state of the handbook: these are true, and whatever else is replaced there counts as false, also what a later version of the rules finds.
# Every mail address found there is one. The token opens a calendar to who has it.
_TRUE_PATTERNS: Final = frozenset(
    {
        "(415) 844-9759", "415-556-2766", "408 638 0968", "646 558 8656", "(844) 303-6515", "1-844-303-6515", "(202) 501-0398", "(877) 472-6716", "877-472-6716", "888-994-6722",
        "(866) 450-6588", "866-450-5250", "1-877-968-3778", "(877) 709-5797", "555-555-5555",
        "UUZmSUplekFxYzFofGRlZmF1bHR8ZGE3Zjg4NTljODU3NTEyNzgwYmU5YmRlYTdlNTFjNTY",
    }
)  # fmt: skip
_PEOPLE: Final = frozenset(
    {
        "Ahmed Mahdi", "Aidan Feldman", "Alan Thomas", "Alex Bisker", "Alex Dalessio", "Alex Mobeka", "Alexander Koudry", "Amanda Costello", "Amar Singh",
        "Andre Francisco", "Andrea Sigritz", "Angela Colter", "Austin Hernandez", "Becky", "Becky Sweger", "Bob DeLuca", "Bonnie Hochhalter", "Brad Hansher",
        "Brian Whittaker", "Bruce Schneier", "Bryan DeLeve", "Carlo Costino", "Chris McFerren", "Clinton", "Dahianna Salazar Foreman", "Derrick Rogers",
        "Doc Norton", "Dominic Sale", "Drew Jack", "Eric Brewer", "Esther Praske", "Ethan", "Ethan Heppner", "Greg Boone", "Harold Tyler", "Harry", "Herbert",
        "Jacklynn Pham", "Jeremy Zilar", "Joe Castle", "John C. Kluzinscki", "John Peters", "John Yuda", "Joshua", "Joshua Di Frances", "Julia Elman",
        "Karen Link", "Kathryn Connolly", "Keith Wilson", "Lakita Rivero", "Lara Hogan", "Leah Gitter", "Mary", "Mary Robinson", "Matt Ryan", "Matt Spencer",
        "Matthew Ryan", "Melanie Leopold", "Melvin Moreira", "Michelle Hertzfeld", "Nico Papafil", "Nixon", "Octavia Johnson", "Peter Burkholder",
        "Peter Karman", "Sara Twyman", "Sasha Magee", "Siri Nankin", "Stephen Reilly", "Tom Hanks", "Toni Bonitto", "Tricia Sieveke", "Wendy",
    }
)  # fmt: skip


def is_false(found: Replacement) -> bool:
    """Whether nothing had to be hidden there."""
    return found.label != "EMAIL" and found.value not in (_PEOPLE if found.label == "PERSON" else _TRUE_PATTERNS)


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
