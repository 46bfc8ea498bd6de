"""What counts as a difference, and which of them reading the row again would not mend."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.identity import Attempt, Version
from index.driver import now_us
from index.manifest import Description, Entry, Manifest
from index.protocol import Slot, Wanted
from index.store import DocKey
from operations.verify.comparison import OVERDUE_US, ChunkSeen, Indexed, compare, leftovers
from operations.verify.expectation import Excluded, Expected, Expired, Refused
from operations.verify.repair import just_above

KEY = DocKey("acme", "s:d.public.t/1")
VERSION = Version(0, 8, 16, 1)
HASH_A, HASH_B = "a" * 48, "b" * 48
WANTED = Wanted("acme", KEY.doc_id, VERSION, deleted=False, allowed=("public",), fingerprint="f", description=Description(title="T"))
EXPECTED = Expected(WANTED, (Slot(HASH_A, 0, 10), Slot(HASH_B, 8, 20)), {HASH_A: "da", HASH_B: "db"})
MANIFEST = Manifest(
    Attempt(VERSION, 1, "n"),
    deleted=False,
    allowed=("public",),
    entries=(Entry("1", HASH_A, 0, 10), Entry("2", HASH_B, 8, 20)),
    fingerprint="f",
    description=Description(title="T"),
)
CHUNKS = (ChunkSeen("1", HASH_A, "da", ("public",)), ChunkSeen("2", HASH_B, "db", ("public",)))
GOOD = Indexed((MANIFEST,), CHUNKS)


def found(outcome: Expected | Refused | Excluded | Expired | None, indexed: Indexed) -> list[tuple[str, tuple[str, ...], bool]]:
    return [(item.kind, item.what, item.corrupt) for item in compare(KEY, outcome, indexed)]


def with_manifest(**changes: object) -> Indexed:
    return Indexed((replace(MANIFEST, **changes),), CHUNKS)  # type: ignore[arg-type]


def with_chunk(**changes: object) -> Indexed:
    return Indexed((MANIFEST,), (replace(CHUNKS[0], **changes), CHUNKS[1]))  # type: ignore[arg-type]


def test_equal() -> None:
    assert found(EXPECTED, GOOD) == []


def test_deleted_and_absent_is_right() -> None:
    tombstone = replace(MANIFEST, deleted=True, entries=(), fingerprint="deleted", allowed=())
    assert found(None, Indexed((tombstone,))) == []
    assert found(EXPECTED, Indexed((tombstone,))) == [("missing", ("deleted in the index",), False)]


def test_missing_and_orphan() -> None:
    assert found(EXPECTED, Indexed()) == [("missing", ("no manifest",), False)]
    assert found(None, GOOD) == [("orphan", ("no such row",), False)]
    assert found(Excluded(KEY), GOOD) == [("orphan", ("outside 'where'",), False)]


def test_what_has_expired_may_wait_for_its_removal_and_not_for_long() -> None:
    tombstone = Indexed((replace(MANIFEST, deleted=True, entries=(), fingerprint="deleted", allowed=()),))
    for since_us, overdue in ((-30_000_000, False), (60_000_000, False), (OVERDUE_US + 60_000_000, True)):
        outcome = Expired(KEY, now_us() - since_us)
        known = with_manifest(description=Description(title="T", expires_us=outcome.expires_us))
        assert found(outcome, known) == ([("orphan", ("expired",), False)] if overdue else [])
        assert found(outcome, Indexed()) == found(outcome, tombstone) == []


def test_an_expired_document_that_the_index_would_keep_is_a_difference() -> None:
    assert found(Expired(KEY, now_us()), GOOD) == [("orphan", ("expired",), False)]
    longer = with_manifest(description=Description(title="T", expires_us=now_us() + OVERDUE_US))
    assert found(Expired(KEY, now_us()), longer) == [("orphan", ("expired",), False)]
    assert found(EXPECTED, longer) == [("stale", ("expiry",), False)]


def test_nothing_is_said_of_a_refused_row() -> None:
    assert found(Refused(KEY, "no column"), GOOD) == []
    assert found(Refused(KEY, "no column"), Indexed()) == []


@pytest.mark.parametrize(
    ("indexed", "what", "corrupt"),
    [
        (with_manifest(allowed=("group:x",)), ("permissions",), False),
        (with_manifest(description=Description(title="Other")), ("title",), False),
        (with_manifest(entries=(Entry("1", HASH_A, 0, 10),)), ("text",), True),
        (with_manifest(entries=(Entry("1", HASH_A, 0, 10),), fingerprint="old"), ("text", "fingerprint"), False),
        (with_manifest(fingerprint=""), ("unfinished",), False),
        (with_chunk(allowed=("group:x",), digest="other"), ("permissions", "chunk content"), True),
        (with_chunk(digest="other"), ("chunk content",), True),
        (with_chunk(content_hash="c" * 48), ("chunk content",), True),
        (Indexed((MANIFEST,), CHUNKS[1:]), ("chunks gone",), False),
    ],
)
def test_stale_says_in_what(indexed: Indexed, what: tuple[str, ...], corrupt: bool) -> None:
    stale = [item for item in found(EXPECTED, indexed) if item[0] == "stale"]
    assert stale == [("stale", what, corrupt)]


def test_leftovers_are_what_the_current_manifest_does_not_need() -> None:
    older = replace(MANIFEST, attempt=Attempt(Version(0, 7, 0, 1), 1, "m"), entries=(Entry("3", HASH_A, 0, 10),))
    left = leftovers(Indexed((older, MANIFEST), (*CHUNKS, ChunkSeen("3", HASH_A, "da", ("public",)))))
    assert (left.chunk_ids, left.attempts) == (("3",), (older.attempt,))
    assert found(None, Indexed((), CHUNKS)) == [("leftover", ("2 unlisted chunks",), False)]


def test_just_above_lies_between_two_positions_of_the_log() -> None:
    assert just_above(VERSION) > VERSION
    assert just_above(VERSION) < VERSION._replace(minor=VERSION.minor + 8)
