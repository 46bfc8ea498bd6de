"""Zendesk's records as documents, and who may read them."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.sources.rest import Credentials, ZendeskSource
from rest_sources import zendesk
from rest_sources.source import MalformedRecordError
from rest_sources.zendesk.accounts import Rights, Surroundings
from rest_sources.zendesk.answers import CustomRole, Group, Organization, RoleConfiguration, User, UserSegment
from rest_sources.zendesk.principals import Principals

SOURCE = ZendeskSource(name="desk", type="zendesk", url="https://desk.example", credentials=Credentials(token="env:T"), tenant="acme")
READERS: dict[str, Any] = {
    "requester_id": 20,
    "assignee_id": 30,
    "group_id": 11,
    "organization_id": 21,
    "cc_ids": [22],
    "follower_ids": [31],
    "customers": True,
}
TICKET: dict[str, Any] = {
    "kind": "ticket",
    "subject": "Fire",
    "status": "open",
    "priority": "",
    "type": "incident",
    "channel": "web",
    "tags": ["a"],
    "group": "Support",
    "organization": "",
    "created_at": "2026-03-01T10:00:00Z",
    "updated_at": "2026-03-02T10:00:00Z",
    "comments": [
        {"author_id": 20, "author": "Cleo", "at": "2026-03-01T10:00:00Z", "html": "<p>It burns</p>"},
        {"author_id": -1, "author": "", "at": "2026-03-02T10:00:00Z", "html": "<p>Merged</p>"},
    ],
    "readers": READERS,
}
AGENTS = {
    "group:desk/admins",
    "group:desk/tickets/group/11",
    "group:desk/tickets/organization/21/group/11",
    "group:desk/tickets/assignee/30/group/11",
    "group:desk/agent/20",
    "group:desk/agent/22",
    "group:desk/agent/31",
}


def test_a_ticket() -> None:
    draft = zendesk.TYPE.draft(SOURCE, "ticket/7", TICKET)
    assert [(section.heading, section.content) for section in draft.sections] == [("", "<p>It burns</p>"), ("Comment, 2026-03-02", "<p>Merged</p>")]
    assert set(draft.allowed) == AGENTS | {"user:desk/20", "user:desk/22", "group:desk/organization/21/customers"}
    assert list(draft.allowed) == sorted(draft.allowed)
    assert draft.metadata == {
        "status": "open",
        "type": "incident",
        "channel": "web",
        "tags": ["a"],
        "group": "Support",
        "created": "2026-03-01",
        "updated": "2026-03-02",
    }
    assert draft.people == {"20": "Cleo"}


def test_internal_comments_are_for_agents_even_if_a_customer_asked() -> None:
    draft = zendesk.TYPE.draft(SOURCE, "ticket/7/internal", TICKET | {"kind": "internal", "readers": READERS | {"customers": False}})
    assert set(draft.allowed) == AGENTS
    assert draft.sections[0].heading == "Internal comment by Cleo, 2026-03-01"
    assert (draft.doc_type, draft.url) == ("ticket-internal", "https://desk.example/agent/tickets/7")


def test_a_ticket_of_no_group_and_no_subject() -> None:
    bare = READERS | {"group_id": None, "organization_id": None, "assignee_id": None, "cc_ids": [], "follower_ids": []}
    draft = zendesk.TYPE.draft(SOURCE, "ticket/7", TICKET | {"subject": "", "readers": bare})
    assert draft.title == "Ticket 7"
    assert set(draft.allowed) == {"group:desk/admins", "group:desk/tickets/group/none", "group:desk/agent/20", "user:desk/20"}


def test_a_files_pages_are_sections() -> None:
    file = {"format": "text", "pages": [{"number": 1, "text": "one"}, {"number": None, "text": "all"}]}
    record = {"kind": "ticket-attachment", "name": "a.pdf", "media_type": "application/pdf", "file": file, "readers": READERS}
    draft = zendesk.TYPE.draft(SOURCE, "ticket/7/attachment/5", record)
    assert [(section.heading, section.content) for section in draft.sections] == [("Page 1", "one"), ("", "all")]
    assert (draft.title, draft.doc_type, draft.metadata["attached_to"]) == ("a.pdf", "attachment", "ticket/7")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"kind": "Secret"}, "kind"),
        ({"subject": 5}, "subject"),
        ({"comments": "Secret"}, "comments"),
        ({"comments": [{"author_id": "Secret"}]}, "comments.0.author_id"),
        ({"readers": None}, "readers"),
        ({"readers": READERS | {"customers": "Secret"}}, "customers"),
        ({"more": "Secret"}, "more"),
    ],
)
def test_a_malformed_record_names_the_field_and_not_its_value(change: dict[str, Any], named: str) -> None:
    with pytest.raises(MalformedRecordError) as raised:
        zendesk.TYPE.draft(SOURCE, "ticket/7", TICKET | change)
    assert named in str(raised.value)
    assert "Secret" not in str(raised.value)


@pytest.mark.parametrize("change", [{}, {"kind": ["ticket"]}, {"kind": None}])
def test_a_record_of_no_kind_is_malformed(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedRecordError):
        zendesk.TYPE.draft(SOURCE, "ticket/7", change)


SURROUNDINGS = Surroundings(
    groups={11: Group(id=11, name="Open"), 12: Group(id=12, name="Closed", is_public=False), 13: Group(id=13, name="Own", is_public=False)},
    organizations={21: Organization(id=21, name="Sharing", shared_tickets=True), 22: Organization(id=22, name="Not")},
    roles={number: CustomRole(id=number, configuration=RoleConfiguration(ticket_access=access)) for number, access in ((81, "all"), (82, "of tomorrow"))},
    segments=(
        UserSegment(id=41, user_type="staff"),
        UserSegment(id=42, user_type="of tomorrow"),
        UserSegment(id=43, user_type="signed_in_users", tags=["vip"]),
    ),
    group_ids={1: frozenset({13})},
    organization_ids={1: frozenset({21, 22})},
)
PERSON = {"public", "user:desk/1", "group:desk/signed-in"}
STAFF = PERSON | {"group:desk/segment/41", "group:desk/agent/1"}


@pytest.mark.parametrize(
    ("user", "held"),
    [
        ({"role": "end-user"}, PERSON | {"group:desk/organization/21/customers"}),
        ({"role": "end-user", "ticket_restriction": "organization"}, PERSON | {f"group:desk/organization/{number}/customers" for number in (21, 22)}),
        ({"role": "end-user", "tags": ["vip"]}, PERSON | {"group:desk/organization/21/customers", "group:desk/segment/43"}),
        ({"role": "admin"}, PERSON | {"group:desk/segment/41", "group:desk/admins"}),
        ({"role": "agent"}, STAFF | {f"group:desk/tickets/group/{number}" for number in ("none", 11, 13)}),
        ({"role": "agent", "ticket_restriction": "groups"}, STAFF | {"group:desk/tickets/group/13"}),
        ({"role": "agent", "ticket_restriction": "assigned"}, STAFF | {f"group:desk/tickets/assignee/1/group/{number}" for number in ("none", 11, 13)}),
        ({"role": "agent", "custom_role_id": 81}, STAFF | {f"group:desk/tickets/group/{number}" for number in ("none", 11, 12, 13)}),
        ({"role": "agent", "custom_role_id": 82}, STAFF),
        ({"role": "agent", "custom_role_id": 99}, STAFF),
        ({"role": "agent", "role_type": 3}, STAFF),
        ({"role": "agent", "ticket_restriction": "of tomorrow"}, STAFF),
        ({"role": "of tomorrow"}, PERSON),
    ],
)
def test_what_an_account_holds(user: dict[str, Any], held: set[str]) -> None:
    """What is not known gives nothing."""
    assert set(Rights(Principals("desk"), SURROUNDINGS).of(User(id=1, name="One", **user))) == held
