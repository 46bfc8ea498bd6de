"""Search, and fetching many issues at once.

- Cloud: ``search/jql`` (https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/). A query must be bounded; ``fields`` is ``id`` by
  default; a page holds up to 5000 issues when only ids or keys are asked for, else 100 (the 100 is not verified); ``nextPageToken`` is left out on the last
  page, and a token lives 7 days. There is no total. The comment field holds the newest 20 (not verified).
  ``search`` itself was removed and answers 410 (https://developer.atlassian.com/changelog/#CHANGE-2046).
- Data Center: ``search`` with startAt, maxResults (50 by default, 1000 at most) and total (https://developer.atlassian.com/server/jira/platform/rest/).

A token here says where the last page ended in the query's order, not how many were given: what is added or changed meanwhile neither repeats nor hides another
issue. Cloud's index is behind ("Recent updates might not be immediately visible in the returned search results") by the seconds that ``PUT /_control/search`` sets,
0 by default: meanwhile a new issue is not found and a changed one is matched and sorted by its earlier ``updated``, though shown as it is. ``reconcileIssues``
names up to 50 ids to be matched as they are. A deleted issue is gone at once, and other fields than ``updated`` are matched as they are.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final, Self

from aiohttp import web

from examples.vendors.jira.access import NO_ISSUE, Call, Handler, Json, Refused
from examples.vendors.jira.issue_routes import shapes
from examples.vendors.jira.issue_shapes import IssueShapes
from examples.vendors.jira.jql import Query, Sortable, parse
from examples.vendors.jira.jql_terms import JqlError
from examples.vendors.jira.model import Edition, Issue

REMOVED: Final = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full migration guideline is available at "
    "https://developer.atlassian.com/changelog/#CHANGE-2046"
)
_MOST_IDS: Final = 5000
_MOST_ISSUES: Final = 100
_MOST_DATACENTER: Final = 1000
_MOST_COMMENTS: Final = 20
_MOST_FETCHED: Final = 100
_MOST_RECONCILED: Final = 50
_TOKEN_LIFE: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Place:
    """The last issue of a page, as it then was."""

    id: int
    key: str
    created: datetime
    updated: datetime
    jql: str
    """The query's digest: a token serves no other."""
    issued: datetime

    @classmethod
    def of(cls, issue: Sortable, jql: str, issued: datetime) -> Self:
        return cls(issue.id, issue.key, issue.created, issue.updated, jql, issued)

    def token(self) -> str:
        times = [moment.isoformat() for moment in (self.created, self.updated, self.issued)]
        return base64.urlsafe_b64encode(json.dumps([self.id, self.key, self.jql, *times]).encode()).decode()

    @classmethod
    def read(cls, token: str) -> Self:
        try:
            number, key, jql, *times = json.loads(base64.urlsafe_b64decode(token))
            created, updated, issued = (datetime.fromisoformat(moment).astimezone(UTC) for moment in times)
        except ValueError:
            raise Refused(HTTPStatus.BAD_REQUEST, "The nextPageToken is invalid.") from None
        return cls(number, key, created, updated, jql, issued)


