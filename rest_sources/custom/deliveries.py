"""Webhooks of a sender that we do not know: an HMAC in a header, and JSON paths to the ids, as sources.yaml says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import orjson

from contracts.hints import Hint
from contracts.sources.custom import CustomWebhook
from contracts.sources.webhook import Signature
from rest_sources.custom.paths import find, first, identifier, native_of
from rest_sources.delivery import MAX_NATIVE_CHARS, Delivery, RefusedDeliveryError, UnsignedDeliveryError, Verifier, is_native_id, label, microseconds
from rest_sources.signatures import check_hmac, check_time
from rest_sources.times import parse_time

_MOST_IDS: Final = 1000


def custom_verifier(declared: CustomWebhook, kind: str) -> Verifier:
    """The rule that sources.yaml declares, for a source whose objects are of this kind."""

    def verify(delivery: Delivery, secrets: Sequence[bytes]) -> tuple[Hint, ...]:
        _check_signature(declared.signature, delivery, secrets)
        body = _json(delivery.body)
        changed_us = microseconds(parse_time(first(declared.time, body)), delivery.time_us)
        identifier = delivery.label(declared.delivery_header) if declared.delivery_header else _label(first(declared.delivery, body))
        named = _label(first(declared.event, body))
        return tuple(Hint(id=native_of(kind, native), event=named, delivery_id=identifier, source_time_us=changed_us) for native in _ids(declared.id, body))

    return verify


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


def _ids(path: str, body: object) -> tuple[str, ...]:
    found = find(path, body)
    ids = tuple(dict.fromkeys(map(identifier, found)))
    if not all(ids) or not ids:
        raise RefusedDeliveryError(f"{path} finds no id, or something that is neither text nor number.")
    if len(ids) > _MOST_IDS or not all(map(is_native_id, ids)):
        raise RefusedDeliveryError(f"{path} finds more than {_MOST_IDS} ids, or one that is not printable or longer than {MAX_NATIVE_CHARS} characters.")
    return ids


def _label(value: object) -> str:
    return label(str(value)) if isinstance(value, str | int) else ""
