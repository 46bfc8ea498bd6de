"""Every gap on a document's way has its sentence and its cure."""

from __future__ import annotations

from dataclasses import replace

from connectors.clickhouse.cursor import Cursor
from contracts.dead_letters import DeadLetter
from contracts.fetched import FetchedState
from contracts.identity import Attempt, Version
from index.manifest import Description, Entry, Manifest
from operations.dead_letters.letters import Letter
from operations.lag import Lag
from operations.topic_reading import Place
from operations.why.command import short
from operations.why.conclusion import conclude
from operations.why.evidence import Collecting, Evidence, HintSeen, InIndex, Seen, SourceRow

ROW = SourceRow("document", "acme", ("public",), "right")


def version(major: int) -> Version:
    return Version(0, major, 0, 1)


def manifest(major: int, fingerprint: str = "right", *, deleted: bool = False, allowed: tuple[str, ...] = ("public",)) -> Manifest:
    entries = () if deleted else (Entry("c", "h", 0, 1),)
    return Manifest(Attempt(version(major), 1, "n"), deleted, allowed, entries, fingerprint)


def held(*manifests: Manifest, tenant: str = "acme", gone: int = 0) -> InIndex:
    return InIndex(tenant, manifests, 1, gone)


def seen(major: int, topic: str = "documents") -> Seen:
    return Seen(Place(topic, 0, major), "document", version(major), major, "acme")


def evidence(**changes: object) -> Evidence:
    made = Evidence("s:d.public.t/1", source="s", table="public.t", row=ROW, key_condition="--where id=1")
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def letter(state: object = None) -> Letter:
    dead = DeadLetter("normalize", "MissingColumnError", "column team is not in the row", "source.s.public.t", 0, 9, 1, 1)
    return Letter(Place("dead-letters", 0, 4), dead, 0, state)  # type: ignore[arg-type]


def test_right() -> None:
    told = conclude(evidence(indexed=(held(manifest(5)),), raw=(seen(5, "source"),), documents=(seen(5),)))
    assert (told.right, told.sentence) == (True, "It is in the index as the source says, for public of tenant acme.")


def test_expired() -> None:
    row, at = SourceRow("expired", "acme", expires_us=1_700_000_000_000_000), "It expired on 2023-11-14 22:13:20"
    waiting = replace(manifest(5), description=Description(expires_us=row.expires_us))
    for indexed, said in (((), "never had it"), ((held(manifest(5, deleted=True)),), "was deleted"), ((held(waiting),), "about to remove it")):
        told = conclude(evidence(row=row, indexed=indexed))
        assert told.right
        assert told.sentence.startswith(at)
        assert said in told.sentence
    told = conclude(evidence(row=row, indexed=(held(manifest(5)),), raw=(seen(5, "source"),), documents=(seen(5),)))
    assert not told.right
    assert "still has it" in told.sentence


def test_undeclared() -> None:
    told = conclude(Evidence("jira:PROJ-1", declared=("s:d.public.t/",)))
    assert not told.right
    assert "s:d.public.t/" in told.cure


def test_index_is_behind() -> None:
    told = conclude(
        evidence(indexed=(held(manifest(5, "old")),), raw=(seen(6, "source"),), documents=(seen(6),), lags=(Lag("headrace-index-live", 3, {}, known=True),))
    )
    assert "was not indexed yet" in told.sentence
    assert "3 records" in told.cure


def test_normalize_is_behind() -> None:
    told = conclude(evidence(indexed=(held(manifest(5, "old")),), raw=(seen(7, "source.s"),), documents=(seen(5),)))
    assert "source.s and was not normalised yet" in told.sentence
    assert "headrace connectors snapshot public.t --where id=1" in told.cure


def test_refused_by_a_step() -> None:
    told = conclude(evidence(raw=(seen(7, "source.s"),), letters=(letter(),)))
    assert "normalize refused it: column team is not in the row" in told.sentence
    assert "dead-letters replay 0:4" in told.cure


def test_floor_above_the_newest_record() -> None:
    told = conclude(evidence(raw=(seen(6, "source"),), documents=(seen(6),), floor=version(8)))
    assert "older than a floor" in told.sentence


def test_fenced_by_the_future() -> None:
    told = conclude(evidence(indexed=(held(manifest(90, "old")),), raw=(seen(6, "source"),), documents=(seen(6),)))
    assert "fenced" in told.sentence
    assert "epoch" in told.cure


def test_never_reached_kafka() -> None:
    told = conclude(evidence())
    assert "no change of it is in Kafka" in told.sentence


