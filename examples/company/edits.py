"""An endless, seeded stream of small edits to the demo company's database, each with a phrase that shows whether it arrived.

The stream keeps its own picture of the rows that it touches (the sentence that stands in a page now, who may read it, which tickets it added), starting
from the freshly loaded content. So it is valid after ``load.create`` when its edits are carried out in order, and the same seed gives the same edits.
Of twenty edits twelve are updates of one sentence, five are inserts, two deletes and one a change of permissions.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final, Literal

from examples.company.edit_texts import ADJECTIVES, GRANTS, NEW_PAGES, NEW_TICKETS, NOUNS, REMOVABLE_TICKETS, SLOTS, Grant, NewRow, Slot

Kind = Literal["update", "insert", "delete", "permission"]
OUTSIDER: Final = "group:outsiders"
"""A principal that no row of the demo allows: what a page says must stay hidden from it."""
_ROUND: Final[tuple[Kind, ...]] = ("update",) * 12 + ("insert",) * 5 + ("delete",) * 2 + ("permission",)
_FIRST_NEW_ID: Final = 1_000_000
_IDS_PER_SEED: Final = 100_000
_ALWAYS_REMOVABLE: Final = 4
_PUBLIC: Final = "public"

_UPDATE_PAGE: Final = """UPDATE handbook_pages SET body = replace(body, %(old)s, %(new)s), updated_at = now() WHERE tenant_id = %(tenant)s AND id = %(id)s"""
_UPDATE_POLICY: Final = """UPDATE policies SET body = replace(body, %(old)s, %(new)s), version = version + 1, updated_at = now()
WHERE tenant_id = %(tenant)s AND code = %(code)s"""
_INSERT_TICKET: Final = """INSERT INTO tickets (id, tenant_id, subject, description, priority, requester_email, team, tags, allowed)
VALUES (%(id)s, %(tenant)s, %(title)s, %(text)s, %(priority)s, %(author)s, %(team)s, %(tags)s, %(allowed)s)"""
_INSERT_PAGE: Final = """INSERT INTO handbook_pages (id, tenant_id, slug, title, body, team, allowed, author)
VALUES (%(id)s, %(tenant)s, %(slug)s, %(title)s, %(text)s, %(team)s, %(allowed)s, %(author)s)"""
_DELETE_TICKET: Final = "DELETE FROM tickets WHERE tenant_id = %(tenant)s AND id = %(id)s"
_GRANT: Final = "UPDATE handbook_pages SET allowed = array_append(allowed, %(principal)s), updated_at = now() WHERE tenant_id = %(tenant)s AND id = %(id)s"
_REVOKE: Final = "UPDATE handbook_pages SET allowed = array_remove(allowed, %(principal)s), updated_at = now() WHERE tenant_id = %(tenant)s AND id = %(id)s"


@dataclass(frozen=True, slots=True)
class Probe:
    """What a search shows once the edit has arrived: ``phrase`` to each of ``found_by``, alone, and to none of ``hidden_from``; ``replaced`` to nobody."""

    phrase: str
    found_by: tuple[str, ...]
    hidden_from: tuple[str, ...]
    replaced: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """One statement and its effect. ``key`` has the parts of the row's key in the order of sources.yaml; ``params`` are named, as psycopg takes them."""

    number: int
    label: str
    kind: Kind
    table: str
    tenant: str
    key: tuple[str, ...]
    sql: str
    params: Mapping[str, Any] = field(repr=False)
    probe: Probe


@dataclass(frozen=True, slots=True)
class _Ticket:
    """A ticket that stands in the table and may be deleted."""

    tenant: str
    id: int
    phrase: str
    allowed: tuple[str, ...]


def edits(seed: int) -> Iterator[Edit]:
    """Endless. Carry the edits out in order, on freshly loaded content, each in a transaction of its own."""
    return _Stream(seed).edits()


def principals() -> set[tuple[str, str]]:
    """Tenant and principal of everybody as whom a probe of any stream may look."""
    rows = {(row.tenant, principal) for row in (*NEW_PAGES, *NEW_TICKETS) for principal in row.allowed}
    tickets = {(ticket.tenant, principal) for ticket in (_Ticket(*row) for row in REMOVABLE_TICKETS) for principal in ticket.allowed}
    grants = {(grant.tenant, principal) for grant in GRANTS for principal in (grant.principal, grant.reader)}
    named = rows | tickets | grants | {(slot.tenant, slot.reader) for slot in SLOTS}
    return named | {(tenant, OUTSIDER) for tenant, _ in named}


