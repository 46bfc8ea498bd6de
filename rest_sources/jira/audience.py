"""Who may read something: an "any of" of "all of". A clause is a set of atoms that a reader holds all of; an audience is a set of clauses of which one is enough.

How a clause of several atoms becomes one principal of ``allowed`` is said in ``rest_sources.readers``; ``directory`` gives it to the accounts that hold the whole clause.

Atoms are ``user:<id>``, ``group:<id>`` and ``*``, which every account holds that is logged in. An atom that begins with ``?`` stands for what an issue names,
its reporter say, where no issue is at hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from rest_sources.readers import USER, group, named_group, principal, shortest, user, written
from rest_sources.source import PUBLIC

__all__ = [
    "ANY_ACCOUNT",
    "EVERYBODY",
    "LOGGED_IN",
    "NOBODY",
    "PUBLIC",
    "all_of",
    "any_of",
    "group",
    "named_group",
    "of",
    "principal",
    "principals",
    "too_many",
    "user",
    "written",
]

Clause = frozenset[str]
Audience = frozenset[Clause]

NOBODY: Final[Audience] = frozenset()
EVERYBODY: Final[Audience] = frozenset({frozenset()})
"""People without login too."""
ANY_ACCOUNT: Final = "*"
LOGGED_IN: Final[Audience] = frozenset({frozenset({ANY_ACCOUNT})})


def of(*atoms: str) -> Audience:
    """Who holds any of these atoms."""
    return frozenset(frozenset({atom}) for atom in atoms)


def any_of(audiences: Iterable[Audience]) -> Audience:
    return _shortest(clause for audience in audiences for clause in audience)


MOST_CLAUSES: Final = 3000
"""That are looked at for one audience: the time that it takes grows with their square, and ``allowed`` is no place for more."""


def all_of(audiences: Sequence[Audience]) -> Audience:
    """Who is in each of them; everybody for none. Nobody where that is more clauses than anybody can look at."""
    found = EVERYBODY
    for audience in audiences:
        if too_many(found, audience):
            return NOBODY
        found = _shortest(left | right for left in found for right in audience)
    return found


def too_many(one: Audience, other: Audience) -> bool:
    """Whether who is in both is not worked out."""
    return len(one) * len(other) > MOST_CLAUSES


def _shortest(clauses: Iterable[Clause]) -> Audience:
    """Without clauses that nobody can hold, and without those that a shorter one makes superfluous."""
    return shortest(_plain(clause) for clause in clauses if _possible(clause))


def _possible(clause: Clause) -> bool:
    """No one is two people."""
    return sum(atom.startswith(USER) for atom in clause) < 2


def _plain(clause: Clause) -> Clause:
    """Who holds any other atom is logged in."""
    return clause - {ANY_ACCOUNT} if len(clause) > 1 else clause


def principals(source: str, audience: Audience) -> tuple[str, ...]:
    return tuple(sorted(principal(source, clause) for clause in audience))
