"""Between the wire's bodies and the inside: reading a request's body, and writing hits and ages as bodies."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from contracts.problem_json import body_of
from index.reading import Filters, Hit
from index.reading_as_of import AsOf
from query_service.problems import Problem
from query_service.wire import AsOfBody, FiltersBody, HitBody, utc

JSON_TYPE: Final = "application/json"
_WORDING: Final = {
    "missing": "is missing",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "model_type": "must be an object",
    "dict_type": "must be an object",
    "too_short": "must have at least {min_length} of them",
    "too_long": "must have at most {max_length} of them",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
}
"""What JSON is wrong with, by pydantic's type of the error, in words of JSON; any other error keeps pydantic's."""
_Body = TypeVar("_Body", bound=BaseModel)


async def read_body(request: web.Request, model: type[_Body]) -> _Body:
    """The request's JSON as ``model``. Raises Problem 415, 413, 400 or 422, which name what is wrong and how to mend it."""
    if request.content_type != JSON_TYPE:
        raise Problem(415, "not-json", "Unsupported media type", f"Send JSON with the header 'Content-Type: {JSON_TYPE}'.")
    body = await body_of(request)
    if not body.strip():
        raise Problem(400, "no-body", "Malformed request", "The body is empty; send a JSON object. /docs shows its fields.")
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise _invalid(error, model) from None


def _invalid(error: ValidationError, model: type[BaseModel]) -> Problem:
    details = error.errors(include_url=False, include_input=False)
    if details[0]["type"] == "json_invalid":
        return Problem(400, "malformed-json", "Malformed request", f"The body is not JSON: {details[0]['msg'].removeprefix('Invalid JSON: ')}.")
    problems = [{"field": _path(item) or "body", "problem": _reason(item, model)} for item in details]
    detail = "; ".join(f"{item['field']}: {item['problem']}" for item in problems[:5])
    return Problem(422, "invalid-request", "Invalid request", detail, extra={"errors": problems})


def _path(item: ErrorDetails) -> str:
    return ".".join(str(part) for part in item["loc"])[:200]


def _reason(item: ErrorDetails, model: type[BaseModel]) -> str:
    if item["type"] == "extra_forbidden":
        known = list((FiltersBody if item["loc"][0] == "filters" else model).model_fields)
        near = difflib.get_close_matches(str(item["loc"][-1]), known, 1)
        return f"unknown field; {f'did you mean {near[0]}?' if near else 'known are ' + ', '.join(known)}"
    if wording := _WORDING.get(item["type"]):
        return wording.format(**item.get("ctx", {}))
    return item["msg"].removeprefix("Value error, ")


def check_length(field: str, text: str, most: int) -> None:
    if len(text) > most:
        raise Problem(422, "question-too-long", "Invalid request", f"{field}: {len(text)} characters, the limit is {most} (HEADRACE_QUERY_MAX_QUESTION_CHARS).")


def filters_of(body: FiltersBody) -> Filters:
    return Filters(body.source or (), body.doc_type or (), body.doc_id or (), tuple((name, tuple(values)) for name, values in body.metadata.items()))


def hit_body(hit: Hit) -> HitBody:
    about = hit.manifest.description
    return HitBody(
        doc_id=hit.doc_id,
        title=about.title,
        url=about.url,
        headings=headings_of(hit),
        text=hit.text,
        start=hit.start,
        end=hit.end,
        score=round(hit.score, 6),
        source=about.source,
        doc_type=about.doc_type,
        metadata=dict(about.metadata),
        version=str(hit.manifest.attempt.version),
        source_time=utc(about.source_time_us),
        indexed_time=utc(hit.manifest.indexed_time_us),
    )


def headings_of(hit: Hit) -> list[str]:
    return [heading for heading in hit.headings.split(" > ") if heading]


def as_of_bodies(ages: Iterable[AsOf]) -> list[AsOfBody]:
    return [
        AsOfBody(source=age.source, source_time=utc(age.source_time_us), indexed_time=utc(age.indexed_time_us), lag_seconds=round(age.lag_seconds, 6))
        for age in ages
    ]


def json_response(body: BaseModel, status: int = 200) -> web.Response:
    return web.Response(status=status, body=body.model_dump_json().encode(), content_type=JSON_TYPE)
