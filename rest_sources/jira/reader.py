"""Jira behind the port: issues with their comments and attachments as parts, and projects as containers of them.

``issue/10002`` keeps its id wherever it is moved. Its parts are ``issue/10002/attachment/5`` and, for comments that not every reader of the issue may read,
``issue/10002/restricted/role-10100`` or ``…/restricted/group-7c2``. ``project/10000`` has no document; its ``access`` changes with what Jira sends no event for: grants, security levels and their members, roles and
their actors, the lead, an application's groups. Who is in a group is in no document, so a group's members change nothing but ``accounts``.

Our account has to administer Jira and be in every security level, role and group that something is restricted to: what it does not see is not there for us, and nobody finds it.

Not covered by an issue's stamp, nor by ``access``: new names of people, statuses, types and priorities. They are right after the issue's next change.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

import orjson

from contracts.sources.rest import JiraSource, RestSource
from rest_sources.api import Api, UnexpectedAnswerError
from rest_sources.jira import audience
from rest_sources.jira.directory import Directory, project_readers
from rest_sources.jira.edition import Edition
from rest_sources.jira.fetching import Issues
from rest_sources.jira.rules import Rules
from rest_sources.jira.search import FIRST_LOOK_MS, LAG_MS, Order, Place, Search, of_projects, stamp
from rest_sources.source import GONE, Account, Fetched, Files, Listed, ListedPage, Reader, read_number


class JiraReader(Reader):
    def __init__(self, source: RestSource, api: Api, files: Files) -> None:
        assert isinstance(source, JiraSource)  # noqa: S101  # the catalog pairs types
        self._source = source
        self._edition = Edition.of(source)
        self._rules = Rules(api, self._edition)
        self._issues = Issues(source, self._rules, self._edition, files)
        self._search = Search(self._rules, self._edition)

    async def fetch(self, native: str) -> Fetched:
        kind, number = read_number(native, "issue", "project")
        return await (self._issues.fetch(native, number) if kind == "issue" else self._project(number))

    async def _project(self, number: str) -> Fetched:
        """Its key and name are in its issues' titles and addresses, so they count as well."""
        about = await self._rules.about(number)
        if about is None or (self._source.projects and about.key not in self._source.projects):
            return GONE
        readers = await project_readers(self._rules, number)
        parts = [{name: audience.written(who) for name, who in sorted(group.items())} for group in ({"browse": readers.browse}, readers.levels, readers.roles)]
        whole = orjson.dumps([about.key, about.name, sorted((await self._rules.roles(number)).items()), *parts])
        return Fetched(access=hashlib.sha256(whole).hexdigest())

    async def below(self, native: str) -> AsyncIterator[str]:
        """A project's issues; an issue decides for nothing but its own parts, and a project that is gone has none: a listing finds what went with it."""
        kind, number = read_number(native, "issue", "project")
        if kind != "project" or await self._rules.about(number) is None:
            return
        async for page in self._search.pages(Place(within=of_projects([number])), "created"):
            for issue in page.issues:
                yield f"issue/{issue.identifier('id')}"

    async def containers(self) -> AsyncIterator[str]:
        async for project in self._projects():
            yield f"project/{project}"

    async def _projects(self) -> AsyncIterator[str]:
        """Ids. Data Center lists its projects in an answer that is no object; there the projects are those that issues are of, since no others matter."""
        if self._source.projects:
            for key in self._source.projects:
                if (about := await self._rules.about(key)) is not None:
                    yield about.id
        elif self._edition.cloud:
            async for project in self._rules.pages("project/search", {}):
                yield project.identifier("id")
        else:
            async for number in self._search.projects():
                yield number

    async def changed_since(self, cursor: str) -> AsyncIterator[ListedPage]:
        """From the beginning of the last sweep, and some minutes before: the index may have been behind then. The first sweep looks back a day."""
        now_ms, within, place = await self._search.now_ms(), await self._within(), Place.read(cursor)
        if not place.under_way:
            began_ms = place.began_ms or now_ms - FIRST_LOOK_MS
            place = Place(since_ms=max(0, began_ms - LAG_MS), within=within, began_ms=now_ms)
        async for page in self._listed(place.resumed(within, now_ms), "updated"):
            yield page if page.cursor else ListedPage(page.objects, Place(began_ms=place.began_ms).cursor())

    async def listing(self, cursor: str) -> AsyncIterator[ListedPage]:
        now_ms, within = await self._search.now_ms(), await self._within()
        async for page in self._listed(Place.read(cursor).resumed(within, now_ms), "created"):
            yield page

    async def _within(self) -> str:
        """The query's beginning where the source names projects. One that is gone, or was never there, has no issues."""
        if not self._source.projects:
            return ""
        found = [project async for project in self._projects()]
        if not found:
            raise UnexpectedAnswerError(
                "Jira has none of the source's projects, or our account may see none.", "Check projects and credentials in sources.yaml."
            )
        return of_projects(found)

    async def _listed(self, place: Place, order: Order) -> AsyncIterator[ListedPage]:
        async for page in self._search.pages(place, order):
            objects = tuple(Listed(f"issue/{issue.identifier('id')}", stamp(issue.inside("fields"))) for issue in page.issues)
            yield ListedPage(objects, page.next.cursor() if page.next else "")

    async def accounts(self) -> AsyncIterator[Account]:
        projects = [project async for project in self._projects()]
        async for account in Directory(self._rules, self._edition, self._source.name).accounts(projects):
            yield account
