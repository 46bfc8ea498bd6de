"""Webhooks of a sender that we do not know: an HMAC in a header, and JSON paths to the ids, as sources.yaml says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import jsonpath
import orjson

from contracts.hints import Hint
from contracts.sources.webhook import CustomWebhook, Signature
from rest_sources.delivery import MAX_NATIVE_CHARS, Delivery, RefusedDeliveryError, UnsignedDeliveryError, Verifier, is_native_id, label, microseconds
from rest_sources.signatures import check_hmac, check_time

_MOST_IDS: Final = 1000
_MILLISECONDS_FROM: Final = 1e11
"""A number of seconds this large is in the year 5138: it is one of milliseconds."""


def custom_verifier(declared: CustomWebhook) -> Verifier:
    """The rule that sources.yaml declares; its paths are compiled once."""
    ids = jsonpath.compile(declared.id)
    event, time, delivery_id = (jsonpath.compile(path) if path else None for path in (declared.event, declared.time, declared.delivery))

    def verify(delivery: Delivery, secrets: Sequence[bytes]) -> tuple[Hint, ...]:
        _check_signature(declared.signature, delivery, secrets)
        body = _json(delivery.body)
        changed_us = microseconds(parse_time(_first(time, body)), delivery.time_us)
        identifier = delivery.label(declared.delivery_header) if declared.delivery_header else _label(_first(delivery_id, body))
        named = _label(_first(event, body))
        return tuple(
            Hint(id=f"{declared.kind}/{native}", event=named, delivery_id=identifier, source_time_us=changed_us) for native in _ids(ids, body, declared.id)
        )

    return verify


def parse_time(value: object) -> datetime | None:
    """Seconds or milliseconds since 1970 as a number or its text, or ISO 8601; None for anything else."""
    try:
        if isinstance(value, str) and not value.replace(".", "", 1).isdigit():
            found = datetime.fromisoformat(value)
            return found if found.tzinfo else found.replace(tzinfo=UTC)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return None
        number = float(value)
        return datetime.fromtimestamp(number / 1000 if number >= _MILLISECONDS_FROM else number, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _check_signature(declared: Signature, delivery: Delivery, secrets: Sequence[bytes]) -> None:
    given = delivery.header(declared.header)
    if not given.startswith(declared.prefix):
        raise UnsignedDeliveryError(f"The header {declared.header} is missing, or does not begin with the configured prefix.")
    timestamp = delivery.header(declared.timestamp_header) if declared.timestamp_header else ""
    before, _, after = (part.replace("{timestamp}", timestamp).encode("utf-8", "surrogateescape") for part in declared.signed.partition("{body}"))
    check_hmac(before + delivery.body + after, given[len(declared.prefix) :], secrets, declared.algorithm, declared.encoding)
    if declared.timestamp_header:
        signed = parse_time(timestamp)
        if signed is None:
            raise UnsignedDeliveryError(f"The header {declared.timestamp_header} holds no time.")
        check_time(signed, delivery, declared.tolerance_seconds)


def _json(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise RefusedDeliveryError("The body is not JSON.") from None  # the parser's message quotes content


def _ids(path: jsonpath.JSONPath | jsonpath.CompoundJSONPath, body: object, written: str) -> tuple[str, ...]:
    found = path.findall(body)  # type: ignore[arg-type]  # any JSON value; one without the path finds nothing
    ids = tuple(dict.fromkeys(str(value) for value in found if isinstance(value, str | int) and not isinstance(value, bool)))
    if not ids or len(ids) < len({repr(value) for value in found}):
        raise RefusedDeliveryError(f"{written} finds no id, or something that is neither text nor number.")
    if len(ids) > _MOST_IDS or not all(map(is_native_id, ids)):
        raise RefusedDeliveryError(f"{written} finds more than {_MOST_IDS} ids, or one that is not printable or longer than {MAX_NATIVE_CHARS} characters.")
    return ids


def _first(path: jsonpath.JSONPath | jsonpath.CompoundJSONPath | None, body: object) -> object:
    if path is None:
        return None
    match = path.match(body)  # type: ignore[arg-type]  # any JSON value
    return None if match is None else match.obj


def _label(value: object) -> str:
    return label(str(value)) if isinstance(value, str | int) else ""
