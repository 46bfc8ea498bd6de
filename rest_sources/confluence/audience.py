"""Who may read something: all of several "any of". A clause is a set of atoms (``user:5b10a``, ``group:7c2``) of which a reader holds at least one, and an audience is what all have to hold.

One clause is the space's, one for each view restriction on the way down to the content: https://support.atlassian.com/confluence-cloud/docs/add-or-remove-page-restrictions/.
No restriction is no clause; without any clause everybody reads; an empty clause lets nobody in.

``allowed`` of a document is a flat any-of list. So the audience is multiplied out into combinations, each of atoms that one reader holds all of; how one of several atoms becomes a principal is said in
``rest_sources.readers``; ``accounts`` gives it to the accounts that hold all of it.

Where multiplying out would give more than MOST_COMBINATIONS, the audience as a whole becomes one principal, named by its fingerprint.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from rest_sources.readers import GROUP, USER, group, named_group, principal, shortest, user, written
from rest_sources.source import PUBLIC, group_principal

__all__ = [
    "EVERYBODY",
    "GROUP",
    "MOST_COMBINATIONS",
    "NOBODY",
    "PUBLIC",
    "USER",
    "all_of",
    "combinations",
    "group",
    "named_group",
    "principal",
    "principals",
    "read",
    "reads",
    "user",
    "whole",
    "written",
]

Clause = frozenset[str]
Audience = frozenset[Clause]

EVERYBODY: Final[Audience] = frozenset()
"""People without login too."""
NOBODY: Final[Audience] = frozenset({frozenset()})
MOST_COMBINATIONS: Final = 300
_SUPERFLUOUS: Final = 8
"""So many times as many may be looked at on the way: the time that it takes grows with their square."""


def all_of(clauses: Iterable[Clause]) -> Audience:
    """Without clauses that a narrower one makes superfluous: the same audience has one form."""
    return shortest(clauses)


def read(clauses: Iterable[Iterable[str]]) -> Audience:
    return all_of(frozenset(clause) for clause in clauses)


def combinations(audience: Audience) -> frozenset[frozenset[str]] | None:
    """Sets of atoms, one of which a reader holds whole; None for too many. One clause is as many as it names."""
    if len(audience) == 1:
        (clause,) = audience
        return frozenset(frozenset({atom}) for atom in clause)
    found: frozenset[frozenset[str]] = frozenset({frozenset()})
    for clause in sorted(audience, key=lambda clause: (len(clause), sorted(clause))):
        multiplied = {possible for combination in found for possible in _narrowed(combination, clause)}
        if len(multiplied) > MOST_COMBINATIONS * _SUPERFLUOUS:
            return None
        found = shortest(multiplied)
        if len(found) > MOST_COMBINATIONS:
            return None
    return found


def principals(source: str, audience: Audience) -> tuple[str, ...]:
    """What ``allowed`` lists."""
    found = combinations(audience)
    if found is None:
        return (whole(source, audience),)
    return tuple(sorted(principal(source, combination) for combination in found))


def whole(source: str, audience: Audience) -> str:
    """Of an audience that is not multiplied out."""
    return group_principal(source, "all:" + hashlib.sha256(repr(written(audience)).encode()).hexdigest()[:32])


def reads(audience: Audience, held: Collection[str]) -> bool:
    """Whether one who holds these atoms is in it."""
    return all(not clause.isdisjoint(held) for clause in audience)


def _narrowed(combination: frozenset[str], clause: Clause) -> Iterator[frozenset[str]]:
    """Those who hold the combination and are in the clause too. No one is two people."""
    if not combination.isdisjoint(clause):
        yield combination
        return
    is_person = any(atom.startswith(USER) for atom in combination)
    for atom in clause:
        if not (is_person and atom.startswith(USER)):
            yield combination | {atom}