class _Stream:
    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  (a reproducible demo, no secret)
        self._sentences: dict[Slot, str] = {}
        self._granted: set[Grant] = {grant for grant in GRANTS if grant.granted_at_first}
        self._tickets: list[_Ticket] = [_Ticket(*row) for row in REMOVABLE_TICKETS]
        self._names = _names(self._random)
        self._ids = count(_FIRST_NEW_ID + seed % 10_000 * _IDS_PER_SEED)

    def edits(self) -> Iterator[Edit]:
        make = {"update": self._update, "insert": self._insert, "delete": self._delete, "permission": self._permission}
        for number in count(1):
            place = (number - 1) % len(_ROUND)
            if place == 0:
                kinds = self._random.sample(_ROUND, len(_ROUND))
            yield make[kinds[place]](number)

    def _update(self, number: int) -> Edit:
        slot = self._random.choice(SLOTS)
        old = self._sentences.get(slot, slot.original)
        new = slot.template.format(n=self._random.randint(101, 997), name=next(self._names))
        self._sentences[slot] = new
        policy = slot.table == "policies"
        params = {"tenant": slot.tenant, "old": old, "new": new, **({"code": slot.key} if policy else {"id": int(slot.key)})}
        return Edit(
            number=number,
            label=f"{slot.label}: {new}",
            kind="update",
            table=slot.table,
            tenant=slot.tenant,
            key=(slot.tenant, slot.key) if policy else (slot.key,),
            sql=_UPDATE_POLICY if policy else _UPDATE_PAGE,
            params=params,
            probe=Probe(new, (slot.reader,), _hidden(slot.reader), old),
        )

    def _insert(self, number: int) -> Edit:
        page = len(self._tickets) > _ALWAYS_REMOVABLE and self._random.random() < 0.2
        row = self._random.choice(NEW_PAGES if page else NEW_TICKETS)
        values = {"n": self._random.randint(101, 997), "name": next(self._names)}
        new_id = next(self._ids)
        title, phrase = row.title.format(**values), row.phrase.format(**values)
        params = _columns(row, page=page) | {"id": new_id, "title": title, "text": row.text.format(phrase=phrase, **values), "slug": f"notice-{new_id}"}
        if not page:
            self._tickets.append(_Ticket(row.tenant, new_id, phrase, row.allowed))
        return Edit(
            number=number,
            label=f"new {'page' if page else 'ticket'}: {title}",
            kind="insert",
            table="handbook_pages" if page else "tickets",
            tenant=row.tenant,
            key=(str(new_id),),
            sql=_INSERT_PAGE if page else _INSERT_TICKET,
            params=params,
            probe=Probe(phrase, row.allowed, () if _PUBLIC in row.allowed else (OUTSIDER,)),
        )

    def _delete(self, number: int) -> Edit:
        """There is always one: while few are left, every insert is a ticket, and a round has five inserts for two deletes."""
        ticket = self._tickets.pop(self._random.randrange(len(self._tickets)))
        return Edit(
            number=number,
            label=f"deleted ticket #{ticket.id}",
            kind="delete",
            table="tickets",
            tenant=ticket.tenant,
            key=(str(ticket.id),),
            sql=_DELETE_TICKET,
            params={"tenant": ticket.tenant, "id": ticket.id},
            probe=Probe(ticket.phrase, (), ticket.allowed),
        )

    def _permission(self, number: int) -> Edit:
        grant = self._random.choice(GRANTS)
        revoke = grant in self._granted
        self._granted ^= {grant}
        return Edit(
            number=number,
            label=f"{grant.label}: {grant.principal} {'may no longer' if revoke else 'may now'} read it",
            kind="permission",
            table="handbook_pages",
            tenant=grant.tenant,
            key=(str(grant.id),),
            sql=_REVOKE if revoke else _GRANT,
            params={"tenant": grant.tenant, "id": grant.id, "principal": grant.principal},
            probe=Probe(grant.phrase, (grant.reader,), (grant.principal, OUTSIDER))
            if revoke
            else Probe(grant.phrase, (grant.reader, grant.principal), (OUTSIDER,)),
        )


def _hidden(reader: str) -> tuple[str, ...]:
    return () if reader == _PUBLIC else (OUTSIDER,)


def _columns(row: NewRow, *, page: bool) -> dict[str, Any]:
    columns: dict[str, Any] = {"tenant": row.tenant, "team": row.team, "allowed": list(row.allowed), "author": row.author}
    return columns if page else columns | {"priority": row.priority, "tags": list(row.tags)}


def _names(source: random.Random) -> Iterator[str]:
    """Names that never repeat: every pair of an adjective and a noun in a seeded order, then again with a number."""
    pairs = [f"{adjective}-{noun}" for adjective in ADJECTIVES for noun in NOUNS]
    source.shuffle(pairs)
    yield from pairs
    for turn in count(2):
        yield from (f"{pair}-{turn}" for pair in pairs)
