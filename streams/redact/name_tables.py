"""Names in tables: a column whose heading says that people stand in it, in CSV as in Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from streams.redact.name_places import NAME_WORD, PARTICLE

_DELIMITERS: Final = "|;\t,"
_SURE: Final = re.compile(
    r"(?:last|first|sur|family|given|middle|full|employee|customer|contact|patient|student|guest)[ _-]?names?|surname|forename|vorname|nachname|familienname|"
    r"nom de famille|nom complet|prénoms?|prenoms?|apellidos?|nombre(?: y apellidos?| completo)|nome e cognome|nome completo|cognome",
    re.IGNORECASE,
)
_HALF: Final = re.compile(r"last|first|name|nom|nombre|nome", re.IGNORECASE)
_PERSON: Final = re.compile(
    r"contact(?: person)?|owner|assignee|assigned to|reporter|requester|author|manager|supervisor|approver|reviewer|employee|person|patient|student|guest|attendee|who|"
    r"on[ -]call|on duty|responsible|ansprechpartner(?:in)?|mitarbeiter(?:in)?|bearbeiter(?:in)?|verantwortlich(?:e|er)?|kunde|kundin|zuständig|teilnehmer(?:in)?|wer|"
    r"interlocuteur|responsable|salarié|employé|collaborateur|titulaire|client|qui|empleado|titular|quién|dipendente|referente|titolare|responsabile|cliente|chi",
    re.IGNORECASE,
)
_VALUE: Final = re.compile(rf"(?:{PARTICLE} ){{0,2}}{NAME_WORD}(?: (?:{PARTICLE} ){{0,2}}{NAME_WORD}){{0,3}}")
_TRIM: Final = ' \t\r\n"*_'


@dataclass(frozen=True, slots=True)
class _Heading:
    """``columns`` for names, with whether the heading alone says so: in one such as ``owner`` a value has to begin with a given name."""

    delimiter: str
    width: int
    columns: dict[int, bool]


def find_in_columns(text: str, is_given: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    """Start and end of each name in a column for names; ``text`` has blanks over code, links and tokens, and its delimiters still."""
    at = 0
    heading: _Heading | None = None
    for line in text.splitlines(keepends=True):
        found = _heading(line)
        if found is not None:
            heading = found
        elif heading is not None:
            if len(line.split(heading.delimiter)) == heading.width:
                yield from _values(line, at, heading, is_given)
            elif heading.delimiter not in line:
                heading = None
        at += len(line)


def _heading(line: str) -> _Heading | None:
    for delimiter in _DELIMITERS:
        if delimiter not in line:
            continue
        cells = [cell.strip(_TRIM) for cell in line.split(delimiter)]
        parts = [index for index, cell in enumerate(cells) if _SURE.fullmatch(cell) or _HALF.fullmatch(cell)]
        columns = {index: len(parts) > 1 or _SURE.fullmatch(cells[index]) is not None for index in parts}
        columns |= {index: False for index, cell in enumerate(cells) if _PERSON.fullmatch(cell)}
        if columns:
            return _Heading(delimiter, len(cells), columns)
    return None


def _values(line: str, at: int, heading: _Heading, is_given: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    start = at
    for index, cell in enumerate(line.split(heading.delimiter)):
        value = cell.strip(_TRIM)
        if index in heading.columns and _VALUE.fullmatch(value) and (heading.columns[index] or is_given(value.split()[0])):
            begin = start + cell.index(value)
            yield begin, begin + len(value)
        start += len(cell) + len(heading.delimiter)
