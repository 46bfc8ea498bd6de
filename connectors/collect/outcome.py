"""What a fetch means: records, deletes of what is no longer given, hints for those who depend on it, and what to remember. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from connectors.collect.hint_queue import Pending
from contracts.fetched import FetchedState
from contracts.hints import FoundBy, Hint
from contracts.rest_records import ObjectState
from rest_sources.source import Fetched

MOST_URGENT: Final = 1000
"""More objects than this that depend on one change are fetched at a sweep's pace: a space of 20,000 pages must not stand before tomorrow's edits."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One dead letter: ``error`` is its class, ``reason`` holds no content."""

    native: str
    error: str
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that is written for one Pending, in one transaction with its offsets. Without ``state`` what was known stays."""

    states: tuple[ObjectState, ...] = ()
    state: FetchedState | None = None
    hints: tuple[Hint, ...] = ()
    refusals: tuple[Refusal, ...] = ()


def passes_on(pending: Pending, fetched: Fetched, before: FetchedState | None) -> bool:
    """Whether those below are to be asked for again. What was never fetched has nobody below that could have been: only somebody's word makes us look."""
    if before is None:
        return bool(fetched.access) and not fetched.records and pending.found_by == "webhook"
    return before.access != fetched.access


def outcome_of(pending: Pending, fetched: Fetched, before: FetchedState | None, below: Sequence[str], moved_delay_ms: int = 0) -> Outcome:
    """``below`` are the objects to ask for again; ``moved_delay_ms`` is how long the id that a moved object had is left alone."""
    if fetched.same and before is not None:
        state = before.model_copy(update={"offset": pending.offset, "stamp": fetched.stamp, "access": fetched.access, "identity": fetched.identity})
        return Outcome((), state, _hints(pending, below, moved_delay_ms))
    standing = _standing(pending.native, fetched, before)
    gone = [native for native in standing if native not in fetched.records]
    records = {native: fetched.records.get(native) for native in (*fetched.records, *gone)}
    states = tuple(
        ObjectState(
            native,
            record,
            pending.offset,
            pending.changed_us,
            pending.found_by,
            fetched.changed_us,
            moved_from=pending.moved_from if native == pending.native else "",
        )
        for native, record in records.items()
    )
    known_refused = _known_refused(pending, fetched, before)
    refusals = tuple(
        Refusal(native, "NobodyMayReadError" if native in fetched.records else "UnreadableFileError", reason)
        for native, reason in fetched.refused.items()
        if native not in known_refused
    )
    state = FetchedState(
        offset=pending.offset,
        stamp=fetched.stamp,
        access=fetched.access,
        content=fetched.content,
        identity=fetched.identity,
        parts=tuple(fetched.records),
        refused=tuple(sorted(fetched.refused)),
        gone=not fetched.records and not fetched.access and not fetched.refused,
    )
    return Outcome(states, state, _hints(pending, below, moved_delay_ms), refusals)


def _known_refused(pending: Pending, fetched: Fetched, before: FetchedState | None) -> set[str]:
    """What a dead letter tells already. Of the object itself a new state is refused anew; and so is all of it where somebody asks again."""
    if before is None or pending.again:
        return set()
    return {native for native in before.refused if native != pending.native or before.stamp == fetched.stamp}


def forbidden(pending: Pending, before: FetchedState | None, reason: str) -> Outcome:
    """Our account may not read it: nobody's permissions are known, so nobody may see it."""
    gone = outcome_of(pending, Fetched(), before, ())
    return Outcome(gone.states, gone.state, gone.hints, (Refusal(pending.native, "ForbiddenError", reason),))


def refused(pending: Pending, error: str, reason: str) -> Outcome:
    """It could not be fetched, and waiting does not help: what the index holds stays, and the hint is in the dead letters."""
    return Outcome(hints=_hints(pending, (), 0), refusals=(Refusal(pending.native, error, reason),))


def _standing(native: str, fetched: Fetched, before: FetchedState | None) -> tuple[str, ...]:
    """What may be in the index of it. Of an object that was never fetched we cannot tell, so its delete is written; a container never was a document."""
    if before is not None:
        return before.parts
    return () if fetched.access and not fetched.records else (native,)


def _hints(pending: Pending, below: Sequence[str], moved_delay_ms: int) -> tuple[Hint, ...]:
    found_by: FoundBy = "scan" if pending.urgent and len(below) <= MOST_URGENT else "sweep"
    hints = [Hint(id=native, event=f"below {pending.native}"[:200], source_time_us=pending.changed_us, found_by=found_by) for native in below]
    if pending.moved_from:
        hints.append(Hint(id=pending.moved_from, event="moved", source_time_us=pending.changed_us, found_by=pending.found_by, delay_ms=moved_delay_ms))
    return tuple(hints)
