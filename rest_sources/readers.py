"""What Jira's and Confluence's rules of who may read have in common: atoms that an account holds, and sets of them that it holds all of.

``allowed`` of a document is a flat any-of list, and these vendors ask for more than one thing at once (to browse the project AND to be in the issue's security level; to be in the space AND within a page's
restriction). So a combination of several atoms becomes a principal of its own, ``group:jira/group:7c2+group:b41``: the accounts that are in both groups. Whoever lists the accounts gives it to
exactly those that hold all of it. Nothing in a document says who is in a group, so a group's membership may change as it likes: no document is touched, and the accounts' next list is right for
all of them at once. (A list of people instead would have to be written anew into each document, and would let a person read on who has left the group until it is.)

Atoms are ``user:<id>`` and ``group:<id>``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final
from urllib.parse import quote

from rest_sources.source import PUBLIC, group_principal, user_principal

Combination = frozenset[str]

USER: Final = "user:"
GROUP: Final = "group:"


def user(identifier: str) -> str:
    return USER + identifier


def group(identifier: str) -> str:
    return GROUP + identifier


def named_group(name: str) -> str:
    """A group's id on Data Center, which has names alone. Percent-encoded, so that no name looks like a combination of several."""
    return quote(name, safe="")


def principal(source: str, combination: Collection[str]) -> str:
    """Of one combination: of the documents that ask for it, and of the accounts that hold all of it. Of none it is everybody's."""
    if not combination:
        return PUBLIC
    if len(combination) > 1:
        return group_principal(source, "+".join(sorted(quote(atom, safe=":*") for atom in combination)))
    (atom,) = combination
    return user_principal(source, atom.removeprefix(USER)) if atom.startswith(USER) else group_principal(source, atom.removeprefix(GROUP))


def shortest(found: Iterable[Combination]) -> frozenset[Combination]:
    """Without those that a shorter one makes superfluous: the same set always has the same form."""
    kept: list[Combination] = []
    for combination in sorted(set(found), key=len):
        if not any(shorter <= combination for shorter in kept):
            kept.append(combination)
    return frozenset(kept)


def written(sets: Iterable[Collection[str]]) -> list[list[str]]:
    """As JSON, always in the same order."""
    return sorted(sorted(atoms) for atoms in sets)
