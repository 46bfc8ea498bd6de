from __future__ import annotations

import pytest

from contracts.events import DeleteRecord, DocumentRecord, FloorRecord, InvalidRecordError, decode_index_record, encode, unless_expired
from contracts.identity import Version

VERSION = Version(0, 7, 9, 1)
DOCUMENT = DocumentRecord(
    tenant="acme",
    doc_id="app:db.public.t/1",
    scope="app:db.public.t/",
    source="app",
    source_time_us=5,
    version=VERSION,
    body="text",
    metadata={"n": 1, "tags": ["a"]},
)
DELETE = DeleteRecord(tenant="acme", doc_id="app:db.public.t/1", scope="app:db.public.t/", source="app", source_time_us=5, version=VERSION)
FLOOR = FloorRecord(version=VERSION, scope="app:db.public.t/", source="app", source_time_us=5)


@pytest.mark.parametrize("record", [DOCUMENT, DELETE, FLOOR])
def test_a_record_is_itself_after_the_wire(record: DocumentRecord | DeleteRecord | FloorRecord) -> None:
    assert decode_index_record(encode(record)) == record


def test_what_does_not_expire_says_nothing_of_it() -> None:
    assert b"expires_us" not in encode(DOCUMENT) + encode(DELETE)


def test_from_its_time_on_a_document_is_the_delete_of_that_state() -> None:
    assert unless_expired(DOCUMENT, 10**18) is DOCUMENT
    dated = DOCUMENT.model_copy(update={"expires_us": 100})
    assert unless_expired(dated, 99) is dated
    assert unless_expired(dated, 100) == DELETE.model_copy(update={"expires_us": 100})
    assert decode_index_record(encode(dated)) == dated


def test_metadata_keeps_its_types() -> None:
    decoded = decode_index_record(encode(DOCUMENT.model_copy(update={"metadata": {"a": True, "b": 1, "c": 1.5, "d": "1"}})))
    assert isinstance(decoded, DocumentRecord)
    assert [(name, type(value)) for name, value in decoded.metadata.items()] == [("a", bool), ("b", int), ("c", float), ("d", str)]


@pytest.mark.parametrize("value", [b"", b"{", b"\xff", b"[]", b'{"kind":"document"}', b'{"kind":"other"}'])
def test_what_does_not_decode_is_named(value: bytes) -> None:
    with pytest.raises(InvalidRecordError):
        decode_index_record(value)


def test_the_reason_names_the_field_and_never_its_content() -> None:
    value = encode(DOCUMENT).replace(b'"tenant":"acme"', b'"tenant":"bob@secret.example"')
    with pytest.raises(InvalidRecordError, match="tenant") as found:
        decode_index_record(value)
    assert "source_time_us" not in str(found.value)
    wrong_type = encode(DOCUMENT).replace(b'"source_time_us":5', b'"source_time_us":"bob@secret.example"')
    with pytest.raises(InvalidRecordError, match="source_time_us") as found:
        decode_index_record(wrong_type)
    assert "secret" not in str(found.value)
