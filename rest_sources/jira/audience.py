"""Who may read something: an "any of" of "all of". A clause is a set of atoms that a reader holds all of; an audience is a set of clauses of which one is enough.

``allowed`` of a document is a flat any-of list, and Jira asks for more than one thing at once: to browse the project AND to be in the issue's security level
AND to be in the role or group that a comment is for. So a clause of several atoms becomes a principal of its own, ``group:jira/group:7c2+group:b41``: the accounts
that are in both groups. ``directory`` gives it to exactly those accounts. Nothing in a document says who is in a group, so a group's membership may change as it likes: no document
is touched, and the accounts' next list is right for all of them at once. (A list of people instead would have to be written anew into each issue of a project,
and would let a person read on who has left the group until it is.)

Atoms are ``user:<id>``, ``group:<id>`` and ``*``, which every account holds that is logged in. An atom that begins with ``?`` stands for what an issue names,
its reporter say, where no issue is at hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import quote

from rest_sources.source import group_principal, user_principal

Clause = frozenset[str]
Audience = frozenset[Clause]

NOBODY: Final[Audience] = frozenset()
EVERYBODY: Final[Audience] = frozenset({frozenset()})
"""People without login too."""
ANY_ACCOUNT: Final = "*"
LOGGED_IN: Final[Audience] = frozenset({frozenset({ANY_ACCOUNT})})
PUBLIC: Final = "public"
_USER: Final = "user:"
_GROUP: Final = "group:"


def user(identifier: str) -> str:
    return _USER + identifier


def group(identifier: str) -> str:
    return _GROUP + identifier


def of(*atoms: str) -> Audience:
    """Who holds any of these atoms."""
    return frozenset(frozenset({atom}) for atom in atoms)


def any_of(audiences: Iterable[Audience]) -> Audience:
    return _shortest(clause for audience in audiences for clause in audience)


def all_of(audiences: Sequence[Audience]) -> Audience:
    """Who is in each of them; everybody for none."""
    found = EVERYBODY
    for audience in audiences:
        found = _shortest(left | right for left in found for right in audience)
    return found


def _shortest(clauses: Iterable[Clause]) -> Audience:
    """Without clauses that nobody can hold, and without those that a shorter one makes superfluous."""
    kept: list[Clause] = []
    for clause in sorted({_plain(clause) for clause in clauses if _possible(clause)}, key=len):
        if not any(shorter <= clause for shorter in kept):
            kept.append(clause)
    return frozenset(kept)


def _possible(clause: Clause) -> bool:
    """No one is two people."""
    return sum(atom.startswith(_USER) for atom in clause) < 2


def _plain(clause: Clause) -> Clause:
    """Who holds any other atom is logged in."""
    return clause - {ANY_ACCOUNT} if len(clause) > 1 else clause


def principal(source: str, clause: Clause) -> str:
    """The principal of a document's ``allowed``, and of the accounts that hold the whole clause."""
    if not clause:
        return PUBLIC
    if len(clause) > 1:
        return group_principal(source, "+".join(sorted(quote(atom, safe=":*") for atom in clause)))
    (atom,) = clause
    return user_principal(source, atom.removeprefix(_USER)) if atom.startswith(_USER) else group_principal(source, atom.removeprefix(_GROUP))


def principals(source: str, audience: Audience) -> tuple[str, ...]:
    return tuple(sorted(principal(source, clause) for clause in audience))


def written(audience: Audience) -> list[list[str]]:
    """As JSON, always in the same order."""
    return sorted(sorted(clause) for clause in audience)
