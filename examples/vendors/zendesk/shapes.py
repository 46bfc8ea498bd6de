"""Tickets and people as JSON. Pages, under https://developer.zendesk.com/api-reference/ticketing/

tickets/tickets, tickets/ticket_comments, tickets/ticket-attachments, tickets/ticket_audits, users/users, groups/groups, groups/group_memberships,
organizations/organizations, organizations/organization_memberships; each object has that page's fields, and null where this account has nothing to say.
Order of keys means nothing. Ids are numbers.
"""

from __future__ import annotations

from typing import Any, Final

from examples.vendors.zendesk.records import Attachment, Audit, Comment, CustomRole, Group, Membership, Organization, Ticket, User
from examples.vendors.zendesk.stamps import moment
from examples.vendors.zendesk.state import Desk

Json = dict[str, Any]
_VIA: Final[Json] = {"channel": "api", "source": {"from": {}, "to": {}, "rel": None}}


def ticket(it: Ticket, desk: Desk, base: str) -> Json:
    """``generated_timestamp`` is what the incremental export compares; ``description`` is the first comment."""
    return {
        "url": f"{base}/api/v2/tickets/{it.id}.json",
        "id": it.id,
        "external_id": it.external_id,
        "via": _VIA,
        "created_at": moment(it.created_at),
        "updated_at": moment(it.updated_at),
        "generated_timestamp": int(it.changed_at),
        "type": it.type,
        "subject": it.subject,
        "raw_subject": it.subject,
        "description": it.description,
        "priority": it.priority,
        "status": it.status,
        "recipient": None,
        "requester_id": it.requester_id,
        "submitter_id": it.submitter_id,
        "assignee_id": it.assignee_id,
        "organization_id": it.organization_id,
        "group_id": it.group_id,
        "collaborator_ids": sorted({*it.email_cc_ids, *it.follower_ids}),
        "follower_ids": list(it.follower_ids),
        "email_cc_ids": list(it.email_cc_ids),
        "is_public": it.is_public,
        "tags": list(it.tags),
        "brand_id": desk.brand_id,
        **_EMPTY_TICKET_FIELDS,
    }


_EMPTY_TICKET_FIELDS: Final[Json] = {
    "forum_topic_id": None,
    "problem_id": None,
    "has_incidents": False,
    "due_at": None,
    "custom_fields": [],
    "fields": [],
    "satisfaction_rating": None,
    "sharing_agreement_ids": [],
    "custom_status_id": None,
    "followup_ids": [],
    "ticket_form_id": None,
    "allow_channelback": False,
    "allow_attachments": True,
    "from_messaging_channel": False,
}


def deleted_ticket(it: Ticket, desk: Desk) -> Json:
    actor = desk.people.users.get(it.deleted_by)
    return {
        "id": it.id,
        "subject": it.subject,
        "actor": {"id": it.deleted_by, "name": actor.name if actor else ""},
        "deleted_at": moment(it.deleted_at or 0.0),
        "previous_state": it.status_before,
    }


def comment(it: Comment, base: str) -> Json:
    return {
        "id": it.id,
        "type": "Comment",
        "author_id": it.author_id,
        "body": it.plain_body,
        "html_body": it.html_body,
        "plain_body": it.plain_body,
        "public": it.public,
        "attachments": [attachment(each, base) for each in it.attachments],
        "audit_id": it.audit_id,
        "via": _VIA,
        "created_at": moment(it.created_at),
        "metadata": {"system": {}, "custom": {}},
    }


def attachment(it: Attachment, base: str) -> Json:
    content_url = f"{base}/attachments/token/{it.token}/?name={it.file_name}"
    return {
        "url": f"{base}/api/v2/attachments/{it.id}.json",
        "id": it.id,
        "file_name": it.file_name,
        "content_url": content_url,
        "mapped_content_url": content_url,
        "content_type": it.content_type,
        "size": len(it.content),
        "width": None,
        "height": None,
        "inline": it.inline,
        "deleted": False,
        "malware_access_override": False,
        "malware_scan_result": "malware_not_found",
        "thumbnails": [],
    }


