"""The normalizer on envelopes as Debezium writes them, with the real mapping and the real redactor."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from contracts.events import DeleteRecord, DocumentRecord, FloorRecord, InvalidRecordError
from contracts.sources import RedactionPolicy
from contracts.sources.loader import parse_sources
from contracts.topics import MAX_TEXT_BYTES
from streams.mapping.errors import InvalidIdentityColumnError
from streams.mapping.registry import mappings_by_topic
from streams.normalizing import NEVER_STORED, Normalizer, TextTooLargeError, UndeclaredTopicError
from streams.redact.redactor import Redactor

SOURCES = """
sources:
  - name: app
    connection: {host: h, database: db, user: u}
    tables:
      - {name: public.t, key: [id], tenant: "{tenant}", title: title, body: body, allowed: ["public"], metadata: {owner: "{owner}"}}
      - {name: public.e, key: [id], tenant: acme, body: body, allowed: ["public"], retention: {days: 1, since: made}}
      - {name: public.h, key: [id], tenant: acme, body: body, format: html, allowed: ["public"]}
"""
TOPIC = "source.app.public.t"


@pytest.fixture(scope="module")
def normalizer() -> Normalizer:
    mappings = mappings_by_topic(parse_sources(SOURCES, Path("sources.yaml"), {}))
    redactor = Redactor(b"k" * 16, policy=RedactionPolicy())
    return Normalizer(mappings, dict.fromkeys(mappings, redactor))


def envelope(op: str, after: dict[str, object] | None, before: dict[str, object] | None = None, table: str = "t") -> bytes:
    source = {
        "name": "source.app",
        "db": "db",
        "schema": "public",
        "table": table,
        "sequence": '["100","200"]',
        "ts_us": 5,
        "ts_ms": 0,
        "lsn": 200,
        "snapshot": "false",
    }
    return orjson.dumps({"op": op, "before": before, "after": after, "source": source, "ts_ms": 1})


def test_what_has_expired_is_a_delete_of_that_state() -> None:
    mappings = mappings_by_topic(parse_sources(SOURCES, Path("sources.yaml"), {}))
    redactors = dict.fromkeys(mappings, Redactor(b"k" * 16, policy=RedactionPolicy()))
    expires_us = 2 * 86_400_000_000
    row: dict[str, object] = {"id": 1, "body": "Old.", "made": "1970-01-02T00:00:00Z"}
    for now_us, kind in ((expires_us - 1, DocumentRecord), (expires_us, DeleteRecord)):
        found = Normalizer(mappings, redactors, lambda now=now_us: now).normalize("source.app.public.e", b'{"id":1}', envelope("u", row, table="e"))
        (record,) = found.records
        assert isinstance(record, kind)
        assert not isinstance(record, FloorRecord)
        assert (record.expires_us, record.version.major, record.version.minor, record.source_time_us) == (expires_us, 100, 200, 5)


ROW: dict[str, object] = {
    "id": 1,
    "tenant": "acme",
    "title": "Call +49 30 901820 now",
    "body": "Write to bob@secret.example.\n\nSecond.",
    "owner": "eve@secret.example",
}


def test_a_row_becomes_a_redacted_document(normalizer: Normalizer) -> None:
    outcome = normalizer.normalize(TOPIC, b'{"id":1}', envelope("c", ROW))
    (record,) = outcome.records
    assert isinstance(record, DocumentRecord)
    assert (outcome.source, outcome.op, record.doc_id, record.tenant) == ("app", "c", "app:db.public.t/1", "acme")
    assert "<EMAIL:" in record.body
    assert "Second." in record.body
    assert "secret.example" not in record.model_dump_json()
    assert "901820" not in record.model_dump_json()


def test_a_delete_and_a_truncate(normalizer: Normalizer) -> None:
    (gone,) = normalizer.normalize(TOPIC, b'{"id":1}', envelope("d", None, ROW)).records
    assert isinstance(gone, DeleteRecord)
    (floor,) = normalizer.normalize(TOPIC, None, envelope("t", None)).records
    assert isinstance(floor, FloorRecord)
    assert floor.scope == "app:db.public.t/"


def test_a_tombstone_means_nothing(normalizer: Normalizer) -> None:
    assert normalizer.normalize(TOPIC, b'{"id":1}', None).records == ()


def test_html_becomes_markdown_before_it_is_redacted(normalizer: Normalizer) -> None:
    row: dict[str, object] = {"id": 2, "body": "<h1>Leave</h1><p>Ask <b>bob@secret.example</b> first.</p><ul><li>One</li></ul>"}
    (record,) = normalizer.normalize("source.app.public.h", b'{"id":2}', envelope("c", row, table="h")).records
    assert isinstance(record, DocumentRecord)
    assert record.format == "markdown"
    assert "# Leave" in record.body
    assert "<p>" not in record.body
    assert "secret.example" not in record.body


@pytest.mark.parametrize("value", [b"\xff\xfe", b"{", b"[]", b'{"op":"c"}', b'{"op":"x","source":{}}'])
def test_what_is_no_envelope_is_refused_with_a_reason(normalizer: Normalizer, value: bytes) -> None:
    with pytest.raises(InvalidRecordError) as found:
        normalizer.normalize(TOPIC, b'{"id":1}', value)
    assert str(found.value)


def test_too_much_text_is_refused_before_it_is_read(normalizer: Normalizer) -> None:
    with pytest.raises(TextTooLargeError, match=str(MAX_TEXT_BYTES)):
        normalizer.normalize(TOPIC, b'{"id":1}', envelope("c", ROW | {"body": "x" * (MAX_TEXT_BYTES + 1)}))


def test_what_stands_of_a_refused_change_comes_with_its_refusal(normalizer: Normalizer) -> None:
    moved = (ROW | {"tenant": "no such name!"}, ROW | {"tenant": "globex", "body": "x" * (MAX_TEXT_BYTES + 1)})
    for after, error in zip(moved, (InvalidIdentityColumnError, TextTooLargeError), strict=True):
        outcome = normalizer.normalize(TOPIC, b'{"id":1}', envelope("u", after, ROW))
        (gone,) = outcome.records
        assert isinstance(gone, DeleteRecord)
        assert gone.tenant == "acme"
        assert isinstance(outcome.refused, error)


def test_the_delete_of_what_could_never_be_stored_is_told_apart(normalizer: Normalizer) -> None:
    outcome = normalizer.normalize(TOPIC, b'{"id":1}', envelope("d", None, ROW | {"tenant": "no such name!"}))
    assert (outcome.op, outcome.records, outcome.refused) == (NEVER_STORED, (), None)


def test_a_topic_of_no_declared_table_is_refused(normalizer: Normalizer) -> None:
    with pytest.raises(UndeclaredTopicError, match=r"public\.other"):
        normalizer.normalize("source.app.public.other", None, envelope("c", ROW))


def test_a_reason_never_holds_a_value(normalizer: Normalizer) -> None:
    with pytest.raises(InvalidRecordError) as found:
        normalizer.normalize(TOPIC, b'{"id":1}', envelope("c", {name: value for name, value in ROW.items() if name != "body"}))
    assert "body" in str(found.value)
    assert "secret" not in str(found.value)


@pytest.mark.parametrize(
    ("topic", "key", "doc_id"),
    [
        (TOPIC, b'{"id": 6}', "app:db.public.t/6"),
        (TOPIC, b'{"id": "a b/c"}', "app:db.public.t/a%20b%2Fc"),
        (TOPIC, b'{"other": 6}', ""),
        (TOPIC, b'{"id": null}', ""),
        (TOPIC, b"\xff", ""),
        (TOPIC, None, ""),
        ("source.app.public.unknown", b'{"id": 6}', ""),
    ],
)
def test_a_refused_records_document_is_told_by_its_key(normalizer: Normalizer, topic: str, key: bytes | None, doc_id: str) -> None:
    assert normalizer.doc_id_of(topic, key) == doc_id


def test_a_link_is_percent_encoded_but_for_a_column_that_is_one() -> None:
    text = SOURCES.replace("format: html,", 'format: html, url: "{base}/{id}", metadata: {x: "{base}"},')
    mappings = mappings_by_topic(parse_sources(text, Path("sources.yaml"), {}))
    normalizer = Normalizer(mappings, dict.fromkeys(mappings, Redactor(b"k" * 16, policy=RedactionPolicy())))
    row = {"id": "a/b c?d#e", "body": "text", "base": "https://docs.example/x?y"}
    (record,) = normalizer.normalize("source.app.public.h", b'{"id": 1}', envelope("c", row, table="h")).records
    assert isinstance(record, DocumentRecord)
    assert record.url == "https://docs.example/x?y/a/b%20c%3Fd%23e"
