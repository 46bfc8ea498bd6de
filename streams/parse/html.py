"""HTML to Markdown with markdownify: headings, lists, tables, code, links and emphasis stay what they are, which is what the chunker's structure and a reader need.

What markdownify leaves open is decided here: no escapes (a reader would see them in quotes), one line a paragraph however the source was wrapped (so that wrapping it otherwise is no
edit), fences longer than any fence inside, a link whose text is its address as that address.
"""

from __future__ import annotations

import re
from typing import Final

from bs4 import BeautifulSoup
from bs4.builder._lxml import LXMLTreeBuilder
from bs4.element import NavigableString, Tag
from lxml import etree
from markdownify import ATX, MarkdownConverter

from contracts.events import InvalidRecordError, TextFormat

_BLOCKS: Final = frozenset(
    {"address", "aside", "details", "fieldset", "figure", "footer", "form", "header", "hgroup", "legend", "main", "menu", "nav", "option", "search", "summary"}
)
"""Tags that markdownify does not know, and would run together with their neighbours."""
_INLINE: Final = frozenset(
    {"a", "abbr", "b", "br", "cite", "code", "em", "i", "img", "kbd", "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "u"}
)
_UNSEEN: Final = ("head", "title", "script", "style", "template", "noscript")
_LANGUAGE: Final = re.compile(r"(?:language|lang|brush:)-?\s*([\w+#.-]{1,30})")
_FENCE: Final = re.compile(r"`{3,}")
_BLANK_LINES: Final = re.compile(r"\n{3,}")
_NUMBER: Final = "data-headrace-number"
_MOST_DIGITS: Final = 9
_MOST_NESTED: Final = 150
"""markdownify calls itself for each level; what people write has a dozen."""


class UnreadableHtmlError(InvalidRecordError):
    """HTML that does not parse."""


def to_markdown(body: str, text_format: TextFormat) -> tuple[str, TextFormat]:
    """(text, format) with HTML turned into Markdown; Markdown and plain text as they are. Raises UnreadableHtmlError."""
    if text_format != "html":
        return body, text_format
    soup = BeautifulSoup(body, builder=_Builder())
    for unseen in soup(list(_UNSEEN)):
        unseen.decompose()
    _check_depth(soup)
    _number(soup)
    return _BLANK_LINES.sub("\n\n", _Converter().convert_soup(soup)).strip(), "markdown"


def _check_depth(soup: BeautifulSoup) -> None:
    """Without recursion, which is what it guards."""
    level: list[Tag] = [soup]
    for _ in range(_MOST_NESTED):
        level = [child for tag in level for child in tag.find_all(recursive=False)]
        if not level:
            return
    raise UnreadableHtmlError(f"the HTML is nested more than {_MOST_NESTED} levels deep")


def _number(soup: BeautifulSoup) -> None:
    """Gives the items of numbered lists their numbers: markdownify counts anew for each, which takes the square of the list's length."""
    for ordered in soup("ol"):
        start = str(ordered.get("start") or "")
        for number, item in enumerate(ordered("li", recursive=False), int(start) if start.isdecimal() and len(start) < _MOST_DIGITS else 1):
            item[_NUMBER] = str(number)


class _Builder(LXMLTreeBuilder):
    """libxml2 without its limits, which cut what is nested deeply or is large without a word. (Python's own parser takes minutes for 100 KB of unfinished tags.)"""

    def parser_for(self, encoding: str | None) -> etree.HTMLParser:
        return etree.HTMLParser(target=self, recover=True, encoding=encoding, huge_tree=True, no_network=True)


class _Converter(MarkdownConverter):
    """Methods are named by markdownify, after the tags."""

    class Options:
        heading_style = ATX
        escape_asterisks = False
        escape_underscores = False
        wrap = True
        wrap_width = None
        table_infer_header = True

    def get_conv_fn(self, tag_name: str) -> object:
        return super().get_conv_fn("div" if tag_name in _BLOCKS else tag_name)  # type: ignore[misc]  # not in its stubs

    def convert_a(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        if text.strip() == el.get("href"):
            return text
        linked: str = super().convert_a(el, text, parent_tags)  # type: ignore[misc]  # not in its stubs
        return linked

    def convert_br(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        if isinstance(el.next_sibling, NavigableString) or (isinstance(el.next_sibling, Tag) and el.next_sibling.name in _INLINE):
            broken: str = super().convert_br(el, text, parent_tags)  # type: ignore[misc]  # not in its stubs
            return broken
        return "\n"  # before a block, or at the end of one, it breaks nothing

    def convert_li(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002  # as markdownify calls it
        bullet = f"{el[_NUMBER]}. " if el.has_attr(_NUMBER) else "- "
        lines = text.strip().split("\n")
        return "\n".join([bullet + lines[0], *(" " * len(bullet) + line if line else "" for line in lines[1:])]) + "\n" if lines[0] else "\n"

    def convert_pre(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        if not text:
            return ""
        if "_inline" in parent_tags:
            return f" {' '.join(text.split())} "
        longest = max((len(found) for found in _FENCE.findall(text)), default=2)
        fence = "`" * (longest + 1)
        stripped = text.strip("\n")
        return f"\n\n{fence}{_language(el)}\n{stripped}\n{fence}\n\n"

    def convert_img(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002  # as markdownify calls it
        return str(el.get("alt") or "")


def _language(pre: Tag) -> str:
    for tag in (pre, *pre.find_all("code", limit=1)):
        for name in ("class", "data-language", "data-lang"):
            value = tag.get(name)
            written = " ".join(value) if isinstance(value, list) else str(value or "")
            found = _LANGUAGE.search(written) if name == "class" else re.fullmatch(r"([\w+#.-]{1,30})", written)
            if found:
                return found[1]
    return ""
