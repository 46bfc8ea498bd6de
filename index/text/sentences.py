"""Where sentences end, in any script, in Markdown and in plain text.

One compiled pattern finds the candidates for an end (marks, line breaks, spaces between runs of Thai); a few rules refuse the false ones
(abbreviations, initials, the number of a list item, a small letter after a full stop). A decision looks at a few characters around its candidate and
never at the distance from the start of the text, so an edit moves no sentence end but those beside it. The one exception is a code fence: its
opening line decides what the lines after it are.

Invariant: the spans are in order and cover the text without gap or overlap; white space belongs to the sentence before it.
"""

from __future__ import annotations

import re
from typing import Final

import regex

_CLOSERS: Final = r"""["'”’»›)\]}*_`」』）】》〉〕]*+"""
_SOUTH_EAST_ASIAN: Final = r"\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_LINE_MARKER: Final = r"(?:[-*+•]\s|\d{1,9}[.)]\s|\#{1,6}\s|\||>|<[/a-zA-Z!]|[\w-]{1,40}:\s)"

_COMMON_ENDS: Final = rf"""
      (?P<line>^[ ]{{0,3}}(?:\#{{1,6}}[ \t][^\n]*|\|[^\n]*|(?:={{3,}}|-{{3,}})[ \t]*)(?:\n|\Z)\s*)
    | (?P<dot>(?<![.…])[.…]++{_CLOSERS}\s+)
    | (?P<mark>(?<![!?‽])[!?‽]++[.!?]*+{_CLOSERS}\s+)
    | (?P<blank>\n[ \t\r]*\n\s*)
    | (?P<code>[;{{}}][ \t\r]*\n\s*)
    | (?P<item>\n(?=[ \t]*{_LINE_MARKER}))
"""
_OTHER_SCRIPTS_ENDS: Final = rf"""
    | (?P<full>[。！？｡︒]+[!?。！？｡]*{_CLOSERS}\s*|[؟۔।॥।፧։။៕។᙮]+{_CLOSERS}\s*)
    | (?P<gap>(?<=[{_SOUTH_EAST_ASIAN}])[ \u00a0]+(?=[{_SOUTH_EAST_ASIAN}]))
"""
_OTHER_SCRIPTS: Final = re.compile(r"[^\x00-\u02ff\u2000-\u206f]")
"""Without any such sign the second set of ends cannot occur, and looking for it would take as long again as all the rest."""
_FLAGS: Final = regex.VERBOSE | regex.MULTILINE | regex.V1
_CANDIDATE: Final = regex.compile(_COMMON_ENDS + _OTHER_SCRIPTS_ENDS, _FLAGS)
_COMMON_CANDIDATE: Final = regex.compile(_COMMON_ENDS, _FLAGS)
_FENCE: Final = regex.compile(r"^ {0,3}(`{3,}|~{3,})[^\n]*(?:\n|\Z)", regex.MULTILINE)
_LINE: Final = regex.compile(r"[^\n]*+\n(?:[ \t\r]*+\n)*+|[^\n]++\Z")
_LAST_WORD: Final = regex.compile(r"""[^\s("'“‘«\[{*_]*$""")
_DOTTED: Final = regex.compile(r"(?:\p{L}{1,2}\.)+\p{L}{1,2}")
_DIGITS: Final = regex.compile(r"\d{1,9}")
_NEXT_WORD: Final = regex.compile(r"\w*")
_LOOK_BACK: Final = 24

_ABBREVIATIONS: Final = frozenset(
    """
    mr mrs ms mx dr prof rev hon gen col maj capt lt sgt sr jr st mt messrs gov sen rep pres supt insp vs cf viz approx dept est misc
    hr fr frl dipl ing bzw ca evtl ggf inkl exkl vgl usw sog bspw geb gest str abs nr tel
    m mm mme mmes mlle mgr av bd env
    sra srta dña ud uds ed eds
    sig sigg dott ing avv
    jan feb mar apr jun jul aug sep sept oct nov dec
    mon tue tues wed thu thur thurs fri
    """.split()  # noqa: SIM905 - a word list reads better as words
)
_BEFORE_NUMBERS: Final = frozenset("no nos nr p pp vol fig figs art sec sect ch chap eq ref refs tab ver v n° § §§ abs rn rz ziff".split())  # noqa: SIM905 - see above
_MONTHS: Final = frozenset(
    "januar jänner februar märz april mai juni juli august september oktober november dezember january february march may june july october december".split()  # noqa: SIM905 - see above
)


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """The ``[start, end)`` of each sentence; lines of code, of tables and headings count as sentences. An empty text has none."""
    ends: list[int] = []
    done = 0
    pattern = _CANDIDATE if _OTHER_SCRIPTS.search(text) else _COMMON_CANDIDATE
    for start, end in fences(text):
        _prose_ends(pattern, text, (done, start), ends)
        _line_ends(text, start, end, ends)
        done = end
    _prose_ends(pattern, text, (done, len(text)), ends)
    return list(zip([0, *ends[:-1]], ends, strict=True)) if ends else []