def test_orphan_after_a_delete_that_did_not_show_its_tenant() -> None:
    told = conclude(evidence(row=SourceRow("absent"), indexed=(held(manifest(5)),), outside_identity=("tenant",)))
    assert "deletes of public.t do not show tenant" in told.sentence
    assert "REPLICA IDENTITY FULL" in told.cure


def test_deleted_and_never_there() -> None:
    assert conclude(evidence(row=SourceRow("absent"), indexed=(held(manifest(5, deleted=True)),))).right
    assert "never had it" in conclude(evidence(row=SourceRow("absent"))).sentence


def test_also_in_another_tenant() -> None:
    told = conclude(evidence(indexed=(held(manifest(5)), held(manifest(4), tenant="globex"))))
    assert (told.right, "globex" in told.sentence) == (False, True)


def test_nobody_may_read_it() -> None:
    told = conclude(evidence(row=SourceRow("document", "acme", (), "right"), indexed=(held(manifest(5, allowed=())),)))
    assert "nobody may read it" in told.sentence


def object_evidence(collecting: Collecting | None, **changes: object) -> Evidence:
    return evidence(kind="rest", source="desk", table="desk", collecting=collecting, **changes)


def hint(offset: int) -> HintSeen:
    return HintSeen(Place("hints.desk", 0, offset), 5, "webhook", "ticket.changed")


def test_an_object_that_nobody_told_of() -> None:
    told = conclude(object_evidence(Collecting("ticket/7/internal", "ticket/7")))
    assert told.sentence == "It is not in the index: neither a webhook nor a sweep has told of ticket/7."
    assert "headrace sweep desk" in told.cure


def test_an_object_whose_hint_waits() -> None:
    told = conclude(object_evidence(Collecting("ticket/7", "ticket/7", (hint(9),), served_to=4, ahead=6, fetched=FetchedState(offset=3, parts=("ticket/7",)))))
    assert "a webhook told of it, and it was not fetched yet" in told.sentence
    assert "6 hints" in told.cure
    served = Collecting("ticket/7", "ticket/7", (hint(9),), served_to=4, fetched=FetchedState(offset=9, parts=("ticket/7",)))
    assert served.waiting is None
    assert Collecting("ticket/7", "ticket/7", (hint(9),), served_to=10).waiting is None


def test_an_object_that_was_not_there_when_it_was_fetched() -> None:
    told = conclude(object_evidence(Collecting("ticket/7", "ticket/7", (hint(9),), served_to=10, fetched=FetchedState(offset=9, gone=True))))
    assert "when it was fetched last, desk did not have it" in told.sentence


def test_a_part_that_could_not_be_read() -> None:
    fetched = FetchedState(offset=9, parts=("ticket/7",), refused=("ticket/7/attachment/1",))
    told = conclude(object_evidence(Collecting("ticket/7/attachment/1", "ticket/7", (), served_to=10, fetched=fetched)))
    assert "could not read this part" in told.sentence


def test_an_object_that_changed_since_its_fetch() -> None:
    fetched = Collecting("ticket/7", "ticket/7", (), served_to=10, fetched=FetchedState(offset=9, parts=("ticket/7",)))
    told = conclude(object_evidence(fetched, indexed=(held(manifest(9, "old")),), raw=(seen(9, "source"),), documents=(seen(9),)))
    assert "what was fetched last is in the index" in told.sentence
    assert "headrace verify --source desk --repair" in told.cure


def test_an_object_that_the_source_lacks_or_hides() -> None:
    gone = object_evidence(None, row=SourceRow("absent"), indexed=(held(manifest(5, deleted=True)),))
    assert conclude(gone).sentence == "The source has no such object; it was deleted from the index."
    hidden = object_evidence(None, row=SourceRow("absent", reason="Our account may not read it, so nobody may see it"))
    assert conclude(hidden).sentence.startswith("Our account may not read it")


def test_a_table_that_no_poller_has_read() -> None:
    told = conclude(evidence(kind="clickhouse"))
    assert "no poller has read public.t yet" in told.sentence
    cursor = Cursor((), high=1, back=1, until=None)
    assert "headrace verify --source s --repair" in conclude(evidence(kind="clickhouse", cursor=cursor)).cure


def test_versions_as_each_kind_of_source_has_them() -> None:
    assert short((0, 0x1B9E5E8, 8, 1)) == "0·0/1B9E5E8·0/8·1"
    assert short((0, 1_704_067_200_000_001, 3, 1), "clickhouse") == "0·2024-01-01T00:00:00.000001·3·1"
    assert short((0, 17, 0, 1), "rest") == "0·17·1"


def test_listed_chunks_are_gone() -> None:
    assert "2 chunks that are gone" in conclude(evidence(indexed=(held(manifest(5), gone=2),))).sentence
