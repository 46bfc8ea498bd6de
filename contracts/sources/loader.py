"""Reads a sources file: all problems at once, each with its line, its place and its cure; an unknown key with the known one it resembles."""

from __future__ import annotations

import difflib
import os
import re
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, TypeGuard

from dotenv import dotenv_values
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from contracts.settings import STACK_ENV, home
from contracts.sources.declared import TYPES, Sources, type_of
from contracts.sources.problems import Problem, SourcesError
from contracts.sources.yaml_text import Place, YamlText, parse_yaml, show_place

_FROM_ENVIRONMENT: Final = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")
_CONNECTION: Final = "connection"
_CREDENTIALS: Final = "credentials"
_FROM_ENVIRONMENT_TOO: Final = ((_CONNECTION, ("host", "port", "database", "user", "url")), (_CREDENTIALS, ("user",)), (None, ("url", "path")))
"""What may be written ``env:NAME``, beside the secrets: (the part of the source or the source itself, its values)."""
_UNSET: Final = {"port": "5432", "url": "https://unset.invalid", "path": "/unset"}


def environment() -> dict[str, str]:
    """The process's environment, and below it what the local stack wrote."""
    stack = {name: value for name, value in dotenv_values(home() / STACK_ENV).items() if value is not None}
    return stack | dict(os.environ)


def load_sources(path: Path, environ: Mapping[str, str] | None = None) -> Sources:
    """The sources that a file declares. Raises SourcesError with everything that is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SourcesError(path, (Problem("", 0, f"cannot be read ({error.strerror})", "name the file with HEADRACE_SOURCES or --sources"),)) from error
    except UnicodeDecodeError as error:
        raise SourcesError(path, (Problem("", 0, "is no UTF-8 text", "save it as UTF-8"),)) from error
    return parse_sources(text, path, environment() if environ is None else environ)


def parse_sources(text: str, path: Path, environ: Mapping[str, str]) -> Sources:
    """As load_sources, from the text itself; ``path`` only names it in errors."""
    parsed = parse_yaml(text)
    problems = [*parsed.problems, *_unset_variables(parsed, environ)]
    if parsed.data is None and not problems:
        problems.append(Problem("", 0, "declares no source", "start with 'sources:' and a list; docs/sources-yaml.md shows one"))
    if parsed.data is None:
        raise SourcesError(path, tuple(problems))
    try:
        sources = Sources.model_validate(_substituted(parsed.data, environ))
    except ValidationError as error:
        raise SourcesError(path, (*problems, *_problems_of(error, parsed))) from None
    if problems:
        raise SourcesError(path, tuple(problems))
    return sources


def json_schema() -> dict[str, object]:
    """JSON schema of the file, for editors that complete and check while one writes."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Sources.model_json_schema(by_alias=True)}


def _parts(data: object) -> Iterator[tuple[Place, dict[str, object], tuple[str, ...]]]:
    """(place, mapping, names) of the values that may name a variable of the environment."""
    entries = data.get("sources") if isinstance(data, dict) else None
    for index, source in enumerate(entries if isinstance(entries, list) else ()):
        for part, names in _FROM_ENVIRONMENT_TOO:
            found = source if part is None or not isinstance(source, dict) else source.get(part)
            if isinstance(found, dict):
                yield ("sources", index, *(() if part is None else (part,))), found, names


def _variable(value: object) -> str | None:
    found = _FROM_ENVIRONMENT.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found else None


def _unset_variables(parsed: YamlText, environ: Mapping[str, str]) -> Iterator[Problem]:
    for part, values, names in _parts(parsed.data):
        for name in names:
            variable = _variable(values.get(name))
            if variable is not None and variable not in environ:
                place: Place = (*part, name)
                yield Problem(show_place(place), parsed.line_of(place), f"the environment variable {variable} is not set", "set it, or write the value here")


def _substituted(data: object, environ: Mapping[str, str]) -> object:
    """The ``env:`` values replaced; one that is not set stays, reported already, and is left out of further checks."""
    for _, values, names in _parts(data):
        for name in names:
            variable = _variable(values.get(name))
            if variable is not None:
                values[name] = environ.get(variable, _UNSET.get(name, "unset"))
    return data