def audit(it: Audit) -> Json:
    """As in the answer to a change. Ids of the events inside are the audit's own and following numbers (not verified)."""
    kind = "Create" if it.created else "Change"
    events: list[Json] = [{"id": it.id, "type": "Comment", "comment_id": it.comment_id}] if it.comment_id else []
    for number, (name, before, after) in enumerate(it.changes, 1):
        change = {"id": it.id + number, "type": kind, "field_name": name, "value": after}
        events.append(change if it.created else {**change, "previous_value": before})
    return {
        "id": it.id,
        "ticket_id": it.ticket_id,
        "created_at": moment(it.created_at),
        "author_id": it.author_id,
        "metadata": {"system": {}, "custom": {}},
        "events": events,
        "via": _VIA,
    }


def user(it: User, desk: Desk, base: str) -> Json:
    """``ticket_restriction`` and ``restricted_agent`` are what a client learns of an agent's access; the groups and organizations come from the memberships."""
    return {
        "id": it.id,
        "url": f"{base}/api/v2/users/{it.id}.json",
        "name": it.name,
        "email": it.email,
        "created_at": moment(it.created_at),
        "updated_at": moment(it.updated_at),
        "organization_id": desk.people.default_organization_id(it.id),
        "default_group_id": desk.people.default_group_id(it.id),
        "role": it.role,
        "tags": list(it.tags),
        "active": it.active,
        "suspended": it.suspended,
        "ticket_restriction": it.ticket_restriction,
        "restricted_agent": it.role != "admin" and it.ticket_restriction is not None,
        "custom_role_id": it.custom_role_id,
        **_EMPTY_USER_FIELDS,
    }


_EMPTY_USER_FIELDS: Final[Json] = {
    "time_zone": "UTC",
    "iana_time_zone": "Etc/UTC",
    "phone": None,
    "shared_phone_number": None,
    "photo": None,
    "locale_id": 1,
    "locale": "en-US",
    "verified": True,
    "external_id": None,
    "alias": None,
    "shared": False,
    "shared_agent": False,
    "last_login_at": None,
    "two_factor_auth_enabled": None,
    "signature": None,
    "details": None,
    "notes": None,
    "role_type": None,
    "moderator": False,
    "only_private_comments": False,
    "report_csv": False,
    "user_fields": {},
}


def group(it: Group, base: str) -> Json:
    return {
        "url": f"{base}/api/v2/groups/{it.id}.json",
        "id": it.id,
        "is_public": it.is_public,
        "name": it.name,
        "description": "",
        "default": False,
        "deleted": it.deleted,
        "created_at": moment(it.created_at),
        "updated_at": moment(it.updated_at),
    }


def custom_role(it: CustomRole) -> Json:
    """Of the configuration only what decides who reads tickets; all its properties are optional."""
    return {
        "id": it.id,
        "name": it.name,
        "description": "",
        "role_type": 0,
        "team_member_count": 0,
        "configuration": {"ticket_access": it.ticket_access, "light_agent": False},
        "created_at": moment(it.created_at),
        "updated_at": moment(it.updated_at),
    }


def organization(it: Organization, base: str) -> Json:
    return {
        "url": f"{base}/api/v2/organizations/{it.id}.json",
        "id": it.id,
        "name": it.name,
        "shared_tickets": it.shared_tickets,
        "shared_comments": it.shared_comments,
        "external_id": None,
        "created_at": moment(it.created_at),
        "updated_at": moment(it.updated_at),
        "domain_names": [],
        "details": None,
        "notes": None,
        "group_id": None,
        "tags": list(it.tags),
        "organization_fields": {},
    }


def group_membership(it: Membership, base: str) -> Json:
    return {"url": f"{base}/api/v2/group_memberships/{it.id}.json", "group_id": it.to_id, **_membership(it)}


def organization_membership(it: Membership, desk: Desk, base: str) -> Json:
    url = f"{base}/api/v2/organization_memberships/{it.id}.json"
    return {"url": url, "organization_id": it.to_id, "organization_name": desk.people.organizations[it.to_id].name, **_membership(it)}


def _membership(it: Membership) -> Json:
    return {"id": it.id, "user_id": it.user_id, "default": it.default, "created_at": moment(it.created_at), "updated_at": moment(it.created_at)}
