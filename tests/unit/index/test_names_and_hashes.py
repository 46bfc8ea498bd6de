"""Identity, manifests and content hashes: what two processes must compute alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events import DeleteRecord, DocumentRecord
from contracts.identity import Attempt, InvalidIdentityError, Version, check_tenant, document_id, key_of_document, parse_record_key, record_key
from index.documents import Piece, chunk_contents, fingerprint, text_hash, wanted_of
from index.manifest import DELETED, INTERIM, Entry, entries_from_json, entries_to_json
from index.protocol import Observation, Outcome, PutManifest, advance, start

versions = st.builds(Version, *[st.integers(0, 2**bits - 1) for bits in (32, 64, 64, 32)])
attempts = st.builds(Attempt, versions, st.integers(0, 2**24 - 1), st.text("0123456789abcdef", min_size=8, max_size=8))


def record(**changed: object) -> DocumentRecord:
    about = {
        "tenant": "t",
        "doc_id": "s/1",
        "scope": "s/",
        "source": "s",
        "source_time_us": 1,
        "version": Version(0, 1, 0, 0),
        "title": "T",
        "body": "one two",
        "allowed": ("b", "a"),
        "metadata": {"n": 1},
    }
    return DocumentRecord.model_validate(about | changed)


@given(versions, versions)
def test_versions_sort_as_their_text(one: Version, other: Version) -> None:
    assert Version.parse(str(one)) == one
    assert (one < other) == (str(one) < str(other))


@given(attempts, attempts)
def test_attempts_sort_as_their_text(one: Attempt, other: Attempt) -> None:
    assert Attempt.parse(str(one)) == one
    assert (one < other) == (str(one) < str(other))


@given(st.lists(st.text(min_size=1), min_size=1, max_size=3))
def test_a_key_comes_back_from_a_document_id(key: list[str]) -> None:
    assert key_of_document("app:db.public.t/", document_id("app:db.public.t/", tuple(key))) == tuple(key)


@given(st.text("abc_-", min_size=1, max_size=64), st.text())
def test_a_record_key_comes_back(tenant: str, doc_id: str) -> None:
    assert parse_record_key(record_key(tenant, doc_id)) == (tenant, doc_id)


@pytest.mark.parametrize("tenant", ["", "a b", "a/b", "ü", "x" * 65, "a\n"])
def test_a_tenant_that_no_shard_can_be_named_after(tenant: str) -> None:
    with pytest.raises(InvalidIdentityError):
        check_tenant(tenant)


def test_entries_come_back() -> None:
    entries = (Entry("id", "hash", 0, 7), Entry("id2", "hash2", 7, 9))
    assert entries_from_json(entries_to_json(entries)) == entries


@pytest.mark.parametrize(
    "changed", [{"title": "U"}, {"allowed": ("a",)}, {"metadata": {"n": 2}}, {"doc_type": "x"}], ids=["title", "allowed", "metadata", "doc_type"]
)
def test_what_filters_need_makes_another_chunk_with_the_same_vector(changed: dict[str, object]) -> None:
    pieces = [Piece(0, 7, "one two", ("H",))]
    (before,), _ = chunk_contents(record(), pieces)
    (after,), contents = chunk_contents(record(**changed), pieces)
    assert before.content_hash != after.content_hash
    assert text_hash(before.content_hash) == text_hash(after.content_hash)
    assert contents[after.content_hash].text == "one two"
    assert fingerprint(record()) != fingerprint(record(**changed))


@pytest.mark.parametrize("changed", [{"version": Version(0, 2, 0, 0)}, {"source_time_us": 2}, {"allowed": ("a", "b")}], ids=["version", "time", "order"])
def test_what_does_not_show_changes_nothing(changed: dict[str, object]) -> None:
    assert fingerprint(record()) == fingerprint(record(**changed))
    pieces = [Piece(0, 7, "one two", ())]
    assert chunk_contents(record(), pieces)[0] == chunk_contents(record(**changed), pieces)[0]


def test_every_tombstone_is_the_same() -> None:
    gone = wanted_of(DeleteRecord(tenant="t", doc_id="s/1", scope="s/", source="s", source_time_us=1, version=Version(0, 1, 0, 0)))
    assert (gone.fingerprint, gone.slots, gone.allowed) == (DELETED, (), ())
    assert INTERIM not in {DELETED, fingerprint(record())}


def test_a_floor_over_nothing_and_over_what_lives() -> None:
    """Nothing there: fenced without a write. A living document below it: a tombstone at the floor."""
    floor = Version(0, 9, 0, 0)
    fenced = advance(start(wanted_of(record()), "n"), seen=Observation((), frozenset(), floor))
    assert fenced.outcome is Outcome.FENCED
    writer = start(wanted_of(DeleteRecord(tenant="t", doc_id="s/1", scope="s/", source="s", source_time_us=1, version=Version(0, 1, 0, 0))), "n")
    effect = advance(writer, seen=Observation((), frozenset())).effect
    assert isinstance(effect, PutManifest)
    living = PutManifest(effect.manifest).manifest
    seen = Observation((living.__class__(living.attempt, False, ("a",), (), "fp"),), frozenset(), floor)  # deleted
    tombstone = advance(start(wanted_of(record()), "m"), seen=seen).effect
    assert isinstance(tombstone, PutManifest)
    assert tombstone.manifest.deleted
    assert tombstone.manifest.attempt.version == floor
