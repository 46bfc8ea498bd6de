"""A ticket, whole: its public comments as one document, its internal ones as another, each attachment as readable as its comment.

The ticket is asked for before its comments: what is said in between is then shown under an older stamp, and the next sweep fetches again. The other way round it would be lost.

``generated_timestamp`` moves with every change, system changes too, which ``updated_at`` does not
(https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/#incremental-ticket-export-cursor-based). It counts whole seconds: a comment in the second of the
change before it has no stamp of its own, and only its webhook tells it. Changes of readers in such a second are found, since what decides them is in the stamp.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import orjson

from rest_sources.api import Api
from rest_sources.source import GONE, Fetched, Files, Record
from rest_sources.zendesk.answers import Comment, Ticket, TicketPeople, User, each, parsed, under
from rest_sources.zendesk.attachments import Parts, Wanted, read_parts, remote, why_refused
from rest_sources.zendesk.paging import cursor_pages
from rest_sources.zendesk.records import ReadFile, Said, TicketFileRecord, TicketReaders, TicketRecord

DELETED: Final = "deleted"
_SECOND_US: Final = 1_000_000


def ticket_stamp(ticket: Ticket) -> str:
    """From fields that tickets have in exports, lists and by themselves alike."""
    deciding = [ticket.status, ticket.requester_id, ticket.assignee_id, ticket.group_id, ticket.organization_id, sorted(ticket.collaborator_ids)]
    return f"{ticket.generated_timestamp}-{hashlib.sha256(orjson.dumps(deciding)).hexdigest()[:12]}"


async def fetch_ticket(api: Api, files: Files | None, source: str, number: str) -> Fetched:
    """``files`` is None where attachments are left out."""
    answer = await api.get(f"/api/v2/tickets/{number}", {"include": "users,groups,organizations"})
    if answer is None:
        return GONE
    ticket = under(answer.body, "ticket", Ticket)
    people = parsed(TicketPeople, dict(answer.body), "ticket's sideload")
    if ticket.status == DELETED:
        return GONE
    said = await _comments(api, ticket.id)
    if said is None:
        return GONE
    comments, authors = said
    names = {user.id: user.name for user in (*people.users, *authors)}
    parts = await read_parts(files, _files(source, ticket, comments)) if files else Parts()
    records = {**dict(_documents(ticket, people, comments, names)), **parts.records}
    return Fetched(records, ticket_stamp(ticket), refused=parts.refused, changed_us=ticket.generated_timestamp * _SECOND_US)


async def _comments(api: Api, ticket_id: int) -> tuple[list[Comment], list[User]] | None:
    """All comments in the order in which they were made, and who made them; None where the ticket is gone meanwhile."""
    comments: list[Comment] = []
    authors: list[User] = []
    async for body in cursor_pages(api, f"/api/v2/tickets/{ticket_id}/comments", {"include": "users"}):
        if body is None:
            return None
        comments += each(body, "comments", Comment)
        authors += each(body, "users", User)
    return comments, authors


def _documents(ticket: Ticket, people: TicketPeople, comments: Sequence[Comment], names: Mapping[int, str]) -> Iterator[tuple[str, Record]]:
    public = [comment for comment in comments if comment.public]
    internal = [comment for comment in comments if not comment.public]
    yield f"ticket/{ticket.id}", _record(ticket, people, "ticket", public, names).as_record()
    if internal:
        yield f"ticket/{ticket.id}/internal", _record(ticket, people, "internal", internal, names).as_record()


def _record(ticket: Ticket, people: TicketPeople, kind: str, comments: Sequence[Comment], names: Mapping[int, str]) -> TicketRecord:
    is_main = kind == "ticket"
    return TicketRecord(
        kind="ticket" if is_main else "internal",
        subject=ticket.subject or "",
        status=ticket.status,
        priority=ticket.priority or "",
        type=ticket.type or "",
        channel=ticket.via.channel or "",
        tags=sorted(ticket.tags),
        group=next((group.name for group in people.groups if group.id == ticket.group_id), ""),
        organization=next((each.name for each in people.organizations if each.id == ticket.organization_id), ""),
        created_at=ticket.created_at,
        updated_at=ticket.updated_at,
        comments=[Said(author_id=it.author_id, author=names.get(it.author_id, ""), at=it.created_at, html=it.html_body) for it in comments],
        readers=_readers(ticket, customers=is_main and bool(comments)),
    )


def _readers(ticket: Ticket, *, customers: bool) -> TicketReaders:
    """A ticket without a public comment is none that customers see (``is_public``, …/tickets/tickets/#json-format)."""
    followers = ticket.follower_ids or []
    ccs = ticket.email_cc_ids if ticket.email_cc_ids is not None else set(ticket.collaborator_ids) - set(followers)
    return TicketReaders(
        requester_id=ticket.requester_id,
        assignee_id=ticket.assignee_id,
        group_id=ticket.group_id,
        organization_id=ticket.organization_id,
        cc_ids=sorted(ccs),
        follower_ids=sorted(followers),
        customers=customers,
    )


def _files(source: str, ticket: Ticket, comments: Iterable[Comment]) -> Iterator[Wanted]:
    """An empty one has no text: such is also what redaction leaves in a file's place."""
    for comment in comments:
        readers = _readers(ticket, customers=comment.public)
        for it in comment.attachments:
            if it.deleted or not it.size:
                continue

            def record(file: ReadFile, name: str = it.file_name, kind: str = it.content_type or "", readers: TicketReaders = readers) -> Record:
                return TicketFileRecord(kind="ticket-attachment", name=name, media_type=kind, file=file, readers=readers).as_record()

            yield Wanted(f"ticket/{ticket.id}/attachment/{it.id}", remote(source, it), record, why_refused(it))
