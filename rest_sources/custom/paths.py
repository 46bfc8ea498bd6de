"""JSON paths of sources.yaml into an API's JSON, and templates of them. Pure.

A path finds values; null is none. What a template says of a path that finds several is up to who asks: one text joined, or one text of each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import Final
from urllib.parse import quote

import jsonpath
import orjson

from contracts.sources.custom import ID, parse_value
from contracts.sources.template import Placeholder
from rest_sources.source import MalformedRecordError

Found = Mapping[str, Sequence[object]]
"""The values that each path found, by the path as it is written."""
MOST_PRINCIPALS: Final = 10_000
_compiled: Final = lru_cache(maxsize=1024)(jsonpath.compile)


def find(path: str, value: object) -> list[object]:
    """All that it finds; nothing in what is neither object nor list, which the library would take for JSON to be read once more."""
    return list(_compiled(path).findall(value)) if isinstance(value, dict | list) else []


def first(path: str | None, value: object) -> object:
    """None where there is no path, or it finds nothing."""
    found = find(path, value) if path else []
    return found[0] if found else None


def text_of(template: str, found: Found, native: str, joint: str = ", ") -> str:
    """The template filled. Raises MalformedRecordError."""
    return "".join(joint.join(_texts(part.column, found, native)) if isinstance(part, Placeholder) else part for part in parse_value(template).parts)


def url_of(template: str, found: Found, native: str) -> str:
    """As ``text_of``; a path alone is an address as it is, values within a template are percent-encoded."""
    parsed = parse_value(template)
    if parsed.sole_column is not None:
        return text_of(template, found, native)
    return parsed.render(lambda path: quote("".join(_texts(path, found, native)[:1]), safe=""))


def each_text(template: str, found: Found, native: str) -> list[str]:
    """A text for each value, for each combination where there are several paths; none where one of them finds nothing. Raises MalformedRecordError."""
    parts = [_texts(part.column, found, native) if isinstance(part, Placeholder) else [part] for part in parse_value(template).parts]
    sizes = [len(part) for part in parts]
    if _product(sizes) > MOST_PRINCIPALS:
        raise MalformedRecordError(f"{template!r} gives more than {MOST_PRINCIPALS:,} principals: give groups instead")
    return ["".join(combination) for combination in product(*parts)] if parts else []


def principals(templates: Iterable[str], found: Found, native: str) -> tuple[str, ...]:
    """In one order, each once. Raises MalformedRecordError."""
    return tuple(sorted({text for template in templates for text in each_text(template, found, native) if text.strip()}))


def shown(value: object) -> str:
    """A value as a text reads it."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _texts(path: str, found: Found, native: str) -> list[str]:
    if path == ID:
        return [identifier_of(native)]
    if path not in found:
        raise MalformedRecordError(f"{path} was not read when the object was fetched: sources.yaml has changed since; raise the source's revision")
    values = [value for whole in found[path] for value in (whole if isinstance(whole, list) else [whole]) if value is not None and value != ""]
    if any(isinstance(value, dict | list) for value in values):
        raise MalformedRecordError(f"{path} finds an object or a list of lists: name a value in it")
    return [shown(value) for value in values]


def _product(sizes: Iterable[int]) -> int:
    whole = 1
    for size in sizes:
        whole *= size
    return whole


def native_of(kind: str, identifier: str) -> str:
    """``record/42``. A slash within an id would begin a part's, so it is encoded."""
    return f"{kind}/{identifier.replace('%', '%25').replace('/', '%2F')}"


def identifier_of(native: str) -> str:
    """The id as the API writes it."""
    return native.partition("/")[2].replace("%2F", "/").replace("%25", "%")


def identifier(value: object) -> str:
    """An id's text; empty for what can be none: it becomes part of a path."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return "" if str(value) in {".", ".."} else str(value)
