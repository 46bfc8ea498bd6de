"""Jira's wiki markup to HTML: what Jira Data Center's REST v2 holds in descriptions and comments.

Mechanism, from the outside in: ``{code}`` and ``{noformat}`` are set aside, since nothing in them is markup; ``{quote}`` and ``{panel}`` frame what is
between them; the rest is lines (``wiki_lines``), and a line has effects, links and images (``wiki_inline``). Any text is valid: what has no partner, such as
a ``{quote}`` that is never closed, is no markup and stays as it is. Nothing recurses, and the time is linear in the length.

Vendor's page: https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa?section=all. The dashes ``--`` and ``---`` stay dashes, and emoticons stay text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from streams.parse.fragments import clean, code_block, title_line
from streams.parse.wiki_inline import Inline
from streams.parse.wiki_lines import lines_to_html

_NO_NAMES: Final[Mapping[str, str]] = MappingProxyType({})
_LITERAL: Final = re.compile(r"(?<!\\)\{(?P<name>code|noformat)(?::(?P<parameters>[^}\n\x02]{0,300}))?\}")
_FRAME: Final = re.compile(r"(?<!\\)\{(?P<name>quote|panel)(?::(?P<parameters>[^}\n\x02]{0,300}))?\}")
_DEEPEST_FRAME: Final = 10


def to_html(markup: str, user_names: Mapping[str, str] = _NO_NAMES) -> str:
    """``user_names`` gives the name to show for a user's name or account id. Never raises."""
    text, aside = _set_aside(clean(markup).replace("\r\n", "\n").replace("\r", "\n"))
    inline = Inline(aside, user_names)
    frames = _frames(text)
    out: list[str] = []
    start = 0
    for place in sorted(frames):
        end, tag = frames[place]
        out += lines_to_html(text[start:place], inline), tag
        start = end
    out.append(lines_to_html(text[start:], inline))
    return "".join(out)


def _set_aside(text: str) -> tuple[str, list[str]]:
    """The text with a sign in place of each block of code, and the blocks. STX and ETX are the sign: ``clean`` leaves none in the text."""
    out: list[str] = []
    blocks: list[str] = []
    unclosed: set[str] = set()
    start = 0
    while (opening := _LITERAL.search(text, start)) is not None:
        name = opening["name"]
        end = -1 if name in unclosed else text.find(f"{{{name}}}", opening.end())
        if end < 0:
            unclosed.add(name)
            out.append(text[start : opening.end()])
            start = opening.end()
            continue
        out += text[start : opening.start()], f"\x02{len(blocks)}\x03"
        blocks.append(_code(text[opening.end() : end], opening["parameters"] or ""))
        start = end + len(name) + 2
    out.append(text[start:])
    return "".join(out), blocks


def _code(source: str, parameters: str) -> str:
    """``{code:title=Bar.java|borderStyle=solid}`` or ``{code:xml}``: what has no ``=`` is the language."""
    named, bare = _parameters(parameters)
    return title_line("", named.get("title", "")) + code_block(source.strip("\n"), named.get("language", bare))


def _parameters(text: str) -> tuple[dict[str, str], str]:
    parts = [part.strip() for part in text.split("|") if part.strip()]
    return dict(part.split("=", 1) for part in parts if "=" in part), next((part for part in parts if "=" not in part), "")


def _frames(text: str) -> dict[int, tuple[int, str]]:
    """Place to (end, HTML) of each tag of a frame that has a partner. ``{panel}`` closes the open panel, or else opens one."""
    found: dict[int, tuple[int, str]] = {}
    waiting: list[re.Match[str]] = []
    for tag in _FRAME.finditer(text):
        opened = [match["name"] for match in waiting]
        if tag["parameters"] is None and tag["name"] in opened:
            while (opener := waiting.pop())["name"] != tag["name"]:
                pass
            before, after = _frame(opener)
            found[opener.start()] = opener.end(), before
            found[tag.start()] = tag.end(), after
        elif len(opened) < _DEEPEST_FRAME:
            waiting.append(tag)
    return found


def _frame(opener: re.Match[str]) -> tuple[str, str]:
    if opener["name"] == "quote":
        return "<blockquote>", "</blockquote>"
    return f"<div>{title_line('', _parameters(opener['parameters'] or '')[0].get('title', ''))}", "</div>"
