"""What the model is given for a chunk's text: its words as a reader sees them.

What costs tokens, blurs vectors and answers no question is left away: the target of a Markdown link or image (its text stays), HTML tags, HTML's names of
characters, headings that number pages, runs of white space. So a link that only points elsewhere, a new ``class`` or a paragraph wrapped anew need no new vector
(docs/decisions/0021, 0072). The chunk itself keeps all of it: it is a slice of the source, and BM25, quotes and offsets see that.

Invariant: where a text is cut at white space outside ``unbroken_spans``, the words of its parts are the words of the whole.
"""

from __future__ import annotations

import html
from typing import Final

import regex

_ADDRESS: Final = r"(?:<[^<>\n]*+>|(?=[^()\s]*[/#:]|[^()\s]*\.\w|\{\{)(?:\{\{[^{}\n]*+\}\}|[^\s()]|\([^\s()]*+\))++)"
"""Looks like a path, an anchor, a URL or a template's ``{{ … }}``: ``[1](see below)`` and ``call[0](x)`` are no links."""
_TITLE: Final = r"""(?:\s++(?:"[^"\n]*+"|'[^'\n]*+'))?+"""
_TARGET: Final = rf"\(\s*+{_ADDRESS}{_TITLE}\s*+\)"
_LINK: Final = rf"!?\[(?P<text>(?:[^\[\]\n]|\n(?!\s*\n)|!?\[[^\[\]\n]*+\]{_TARGET})*+)\]{_TARGET}"
_INLINE_TAGS: Final = "a|abbr|b|code|em|font|i|kbd|mark|s|small|span|strong|sub|sup|u"
_OTHER_TAGS: Final = (
    "article|aside|blockquote|br|center|col|colgroup|dd|details|div|dl|dt|figcaption|figure|footer|h[1-6]|header|hr|iframe|img|li|main|nav|ol|p|pre|section"
    "|source|summary|table|tbody|td|tfoot|th|thead|tr|ul|video"
)
_TAG: Final = rf"""</?(?:(?P<inline>{_INLINE_TAGS})|{_OTHER_TAGS})(?:\s(?:[^<>"'\n]|"[^"\n]*+"|'[^'\n]*+')*+)?+/?>"""
"""Of HTML's own names alone: ``List<String>`` and ``a < b`` stay."""
_PAGE_BEGINS: Final = "## Page "
_PAGE: Final = rf"(?m:^{_PAGE_BEGINS}\d{{1,5}}$)"
"""A page put in moves the numbers of all that follow, and changes nothing of what is on them."""
_MARKUP: Final = regex.compile(f"{_LINK}|{_TAG}|{_PAGE}")
_CHARACTER: Final = regex.compile(r"&(?:\#\d{1,6}|\#[xX][\da-fA-F]{1,6}|[a-zA-Z]\w{1,30});")
_BARE_CHARACTERS: Final = 24
"""So that this never has more tokens than the smallest chunk may."""


def embedded_text(text: str) -> str:
    """The text as ``shown_text`` has it; of a text that shows nothing (a lone image, ends of tags) its first characters, for the model must get something."""
    return shown_text(text) or " ".join(text.split())[:_BARE_CHARACTERS]


def shown_text(text: str) -> str:
    """The text without targets of links and tags and headings of pages, runs of white space as one space."""
    if "](" in text or "<" in text or _PAGE_BEGINS in text:
        text = _MARKUP.sub(_shown, text)
    if "&" in text:
        text = _CHARACTER.sub(_character, text)
    return " ".join(text.split())


def unbroken_spans(text: str) -> list[tuple[int, int]]:
    """Where links and tags stand: to cut inside would show the model half of one."""
    if "](" not in text and "<" not in text and _PAGE_BEGINS not in text:
        return []
    return [markup.span() for markup in _MARKUP.finditer(text)]


def _shown(markup: regex.Match[str]) -> str:
    inner: str | None = markup["text"]
    if inner is not None:
        return _MARKUP.sub(_shown, inner) if "](" in inner or "<" in inner else inner
    return "" if markup["inline"] else " "


def _character(name: regex.Match[str]) -> str:
    return html.unescape(name[0])
