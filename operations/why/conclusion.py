"""From evidence to one sentence and its cure. Pure.

It follows the way of a change backwards: is the index right; if not, did the newest document record get there; if not, did the newest raw record become one; if
not, did the change reach Kafka at all. The first gap is the answer.
"""

from __future__ import annotations

from dataclasses import dataclass

from contracts.identity import Stage, Version
from index.manifest import Manifest
from operations.dead_letters.report import when
from operations.why.evidence import Collecting, Evidence, InIndex, Seen


@dataclass(frozen=True, slots=True)
class Conclusion:
    """``right`` says that the index holds what the source says."""

    right: bool
    sentence: str
    cure: str = ""


def conclude(evidence: Evidence) -> Conclusion:
    """What is the matter with the document."""
    if not evidence.table:
        declared = ", ".join(evidence.declared) or "none"
        return Conclusion(
            False, "No declared table or source makes documents of this name.", f"Ids begin with one of: {declared}. Or declare it in sources.yaml."
        )
    match evidence.row.kind:
        case "unknown":
            return Conclusion(False, "The source cannot be asked, so nobody can tell what must be in the index.", evidence.row.reason)
        case "refused":
            return _refused(evidence)
        case "document":
            return _document(evidence)
        case "expired":
            return _expired(evidence)
        case _:
            return _no_document(evidence)


def _document(evidence: Evidence) -> Conclusion:
    row = evidence.row
    held = next((held for held in evidence.indexed if held.tenant == row.tenant), None)
    current = held.current if held else None
    strays = [other.tenant for other in evidence.indexed if other.tenant != row.tenant and _living(other)]
    if current is not None and not current.deleted and current.fingerprint == row.fingerprint and current.allowed == row.allowed:
        return _right_text(evidence, held, current, strays)
    return _gap(evidence, current, "It is not in the index" if current is None or current.deleted else "The index holds another state of it than the source")


def _right_text(evidence: Evidence, held: InIndex | None, current: Manifest, strays: list[str]) -> Conclusion:
    if held is not None and held.listed_gone:
        return Conclusion(False, f"Its manifest lists {held.listed_gone} chunks that are gone.", "'headrace verify --repair' mends it.")
    if strays:
        return Conclusion(
            False, f"It is indexed as the source says, and also, wrongly, for tenant {', '.join(strays)}.", "'headrace verify --repair' removes that."
        )
    if not current.allowed:
        return Conclusion(
            True,
            "It is in the index as the source says, and nobody may read it: its list of principals is empty.",
            "Change who may read it there." if evidence.kind == "rest" else "Change the row's, or 'allowed'.",
        )
    if not current.entries:
        return Conclusion(True, "It is in the index as the source says, but has no text, so no search finds it.")
    return Conclusion(True, f"It is in the index as the source says, for {', '.join(current.allowed)} of tenant {evidence.row.tenant}.")


def _expired(evidence: Evidence) -> Conclusion:
    expires_us = evidence.row.expires_us or 0
    what = f"It expired on {when(expires_us)}, by the retention in sources.yaml"
    living = [held.current for held in evidence.indexed if held.current is not None and not held.current.deleted]
    if later := [manifest for manifest in living if manifest.description.expires_us != expires_us]:
        return _gap(evidence, max(later, key=lambda manifest: manifest.attempt), f"{what}, and the index still has it")
    if living:
        return Conclusion(True, f"{what}: no search finds it, and the index worker of the backfill lane is about to remove it.")
    return Conclusion(True, f"{what}; {'it was deleted from the index' if evidence.indexed else 'the index never had it'}.")


def _no_document(evidence: Evidence) -> Conclusion:
    living = [held for held in evidence.indexed if _living(held)]
    what = "The row is outside 'where' in sources.yaml" if evidence.row.kind == "outside where" else f"The source has no such {evidence.noun}"
    if evidence.row.kind == "absent" and evidence.row.reason:
        what = evidence.row.reason
    if living:
        return _gap(
            evidence, max((held.current for held in living if held.current), key=lambda manifest: manifest.attempt), f"{what}, and the index still has it"
        )
    if any(held.current for held in evidence.indexed):
        return Conclusion(True, f"{what}; it was deleted from the index.")
    check = "Check the id." if evidence.kind == "rest" else "Check the id: key parts are joined by commas."
    return Conclusion(True, f"{what}, and the index never had it.", "" if evidence.row.kind == "outside where" else check)


def _refused(evidence: Evidence) -> Conclusion:
    letter = next((letter for letter in reversed(evidence.letters) if letter.resolution is None), None)
    cure = f"Mend the {evidence.noun}, which brings it as a new change"
    if letter is not None:
        cure += f", then 'headrace dead-letters discard {letter.id}'; or its mapping in sources.yaml, then 'headrace dead-letters replay {letter.id}'"
    held = any(_living(held) for held in evidence.indexed)
    kept = "; the index holds the state before" if held else ""
    return Conclusion(False, f"The {evidence.noun} makes no document: {evidence.row.reason}{kept}.", f"{cure}.")


