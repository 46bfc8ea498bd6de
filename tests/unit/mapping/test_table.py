"""Changes become records: identity, order, permissions, and named errors for what does not fit."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from contracts.envelope import Envelope, Heartbeat, Tombstone
from contracts.events import DeleteRecord, DocumentRecord, FloorRecord
from contracts.identity import Version
from streams.mapping import InvalidIdentityColumnError, MappingError, MissingColumnError, TableMapping, UnavailableValueError, WrongTableError

Mapping = Callable[..., TableMapping]
Change = Callable[..., Envelope]
ROW = {"id": 7, "tenant": "acme", "subject": "S", "body": "B"}
PLACEHOLDER = "__debezium_unavailable_value"


def test_a_written_row_is_a_document(mapping: Mapping, change: Change) -> None:
    for op in "cur":
        (record,) = mapping(metadata={"n": "{id}", "both": "{id}-{subject}", "kind": "x"}).records(change(op, after=ROW))
        assert isinstance(record, DocumentRecord)
        assert (record.tenant, record.doc_id, record.title, record.body) == ("acme", "shop:db.public.tickets/7", "S", "B")
        assert record.version == Version(0, 10, 20, 4)
        assert record.metadata == {"n": 7, "both": "7-S", "kind": "x"}
        assert record.source_time_us == 1_000_000


def test_deletes_and_truncate(mapping: Mapping, change: Change) -> None:
    (record,) = mapping().records(change("d", before={"id": 7, "tenant": "acme", "body": None}))
    assert isinstance(record, DeleteRecord)
    assert record.doc_id == "shop:db.public.tickets/7"
    (record,) = mapping(tenant="acme").records(change("d", before=None, key={"id": 7}))
    assert isinstance(record, DeleteRecord)
    (record,) = mapping().records(change("t"))
    assert isinstance(record, FloorRecord)
    assert record.scope == "shop:db.public.tickets/"
    assert mapping().records(Tombstone({"id": 7})) == ()
    assert mapping().records(Heartbeat(1)) == ()


def test_a_delete_that_shows_no_tenant_is_no_silent_loss(mapping: Mapping, change: Change) -> None:
    with pytest.raises(InvalidIdentityColumnError, match="tenant"):
        mapping().records(change("d", before={"id": 7, "tenant": None}))


def test_a_changed_tenant_or_key_deletes_the_old_name(mapping: Mapping, change: Change) -> None:
    old, new = mapping().records(change("u", before=ROW | {"tenant": "globex", "body": None}, after=ROW))
    assert isinstance(old, DeleteRecord)
    assert isinstance(new, DocumentRecord)
    assert (old.tenant, new.tenant, old.version) == ("globex", "acme", new.version)
    assert [type(record) for record in mapping().records(change("u", before=ROW | {"id": 6}, after=ROW))] == [DeleteRecord, DocumentRecord]
    assert [type(record) for record in mapping().records(change("u", before=ROW | {"tenant": "no such name!"}, after=ROW))] == [DocumentRecord]


def test_a_row_that_leaves_its_name_is_deleted_there_even_where_the_rest_of_the_change_is_refused(mapping: Mapping, change: Change) -> None:
    """A document that stayed under the old tenant would be another tenant's reading."""
    refused = (ROW | {"tenant": "no such name!"}, ROW | {"tenant": "globex", "body": PLACEHOLDER}, ROW | {"tenant": None})
    for after in refused:
        with pytest.raises(MappingError) as caught:
            mapping().records(change("u", before=ROW | {"body": None}, after=after))
        (gone,) = caught.value.standing
        assert (gone.tenant, gone.doc_id, gone.version) == ("acme", "shop:db.public.tickets/7", Version(0, 10, 20, 4))
    with pytest.raises(MappingError) as caught:
        mapping().records(change("u", before=ROW | {"body": None}, after=ROW | {"body": PLACEHOLDER}))
    assert caught.value.standing == ()  # still under its name: the last good state stays


def test_the_delete_of_what_could_never_be_stored_means_nothing(mapping: Mapping, change: Change) -> None:
    """Its insert was a dead letter, and a change from a good tenant to this one deleted the document."""
    assert mapping().records(change("d", before={"id": 7, "tenant": "no such name!"})) == ()


