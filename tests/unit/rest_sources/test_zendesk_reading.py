"""Zendesk's reader on recorded answers: what is gone in between, what is malformed, and what it asks for. The port is stood in for by the answers themselves."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from contracts.sources.rest import Credentials, ZendeskSource
from rest_sources import zendesk
from rest_sources.api import Answer, Method, Parameters, TooLargeError, UnexpectedAnswerError
from rest_sources.source import GONE, Reader, Record, RemoteFile, UnreadableFileError

FILE = {"id": 5, "file_name": "a.txt", "content_url": "https://desk.example/attachments/token/x", "content_type": "text/plain", "size": 3}
# https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#json-format
TICKET: dict[str, Any] = {
    "ticket": {
        "id": 7,
        "subject": "Help, my printer is on fire!",
        "status": "open",
        "priority": None,
        "type": "incident",
        "tags": ["other_tag", "enterprise"],
        "via": {"channel": "web"},
        "requester_id": 20,
        "assignee_id": 235,
        "group_id": 98,
        "organization_id": 509,
        "collaborator_ids": [334, 35],
        "follower_ids": [334],
        "created_at": "2009-07-20T22:55:29Z",
        "updated_at": "2011-05-05T10:38:52Z",
        "generated_timestamp": 1304553600,
        "url": "https://desk.example/api/v2/tickets/7.json",
    },
    "users": [{"id": 20, "name": "Cleo", "role": "end-user"}],
    "groups": [{"id": 98, "name": "Support", "is_public": True}],
    "organizations": [],
}
# https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/#json-format
COMMENTS: dict[str, Any] = {
    "comments": [
        {"id": 1, "author_id": 20, "html_body": "<p>Fire</p>", "public": True, "created_at": "2009-07-20T22:55:29Z", "attachments": [FILE]},
        {"id": 2, "author_id": -1, "html_body": "<p>Merged</p>", "public": False, "created_at": "2009-07-21T22:55:29Z", "attachments": []},
    ],
    "users": [{"id": 20, "name": "Cleo", "role": "end-user"}],
    "meta": {"has_more": False, "after_cursor": "x"},
}
# https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/#json-format
ARTICLE: dict[str, Any] = {
    "article": {
        "id": 9,
        "source_locale": "en-us",
        "section_id": 61,
        "updated_at": "2026-03-01T10:00:00Z",
        "html_url": "https://desk.example/hc/en-us/articles/9",
        "label_names": ["b", "a"],
        "user_segment_id": 41,
        "user_segment_ids": [41],
        "translations": [{"locale": "en-us", "title": "How", "body": "<p>So</p>", "draft": False, "updated_at": "2026-03-01T10:00:00Z"}],
    },
    "sections": [{"id": 61, "name": "Faults"}],
}
SIGNED_IN = {"user_segment": {"id": 41, "user_type": "signed_in_users", "built_in": True}}
NO_FILES: dict[str, Any] = {"article_attachments": [], "meta": {"has_more": False, "after_cursor": None}}


@dataclass
class Recorded:
    """Answers by path; what is not there is 404."""

    answers: dict[str, Any]
    asked: list[tuple[str, dict[str, str | int]]] = field(default_factory=list)

    async def get(self, path: str, parameters: Parameters | None = None) -> Answer | None:
        self.asked.append((path, dict(parameters or {})))
        return Answer(self.answers[path]) if path in self.answers else None

    async def send(self, method: Method, path: str, body: Mapping[str, object] | None = None) -> Answer | None:
        raise AssertionError((method, path, body))

    async def download(self, url: str, most_bytes: int) -> bytes | None:
        raise AssertionError((url, most_bytes))


@dataclass
class Files:
    outcome: Record | Exception | None

    async def read(self, file: RemoteFile) -> Record | None:
        assert (file.name, file.size_bytes) == ("a.txt", 3)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


TEXT: Record = {"format": "text", "pages": [{"number": 1, "text": "abc"}]}
SOURCE = ZendeskSource(name="desk", type="zendesk", url="https://desk.example", credentials=Credentials(token="env:T"), tenant="acme")


def recorded(**changed: Any) -> Recorded:
    """``ticket``, ``comments``, ``article``: fields in place of the recorded ones."""
    ticket, comments, article = copy.deepcopy((TICKET, COMMENTS, ARTICLE))
    ticket["ticket"] |= changed.get("ticket", {})
    comments["comments"][0] |= changed.get("comment", {})
    comments |= changed.get("comments", {})
    article["article"] |= changed.get("article", {})
    return Recorded(
        {
            "/api/v2/tickets/7": ticket,
            "/api/v2/tickets/7/comments": comments,
            "/api/v2/help_center/articles/9": article,
            "/api/v2/help_center/articles/9/attachments": NO_FILES,
            "/api/v2/help_center/user_segments/41": SIGNED_IN,
        }
    )


def reader(api: Recorded, outcome: Record | Exception | None = TEXT) -> Reader:
    return zendesk.TYPE.reader(SOURCE, api, Files(outcome))


async def test_a_ticket_is_asked_for_before_its_comments() -> None:
    api = recorded()
    fetched = await reader(api).fetch("ticket/7")
    assert [path for path, _ in api.asked] == ["/api/v2/tickets/7", "/api/v2/tickets/7/comments"]
    assert set(fetched.records) == {"ticket/7", "ticket/7/internal", "ticket/7/attachment/5"}
    assert fetched.changed_us == 1304553600_000_000
    assert fetched.records["ticket/7"]["tags"] == ["enterprise", "other_tag"]


async def test_without_email_ccs_the_collaborators_that_do_not_follow_are_ccs() -> None:
    record: Any = (await reader(recorded()).fetch("ticket/7")).records["ticket/7"]
    assert (record["readers"]["cc_ids"], record["readers"]["follower_ids"]) == ([35], [334])
    record = (await reader(recorded(ticket={"email_cc_ids": [36], "follower_ids": None})).fetch("ticket/7")).records["ticket/7"]
    assert (record["readers"]["cc_ids"], record["readers"]["follower_ids"]) == ([36], [])


@pytest.mark.parametrize("path", ["/api/v2/tickets/7", "/api/v2/tickets/7/comments"])
async def test_a_ticket_deleted_between_two_requests_is_gone(path: str) -> None:
    api = recorded()
    del api.answers[path]
    assert await reader(api).fetch("ticket/7") == GONE


async def test_a_deleted_ticket_that_is_still_shown_is_gone() -> None:
    assert await reader(recorded(ticket={"status": "deleted"})).fetch("ticket/7") == GONE


@pytest.mark.parametrize("outcome", [UnreadableFileError("It is encrypted."), TooLargeError("It is too large.", "Raise the limit.")])
async def test_an_attachment_that_cannot_be_read_does_not_stop_the_rest(outcome: Exception) -> None:
    fetched = await reader(recorded(), outcome).fetch("ticket/7")
    assert set(fetched.records) == {"ticket/7", "ticket/7/internal"}
    assert fetched.refused == {"ticket/7/attachment/5": str(outcome)}


async def test_attachments_that_are_gone_empty_deleted_or_malware_give_no_part() -> None:
    assert "ticket/7/attachment/5" not in (await reader(recorded(), None).fetch("ticket/7")).records
    for change in ({"size": 0}, {"deleted": True}):
        fetched = await reader(recorded(comment={"attachments": [FILE | change]}), AssertionError()).fetch("ticket/7")
        assert not fetched.refused
        assert set(fetched.records) == {"ticket/7", "ticket/7/internal"}
    fetched = await reader(recorded(comment={"attachments": [FILE | {"malware_scan_result": "malware_found"}]}), AssertionError()).fetch("ticket/7")
    assert "malware" in fetched.refused["ticket/7/attachment/5"]


async def test_the_segment_of_everybody_with_an_account_is_signed_in() -> None:
    fetched = await reader(recorded()).fetch("article/9")
    assert zendesk.TYPE.draft(SOURCE, "article/9", fetched.records["article/9"]).allowed == ("group:desk/admins", "group:desk/signed-in")


async def test_a_segment_that_is_gone_lets_nobody_but_admins_in() -> None:
    api = recorded()
    del api.answers["/api/v2/help_center/user_segments/41"]
    fetched = await reader(api).fetch("article/9")
    assert zendesk.TYPE.draft(SOURCE, "article/9", fetched.records["article/9"]).allowed == ("group:desk/admins", "group:desk/segment/41")


async def test_an_article_without_a_word_on_its_readers_is_for_nobody_and_says_so() -> None:
    api = recorded(article={"user_segment_ids": []})
    del api.answers["/api/v2/help_center/articles/9"]["article"]["user_segment_id"]
    record: Any = (await reader(api).fetch("article/9")).records["article/9"]
    assert "not known" in record["readers"]["unknown"]
    assert zendesk.TYPE.draft(SOURCE, "article/9", record).allowed == ()


@pytest.mark.parametrize(
    ("change", "native", "named"),
    [
        ({"ticket": {"requester_id": "Cleo Secret"}}, "ticket/7", "requester_id"),
        ({"ticket": {"tags": "Secret"}}, "ticket/7", "tags"),
        ({"ticket": {"generated_timestamp": None}}, "ticket/7", "generated_timestamp"),
        ({"comment": {"public": "Secret"}}, "ticket/7", "public"),
        ({"comment": {"attachments": {"Secret": 1}}}, "ticket/7", "attachments"),
        ({"comments": {"comments": "Secret"}}, "ticket/7", "comments"),
        ({"comments": {"meta": None}}, "ticket/7", "meta"),
        ({"comments": {"meta": {"has_more": True, "after_cursor": None}}}, "ticket/7", "after_cursor"),
        ({"article": {"user_segment_ids": ["Secret"]}}, "article/9", "user_segment_ids"),
        ({"article": {"translations": None}}, "article/9", "translations"),
    ],
)
async def test_a_field_of_another_type_is_named_and_its_value_is_not(change: dict[str, Any], native: str, named: str) -> None:
    with pytest.raises(UnexpectedAnswerError) as raised:
        await reader(recorded(**change)).fetch(native)
    assert named in str(raised.value)
    assert "Secret" not in str(raised.value)


async def test_a_sweep_begins_before_the_newest_change_that_the_last_one_saw() -> None:
    ticket = TICKET["ticket"]
    api = Recorded(
        {
            "/api/v2/incremental/tickets/cursor": {"tickets": [ticket], "end_of_stream": True, "after_cursor": "y"},
            "/api/v2/help_center/incremental/articles": {"articles": [ARTICLE["article"]], "end_time": 1772359200, "next_page": None},
        }
    )
    last = [page async for page in reader(api).changed_since('{"tickets_seen":1304553000,"articles_seen":1772359000}')][-1]
    assert api.asked[0][1] == {"start_time": 1304553000 - 120}
    assert api.asked[1][1]["start_time"] == 1772359000 - 120
    assert last.cursor == '{"tickets_seen":1304553600,"articles_seen":1772359200}'


async def test_an_export_that_leads_nowhere_ends_with_an_error() -> None:
    api = Recorded({"/api/v2/incremental/tickets/cursor": {"tickets": [], "end_of_stream": False, "after_cursor": "y"}})
    with pytest.raises(UnexpectedAnswerError, match="after_cursor"):
        _ = [page async for page in reader(api).changed_since("")]
    api.answers = {
        "/api/v2/incremental/tickets/cursor": {"tickets": [], "end_of_stream": True},
        "/api/v2/help_center/incremental/articles": {"articles": [], "end_time": 1, "next_page": "https://desk.example/more"},
    }
    with pytest.raises(UnexpectedAnswerError, match="end_time"):
        _ = [page async for page in reader(api).changed_since("")]
