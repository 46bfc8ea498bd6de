"""``POST /_control/seed``: fills the account at once and fires no webhooks. No vendor has this.

    {"custom_roles": [{"id", "name", "ticket_access"}],
     "users": [{"id", "name", "email", "role", "ticket_restriction", "custom_role_id", "tags", "suspended", "group_ids", "organization_ids", "oauth_token"}],
     "groups": [{"id", "name", "is_public"}],
     "organizations": [{"id", "name", "shared_tickets"}],
     "user_segments": [{"id", "name", "user_type", "group_ids", "organization_ids", "tags", "or_tags", "added_user_ids"}],
     "categories": [{"id", "name"}], "sections": [{"id", "name", "category_id"}],
     "tickets": [{"id", "subject", "requester_id", "assignee_id", "group_id", "organization_id", "status", "tags", "email_cc_ids", "follower_ids", "archived",
                  "changed_at", "comments": [{"author_id", "body", "public", "attachments": [{"file_name", "content_type", "content_base64"}]}]}],
     "articles": [{"id", "section_id", "author_id", "title", "body", "locale", "draft", "user_segment_ids", "label_names", "changed_at",
                   "attachments": […]}],
     "generated": {"seed": 1, "users": 0, "groups": 0, "organizations": 0, "tickets": 0, "articles": 0, "comments": 3}}

All lists and most fields may be left out; ids may be chosen. Times are Unix seconds, an hour ago by default, so that exports show at once what was seeded. Without
``oauth_token`` a user gets ``oauth-ID``. ``generated`` adds so many more of each, the same ones for the same ``seed`` and content before; their last changes lie in the
year before 2026. Answers how many there are now, and the integration's user id.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from examples.vendors.zendesk.bodies import CommentIn
from examples.vendors.zendesk.records import (
    Article,
    Attachment,
    Category,
    CustomRole,
    Group,
    Organization,
    Restriction,
    Role,
    Section,
    Ticket,
    TicketAccess,
    Translation,
    User,
    UserSegment,
)
from examples.vendors.zendesk.state import Desk

_SEEDED_AGE_SECONDS: Final = 3600.0


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid")


class UserSeed(_Form):
    id: int | None = None
    name: str
    email: str
    role: Role = "end-user"
    ticket_restriction: Restriction | None = None
    custom_role_id: int | None = None
    tags: list[str] = []
    suspended: bool = False
    group_ids: list[int] = []
    organization_ids: list[int] = []
    oauth_token: str | None = None


class CustomRoleSeed(_Form):
    id: int | None = None
    name: str
    ticket_access: TicketAccess = "all"


class GroupSeed(_Form):
    id: int | None = None
    name: str
    is_public: bool = True


class OrganizationSeed(_Form):
    id: int | None = None
    name: str
    shared_tickets: bool = False


class SegmentSeed(_Form):
    id: int | None = None
    name: str
    user_type: Literal["signed_in_users", "staff"] = "signed_in_users"
    group_ids: tuple[int, ...] = ()
    organization_ids: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()
    or_tags: tuple[str, ...] = ()
    added_user_ids: tuple[int, ...] = ()


class CategorySeed(_Form):
    id: int | None = None
    name: str


class SectionSeed(CategorySeed):
    category_id: int


class AttachmentSeed(_Form):
    file_name: str
    content_type: str = "text/plain"
    content_base64: str
    inline: bool = False


class CommentSeed(_Form):
    author_id: int | None = None
    body: str
    public: bool = True
    attachments: list[AttachmentSeed] = []


class TicketSeed(_Form):
    id: int | None = None
    subject: str
    requester_id: int
    assignee_id: int | None = None
    group_id: int | None = None
    organization_id: int | None = None
    status: Literal["new", "open", "pending", "hold", "solved", "closed"] = "open"
    tags: tuple[str, ...] = ()
    email_cc_ids: tuple[int, ...] = ()
    follower_ids: tuple[int, ...] = ()
    archived: bool = False
    changed_at: float | None = None
    comments: list[CommentSeed] = Field(min_length=1)


class ArticleSeed(_Form):
    id: int | None = None
    section_id: int
    author_id: int | None = None
    title: str
    body: str
    locale: str | None = None
    draft: bool = False
    user_segment_ids: tuple[int, ...] = ()
    label_names: tuple[str, ...] = ()
    changed_at: float | None = None
    attachments: list[AttachmentSeed] = []


class Generated(_Form):
    seed: int = 1
    users: int = 0
    groups: int = 0
    organizations: int = 0
    tickets: int = 0
    articles: int = 0
    comments: int = 3


class Seed(_Form):
    custom_roles: list[CustomRoleSeed] = []
    groups: list[GroupSeed] = []
    organizations: list[OrganizationSeed] = []
    users: list[UserSeed] = []
    user_segments: list[SegmentSeed] = []
    categories: list[CategorySeed] = []
    sections: list[SectionSeed] = []
    tickets: list[TicketSeed] = []
    articles: list[ArticleSeed] = []
    generated: Generated = Generated()


def plant(desk: Desk, seed: Seed) -> None:
    """What is named comes after what it names: groups and organizations first, tickets and articles last."""
    now = _past(desk)
    take = desk.ids.take
    desk.people.groups.update({group.id: group for each in seed.groups for group in [Group(take(each.id), each.name, now, now, each.is_public)]})
    for each in seed.organizations:
        organization = Organization(take(each.id), each.name, now, now, each.shared_tickets)
        desk.people.organizations[organization.id] = organization
    desk.people.custom_roles.update({role.id: role for it in seed.custom_roles for role in [CustomRole(take(it.id), it.name, now, now, it.ticket_access)]})
    for user in seed.users:
        plant_user(desk, user)
    for form in seed.user_segments:
        segment = UserSegment(take(form.id), created_at=now, updated_at=now, **form.model_dump(exclude={"id"}))
        desk.guide.segments[segment.id] = segment
    desk.guide.categories.update({category.id: category for each in seed.categories for category in [Category(take(each.id), each.name, now, now)]})
    for place in seed.sections:
        section = Section(take(place.id), place.category_id, place.name, now, now)
        desk.guide.sections[section.id] = section
    for ticket in seed.tickets:
        plant_ticket(desk, ticket)
    for article in seed.articles:
        plant_article(desk, article)


def plant_user(desk: Desk, form: UserSeed) -> int:
    _check(form.group_ids, desk.people.groups)
    _check(form.organization_ids, desk.people.organizations)
    now = _past(desk)
    _check([form.custom_role_id] if form.custom_role_id else [], desk.people.custom_roles)
    user = User(desk.ids.take(form.id), form.name, form.email, now, now, form.role, form.ticket_restriction, tuple(form.tags))
    user = replace(user, suspended=form.suspended, custom_role_id=form.custom_role_id)
    desk.people.put_user(user)
    desk.issue_token(user.id, form.oauth_token or f"oauth-{user.id}")
    for group_id in form.group_ids:
        desk.people.join_group(user.id, group_id)
    for organization_id in form.organization_ids:
        desk.people.join_organization(user.id, organization_id)
    return user.id


def plant_ticket(desk: Desk, form: TicketSeed) -> int:
    """All its comments at the time of its last change."""
    _check([each for each in (form.requester_id, form.assignee_id) if each], desk.people.users)
    _check([form.organization_id] if form.organization_id else [], desk.people.organizations)
    at = form.changed_at or _past(desk)
    fields = form.model_dump(exclude={"id", "comments", "changed_at"})
    ticket = Ticket(form.id or desk.tickets.next_id(), submitter_id=form.requester_id, created_at=at, updated_at=at, changed_at=at, **fields)
    for place, said in enumerate(form.comments):
        attachments = tuple(_attachment(desk, each, at) for each in said.attachments)
        comment = CommentIn(body=said.body, public=said.public).said(said.author_id or form.requester_id, attachments)
        if place == 0:
            desk.tickets.create(ticket, comment)
        else:
            desk.tickets.say(ticket.id, comment, at)
    return ticket.id


def plant_article(desk: Desk, form: ArticleSeed) -> int:
    _check([form.section_id], desk.guide.sections)
    _check(form.user_segment_ids, desk.guide.segments)
    at = form.changed_at or _past(desk)
    locale = form.locale or desk.locale
    texts = {locale: Translation(form.title, form.body, at, at, form.draft)}
    author_id = form.author_id or desk.integration_id
    number = desk.ids.take(form.id)
    article = Article(number, form.section_id, author_id, locale, at, at, at, texts, form.user_segment_ids, form.label_names)
    desk.guide.articles[number] = article
    for each in form.attachments:
        desk.guide.attach(_attachment(desk, each, at, number))
    return number


def _attachment(desk: Desk, form: AttachmentSeed, at: float, article_id: int | None = None) -> Attachment:
    content = base64.b64decode(form.content_base64, validate=True)
    return Attachment(desk.ids.new(), form.file_name, form.content_type, content, secrets.token_urlsafe(16), at, form.inline, article_id)


def _past(desk: Desk) -> float:
    return desk.clock.now() - _SEEDED_AGE_SECONDS


def _check(ids: Iterable[int], there: Mapping[int, object]) -> None:
    """ValueError for a reference to what is not there."""
    unknown = [each for each in ids if each not in there]
    if unknown:
        raise ValueError(f"unknown ids: {unknown}")
