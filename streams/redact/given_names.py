"""Names by a list: a given name says where a name begins, whatever the sentence around it.

A given name with capitalised words behind it scores 0.8, alone 0.65, either in a heading 0.5. One that is also an ordinary word, a place, a month or a product
(``Mark``, ``Rose``, ``Florence``, ``August``) counts only before a word from the list of surnames; ``common_words.txt`` holds those.
Given names are those of the nomquamgender package (MIT), from public statistics of many countries; surnames those of the mimesis package (MIT).
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from streams.redact.name_places import NAME_WORD, PARTICLE

_SOURCES, _PEOPLE = 7, 100
"""A given name counts when so many of the package's sources have it, and so many people bear it: rarer entries are misspellings and words."""
_ENTRY: Final = re.compile(r'"([a-z]{2,})": \[(\d+), (\d+),')
_LOCALES: Final = ("en", "en-gb", "en-au", "en-ca", "de", "de-at", "de-ch", "fr", "es", "es-mx", "it", "pt", "nl", "da", "sv", "no", "pl")
_UNACCENTED: Final = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
_FOLLOWING: Final = re.compile(rf"[ ](?:{PARTICLE}[ ]){{0,2}}(?:(?P<word>{NAME_WORD})(?![\w])|[^\W\d_a-z]\.)")
_WORD: Final = re.compile(rf"(?<![\w.])(?<!\w@){NAME_WORD}(?![\w@])")
_POSSESSIVE: Final = re.compile(r"['’](?:s|S)?$")
_LONGEST_NAME: Final = 4
_SURNAME_FIRST: Final = re.compile(rf"(?<![\w.])(?P<last>{NAME_WORD}), (?P<first>{NAME_WORD})(?!\w)")
_PLACE: Final = r"(?:San|Santa|Santo|São|Sankt|St|Saint|Sainte|Las|Los|El|Port|Fort|Mount|Lake|New|North|South|East|West|Via|Rue|Calle|Rua|Place|Plaza|Piazza|via|viale|corso|rue|avenue|avenida|boulevard|calle|rua|place|plaza|piazza|paseo|sala|salle|Raum|Saal|Haus)"
_OF_A_PLACE: Final = re.compile(rf"\b{_PLACE}\.?[ -]$")
_BEGINS_A_PLACE: Final = re.compile(_PLACE)
_LONGEST_PREFIX: Final = 9
_LAST_FIRST: Final = re.compile(
    rf"(?:^|(?<=  )|(?<=[:;(–—-] ))[ \t]*(?P<last>(?:{PARTICLE} )?{NAME_WORD}(?: {NAME_WORD})?), (?P<first>{NAME_WORD})(?=  |[ \t]*(?:[;)(–—]|- |$))",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class NameLists:
    """Without accents and in lower case. ``given`` holds no ordinary words; ``doubtful`` are the given names that are some."""

    given: frozenset[str]
    doubtful: frozenset[str]
    surnames: frozenset[str]

    def begins(self, word: str) -> bool:
        """Whether a word is a given name, as is each part of a compound (``Anna-Marie``)."""
        parts = folded(word).split("-")
        return any(part in self.given for part in parts) and all(part in self.given or part in self.doubtful for part in parts)

    def may_begin(self, word: str, second: str) -> bool:
        """Whether a word that is a given name and something else stands before a surname."""
        return folded(word) in self.doubtful and folded(second) in self.surnames

    def may_end(self, last: str, first: str) -> bool:
        """Whether ``last, first`` are a surname and a given name."""
        return folded(last) in self.surnames and self.begins(first)


@lru_cache(maxsize=65_536)
def folded(word: str) -> str:
    """In lower case and without accents, as the lists are."""
    plain = unicodedata.normalize("NFKD", word.lower().translate(_UNACCENTED))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


@cache
def name_lists() -> NameLists:
    """Read once per process, from the packages' data files: importing them would load what a worker has no use for (pandas, generators of random data)."""
    entries = _ENTRY.finditer(_data_folder("nomquamgender").joinpath("name_data.json").read_text("utf-8"))
    names = {match[1] for match in entries if int(match[2]) >= _SOURCES and int(match[3]) >= _PEOPLE}
    surnames: set[str] = set()
    for locale in _LOCALES:
        person = json.loads(_data_folder("mimesis").joinpath("datasets", locale, "person.json").read_text("utf-8"))
        surnames.update(folded(name) for name in _texts(person.get("surnames")))
    common = frozenset(resources.files("streams.redact").joinpath("common_words.txt").read_text("utf-8").split())
    return NameLists(frozenset(names - common), frozenset(names & common), frozenset(surnames))


def _data_folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the package {package}, whose lists of names the redaction reads, is not installed: run `make setup`")
    return Path(spec.origin).parent


def _texts(value: Any) -> Iterator[str]:
    """The strings of a nested list or mapping."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def find_listed(masked: str, no_name: re.Pattern[str]) -> Iterator[tuple[int, int, bool]]:
    """Start, end and whether it has two words or more, of each name that a list knows. ``no_name`` ends a name: company suffixes, months."""
    lists = name_lists()
    done = 0
    for match in _WORD.finditer(masked):
        word = _POSSESSIVE.sub("", match.group())
        given = lists.begins(word)
        if match.start() < done or not (given or folded(word) in lists.doubtful) or _BEGINS_A_PLACE.fullmatch(word):
            continue
        start, end = match.start(), match.start() + len(word)
        second, end = _extended(masked, end, no_name) if len(word) == len(match.group()) else ("", end)
        if (given and not _OF_A_PLACE.search(masked, max(0, start - _LONGEST_PREFIX), start)) or lists.may_begin(word, second):
            done = end
            yield start, end, " " in masked[start:end]
    yield from _surname_first(masked, lists, no_name)


def _surname_first(masked: str, lists: NameLists, no_name: re.Pattern[str]) -> Iterator[tuple[int, int, bool]]:
    """``Kraus, Anni``: alone in its place, or anywhere with a surname of the list."""
    alone = (match for match in _LAST_FIRST.finditer(masked) if lists.begins(match.group("first")))
    listed = (match for match in _SURNAME_FIRST.finditer(masked) if lists.may_end(match.group("last"), match.group("first")))
    for match in (*alone, *listed):
        if not no_name.search(match.group("last")):
            yield *match.span("last"), True
            yield *match.span("first"), True


def _extended(masked: str, end: int, no_name: re.Pattern[str]) -> tuple[str, int]:
    """The word behind a given name, and where the name ends: at most three more words."""
    second = ""
    for _ in range(_LONGEST_NAME - 1):
        following = _FOLLOWING.match(masked, end)
        if following is None or no_name.search(following.group()):
            break
        word = _POSSESSIVE.sub("", following.group("word") or "")
        second = second or word
        end = following.end() - (len(following.group("word")) - len(word) if word else 0)
        if word != (following.group("word") or ""):
            break
    return second, end
