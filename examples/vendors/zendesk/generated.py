"""People, tickets and articles by the thousand, made from a seed: the same seed on the same account makes the same texts and permissions."""

from __future__ import annotations

import random
from typing import Final

from examples.vendors.zendesk.records import Role, Section
from examples.vendors.zendesk.seed import ArticleSeed, CommentSeed, Generated, GroupSeed, OrganizationSeed, Seed, SegmentSeed, TicketSeed, UserSeed, plant
from examples.vendors.zendesk.state import Desk

_LAST_CHANGE: Final = 1_767_225_600.0
"""2026-01-01T00:00:00Z; all changes lie in the year before."""
_YEAR_SECONDS: Final = 365 * 24 * 3600.0
_THINGS: Final = ("printer", "invoice", "login", "export", "password", "license", "webhook", "report", "calendar", "backup", "gateway", "dashboard")
_TROUBLES: Final = ("fails", "is slow", "shows an error", "cannot be found", "was charged twice", "needs a new owner", "stops after an update", "is locked")
_DETAILS: Final = (
    "It began after the last update.",
    "Only some colleagues see it.",
    "A restart did not help.",
    "The log names a time-out.",
    "We need it before the end of the month.",
    "It works from another network.",
    "The same happened in spring.",
    "Screenshots can be had.",
)


def generate(desk: Desk, wanted: Generated) -> None:
    dice = random.Random(wanted.seed)  # noqa: S311  # repeatable, not secret
    groups = [GroupSeed(name=f"Team {number}", is_public=dice.random() < 0.8) for number in range(wanted.groups)]
    organizations = [OrganizationSeed(name=f"Customer {number}", shared_tickets=dice.random() < 0.3) for number in range(wanted.organizations)]
    plant(desk, Seed(groups=groups, organizations=organizations))
    plant(desk, Seed(users=[_user(desk, dice, number) for number in range(wanted.users)]))
    plant(desk, Seed(tickets=[_ticket(desk, dice, wanted, number) for number in range(wanted.tickets)]))
    if wanted.articles:
        _shelves(desk)
        plant(desk, Seed(articles=[_article(desk, dice, wanted, number) for number in range(wanted.articles)]))


def _user(desk: Desk, dice: random.Random, number: int) -> UserSeed:
    """Every fifth an agent, with any of the restrictions; the others customers of one organization."""
    role: Role = "agent" if number % 5 == 0 else "end-user"
    is_agent = role == "agent"
    place = len(desk.people.users) + number
    return UserSeed(
        name=f"Person {place}",
        email=f"person{place}@example.com",
        role=role,
        ticket_restriction=dice.choice((None, "groups", "organization", "assigned")) if is_agent else dice.choice(("requested", "organization")),
        tags=["vip"] if dice.random() < 0.1 else [],
        group_ids=_some(dice, list(desk.people.groups), 2) if is_agent else [],
        organization_ids=_some(dice, list(desk.people.organizations), 1),
    )


def _ticket(desk: Desk, dice: random.Random, wanted: Generated, number: int) -> TicketSeed:
    people = list(desk.people.users.values())
    requester = dice.choice([user for user in people if user.role == "end-user"] or people)
    assignee = dice.choice([user for user in people if user.role != "end-user"])
    return TicketSeed(
        subject=f"The {dice.choice(_THINGS)} {dice.choice(_TROUBLES)}",
        requester_id=requester.id,
        assignee_id=assignee.id if dice.random() < 0.7 else None,
        group_id=dice.choice(sorted(desk.people.group_ids(assignee.id)) or [None]),
        organization_id=desk.people.default_organization_id(requester.id),
        status=dice.choice(("new", "open", "pending", "solved", "closed")),
        changed_at=_moment(number, wanted.tickets),
        comments=[
            CommentSeed(author_id=requester.id if place % 2 == 0 else assignee.id, body=_text(dice), public=place % 3 != 1)
            for place in range(max(1, wanted.comments))
        ],
    )


def _article(desk: Desk, dice: random.Random, wanted: Generated, number: int) -> ArticleSeed:
    thing = dice.choice(_THINGS)
    segments = list(desk.guide.segments)
    return ArticleSeed(
        section_id=dice.choice(list(desk.guide.sections)),
        title=f"What to do when the {thing} {dice.choice(_TROUBLES)}",
        body=f"<h2>The {thing}</h2><p>{_text(dice)}</p><p>{_text(dice)}</p>",
        draft=dice.random() < 0.05,
        user_segment_ids=(dice.choice(segments),) if dice.random() < 0.5 else (),
        changed_at=_moment(number, wanted.articles),
    )


def _shelves(desk: Desk) -> None:
    """A category with sections, and segments, if there are none."""
    if not desk.guide.sections:
        category = desk.guide.create_category("Handbook")
        made: list[Section] = [desk.guide.create_section(category.id, name) for name in ("First steps", "Accounts", "Faults")]
        desk.guide.sections.update({section.id: section for section in made})
    if not desk.guide.segments:
        organizations = tuple(desk.people.organizations)[:1]
        forms = [SegmentSeed(name="Signed-in users"), SegmentSeed(name="Agents and admins", user_type="staff"), SegmentSeed(name="VIP", tags=("vip",))]
        forms += [SegmentSeed(name="First customer", organization_ids=organizations)] if organizations else []
        plant(desk, Seed(user_segments=forms))


def _text(dice: random.Random) -> str:
    return " ".join(dice.sample(_DETAILS, 4))


def _some(dice: random.Random, ids: list[int], most: int) -> list[int]:
    return dice.sample(ids, min(len(ids), dice.randint(1, most)))


def _moment(number: int, of: int) -> float:
    """Spread over the year, each its own."""
    return _LAST_CHANGE - _YEAR_SECONDS * (of - number) / (of + 1)
