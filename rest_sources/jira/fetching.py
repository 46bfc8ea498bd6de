"""One issue, whole: the issue, further pages of its comments, names of people that its texts mention, its attachments' texts; and its parts, each with its own readers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from contracts.sources.rest import JiraSource
from rest_sources.api import ApiError, ApiRefusedError, ApiUnavailableError
from rest_sources.jira.edition import Edition
from rest_sources.jira.issue import FIELDS, Comment, File, Issue, Visibility, mentioned
from rest_sources.jira.readers import IssueReaders, Readers
from rest_sources.jira.rules import Rules
from rest_sources.jira.search import stamp
from rest_sources.source import GONE, Fetched, Files, Record, RemoteFile, UnreadableFileError

_MOST_COMMENTS: Final = 100


class Issues:
    def __init__(self, source: JiraSource, rules: Rules, edition: Edition, files: Files) -> None:
        self._source = source
        self._rules = rules
        self._edition = edition
        self._files = files
        self._readers = IssueReaders(rules, edition)

    async def fetch(self, native: str, number: str) -> Fetched:
        """GONE for an issue that is not there, that our account may not see, or of a project that is not asked for."""
        answer = await self._rules.get(f"issue/{number}", {"fields": FIELDS})
        issue = None if answer is None else Issue(self._edition, answer)
        if issue is None or issue.id != number or (self._source.projects and issue.project_key not in self._source.projects):
            return GONE
        comments, readers = await asyncio.gather(self._comments(issue), self._readers.of(issue))
        if comments is None or readers is None:
            return GONE
        (restricted, open_to_readers), (files, refused) = await asyncio.gather(self._parted(issue, comments), self._attachments(native, issue, readers))
        body = issue.body()
        records: dict[str, Record] = {native: {**issue.heading(), **body, **await self._said(issue, body, open_to_readers), **readers.record()}}
        for (part, audience_name, who), listed in restricted:
            named = {"restricted_to": audience_name, **await self._said(issue, {}, listed)}
            records[f"{native}/restricted/{part}"] = {**issue.heading(), **named, **readers.and_also(who).record()}
        return Fetched(records | files, stamp=stamp(issue.fields), refused=refused, changed_us=issue.changed_us())

    async def _comments(self, issue: Issue) -> tuple[Comment, ...] | None:
        """All of them, oldest first. Cloud's field holds so many, so further ones are asked for in pages; None where the issue is gone meanwhile."""
        found, whole = issue.comments()
        if not whole:
            listed = [issue.comment(shown) async for shown in self._rules.pages(f"issue/{issue.id}/comment", {"orderBy": "created"}, "comments")]
            if not listed and await self._rules.get(f"issue/{issue.id}", {"fields": "updated"}) is None:
                return None
            found = tuple(listed)
        return tuple(sorted(found, key=lambda comment: (str(comment.record["created"]), int(comment.id))))

    async def _parted(self, issue: Issue, comments: Iterable[Comment]) -> tuple[list[tuple[tuple[str, str, Readers], list[Comment]]], list[Comment]]:
        """The comments of each role and group, and those for whoever reads the issue."""
        by_visibility: dict[Visibility | None, list[Comment]] = {}
        for comment in comments:
            by_visibility.setdefault(comment.visibility, []).append(comment)
        open_to_readers = by_visibility.pop(None, [])
        visible = sorted((told for told in by_visibility if told), key=lambda told: (told.kind, told.name, told.id))
        seen = await asyncio.gather(*(self._readers.seeing(issue, told) for told in visible))
        return [(who, by_visibility[told]) for told, who in zip(visible, seen, strict=True)], open_to_readers

    async def _said(self, issue: Issue, body: dict[str, object], comments: list[Comment]) -> dict[str, object]:
        """The comments, and the names of those whom they or the description mention."""
        names = mentioned([body.get("description"), *(comment.record["body"] for comment in comments)])
        known = issue.people()
        found = await asyncio.gather(*(self._name(name) for name in names if name not in known))
        known |= {name: shown for name, shown in found if shown}
        return {"comments": [{"id": comment.id, **comment.record} for comment in comments], "people": {name: known[name] for name in names if name in known}}

    async def _name(self, name: str) -> tuple[str, str]:
        shown = await self._rules.get("user", {"accountId" if self._edition.cloud else "username": name})
        return name, shown.text("displayName", "") if shown else ""

    async def _attachments(self, native: str, issue: Issue, readers: Readers) -> tuple[dict[str, Record], dict[str, str]]:
        """Records and refusals by part. What the vendor cannot be asked for now ends the fetch: another try may fare better."""
        files = issue.files() if self._source.attachments.read else ()
        outcomes = await asyncio.gather(*(self._read(file) for file in files))
        records: dict[str, Record] = {}
        refused: dict[str, str] = {}
        for file, outcome in zip(files, outcomes, strict=True):
            part = f"{native}/attachment/{file.id}"
            if isinstance(outcome, str):
                refused[part] = outcome
            elif outcome is not None:
                named = {"id": file.id, "name": file.name, "media_type": file.media_type}
                records[part] = {**issue.heading(), "file": named, "text": outcome, **readers.record()}
        return records, refused

    async def _read(self, file: File) -> Record | str | None:
        """The text, or why there is none; None for a file that is gone. An attachment never changes: another upload has another id."""
        url = self._edition.content(file.id, file.name)
        try:
            return await self._files.read(RemoteFile(url, f"jira/{self._source.name}/{file.id}/{file.size_bytes}", file.name, file.media_type, file.size_bytes))
        except UnreadableFileError as error:
            return error.reason
        except (ApiUnavailableError, ApiRefusedError):
            raise
        except ApiError as error:
            return str(error)
