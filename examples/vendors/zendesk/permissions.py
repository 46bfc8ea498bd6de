"""Who sees what, by the vendor's rules alone. Routes ask it before they answer; tests take it as the truth.

Nothing here is shared with what shows permissions over REST (memberships, ``ticket_restriction``, segments): those routes show the raw records.

- Agents (https://developer.zendesk.com/api-reference/ticketing/users/users/, ``ticket_restriction``): null sees all, ``groups`` the tickets of their groups,
  ``organization`` those of their organizations, ``assigned`` their own.
- On plans with custom roles the role's ``ticket_access`` counts instead (https://developer.zendesk.com/api-reference/ticketing/account-configuration/custom_roles/):
  ``within-groups-and-public-groups`` is all but foreign private groups, and ``all`` those too (https://support.zendesk.com/hc/en-us/articles/4767122732058: "custom roles can be configured to
  have access to tickets in private groups"). Not verified: that ``all`` without a custom role ends at private groups, which such plans do not have.
- Private groups (https://support.zendesk.com/hc/en-us/articles/4988173561370): only members and admins see their tickets, whatever the restriction, "unless the agent
  is the requester or explicitly added as a CC or follower". That these three open a ticket to restricted agents too is said of CCs and followers in
  https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#list-tickets and of requesters in https://support.zendesk.com/hc/en-us/articles/4409408679578.
- End users (https://support.zendesk.com/hc/en-us/articles/4408893451290): their own tickets; the tickets of an organization of theirs if either the organization shares
  (``shared_tickets``) or their own restriction is ``organization``: the more permissive wins. Those on which they are CC'd (``/api/v2/requests/ccd``). Never an internal
  comment (https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#tickets-and-requests), and never a ticket with no public comment (not verified).
- Articles (https://developer.zendesk.com/api-reference/help_center/help-center-api/user_segments/): no segment is for everyone; of several one is enough; in one, the
  user type, the groups, the organizations, all ``tags`` and one of ``or_tags`` must fit, where an empty list restricts nothing, or the user is among
  ``added_user_ids``. Admins are Guide admins and see all (not verified for segments). Drafts: Guide admins and the author
  (https://support.zendesk.com/hc/en-us/articles/4408826796570); agents with a management permission are left out.
- Suspended and deleted users see nothing (not verified: the API refuses them).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from examples.vendors.zendesk.records import Article, Comment, Restriction, Ticket, TicketAccess, User, UserSegment
from examples.vendors.zendesk.state import Desk


@dataclass(frozen=True, slots=True)
class Viewer:
    """A user with the memberships of now; ``user`` is None for a visitor who is not signed in."""

    user: User | None
    group_ids: frozenset[int] = frozenset()
    organization_ids: frozenset[int] = frozenset()

    @property
    def is_staff(self) -> bool:
        return self.user is not None and self.user.role != "end-user"

    @property
    def is_admin(self) -> bool:
        return self.user is not None and self.user.role == "admin"


def viewer(desk: Desk, user_id: int | None) -> Viewer:
    user = desk.people.users.get(user_id) if user_id is not None else None
    if user is None or not user.active or user.suspended:
        return Viewer(None)
    return Viewer(user, desk.people.group_ids(user.id), desk.people.organization_ids(user.id))


def sees_ticket(desk: Desk, who: Viewer, ticket: Ticket) -> bool:
    """A deleted ticket is seen by nobody."""
    if who.user is None or ticket.deleted_at is not None:
        return False
    if who.is_admin:
        return True
    if not who.is_staff:
        return ticket.is_public and _end_user_sees(desk, who, who.user, ticket)
    if who.user.id in (ticket.requester_id, *ticket.email_cc_ids, *ticket.follower_ids):
        return True
    role = desk.people.custom_roles.get(who.user.custom_role_id or 0)
    if role is not None and role.ticket_access == "all":
        return True
    restriction = who.user.ticket_restriction if role is None else _AS_RESTRICTION[role.ticket_access]
    return _restriction_allows(who, restriction, ticket) and _group_is_open(desk, who, ticket)


def sees_comment(who: Viewer, comment: Comment) -> bool:
    """Of a ticket that they see."""
    return comment.public or who.is_staff


def sees_article(desk: Desk, who: Viewer, article: Article, locale: str | None = None) -> bool:
    """In one locale, or, without one, in any."""
    if article.archived:
        return False
    if who.is_admin:
        return locale is None or locale in article.translations
    shown = [text for name, text in article.translations.items() if locale in (None, name)]
    is_author = who.user is not None and who.user.id == article.author_id
    if not any(is_author or not text.draft for text in shown):
        return False
    segments = [desk.guide.segments[each] for each in article.user_segment_ids]
    return not segments or any(_in_segment(who, segment) for segment in segments)


def visible(desk: Desk, user_id: int | None) -> dict[str, list[int]]:
    """The ids of the tickets and articles that this user sees now."""
    who = viewer(desk, user_id)
    return {
        "tickets": sorted(ticket.id for ticket in desk.tickets.all.values() if sees_ticket(desk, who, ticket)),
        "articles": sorted(article.id for article in desk.guide.articles.values() if sees_article(desk, who, article)),
    }


_AS_RESTRICTION: Final[Mapping[TicketAccess, Restriction | None]] = {
    "within-groups-and-public-groups": None,
    "within-groups": "groups",
    "within-organization": "organization",
    "assigned-only": "assigned",
}


def _restriction_allows(who: Viewer, restriction: Restriction | None, ticket: Ticket) -> bool:
    match restriction:
        case None:
            return True
        case "groups":
            return ticket.group_id in who.group_ids
        case "organization":
            return ticket.organization_id in who.organization_ids
        case "assigned":
            return who.user is not None and ticket.assignee_id == who.user.id
        case "requested":
            return False


def _group_is_open(desk: Desk, who: Viewer, ticket: Ticket) -> bool:
    group = desk.people.groups.get(ticket.group_id or 0)
    return group is None or group.is_public or group.id in who.group_ids


def _end_user_sees(desk: Desk, who: Viewer, user: User, ticket: Ticket) -> bool:
    if user.id == ticket.requester_id or user.id in ticket.email_cc_ids:
        return True
    if ticket.organization_id is None or ticket.organization_id not in who.organization_ids:
        return False
    return user.ticket_restriction == "organization" or desk.people.organizations[ticket.organization_id].shared_tickets


def _in_segment(who: Viewer, segment: UserSegment) -> bool:
    if who.user is None:
        return False
    if who.user.id in segment.added_user_ids:
        return True
    if segment.user_type == "staff" and not who.is_staff:
        return False
    tags = frozenset(who.user.tags)
    any_of = ((segment.group_ids, who.group_ids), (segment.organization_ids, who.organization_ids), (segment.or_tags, tags))
    return tags.issuperset(segment.tags) and all(not wanted or not had.isdisjoint(wanted) for wanted, had in any_of)
