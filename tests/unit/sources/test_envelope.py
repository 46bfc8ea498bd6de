"""Decoding what Debezium writes, as recorded from version 3.7, and the order of versions."""

from __future__ import annotations

import orjson
import pytest

from contracts.envelope import Envelope, Heartbeat, Tombstone, decode_envelope, version_of
from contracts.events import InvalidRecordError

SOURCE = {
    "version": "3.7.0.Final", "connector": "postgresql", "name": "source.shop", "ts_ms": 1795365342992, "snapshot": "false", "db": "app",
    "sequence": '["28721200","28721368"]', "ts_us": 1795365342992442, "ts_ns": 1795365342992442000, "schema": "public", "table": "tickets",
    "txId": 822, "lsn": 28721368, "xmin": None, "origin": None, "origin_lsn": None,
}  # fmt: skip


def envelope(op: str = "u", **source: object) -> Envelope:
    after = None if op in "dt" else {"id": 7}
    before = {"id": 7} if op == "d" else None
    value = {"before": before, "after": after, "source": SOURCE | source, "transaction": None, "op": op, "ts_ms": 1}
    found = decode_envelope(None if op == "t" else b'{"id":7}', orjson.dumps(value))
    assert isinstance(found, Envelope)
    return found


def test_decoding() -> None:
    found = envelope()
    assert (found.op, found.key, found.before, found.after) == ("u", {"id": 7}, None, {"id": 7})
    assert (found.source.sequence, found.source.time_us, found.source.table) == ((28721200, 28721368), 1795365342992442, "tickets")
    assert envelope("t").key is None
    assert decode_envelope(b'{"id":7}', None) == Tombstone({"id": 7})
    assert decode_envelope(b'{"serverName":"x"}', b'{"ts_ms": 5}') == Heartbeat(5000)


def test_versions() -> None:
    assert version_of(envelope(), 2, 3) == (2, 28721200, 28721368, 3)
    initial = version_of(envelope("r", sequence='[null,"29286816"]', lsn=29286816), 0, 1)
    first_transaction = version_of(envelope(sequence='[null,"29286640"]', lsn=29286640), 0, 1)
    later = version_of(envelope(sequence='["29287152","29287152"]'), 0, 1)
    assert initial < first_transaction < later


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"not json: secret", "value: not JSON"),
        (b"[1]", "value: not a JSON object"),
        (b'{"op":"x","source":{}}', "op: not one of"),
        (b'{"op":"c","after":null,"source":{}}', "after: missing for op c"),
        (b'{"op":"c","after":{"id":1},"source":{}}', "source.sequence: missing"),
        (b'{"op":"c","after":{"id":1},"source":{"sequence":"[\\"a\\"]"}}', "source.sequence: not a whole number"),
        (b'{"op":"c","after":{"id":1},"source":{"sequence":"[\\"1\\",\\"2\\"]"}}', "source.name: not a text"),
        (b'{"op":"c","after":3,"source":{}}', "after: not a JSON object"),
    ],
)
def test_what_does_not_decode(value: bytes, reason: str) -> None:
    with pytest.raises(InvalidRecordError, match=reason.replace(".", r"\.")) as caught:
        decode_envelope(b'{"id":1}', value)
    assert "secret" not in str(caught.value)