class SearchRoutes:
    def table(self, edition: Edition) -> list[tuple[str, str, Handler]]:
        if edition is Edition.DATACENTER:
            return [("GET", "search", self._pages), ("POST", "search", self._pages)]
        return [
            ("GET", "search", self._removed),
            ("POST", "search", self._removed),
            ("GET", "search/jql", self._tokens),
            ("POST", "search/jql", self._tokens),
            ("POST", "search/approximate-count", self._count),
            ("POST", "issue/bulkfetch", self._fetch),
        ]

    async def _removed(self, _call: Call) -> web.Response:
        raise Refused(HTTPStatus.GONE, REMOVED)

    async def _tokens(self, call: Call) -> web.Response:
        asked = await self._asked(call)
        jql, fields = str(asked.get("jql") or ""), _words(asked.get("fields")) or ["id"]
        query = self._query(call, jql)
        if not query.bounded:
            raise Refused(HTTPStatus.BAD_REQUEST, "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
        digest = hashlib.sha256(jql.encode()).hexdigest()[:16]
        exempt = {str(number) for number in _words(asked.get("reconcileIssues"))[:_MOST_RECONCILED]}
        found = self._after(call, self._found(call, query, exempt), query, str(asked.get("nextPageToken") or ""), digest)
        size = min(_MOST_IDS if set(fields) <= {"id", "key"} else _MOST_ISSUES, _number(asked, "maxResults", 50, least=1))
        page, expand = found[:size], _words(asked.get("expand"))
        made = shapes(call, _MOST_COMMENTS)
        whole: Json = {"issues": [_short(made, call.state.issues[issue.id], fields, expand) for issue in page], "isLast": len(found) <= size}
        if len(found) > size:
            whole["nextPageToken"] = Place.of(page[-1], digest, call.state.clock()).token()
        return web.json_response(whole)

    def _after(self, call: Call, found: list[Issue], query: Query, token: str, digest: str) -> list[Issue]:
        if not token:
            return found
        place = Place.read(token)
        if place.jql != digest or call.state.clock() - place.issued > _TOKEN_LIFE:
            raise Refused(HTTPStatus.BAD_REQUEST, "The nextPageToken is invalid.")
        last = query.sort_key(place)
        return [issue for issue in found if query.sort_key(issue) > last]

    async def _pages(self, call: Call) -> web.Response:
        asked = await self._asked(call)
        found = self._found(call, self._query(call, str(asked.get("jql") or "")))
        start, size = _number(asked, "startAt", 0), min(_MOST_DATACENTER, _number(asked, "maxResults", 50))
        made, fields, expand = shapes(call), _words(asked.get("fields")) or ["*navigable"], _words(asked.get("expand"))
        issues = [made.issue(issue, fields, set(expand) - {"names"}) for issue in found[start : start + size]]
        names = {"names": {name: made.name(name) for issue in issues for name in issue["fields"]}} if "names" in expand else {}
        return web.json_response({"expand": "schema,names", "startAt": start, "maxResults": size, "total": len(found), "issues": issues, **names})

    async def _count(self, call: Call) -> web.Response:
        return web.json_response({"count": len(self._found(call, self._query(call, str((await call.body()).get("jql") or ""))))})

    async def _fetch(self, call: Call) -> web.Response:
        """``issue/bulkfetch``: up to 100 issues by id or key; what is missing or hidden is in ``issueErrors``.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-bulkfetch-post; the form of an error is not verified.
        """
        asked = await call.body()
        wanted = [str(name) for name in asked.get("issueIdsOrKeys") or []]
        if not 1 <= len(wanted) <= _MOST_FETCHED:
            raise Refused(HTTPStatus.BAD_REQUEST, f"Between 1 and {_MOST_FETCHED} issue IDs or keys are needed.")
        made, fields, expand = shapes(call), _words(asked.get("fields")) or ["*navigable"], _words(asked.get("expand"))
        seen = {name: issue for name in wanted if (issue := call.state.issue(name)) and call.permissions.sees_issue(call.viewer, issue)}
        distinct = {issue.id: issue for issue in seen.values()}
        errors = [{"id": name, "errorMessage": NO_ISSUE} for name in wanted if name not in seen]
        issues = [made.issue(issue, fields, expand) for _, issue in sorted(distinct.items())]
        return web.json_response({"expand": "names,schema", "issues": issues, "issueErrors": errors})

    async def _asked(self, call: Call) -> Json:
        if call.request.method == "POST":
            return await call.body()
        return dict(call.request.query) | {name: call.words(name) for name in ("fields", "expand", "reconcileIssues")}

    def _query(self, call: Call, jql: str) -> Query:
        try:
            return parse(jql, call.state, call.zone)
        except JqlError as error:
            raise Refused(HTTPStatus.BAD_REQUEST, str(error)) from error

    def _found(self, call: Call, query: Query, exempt: Iterable[str] = ()) -> list[Issue]:
        """What matches and the viewer sees, in order, as the index has it."""
        known = (issue if str(issue.id) in exempt else call.state.indexed(issue) for issue in call.state.issues.values())
        matching = (issue for issue in known if issue and query.matches(issue))
        return sorted((issue for issue in matching if call.permissions.sees_issue(call.viewer, issue)), key=query.sort_key)


def _short(made: IssueShapes, issue: Issue, fields: list[str], expand: Iterable[str]) -> Json:
    """An issue of a page. Asked for the id alone, it is nothing else."""
    if fields == ["id"]:
        return {"id": str(issue.id)}
    whole = made.issue(issue, fields, expand)
    if set(fields) <= {"id", "key"}:
        del whole["fields"]
    return whole


def _words(value: object) -> list[str]:
    """A list, or a text with commas."""
    listed = value if isinstance(value, list) else str(value or "").split(",")
    return [str(word).strip() for word in listed if str(word).strip()]


def _number(asked: Json, name: str, default: int, least: int = 0) -> int:
    try:
        return max(least, int(asked.get(name, default)))
    except (TypeError, ValueError):
        raise Refused(HTTPStatus.BAD_REQUEST, f"The value of {name} is not a number.") from None