def fences(text: str) -> list[tuple[int, int]]:
    """The spans of fenced code, fence lines included; one that is never closed goes on to the end of the text, as CommonMark has it."""
    found: list[tuple[int, int]] = []
    if "```" not in text and "~~~" not in text:
        return found
    opening: regex.Match[str] | None = None
    for line in _FENCE.finditer(text):
        if opening is None:
            opening = line
        elif line[1].startswith(opening[1]) and not line[0].strip(" \r\n`~"):
            found.append((opening.start(), line.end()))
            opening = None
    if opening is not None:
        found.append((opening.start(), len(text)))
    return found


def _line_ends(text: str, start: int, end: int, ends: list[int]) -> None:
    ends.extend(line.end() for line in _LINE.finditer(text, start, end))
    _close(start, end, ends)


def _prose_ends(pattern: regex.Pattern[str], text: str, region: tuple[int, int], ends: list[int]) -> None:
    start, end = region
    for candidate in pattern.finditer(text, start, end):
        kind = candidate.lastgroup
        if kind == "line" and candidate.start() > start and (not ends or ends[-1] < candidate.start()) and not _underlines(candidate):
            ends.append(candidate.start())
        if (kind in {"dot", "mark"} and not _ends_sentence(text, candidate)) or candidate.end() == end:
            continue
        ends.append(candidate.end())
    _close(start, end, ends)


def _close(start: int, end: int, ends: list[int]) -> None:
    """Let the last sentence of a region run to the region's end; white space alone goes to the sentence before."""
    if end > start and (not ends or ends[-1] < end):
        ends.append(end)


def _underlines(line: regex.Match[str]) -> bool:
    """A row of ``=`` or ``-`` below a line makes that line a heading: the two stay together."""
    return line[0].lstrip()[:1] in {"=", "-"}


def _ends_sentence(text: str, candidate: regex.Match[str]) -> bool:
    after = text[candidate.end() : candidate.end() + 1]
    if "\n" in candidate[0] and _starts_block(text, candidate):
        return True
    if after.islower():
        return False
    if candidate.lastgroup == "mark":
        return True
    found = _LAST_WORD.search(text, max(0, candidate.start() - _LOOK_BACK), candidate.start())
    return found is None or not _abbreviates(text, found, candidate.end(), after)


def _starts_block(text: str, candidate: regex.Match[str]) -> bool:
    space = candidate[0].rpartition("\n")[0]
    return "\n" in space or _BLOCK_START.match(text, candidate.start() + len(space) + 1) is not None


_BLOCK_START: Final = regex.compile(rf"[ \t]*{_LINE_MARKER}")


def _abbreviates(text: str, word: regex.Match[str], after_at: int, after: str) -> bool:
    """Whether the full stop belongs to the word before it."""
    token = word[0].casefold()
    if token in _ABBREVIATIONS or _DOTTED.fullmatch(token):
        return True
    if len(token) == 1 and token.isalpha():
        return word[0].isupper() or text[after_at + 1 : after_at + 2] == "."
    if token in _BEFORE_NUMBERS:
        return after.isdigit()
    if _DIGITS.fullmatch(token):
        line_before = text[text.rfind("\n", 0, word.start()) + 1 : word.start()] if word.start() else ""
        next_word = _NEXT_WORD.match(text, after_at)
        return not line_before.strip(" \t>") or (next_word is not None and len(token) <= 2 and next_word[0].casefold() in _MONTHS)
    return False
