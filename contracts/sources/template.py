"""Templates over the columns of a row: ``"{number}: {subject}"``. ``{{`` and ``}}`` stand for the braces themselves.

A placeholder holds a column's name and nothing else: no formats, no attributes, no expressions, so that the columns a template needs are known without a row.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
COLUMN_NAME: Final = re.compile(r"[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*")


class InvalidTemplateError(ValueError):
    """A template whose braces do not pair, or a placeholder without a name."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    column: str


@dataclass(frozen=True, slots=True)
class Template:
    """Literal texts and placeholders in order."""

    parts: tuple[str | Placeholder, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it needs, each once, in order of appearance."""
        return tuple(dict.fromkeys(part.column for part in self.parts if isinstance(part, Placeholder)))

    @property
    def sole_column(self) -> str | None:
        """The column when the template is that column alone, whose type can then be kept."""
        match self.parts:
            case (Placeholder(column),):
                return column
            case _:
                return None

    def render(self, text_of: Callable[[str], str]) -> str:
        return "".join(text_of(part.column) if isinstance(part, Placeholder) else part for part in self.parts)


def parse_template(text: str) -> Template:
    """Raises InvalidTemplateError for braces that do not pair."""
    parts: list[str | Placeholder] = []
    end = 0
    for token in _TOKEN.finditer(text):
        _add(parts, text[end : token.start()])
        end = token.end()
        _add(parts, _part(text, token))
    _add(parts, text[end:])
    return Template(tuple(parts))


def _part(text: str, token: re.Match[str]) -> str | Placeholder:
    if token[0] in {"{{", "}}"}:
        return token[0][0]
    if token[1] is None:
        raise InvalidTemplateError(f"the brace at character {token.start() + 1} of {text!r} has no partner; write {{{{ or }}}} for a brace itself")
    if not token[1].strip():
        raise InvalidTemplateError(f"the placeholder at character {token.start() + 1} of {text!r} names no column")
    return Placeholder(token[1].strip())


def _add(parts: list[str | Placeholder], part: str | Placeholder) -> None:
    if isinstance(part, str) and parts and isinstance(parts[-1], str):
        parts[-1] += part
    elif part != "":
        parts.append(part)


def parse_column_or_template(text: str) -> Template:
    """``subject`` and ``{subject}`` are the column; anything else with braces is a template. Raises InvalidTemplateError."""
    if "{" in text or "}" in text:
        return parse_template(text)
    if not COLUMN_NAME.fullmatch(text):
        raise InvalidTemplateError(f"{text!r} is neither a column's name nor a template; put columns in braces, as in '{{subject}} ({{number}})'")
    return Template((Placeholder(text),))
