"""A list that is answered with 404 is no empty list: a sweep would take everything for deleted, or for unchanged. And lists without end end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from contracts.sources.rest import ConfluenceSource, Credentials
from rest_sources import confluence
from rest_sources.api import Answer, Method, Parameters, UnexpectedAnswerError
from rest_sources.confluence.audience import EVERYBODY
from rest_sources.confluence.cloud import Cloud
from rest_sources.confluence.edition import restriction
from rest_sources.confluence.site import Site
from rest_sources.jira import audience
from rest_sources.jira.readers import Readers
from rest_sources.source import ListedPage, Reader
from tests.unit.rest_sources.jira_answers import CENTER, CLOUD, Answers, NoFiles
from tests.unit.rest_sources.jira_answers import reader as jira_reader

WIKI = ConfluenceSource(name="wiki", type="confluence", url="https://acme.example", credentials=Credentials(user="bot", token="env:WIKI"), tenant="acme")
PAGE = {
    "id": "7",
    "type": "page",
    "status": "current",
    "title": "A page",
    "version": {"number": 1, "when": "2026-01-31T10:00:00Z"},
    "space": {"key": "HR"},
    "ancestors": [],
    "restrictions": {"read": {"restrictions": {kind: {"results": [], "size": 0, "limit": 100} for kind in ("user", "group")}}},
}


class Wiki:
    """By the beginning of the path; None for the rest."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = answers

    async def get(self, path: str, parameters: Parameters | None = None) -> Answer | None:
        found = next((answer for start, answer in self.answers.items() if path.startswith(start)), None)
        return None if found is None else Answer(found)

    async def send(self, method: Method, path: str, body: Mapping[str, object] | None = None) -> Answer | None:
        raise NotImplementedError

    async def download(self, url: str, most_bytes: int) -> bytes | None:
        raise NotImplementedError


async def listed(reader: Reader, cursor: str = "") -> list[ListedPage]:
    return [page async for page in reader.listing(cursor)]


@pytest.mark.parametrize("source", [CLOUD, CENTER], ids=["cloud", "datacenter"])
async def test_jira_without_a_search(source: Any) -> None:
    reader = jira_reader(Answers({"serverInfo": {"serverTime": "2026-01-31T10:00:00.000+0000"}}), source)
    for look in (reader.listing(""), reader.changed_since(""), *([] if source.edition == "cloud" else [reader.containers()])):
        with pytest.raises(UnexpectedAnswerError, match="no search"):
            [one async for one in look]


async def test_a_token_that_jira_no_longer_takes_goes_on_at_the_last_issues_time() -> None:
    time = {"serverTime": "2026-01-31T10:00:00.000+0000"}
    issue = {"id": "1", "fields": {"created": "2026-01-02T03:04:05.678+0000", "updated": "2026-01-02T03:04:05.678+0000"}}
    first = {"issues": [issue], "nextPageToken": "forgotten"}
    api = Answers({"serverInfo": time, "search/jql": [first, UnexpectedAnswerError("400.", "Wait."), {"issues": []}]})
    (page, _) = await listed(jira_reader(api))
    assert page.cursor
    searches = [parameters for name, parameters in api.asked if name == "search/jql"]
    assert ["nextPageToken" in parameters for parameters in searches] == [False, True, False]
    assert "created >= 1767323045678" in str(searches[-1]["jql"])


async def test_confluence_without_a_search_or_its_next_page() -> None:
    search = {"results": [PAGE], "_links": {"next": "/rest/api/content/search?cursor=2"}}
    space = {"/wiki/api/v2/spaces?keys=HR": {"results": []}}
    for answers in ({}, {"/wiki/rest/api/content/search?cql=type+in": search, "/wiki/rest/api/content/search?cql=type+%3D": {"results": []}, **space}):
        reader = confluence.TYPE.reader(WIKI, Wiki(answers), NoFiles())
        for look in (reader.listing(""), reader.changed_since("")):
            with pytest.raises(UnexpectedAnswerError, match="no search"):
                [one async for one in look]


async def test_a_place_in_confluences_listing_that_is_forgotten_begins_anew() -> None:
    answers = {"/wiki/rest/api/content/search?cql": {"results": []}}
    (page,) = await listed(confluence.TYPE.reader(WIKI, Wiki(answers), NoFiles()), "/wiki/rest/api/content/search?cursor=forgotten")
    assert page == ListedPage((), "")


async def test_a_restriction_whose_pages_do_not_move_on_is_an_error() -> None:
    full = {"results": [{"accountId": f"a{number}"} for number in range(2)], "size": 2, "limit": 2}
    answer = {"restrictions": {"user": full, "group": {"results": [], "size": 0, "limit": 2}}}
    with pytest.raises(UnexpectedAnswerError, match="view restriction"):
        await restriction(Site(WIKI, Wiki({"/wiki/rest/api/content/7/restriction": answer})), "7")


@pytest.mark.parametrize(("kind", "everybody"), [("access_class", True), ("role", True), ("group", False), ("user", False)])
async def test_a_group_that_is_called_as_the_anonymous_lets_nobody_else_in(kind: str, everybody: bool) -> None:
    permission = {"principal": {"type": kind, "id": "anonymous-users"}, "operation": {"key": "read", "targetType": "space"}}
    answers = {"/wiki/api/v2/spaces?keys=HR": {"results": [{"id": "1", "key": "HR"}]}, "/wiki/api/v2/spaces/1/permissions": {"results": [permission]}}
    assert ((await Cloud(Site(WIKI, Wiki(answers))).space_readers("HR")) == EVERYBODY) is everybody


def test_more_combinations_than_can_be_looked_at_let_nobody_in_and_that_is_said() -> None:
    many = [audience.of(*(audience.group(f"{side}{number}") for number in range(80))) for side in "ab"]
    both = Readers(many[0]).and_also(Readers(many[1]))
    assert both.audience == audience.NOBODY
    assert "grant to groups" in both.untold[0]
    few = Readers(audience.of(audience.group("a"))).and_also(Readers(many[1]))
    assert len(few.audience) == 80
    assert few.untold == ()
