"""Reads the converters' HTML strictly: every tag is closed in its order, and only what HTML lets stand empty is left open."""

from __future__ import annotations

from collections.abc import Iterable
from html.parser import HTMLParser

from streams.parse.fragments import clean

_EMPTY = frozenset({"br", "hr"})


class _Outline(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in _EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError("a declaration")

    def handle_pi(self, data: str) -> None:
        raise AssertionError("an instruction")


def outline(html: str) -> tuple[str, set[str]]:
    """(text, names of tags) of HTML whose tags nest."""
    parser = _Outline()
    parser.feed(html)
    parser.close()
    assert not parser.open
    return "".join(parser.texts), parser.tags


def squeezed(text: str) -> str:
    return "".join(text.split())


def assert_in_order(leaves: Iterable[str], text: str) -> None:
    """Every leaf is found in the text after the one before it; white space, which HTML does not keep, aside."""
    found = squeezed(text)
    place = 0
    for leaf in leaves:
        wanted = squeezed(clean(leaf))
        next_place = found.find(wanted, place)
        assert next_place >= 0, (wanted, found[place:])
        place = next_place + len(wanted)
