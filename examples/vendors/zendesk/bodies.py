"""Request bodies. Unknown fields are passed over; a wrong one is 422 with the field's name in ``details``.

What a body leaves out stays as it is; so each ``applied`` looks at the fields that were sent.
"""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import Any, Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel, Field, ValidationError

from examples.vendors.zendesk.errors import refusal
from examples.vendors.zendesk.records import Article, Attachment, Organization, Restriction, Role, Ticket, Translation, User, UserSegment
from examples.vendors.zendesk.tickets import NewComment

B = TypeVar("B", bound=BaseModel)


class CommentIn(BaseModel):
    body: str | None = None
    html_body: str | None = None
    public: bool = True
    author_id: int | None = None
    uploads: list[str] = Field(default_factory=list)

    def said(self, author_id: int, attachments: tuple[Attachment, ...]) -> NewComment:
        """``html_body`` wins; a plain body is escaped."""
        if self.html_body is not None:
            rich, plain = f'<div class="zd-comment zd-comment-pre-styled" dir="auto">{self.html_body}</div>', plain_text(self.html_body)
        else:
            plain = self.body or ""
            rich = f'<div class="zd-comment" dir="auto"><p dir="auto">{html.escape(plain).replace(chr(10), "<br>")}</p></div>'
        return NewComment(self.author_id or author_id, rich, plain, self.public, attachments)


class Follower(BaseModel):
    """Of ``email_ccs`` or ``followers``: "put" adds, "delete" takes away."""

    user_id: int
    action: Literal["put", "delete"] = "put"


class TicketIn(BaseModel):
    subject: str | None = None
    comment: CommentIn | None = None
    requester_id: int | None = None
    submitter_id: int | None = None
    assignee_id: int | None = None
    group_id: int | None = None
    organization_id: int | None = None
    external_id: str | None = None
    status: Literal["new", "open", "pending", "hold", "solved", "closed"] | None = None
    priority: Literal["urgent", "high", "normal", "low"] | None = None
    type: Literal["problem", "incident", "question", "task"] | None = None
    tags: list[str] | None = None
    email_ccs: list[Follower] | None = None
    followers: list[Follower] | None = None

    def applied(self, ticket: Ticket) -> Ticket:
        sent: dict[str, Any] = self.model_dump(exclude_unset=True, exclude={"comment", "tags", "email_ccs", "followers"})
        for name in ("subject", "status", "requester_id", "submitter_id"):
            if sent.get(name, "") is None:
                del sent[name]
        if self.tags is not None:
            sent["tags"] = tuple(self.tags)
        sent["email_cc_ids"] = _followed(ticket.email_cc_ids, self.email_ccs or [])
        sent["follower_ids"] = _followed(ticket.follower_ids, self.followers or [])
        return replace(ticket, **sent)


class UserIn(BaseModel):
    name: str | None = None
    email: str | None = None
    role: Role | None = None
    ticket_restriction: Restriction | None = None
    custom_role_id: int | None = None
    tags: list[str] | None = None
    suspended: bool | None = None

    def applied(self, user: User) -> User:
        """A null restriction or custom role is a value; other nulls are passed over."""
        sent = {
            name: value for name, value in self.model_dump(exclude_unset=True).items() if value is not None or name in ("ticket_restriction", "custom_role_id")
        }
        return replace(user, **_tuples(sent))


class OrganizationIn(BaseModel):
    name: str | None = None
    shared_tickets: bool | None = None
    shared_comments: bool | None = None
    tags: list[str] | None = None

    def applied(self, organization: Organization) -> Organization:
        return replace(organization, **_tuples(self.model_dump(exclude_none=True)))


class GroupIn(BaseModel):
    name: str | None = None
    is_public: bool | None = None


class MembershipIn(BaseModel):
    user_id: int
    group_id: int = 0
    organization_id: int = 0


class SegmentIn(BaseModel):
    name: str | None = None
    user_type: Literal["signed_in_users", "staff"] | None = None
    group_ids: list[int] | None = None
    organization_ids: list[int] | None = None
    tags: list[str] | None = None
    or_tags: list[str] | None = None
    added_user_ids: list[int] | None = None

    def applied(self, segment: UserSegment) -> UserSegment:
        return replace(segment, **_tuples(self.model_dump(exclude_none=True)))


class ArticleIn(BaseModel):
    """``title``, ``body`` and ``draft`` count when an article is made; later they belong to its translations."""

    title: str | None = None
    body: str | None = None
    draft: bool = False
    locale: str | None = None
    section_id: int | None = None
    author_id: int | None = None
    user_segment_id: int | None = None
    user_segment_ids: list[int] | None = None
    label_names: list[str] | None = None
    promoted: bool | None = None
    position: int | None = None
    permission_group_id: int | None = None

    def applied(self, article: Article) -> Article:
        names = {"section_id", "author_id", "label_names", "promoted", "position", "permission_group_id"}
        sent = _tuples(self.model_dump(exclude_none=True, include=names))
        if "user_segment_ids" in self.model_fields_set:
            sent["user_segment_ids"] = tuple(self.user_segment_ids or ())
        elif "user_segment_id" in self.model_fields_set:
            sent["user_segment_ids"] = () if self.user_segment_id is None else (self.user_segment_id,)
        return replace(article, **sent)


class TranslationIn(BaseModel):
    title: str | None = None
    body: str | None = None
    draft: bool | None = None
    locale: str | None = None

    def applied(self, translation: Translation) -> Translation:
        return replace(translation, **self.model_dump(exclude_none=True, exclude={"locale"}))


class Named(BaseModel):
    name: str


async def read(request: web.Request, name: str | None, kind: type[B]) -> B:
    """The object that the body wraps under ``name``, or is."""
    try:
        whole = await request.json()
        return kind.model_validate(whole if name is None else whole[name])
    except ValidationError as error:
        details = {str(each["loc"][0]) if each["loc"] else name or "base": [{"description": each["msg"]}] for each in error.errors()}
        raise refusal(422, details=details) from error
    except (ValueError, KeyError, TypeError) as error:
        raise refusal(400, description=f"The body must be JSON with {name!r}") from error


def plain_text(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"<br\s*/?>|</p>|</li>", "\n", markup))).strip()


def _followed(ids: tuple[int, ...], changes: list[Follower]) -> tuple[int, ...]:
    kept = dict.fromkeys(ids)
    for change in changes:
        if change.action == "put":
            kept[change.user_id] = None
        else:
            kept.pop(change.user_id, None)
    return tuple(kept)


def _tuples(sent: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in sent.items()}
