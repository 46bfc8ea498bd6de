"""The invariants (listed in tests.property.interleave)."""

from __future__ import annotations

from contracts.identity import Stage
from index.manifest import INTERIM
from tests.property.interleave_scenario import ProtocolBrokenError, Scenario, Store, short, text_of, version, wanted

ENDLESS = 10
"""Attempts at one version: no two or three writers need as many, unless they drive each other on for ever."""


class Judge:
    """What must hold of a store, of a step, and at rest."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario

    def state(self, store: Store) -> None:
        _must(all(manifest.attempt.counter < ENDLESS for manifest in store.manifests), "writers plan anew without end", store)
        current = store.current
        if current is None:
            return
        if current.deleted:
            _must(not current.entries, "a deleted version lists chunks", store)
            return
        number = current.attempt.version.major
        body = self.scenario.bodies[number]
        listed = tuple(text_of(entry) for entry in current.entries)
        _must(not body.deleted, "a deleted version is readable", store)
        _must(set(current.allowed) <= set(body.allowed), "somebody may read whom the version does not allow", store)
        _must((current.fingerprint == INTERIM) == (current.attempt.stage is not Stage.WHOLE), "a manifest of another stage than its fingerprint tells", store)
        if current.attempt.stage is not Stage.NARROWED:
            _must(listed == body.contents, "a manifest lists another text than its version's", store)
            return
        older = [body for n, body in self.scenario.bodies.items() if n < number and set(listed) <= set(body.contents)]
        _must(
            any(set(current.allowed) <= set(body.allowed) for body in older),
            "a narrowing manifest mixes versions or shows a text to others than its readers",
            store,
        )

    def step(self, before: Store, after: Store) -> None:
        old, new = before.current, after.current
        if old is None or old is new:
            return
        _must(new is not None and new.attempt >= old.attempt, "the current manifest went back", after)
        assert new is not None
        back = new.attempt.version == old.attempt.version and new.attempt.stage < old.attempt.stage
        _must(not back, "an older text came back over its own version", after)

    def at_rest(self, store: Store) -> None:
        scenario, current = self.scenario, store.current
        if scenario.tidy:
            listed = current.chunk_ids if current else frozenset()
            _must(len(store.manifests) <= 1, "an older manifest is left", store)
            _must({chunk.chunk_id for chunk in store.chunks} <= listed, "a chunk that nobody lists is left", store)
        last = scenario.versions[-1] if scenario.versions else 0
        floor = scenario.floor
        if floor is not None:
            _must(store.floor == version(floor), "the floor is not raised", store)
            if floor > last:
                _must(current is None or current.deleted, "a document lives below the floor at rest", store)
                return
        assert current is not None
        _must(current.attempt.version == version(last), "not the last version at rest", store)
        _must(current.fingerprint == wanted(last, scenario.bodies[last]).fingerprint, "not the last version's content at rest", store)
        _must(current.chunk_ids <= {chunk.chunk_id for chunk in store.chunks}, "a listed chunk is missing at rest", store)


def _must(holds: bool, what: str, store: Store) -> None:
    if not holds:
        manifests = "; ".join(short(manifest) for manifest in sorted(store.manifests, key=lambda manifest: manifest.attempt))
        raise ProtocolBrokenError(f"{what}: manifests {manifests}; chunks {sorted(short(chunk) for chunk in store.chunks)}")
