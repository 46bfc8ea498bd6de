"""Who reads what, in words that a change of people, memberships, restrictions, private groups, sharing or segments does not change: a document says what it is, an account what it may.

A document's principals follow from the document alone: the ticket's group, organization, assignee and participants, the article's segments. Each account holds a principal for every such
place that it may read, worked out anew whenever accounts are read (``accounts``). So a group that becomes private, an agent who is restricted, a segment that gets another tag are effective
with the next reading of accounts, however many tickets there are, and no document is written again.

Which rule gives which principal stands at each. ``any`` group below is the ticket's group, or ``none``: a ticket in a private group is for its members, whatever else an agent may see
(https://support.zendesk.com/hc/en-us/articles/4767122732058), so every principal of a restricted agent names the group too.
"""

from __future__ import annotations

from collections.abc import Iterator

from rest_sources.source import PUBLIC, group_principal, user_principal
from rest_sources.zendesk.records import ArticleReaders, TicketReaders


class Principals:
    """Those of one source."""

    def __init__(self, source: str) -> None:
        self._source = source

    def user(self, user_id: int) -> str:
        """The person, in any role: held by everyone, so it may only open what customers see."""
        return user_principal(self._source, str(user_id))

    @property
    def admins(self) -> str:
        """They see every ticket and every article."""
        return self._group("admins")

    @property
    def signed_in(self) -> str:
        """Everyone with an account: the built-in user segment "Signed-in users"."""
        return self._group("signed-in")

    def agent(self, user_id: int) -> str:
        """The person as long as they are an agent: requester, CC or follower of a ticket. As a customer they would not see its internal comments."""
        return self._group(f"agent/{user_id}")

    def group_tickets(self, group_id: int | None) -> str:
        """All tickets of a group, or of none."""
        return self._group(f"tickets/group/{_name(group_id)}")

    def organization_tickets(self, organization_id: int, group_id: int | None) -> str:
        """An organization's tickets in a group, for agents who are restricted to organizations."""
        return self._group(f"tickets/organization/{organization_id}/group/{_name(group_id)}")

    def assigned_tickets(self, user_id: int, group_id: int | None) -> str:
        """Those that are assigned to an agent in a group, for agents who are restricted to these."""
        return self._group(f"tickets/assignee/{user_id}/group/{_name(group_id)}")

    def customers(self, organization_id: int) -> str:
        """Customers of an organization who see each other's tickets: it shares them, or the customer may see all of it."""
        return self._group(f"organization/{organization_id}/customers")

    def segment(self, segment_id: int) -> str:
        """Who is in a user segment now."""
        return self._group(f"segment/{segment_id}")

    def of_ticket(self, readers: TicketReaders) -> tuple[str, ...]:
        return tuple(sorted(set(self._of_ticket(readers))))

    def of_article(self, readers: ArticleReaders) -> tuple[str, ...]:
        """Nobody where it is unknown; that an admin could is not taken for known."""
        if readers.unknown:
            return ()
        if readers.everyone:
            return (PUBLIC,)
        signed_in = (self.signed_in,) if readers.signed_in else ()
        return tuple(sorted({self.admins, *signed_in, *(self.segment(each) for each in readers.segment_ids)}))

    def _of_ticket(self, readers: TicketReaders) -> Iterator[str]:
        yield self.admins
        yield self.group_tickets(readers.group_id)
        if readers.organization_id is not None:
            yield self.organization_tickets(readers.organization_id, readers.group_id)
        if readers.assignee_id is not None:
            yield self.assigned_tickets(readers.assignee_id, readers.group_id)
        for participant in (readers.requester_id, *readers.cc_ids, *readers.follower_ids):
            yield self.agent(participant)
        if readers.customers:
            for customer in (readers.requester_id, *readers.cc_ids):
                yield self.user(customer)
            if readers.organization_id is not None:
                yield self.customers(readers.organization_id)

    def _group(self, name: str) -> str:
        return group_principal(self._source, name)


def _name(group_id: int | None) -> str:
    return "none" if group_id is None else str(group_id)
