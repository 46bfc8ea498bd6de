"""Pieces of HTML that the converters write, and the walk that writes a whole tree of them.

Invariants: every text and attribute passes ``escaped`` or ``opening``, so no source text becomes markup; a link leads only where a reader may follow;
the walk keeps its own stack, so depth ends in a named error and never in a RecursionError. Elements are those that ``streams.parse.html`` keeps: it
drops ``del``, ``details``, ``figure`` and ``label`` with their text, so none of these is written.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, TypeVar

MAX_DEPTH: Final = 80
"""Levels of a source tree. A level writes at most two elements, and HTML parsers that build on libxml2 drop the text below 256."""

_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_NO_CHARACTERS: Final = re.compile("[\ud800-\udfff\ufffe\uffff]")
_FOLLOWED: Final = re.compile(r"(?:https?|ftp|mailto):|(?![a-z][a-z0-9+.-]*:)", re.IGNORECASE)

Tree = TypeVar("Tree")


def written(root: Tree, rule: Callable[[Tree], Iterable[str | Tree]], too_deep: Callable[[], Exception]) -> str:
    """The HTML of a tree. ``rule`` turns a node into ready markup (str) and nodes to go on with, in order; ``too_deep`` makes the error beyond MAX_DEPTH."""
    out: list[str] = []
    stack: list[Iterator[str | Tree]] = [iter(rule(root))]
    while stack:
        part = next(stack[-1], None)
        if part is None:
            stack.pop()
        elif isinstance(part, str):
            out.append(part)
        elif len(stack) > MAX_DEPTH:
            raise too_deep()
        else:
            stack.append(iter(rule(part)))
    return "".join(out)


def clean(text: str) -> str:
    """Without what neither XML nor HTML may hold: control characters part words, so each becomes a space; half surrogates become U+FFFD."""
    return _NO_CHARACTERS.sub("\ufffd", _CONTROLS.sub(" ", text))


def escaped(text: str) -> str:
    return html.escape(clean(text), quote=False)


def opening(name: str, attributes: Mapping[str, str]) -> str:
    """A start tag; an empty attribute is left out."""
    written_out = "".join(f' {key}="{html.escape(clean(value))}"' for key, value in attributes.items() if value)
    return f"<{name}{written_out}>"


def followed(url: str) -> bool:
    """Whether a link to it may be written: the web, mail, or a place on the same site; not ``javascript:`` and its like."""
    return bool(url) and _FOLLOWED.match(clean(url).strip()) is not None


def link_opening(url: str, title: str = "") -> str:
    return opening("a", {"href": url.strip() if followed(url) else "", "title": title})


def code_block(source: str, language: str = "") -> str:
    """``class="language-…"`` as HTML's own example has it: https://html.spec.whatwg.org/multipage/text-level-semantics.html#the-code-element."""
    return f"<pre>{opening('code', {'class': f'language-{language}' if language else ''})}{escaped(source)}</code></pre>"


def note(kind: str, name: str = "") -> str:
    """What stands for a thing that has no text of its own: ``[image: plan.png]``."""
    return f"[{escaped(f'{kind}: {name}' if name else kind)}]"


def title_line(kind: str, title: str = "") -> str:
    """The line above a box: its kind as a word, its title, or both. Nothing where there is neither."""
    words = ": ".join(part for part in (kind.capitalize(), title) if part)
    return f"<p><strong>{escaped(words)}</strong></p>" if words else ""
