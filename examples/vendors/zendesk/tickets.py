"""Tickets, their comments and audits. Each change gives an ``Update`` with the ticket before and after; what to announce is read off that difference elsewhere.

Deletion has two steps (https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/): soft, which can be taken back, and permanent, after which the export
still lists the ticket, scrubbed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Final

from examples.vendors.zendesk.records import Attachment, Audit, Comment, Ticket

_NOT_AUDITED: Final = frozenset(
    {"id", "created_at", "updated_at", "changed_at", "deleted_at", "deleted_by", "status_before", "scrubbed", "is_public", "archived"}
)
SCRUBBED: Final = "SCRUBBED"


@dataclass(frozen=True, slots=True)
class NewComment:
    author_id: int
    html_body: str
    plain_body: str
    public: bool
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Update:
    before: Ticket | None
    after: Ticket
    audit: Audit
    comment: Comment | None = None


class Tickets:
    def __init__(self, tick: Callable[[], float], new_id: Callable[[], int]) -> None:
        self.all: dict[int, Ticket] = {}
        self.comments: dict[int, list[Comment]] = {}
        self.audits: list[Audit] = []
        self.uploads: dict[str, Attachment] = {}
        self.attachments: dict[int, tuple[int, Attachment]] = {}
        """By id, with the ticket that has it; 0 while it is only uploaded."""
        self._tick = tick
        self._new_id = new_id
        self._last_ticket_id = 0

    def live(self, ticket_id: int) -> Ticket | None:
        """None too for a deleted one."""
        ticket = self.all.get(ticket_id)
        return ticket if ticket and ticket.deleted_at is None else None

    def next_id(self) -> int:
        return self._last_ticket_id + 1

    def create(self, ticket: Ticket, comment: NewComment) -> Update:
        """The times are set here, unless the ticket brings some (a seed's)."""
        now = ticket.changed_at or self._tick()
        made = replace(ticket, description=comment.plain_body, created_at=ticket.created_at or now, updated_at=ticket.updated_at or now, changed_at=now)
        self._last_ticket_id = max(self._last_ticket_id, made.id)
        audit = Audit(self._new_id(), made.id, comment.author_id, made.created_at, _changes(None, made), created=True)
        return self._recorded(None, made, audit, comment)

    def update(self, wanted: Ticket, author_id: int, comment: NewComment | None = None) -> Update:
        before = self.all[wanted.id]
        now = self._tick()
        after = replace(wanted, updated_at=now, changed_at=now)
        return self._recorded(before, after, Audit(self._new_id(), after.id, author_id, now, _changes(before, after)), comment)

    def say(self, ticket_id: int, comment: NewComment, at: float) -> Update:
        """A comment of the past: a seed's, which moves no time."""
        ticket = self.all[ticket_id]
        return self._recorded(ticket, ticket, Audit(self._new_id(), ticket_id, comment.author_id, at), comment)

    def system_update(self, ticket_id: int) -> None:
        """Moves the export's time and nothing else: what a business rule does without an event."""
        self.all[ticket_id] = replace(self.all[ticket_id], changed_at=self._tick())

    def delete(self, ticket_id: int, by: int) -> Update:
        ticket = self.all[ticket_id]
        return self.update(replace(ticket, status="deleted", status_before=ticket.status, deleted_at=self._tick(), deleted_by=by), by)

    def restore(self, ticket_id: int, by: int) -> Update:
        ticket = self.all[ticket_id]
        return self.update(replace(ticket, status=ticket.status_before, status_before="", deleted_at=None, deleted_by=0), by)

    def scrub(self, ticket_id: int, by: int) -> Update:
        """Permanent deletion: the texts are gone, the id stays in the export."""
        for comment in self.comments.pop(ticket_id, []):
            for attachment in comment.attachments:
                self.attachments.pop(attachment.id, None)
        return self.update(replace(self.all[ticket_id], subject=SCRUBBED, description=SCRUBBED, tags=(), scrubbed=True), by)

    def comment(self, ticket_id: int, comment_id: int) -> Comment | None:
        return next((comment for comment in self.comments.get(ticket_id, []) if comment.id == comment_id), None)

    def change_comment(self, changed: Comment, by: int) -> Update:
        """Made private, or redacted."""
        said = self.comments[changed.ticket_id]
        said[:] = [changed if comment.id == changed.id else comment for comment in said]
        for attachment in changed.attachments:
            self.attachments[attachment.id] = (changed.ticket_id, attachment)
        ticket = self.all[changed.ticket_id]
        description = changed.plain_body if said[0].id == changed.id else ticket.description
        return self.update(replace(ticket, description=description, is_public=any(comment.public for comment in said)), by)

    def upload(self, attachment: Attachment) -> None:
        self.uploads[attachment.token] = attachment
        self.attachments[attachment.id] = (0, attachment)

    def _recorded(self, before: Ticket | None, after: Ticket, audit: Audit, new: NewComment | None) -> Update:
        said = self.comments.setdefault(after.id, []) if new else self.comments.get(after.id, [])
        comment = None
        if new is not None:
            comment = Comment(self._new_id(), after.id, audit.id, new.author_id, new.html_body, new.plain_body, new.public, audit.created_at, new.attachments)
            said.append(comment)
            audit = replace(audit, comment_id=comment.id)
            self.attachments.update({attachment.id: (after.id, attachment) for attachment in new.attachments})
            after = replace(after, is_public=any(each.public for each in said))
        self.all[after.id] = after
        self.audits.append(audit)
        return Update(before, after, audit, comment)


def _changes(before: Ticket | None, after: Ticket) -> tuple[tuple[str, object, object], ...]:
    """Field, value before, value after, for each audited field that differs."""
    names = [each.name for each in fields(Ticket) if each.name not in _NOT_AUDITED]
    pairs = [(name, getattr(before, name) if before else None, getattr(after, name)) for name in names]
    return tuple((name, old, new) for name, old, new in pairs if old != new and not (before is None and not new))