def _problems_of(error: ValidationError, parsed: YamlText) -> Iterator[Problem]:
    items = [(_written_place(item, parsed), item) for item in error.errors(include_url=False)]
    told: set[Place] = set()
    for place, item in items:
        if place in told or _said_better(place, item, [other for other, _ in items]):
            continue
        told.add(place)
        message, cure = _explain(item, place, parsed)
        yield Problem(show_place(place), parsed.line_of(place), message, cure)


def _said_better(place: Place, item: ErrorDetails, others: list[Place]) -> bool:
    """A union reports once per member, and a list short of its faulty members is called too short: the fault inside is the one to tell."""
    return item["type"] not in {"extra_forbidden", "missing"} and any(len(other) > len(place) and other[: len(place)] == place for other in others)


def _written_place(item: ErrorDetails, parsed: YamlText) -> Place:
    """Where it is without pydantic's names of union members, which nobody wrote."""
    place: Place = ()
    for part in item["loc"]:
        if (*place, part) in parsed.lines:
            place = (*place, part)
    return (*place, item["loc"][-1]) if item["type"] == "missing" else place


def _explain(item: ErrorDetails, place: Place, parsed: YamlText) -> tuple[str, str]:
    given = item.get("input")
    match item["type"]:
        case "extra_forbidden":
            return "unknown key", _near(str(place[-1]), _fields_at(place[:-1], parsed.data))
        case "missing":
            return "is missing", "add it"
        case _ if isinstance(given, dict) and len(given) == 1 and next(iter(given.values())) is None:
            name = next(iter(given))
            return "braces without quotes are a mapping in YAML", f"write '{{{name}}}' in quotes"
        case "value_error":
            return item["msg"].removeprefix("Value error, "), ""
        case "string_pattern_mismatch":
            return f"{given!r} does not fit", _TABLE_NAME if "tables" in place else _SOURCE_NAME
        case _:
            return _explain_shape(item, place)


def _explain_shape(item: ErrorDetails, place: Place) -> tuple[str, str]:
    kind, given = item["type"], item.get("input")
    if kind == "union_tag_invalid":
        return f"is of the type {type_of(given)!r}, which there is not", _near(type_of(given), tuple(TYPES))
    if kind not in _SHAPES:
        return item["msg"][0].lower() + item["msg"][1:], ""
    if kind.endswith("too_short"):
        return "is empty", f"name at least one {str(place[-1]).removesuffix('s')}" if place and kind == "too_short" else "give it a value"
    listed = kind in {"tuple_type", "list_type"}
    cure = "write a list: a line with '- ' for each entry, or [a, b]" if listed else "write a mapping of 'key: value' lines"
    return f"is {_KINDS.get(type(given), 'a value')}", cure if place else f"{cure} that begins with 'sources:'"


_SHAPES: Final = frozenset({"too_short", "string_too_short", "model_type", "dict_type", "model_attributes_type", "tuple_type", "list_type"})
_KINDS: Final = {list: "a list", dict: "a mapping", str: "a text", int: "a number", float: "a number", bool: "a truth value", type(None): "empty"}
_TABLE_NAME: Final = "a table is named schema.table, such as public.tickets"
_SOURCE_NAME: Final = "a source is named by a lower-case letter and up to 31 of a-z, 0-9 and _"


def _near(name: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else f"known here: {', '.join(known)}"


def _fields_at(place: Place, data: object) -> tuple[str, ...]:
    model: type[BaseModel] = Sources
    for part in place:
        if isinstance(part, str) and part in model.model_fields:
            model = next(_models_in(model.model_fields[part].annotation), model)
        data = _inside(data, part)
        if model in TYPES.values():
            model = TYPES.get(type_of(data), model)
    return tuple(field.alias or name for name, field in model.model_fields.items())


def _inside(data: object, part: str | int) -> object:
    if isinstance(data, list) and isinstance(part, int):
        return data[part] if part < len(data) else None
    return data.get(part) if isinstance(data, dict) else None


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if _is_model(annotation):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _models_in(argument)


def _is_model(annotation: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