def test_leaving_and_entering_where(mapping: Mapping, change: Change) -> None:
    for where in ({"status": ["open", 1]}, {"status": {"not": ["draft", None]}}):
        made = mapping(where=where)
        assert isinstance(made.records(change("u", after=ROW | {"status": "open"}))[0], DocumentRecord)
        assert isinstance(made.records(change("u", after=ROW | {"status": "draft"}))[0], DeleteRecord)
        assert isinstance(made.records(change("u", after=ROW | {"status": None}))[0], DeleteRecord)
    assert isinstance(mapping(where={"status": 1}).records(change("u", after=ROW | {"status": 1}))[0], DocumentRecord)
    assert isinstance(mapping(where={"hidden": False}).records(change("u", after=ROW | {"hidden": False}))[0], DocumentRecord)


@pytest.mark.parametrize(
    ("allowed", "value", "expected"),
    [
        ("readers", ["user:a", None, " group:b ", "user:a"], ("user:a", "group:b")),
        ("readers", '["user:a", "group:b"]', ("user:a", "group:b")),
        ("{readers}", "user:a, group:b,,", ("user:a", "group:b")),
        ("readers", None, ()),
        ("readers", "", ()),
        (["group:{readers}", "user:x"], "red", ("group:red", "user:x")),
        (["group:{readers}", "user:x"], None, ("user:x",)),
        (["group:{readers}"], "  ", ()),
        (["group:{readers}"], ["red", "blue"], ("group:red", "group:blue")),
        ([], "red", ()),
    ],
)
def test_who_may_read(mapping: Mapping, change: Change, allowed: object, value: object, expected: tuple[str, ...]) -> None:
    (record,) = mapping(allowed=allowed).records(change("c", after=ROW | {"readers": value}))
    assert isinstance(record, DocumentRecord)
    assert record.allowed == expected


def test_restricted_rows_and_broken_lists_are_nobodys(mapping: Mapping, change: Change) -> None:
    (record,) = mapping(restricted_when={"secret": True}).records(change("c", after=ROW | {"secret": True}))
    assert isinstance(record, DocumentRecord)
    assert record.allowed == ()
    with pytest.raises(ValueError, match="list of principals"):
        mapping(allowed="readers").records(change("c", after=ROW | {"readers": "[broken"}))


def test_a_missing_column_names_column_table_and_cure(mapping: Mapping, change: Change) -> None:
    row = {name: value for name, value in ROW.items() if name != "subject"}
    with pytest.raises(MissingColumnError, match=r"public.tickets: column subject is not in the row; .*sources.yaml"):
        mapping().records(change("c", after=row))


@pytest.mark.parametrize("placeholder", [PLACEHOLDER, base64.b64encode(PLACEHOLDER.encode()).decode(), [PLACEHOLDER], list(PLACEHOLDER.encode())])
def test_unchanged_large_values(mapping: Mapping, change: Change, placeholder: object) -> None:
    (record,) = mapping().records(change("u", before=ROW | {"body": "kept"}, after=ROW | {"body": placeholder}))
    assert isinstance(record, DocumentRecord)
    assert record.body == "kept"
    for before in (None, ROW | {"body": None}, ROW | {"body": placeholder}):
        with pytest.raises(UnavailableValueError, match="column body"):
            mapping().records(change("u", before=before, after=ROW | {"body": placeholder}))


def test_composite_keys_nulls_and_other_tables(mapping: Mapping, change: Change) -> None:
    (record,) = mapping(key=["id", "subject"]).records(change("c", after=ROW | {"subject": "a/b,c"}))
    assert isinstance(record, DocumentRecord)
    assert record.doc_id == "shop:db.public.tickets/7,a%2Fb%2Cc"
    with pytest.raises(InvalidIdentityColumnError, match="key column id is null"):
        mapping().records(change("c", after=ROW | {"id": None}))
    with pytest.raises(InvalidIdentityColumnError, match="tenant"):
        mapping().records(change("c", after=ROW | {"tenant": "a b"}))
    with pytest.raises(WrongTableError):
        mapping().records(change("c", after=ROW, table="others"))


def test_errors_hold_no_value(mapping: Mapping, change: Change) -> None:
    with pytest.raises(InvalidIdentityColumnError) as caught:
        mapping().records(change("c", after=ROW | {"tenant": "secret@person.example"}))
    assert "secret" not in str(caught.value)
    with pytest.raises(MappingError, match="doc_id") as caught_long:
        mapping(key="subject").records(change("c", after=ROW | {"subject": "secret" * 1000}))
    assert "secret" not in str(caught_long.value)
