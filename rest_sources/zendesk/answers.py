"""Zendesk's answers, as far as they are used. A field of another type than documented is an UnexpectedAnswerError that names the field, and never its value.

Pages, all under https://developer.zendesk.com/api-reference/: ticketing/tickets/tickets, ticketing/tickets/ticket_comments, ticketing/users/users, ticketing/groups/groups,
ticketing/groups/group_memberships, ticketing/organizations/organizations, ticketing/organizations/organization_memberships, ticketing/account-configuration/custom_roles,
help_center/help-center-api/articles, …/translations, …/article_attachments, …/user_segments.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from contracts.events import describe_validation
from rest_sources.api import UnexpectedAnswerError

Shape = TypeVar("Shape", bound=BaseModel)


class _Answered(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class User(_Answered):
    """Also as a sideload, which has the same fields."""

    id: int
    name: str
    email: str | None = None
    role: str
    role_type: int | None = None
    custom_role_id: int | None = None
    ticket_restriction: str | None = None
    tags: list[str] = []
    active: bool = True
    suspended: bool = False


class Group(_Answered):
    id: int
    name: str
    is_public: bool = True


class Organization(_Answered):
    id: int
    name: str
    shared_tickets: bool = False


class GroupMembership(_Answered):
    user_id: int
    group_id: int


class OrganizationMembership(_Answered):
    user_id: int
    organization_id: int


class RoleConfiguration(_Answered):
    ticket_access: str | None = None


class CustomRole(_Answered):
    id: int
    configuration: RoleConfiguration = RoleConfiguration()


class Via(_Answered):
    channel: str | None = None


class Ticket(_Answered):
    """``collaborator_ids`` are CCs of either kind and followers; the two lists of their own are there where the account has "CCs and followers"."""

    id: int
    status: str
    generated_timestamp: int
    created_at: str
    updated_at: str
    subject: str | None = None
    priority: str | None = None
    type: str | None = None
    tags: list[str] = []
    via: Via = Via()
    requester_id: int
    assignee_id: int | None = None
    group_id: int | None = None
    organization_id: int | None = None
    collaborator_ids: list[int] = []
    email_cc_ids: list[int] | None = None
    follower_ids: list[int] | None = None


class Attachment(_Answered):
    id: int
    file_name: str
    content_url: str
    content_type: str | None = None
    size: int = 0
    deleted: bool = False
    malware_scan_result: str | None = None
    malware_access_override: bool = False


class Comment(_Answered):
    id: int
    author_id: int
    html_body: str
    public: bool
    created_at: str
    attachments: list[Attachment] = []


class Translation(_Answered):
    locale: str
    title: str
    body: str | None = None
    draft: bool = False
    hidden: bool = False
    updated_at: str
    html_url: str = ""


class Section(_Answered):
    id: int
    name: str


class Article(_Answered):
    """``user_segment_id`` null is everyone. One that is missing says nothing of who may read the article: see ``segment_ids``."""

    id: int
    source_locale: str
    section_id: int | None = None
    updated_at: str
    html_url: str = ""
    label_names: list[str] = []
    promoted: bool = False
    user_segment_id: int | None = None
    user_segment_ids: list[int] | None = None
    translations: list[Translation]

    @property
    def segment_ids(self) -> tuple[int, ...] | None:
        """Of the segments one of which a reader must be in; none for everyone; None where the vendor does not say."""
        if self.user_segment_ids:
            return tuple(sorted(self.user_segment_ids))
        if "user_segment_id" not in self.model_fields_set:
            return None
        return () if self.user_segment_id is None else (self.user_segment_id,)

    @property
    def published(self) -> tuple[Translation, ...]:
        return tuple(sorted((each for each in self.translations if not each.draft and not each.hidden), key=lambda each: each.locale))


class ArticleAttachment(_Answered):
    id: int
    file_name: str
    content_url: str
    content_type: str | None = None
    size: int = 0
    locale: str | None = None


class UserSegment(_Answered):
    id: int
    user_type: str
    group_ids: list[int] = []
    organization_ids: list[int] = []
    tags: list[str] = []
    or_tags: list[str] = []
    added_user_ids: list[int] = []
    built_in: bool = False


class Meta(_Answered):
    has_more: bool
    after_cursor: str | None = None


class CursorPage(_Answered):
    """https://developer.zendesk.com/api-reference/introduction/pagination/"""

    meta: Meta


class ExportPage(_Answered):
    after_cursor: str | None = None
    end_of_stream: bool


class ArticleExportPage(_Answered):
    """Its ``next_page`` begins at ``end_time``; null on the last one."""

    end_time: int = 0
    next_page: str | None = None


class TicketPeople(_Answered):
    """What ``include=users,groups,organizations`` puts beside a ticket."""

    users: list[User] = []
    groups: list[Group] = []
    organizations: list[Organization] = []


class Sections(_Answered):
    """What ``include=sections`` puts beside an article."""

    sections: list[Section] = []


def parsed(kind: type[Shape], value: object, place: str) -> Shape:
    """``value`` as the vendor documents it. Raises UnexpectedAnswerError."""
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise UnexpectedAnswerError(f"Zendesk's {place} is not as documented ({describe_validation(error)}).", _CURE) from None  # the cause holds values


def under(body: Mapping[str, object], name: str, kind: type[Shape]) -> Shape:
    """The object under ``name``."""
    if name not in body:
        raise UnexpectedAnswerError(f"Zendesk's answer has no {name}.", _CURE)
    return parsed(kind, body[name], name)


def each(body: Mapping[str, object], name: str, kind: type[Shape]) -> list[Shape]:
    """The objects of the list under ``name``."""
    found = body.get(name)
    if not isinstance(found, list):
        raise UnexpectedAnswerError(f"Zendesk's {name} is missing, or not a list.", _CURE)
    return [parsed(kind, item, f"{name}[{number}]") for number, item in enumerate(found)]


_CURE = "Check that the source's url is the account's own; if it is, the vendor has changed its API, and this source must follow."
