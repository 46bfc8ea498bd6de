"""Inside a line of wiki text: effects, links, mentions, images, escapes.

Mechanism: one pass over the tokens of a line. An effect's mark opens where a word may begin and closes where one may end, as in Atlassian's renderer; it
becomes a tag only when it closes, so a star or a dash that stands alone stays as it is, and tags always nest. At most one mark of a kind is open, which
bounds the work.

Vendor's page: https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa, sections ``texteffects``, ``links``, ``images``, ``attachments``, ``breaks``
and ``miscellaneous`` (the escape). ``{*}`` for a mark inside a word is what Jira's own editor writes (not verified on the vendor's pages).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from streams.parse.fragments import escaped, followed, link_opening, note

ASIDE: Final = re.compile("(\x02[0-9]+\x03)")
"""The sign that stands for a block of code."""

_MONOSPACED: Final = r"\{\{(?:(?!\{\{|\}\})[^\n\x02]){1,1000}\}\}"
_IMAGE: Final = r"(?<![\w!])!(?![\s!])[^!|\n\x02]{0,500}(?:\.\w{2,5}|://[^!|\s\x02]{1,500})(?:\|\s*(?:(?:thumbnail\b|\w{1,20}\s*=)[^!\n\x02]{0,300})?)?!(?!\w)"
_LINK: Final = r"\[[^\[\]\n\x02]{1,2000}\]"
PLAIN_PARTS: Final = rf"\\.|{_LINK}|{_MONOSPACED}|{_IMAGE}"
"""In a table's row, where a bar is no end of a cell."""

_TOKEN: Final = re.compile(
    rf"""(?P<aside>\x02[0-9]+\x03) | (?P<monospaced>{_MONOSPACED}) | (?P<dropped>\{{(?:color(?::[^}}\n\x02]{{0,60}})?|anchor:[^}}\n\x02]{{0,200}})\}})
    | (?P<link>{_LINK}) | (?P<image>{_IMAGE}) | (?P<url>\b(?:https?|ftp)://[^\s<>|\[\]{{}}"'\x02]+)
    | (?P<break>(?<!\\)\\\\(?=\s|$)) | (?P<escape>\\[*_\-+^~?{{}}\[\]!|#]) | (?P<mark>\{{[*_+^~-]\}}|\?\?|[*_+^~-])""",
    re.VERBOSE,
)
_EFFECTS: Final = {"*": "strong", "_": "em", "-": "s", "+": "ins", "^": "sup", "~": "sub", "??": "cite"}
_AFTER_A_URL: Final = ".,;:!?)*_+^~'"


class Inline:
    """Knows the blocks that were set aside and the users' names."""

    def __init__(self, aside: Sequence[str], user_names: Mapping[str, str]) -> None:
        self._aside = aside
        self._user_names = user_names

    def html(self, text: str) -> str:
        """Lines in, HTML out. A line's end is a break, as Jira shows it; effects do not reach over it."""
        return "<br>".join(self._line(line, links=True) for line in text.split("\n"))

    def _line(self, line: str, *, links: bool) -> str:
        effects = _Effects()
        start = 0
        while (token := _TOKEN.search(line, start)) is not None:
            effects.out.append(escaped(line[start : token.start()]))
            if token.lastgroup == "mark":
                effects.mark(line, token)
                start = token.end()
                continue
            taken, html = self._token(token, links=links)
            effects.out.append(html)
            start = token.start() + taken
        return "".join([*effects.out, escaped(line[start:])])

    def _token(self, token: re.Match[str], *, links: bool) -> tuple[int, str]:
        """(characters taken, HTML). Of what only looks like a link, the bracket is taken, and the rest is read again."""
        whole = token[0]
        match token.lastgroup:
            case "link":
                html = self._link(whole[1:-1])
                return (1, "[") if html is None else (len(whole), html)
            case "url":
                url = whole.rstrip(_AFTER_A_URL)
                return len(url), f"{link_opening(url)}{escaped(url)}</a>" if links else escaped(url)
            case kind:
                return len(whole), self._leaf(kind, whole)

    def _leaf(self, kind: str | None, whole: str) -> str:
        match kind:
            case "aside":
                return self._aside[int(whole[1:-1])]
            case "monospaced":
                return f"<code>{escaped(whole[2:-2])}</code>"
            case "image":
                return _image(whole[1:-1])
            case "break":
                return "<br>"
            case "escape":
                return escaped(whole[1])
            case _:
                return ""

    def _link(self, inner: str) -> str | None:
        """``text|target|tooltip``, ``text|target`` or ``target``. None where the target is none."""
        parts = inner.split("|")
        if len(parts) > 3:
            return None
        label, target, tooltip = ("", parts[0], "") if len(parts) == 1 else (parts[0], parts[1], "".join(parts[2:]))
        target = target.strip()
        return self._linked(target, lambda shown: self._line(label, links=False) if label.strip() else escaped(shown), tooltip)

    def _linked(self, target: str, label: Callable[[str], str], tooltip: str) -> str | None:
        name = target[1:].strip()
        if target.startswith("~") and name:
            user = name.removeprefix("accountid:")
            return label(f"@{self._user_names.get(user, user)}")
        if target.startswith("^") and name:
            shown = label("")
            return f"{shown} {note('file', name)}" if shown else note("file", name)
        if re.match(r"#\S|/\S|//\S|(?:https?|ftp|mailto):\S", target) and followed(target):
            return f"{link_opening(target, tooltip)}{label(target.removeprefix('mailto:'))}</a>"
        return None


class _Effects:
    """The line's HTML so far, and the marks in it that have not closed: kind and place."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self._open: dict[str, int] = {}

    def mark(self, line: str, token: re.Match[str]) -> None:
        kind = token[0].strip("{}")
        braced = token[0] != kind
        before, after = line[token.start() - 1 : token.start()], line[token.end() : token.end() + 1]
        doubled = kind[0] in (before, after)
        if kind in self._open and (braced or not (before.isspace() or after.isalnum() or doubled)):
            self._close(kind)
            return
        if kind not in self._open and (braced or not (before.isalnum() or after.isspace() or after == "" or doubled)):
            self._open[kind] = len(self.out)
        self.out.append(escaped(token[0]))

    def _close(self, kind: str) -> None:
        """Marks that opened later cross this one: they are no markup."""
        place = self._open[kind]
        self._open = {other: where for other, where in self._open.items() if where < place}
        self.out[place] = f"<{_EFFECTS[kind]}>"
        self.out.append(f"</{_EFFECTS[kind]}>")


def _image(inner: str) -> str:
    """``name.png|width=300, alt=plan``: the alternative text, if it has one, and else the file."""
    source, _, properties = inner.partition("|")
    named = dict(part.split("=", 1) for part in re.split(r",\s*", properties) if "=" in part)
    return note("image", named.get("alt", "").strip(' "') or source.strip())
