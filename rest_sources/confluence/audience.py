"""Who may read something: all of several "any of". A clause is a set of atoms (``user:5b10a``, ``group:7c2``) of which a reader holds at least one, and an audience is what all have to hold.

One clause is the space's, one for each view restriction on the way down to the content: https://support.atlassian.com/confluence-cloud/docs/add-or-remove-page-restrictions/.
No restriction is no clause; without any clause everybody reads; an empty clause lets nobody in.

``allowed`` of a document is a flat any-of list. So the audience is multiplied out into combinations, each of atoms that one reader holds all of, and a combination of several becomes
a principal of its own: ``group:wiki/group:7c2+user:5b10a``. ``accounts`` gives it to exactly those accounts that hold all of it. Nothing in a document says who is in a group, so a group's
membership may change as it likes: no document is touched, and the next list of accounts is right for all of them at once. (A list of the people who are in both groups would have to be written
anew into every page below a restriction, and would let a person read on who has left the group until it is.)

Where multiplying out would give more than MOST_COMBINATIONS, the audience as a whole becomes one principal, named by its fingerprint.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator
from typing import Final
from urllib.parse import quote

from rest_sources.source import group_principal, user_principal

Clause = frozenset[str]
Audience = frozenset[Clause]

EVERYBODY: Final[Audience] = frozenset()
"""People without login too."""
NOBODY: Final[Audience] = frozenset({frozenset()})
PUBLIC: Final = "public"
MOST_COMBINATIONS: Final = 300
_SUPERFLUOUS: Final = 8
"""So many times as many may be looked at on the way: the time that it takes grows with their square."""
_USER: Final = "user:"
_GROUP: Final = "group:"


def user(identifier: str) -> str:
    return _USER + identifier


def group(identifier: str) -> str:
    return _GROUP + identifier


def named_group(name: str) -> str:
    """A group's id on Data Center, which has names alone. Percent-encoded, so that no name looks like a combination of several."""
    return quote(name, safe="")


def all_of(clauses: Iterable[Clause]) -> Audience:
    """Without clauses that a narrower one makes superfluous: the same audience has one form."""
    kept: list[Clause] = []
    for clause in sorted(set(clauses), key=len):
        if not any(narrower <= clause for narrower in kept):
            kept.append(clause)
    return frozenset(kept)


def written(audience: Audience) -> list[list[str]]:
    """As JSON, always in the same order."""
    return sorted(sorted(clause) for clause in audience)


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
        found = _shortest(multiplied)
        if len(found) > MOST_COMBINATIONS:
            return None
    return found


def principals(source: str, audience: Audience) -> tuple[str, ...]:
    """What ``allowed`` lists."""
    found = combinations(audience)
    if found is None:
        return (whole(source, audience),)
    return tuple(sorted(principal(source, combination) for combination in found))


def principal(source: str, combination: Collection[str]) -> str:
    """Of one combination: of the documents that ask for it, and of the accounts that hold it."""
    if not combination:
        return PUBLIC
    if len(combination) > 1:
        return group_principal(source, "+".join(sorted(quote(atom, safe=":*") for atom in combination)))
    (atom,) = combination
    return user_principal(source, atom.removeprefix(_USER)) if atom.startswith(_USER) else group_principal(source, atom.removeprefix(_GROUP))


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
    is_person = any(atom.startswith(_USER) for atom in combination)
    for atom in clause:
        if not (is_person and atom.startswith(_USER)):
            yield combination | {atom}


def _shortest(found: Collection[frozenset[str]]) -> frozenset[frozenset[str]]:
    """Without those that a shorter one makes superfluous."""
    kept: list[frozenset[str]] = []
    for combination in sorted(found, key=len):
        if not any(shorter <= combination for shorter in kept):
            kept.append(combination)
    return frozenset(kept)
