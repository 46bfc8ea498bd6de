"""What a Zendesk account holds, as frozen values. Times are Unix seconds with a fraction; ``shapes`` turns them into the documented strings.

``changed_at`` of a ticket is its ``generated_timestamp``: every update moves it, system updates included, and the export orders by it
(https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["end-user", "agent", "admin"]
Restriction = Literal["organization", "groups", "assigned", "requested"]
TicketAccess = Literal["all", "within-groups", "within-groups-and-public-groups", "within-organization", "assigned-only"]
WORKING_STATUSES = frozenset({"new", "open", "pending", "hold"})


@dataclass(frozen=True, slots=True)
class User:
    id: int
    name: str
    email: str
    created_at: float
    updated_at: float
    role: Role = "end-user"
    ticket_restriction: Restriction | None = None
    tags: tuple[str, ...] = ()
    active: bool = True
    suspended: bool = False
    custom_role_id: int | None = None
    """Of an agent, on plans with custom roles; its ticket access counts in place of the restriction."""


@dataclass(frozen=True, slots=True)
class CustomRole:
    """https://developer.zendesk.com/api-reference/ticketing/account-configuration/custom_roles/"""

    id: int
    name: str
    created_at: float
    updated_at: float
    ticket_access: TicketAccess = "all"


@dataclass(frozen=True, slots=True)
class Group:
    id: int
    name: str
    created_at: float
    updated_at: float
    is_public: bool = True
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Organization:
    id: int
    name: str
    created_at: float
    updated_at: float
    shared_tickets: bool = False
    shared_comments: bool = False
    tags: tuple[str, ...] = ()
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Membership:
    """Of a user in a group or an organization, which ``to_id`` names."""

    id: int
    user_id: int
    to_id: int
    created_at: float
    default: bool = False


@dataclass(frozen=True, slots=True)
class Attachment:
    id: int
    file_name: str
    content_type: str
    content: bytes
    token: str
    """Unguessable; the path of the content, and of an upload before a comment takes it."""
    created_at: float
    inline: bool = False
    article_id: int | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    id: int
    ticket_id: int
    audit_id: int
    author_id: int
    html_body: str
    plain_body: str
    public: bool
    created_at: float
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Ticket:
    id: int
    subject: str
    requester_id: int
    submitter_id: int
    created_at: float
    updated_at: float
    changed_at: float
    description: str = ""
    status: str = "open"
    priority: str | None = None
    type: str | None = None
    assignee_id: int | None = None
    group_id: int | None = None
    organization_id: int | None = None
    external_id: str | None = None
    email_cc_ids: tuple[int, ...] = ()
    follower_ids: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()
    is_public: bool = True
    archived: bool = False
    """Closed long ago: exports and single reads have it, lists do not."""
    deleted_at: float | None = None
    deleted_by: int = 0
    status_before: str = ""
    scrubbed: bool = False


@dataclass(frozen=True, slots=True)
class Audit:
    """One update of a ticket: what changed from what to what, and the comment that came with it."""

    id: int
    ticket_id: int
    author_id: int
    created_at: float
    changes: tuple[tuple[str, object, object], ...] = ()
    comment_id: int | None = None
    created: bool = False


@dataclass(frozen=True, slots=True)
class Category:
    id: int
    name: str
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True)
class Section:
    id: int
    category_id: int
    name: str
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True)
class UserSegment:
    id: int
    name: str
    created_at: float
    updated_at: float
    user_type: Literal["signed_in_users", "staff"] = "signed_in_users"
    group_ids: tuple[int, ...] = ()
    organization_ids: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()
    or_tags: tuple[str, ...] = ()
    added_user_ids: tuple[int, ...] = ()
    built_in: bool = False


@dataclass(frozen=True, slots=True)
class Translation:
    title: str
    body: str
    created_at: float
    updated_at: float
    draft: bool = False


@dataclass(frozen=True, slots=True)
class Article:
    id: int
    section_id: int
    author_id: int
    source_locale: str
    created_at: float
    updated_at: float
    edited_at: float
    translations: Mapping[str, Translation] = field(default_factory=dict)
    user_segment_ids: tuple[int, ...] = ()
    """Empty: everyone, signed in or not."""
    label_names: tuple[str, ...] = ()
    position: int = 0
    promoted: bool = False
    permission_group_id: int = 1
    archived: bool = False