def _gap(evidence: Evidence, current: Manifest | None, what: str) -> Conclusion:
    """Where on its way the newest state stopped."""
    held = None if current is None else current.attempt.version
    raw, document = _newest(evidence.raw), _newest(evidence.documents)
    letter = next((letter for letter in reversed(evidence.letters) if letter.resolution is None), None)
    if letter is not None:
        return Conclusion(
            False, f"{what}: {letter.letter.stage} refused it: {letter.letter.reason}.", f"Mend it, then 'headrace dead-letters replay {letter.id}'."
        )
    if document is not None and (held is None or document.version > held) and (raw is None or raw.version <= document.version):
        return _before_the_index(evidence, document, what)
    if raw is not None and (held is None or raw.version > held):
        behind = evidence.behind("normalize")
        cure = f"The normalize workers have {behind} records before them: wait, or see 'headrace status'." if behind else _ASK_AGAIN.format(evidence)
        return Conclusion(False, f"{what}: its change is in {raw.place.topic} and was not normalised yet.", cure)
    if held is not None and current is not None and current.attempt.stage is not Stage.WHOLE:
        half = (
            "its text is found by its words, and some of its vectors are still to come"
            if current.attempt.stage is Stage.TEXT
            else "a change of its permissions is half done"
        )
        return Conclusion(False, f"{what}: {half}.", "The index worker goes on where it stopped: see 'headrace status'.")
    return _before_kafka(evidence, held, what) if evidence.collecting is None else _before_the_fetch(evidence, evidence.collecting, what)


def _before_the_index(evidence: Evidence, document: Seen, what: str) -> Conclusion:
    if evidence.floor is not None and document.version < evidence.floor:
        return Conclusion(
            False, f"{what}: its newest record is older than a floor (a truncate, or a removed table) and was fenced.", _ASK_AGAIN.format(evidence)
        )
    behind = evidence.behind("index")
    cure = f"The index workers have {behind} records before them: wait, or see 'headrace status'." if behind else "'headrace verify --repair' brings it again."
    return Conclusion(False, f"{what}: its newest record is in {document.place.topic} and was not indexed yet.", cure)


def _not_delivered(evidence: Evidence, what: str) -> Conclusion | None:
    """What brings the source's changes does not."""
    if evidence.connector is not None and evidence.connector.alerts:
        return Conclusion(False, f"{what}: the connector does not deliver: {evidence.connector.alerts[0]}.", "'headrace connectors status' shows more.")
    if evidence.kind == "clickhouse" and evidence.cursor is None:
        return Conclusion(False, f"{what}: no poller has read {evidence.table} yet.", "'headrace status' shows the poller and what keeps it from reading.")
    return None


def _before_kafka(evidence: Evidence, held: Version | None, what: str) -> Conclusion:
    if (conclusion := _not_delivered(evidence, what)) is not None:
        return conclusion
    newest = _newest((*evidence.raw, *evidence.documents))
    if held is not None and newest is not None and newest.version < held:
        sentence = f"{what}, at a higher version than any change that came since: those were fenced."
        return Conclusion(False, sentence, f"If the database was restored or failed over, raise 'epoch' of its source{_THEN[evidence.kind]}.")
    if evidence.outside_identity and evidence.row.kind == "absent":
        columns = ", ".join(evidence.outside_identity)
        return Conclusion(
            False,
            f"{what}: deletes of {evidence.table} do not show {columns}.",
            f"ALTER TABLE {evidence.table} REPLICA IDENTITY FULL, then 'headrace verify --repair'.",
        )
    return _nothing_newer(evidence, newest, what)


def _nothing_newer(evidence: Evidence, newest: Seen | None, what: str) -> Conclusion:
    behind = sum(
        lag.records for lag in evidence.lags if lag.group.startswith("headrace-gather-") and lag.group.endswith(f"-{evidence.source}-{evidence.table}")
    )
    if behind:
        return Conclusion(False, f"{what}: the gatherers have {behind} changes before them.", "Wait, or see 'headrace status' and the log of gather.")
    if newest is None:
        return Conclusion(
            False, f"{what}: no change of it is in Kafka (the last {evidence.raw_scanned:,} records were looked at).", _ASK_AGAIN.format(evidence)
        )
    return Conclusion(
        False,
        f"{what}: the last change that reached Kafka is in the index, and the row, or how it is mapped and cut, is another now.",
        _JUST_CHANGED.format(evidence),
    )


def _before_the_fetch(evidence: Evidence, collecting: Collecting, what: str) -> Conclusion:
    """Nothing newer of the object is in Kafka: nobody told of it, or nobody has fetched it since, or the last fetch saw something else."""
    sweep = f"'headrace sweep {evidence.source}' has what differs fetched now"
    fetched = collecting.fetched
    if (hint := collecting.waiting) is not None:
        cure = f"The collector has {collecting.ahead} hints before it: wait, or see 'headrace status', which tells whether {evidence.source} refuses us."
        return Conclusion(False, f"{what}: a {hint.found_by} told of it, and it was not fetched yet.", cure)
    if fetched is None:
        return Conclusion(False, f"{what}: neither a webhook nor a sweep has told of {collecting.parent}.", f"{sweep}.")
    if collecting.native in fetched.refused:
        return Conclusion(False, f"{what}: the last fetch could not read this part of it.", "'headrace dead-letters list' has the reason.")
    if evidence.row.kind == "document" and collecting.native not in fetched.parts:
        return Conclusion(False, f"{what}: when it was fetched last, {evidence.source} did not have it.", f"{sweep}.")
    return Conclusion(
        False,
        f"{what}: what was fetched last is in the index, and {evidence.source} has another state now, or it is mapped and cut otherwise.",
        f"If it was changed just now, look again; else {sweep}, and {evidence.ask_again} brings what a sweep does not see.",
    )


def _newest(seen: tuple[Seen, ...]) -> Seen | None:
    return max(seen, key=lambda record: record.version, default=None)


def _living(held: InIndex) -> bool:
    return held.current is not None and not held.current.deleted


_ASK_AGAIN = "Have it read again: {0.ask_again}"
_JUST_CHANGED = "If it was changed just now, look again; else 'headrace verify --repair', or {0.ask_again}"
_THEN = {"postgres": ", then 'headrace connectors apply'", "clickhouse": ": the poller reads everything again", "rest": ""}
