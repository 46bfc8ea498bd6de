"""Confluence as a source: ``content/<id>`` for pages, blog posts and attachments, ``space/<key>`` for who may read what is in a space.

A page is a container too: what it hands down (its own and its ancestors' restrictions, its space) is its ``access``, so that a move, a restriction or the trash at the top reaches everything
below. A comment is part of what it is on: its id gives no document, and below it is what it is on.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Final

from contracts.sources.rest import ConfluenceSource, RestSource
from rest_sources.api import Api
from rest_sources.confluence.accounts import Accounts
from rest_sources.confluence.cloud import Cloud
from rest_sources.confluence.content import READABLE, Comment, Content
from rest_sources.confluence.datacenter import DataCenter
from rest_sources.confluence.edition import Edition
from rest_sources.confluence.listing import Listing
from rest_sources.confluence.permissions import Permissions, Readers
from rest_sources.confluence.records import attachment_record, page_record, people_in
from rest_sources.confluence.site import Site
from rest_sources.confluence.stamps import access, stamp
from rest_sources.source import GONE, Account, Fetched, Files, ListedPage, Reader, Record, RemoteFile, UnreadableFileError

_CONTENT: Final = re.compile(r"(?:att)?[0-9]{1,20}")
_SPACE: Final = re.compile(r"~?[A-Za-z0-9._:-]{1,255}")


class ConfluenceReader(Reader):
    def __init__(self, source: RestSource, api: Api, files: Files) -> None:
        assert isinstance(source, ConfluenceSource)  # noqa: S101  # the catalog pairs types
        site = Site(source, api)
        self._source: Final = source
        self._edition: Final[Edition] = Cloud(site) if site.cloud else DataCenter(site)
        self._files: Final = files
        self._listing: Final = Listing(source, self._edition)

    async def fetch(self, native: str) -> Fetched:
        kind, identifier = _parts(native)
        if not identifier:
            return GONE
        if kind == "space":
            return await self._space(identifier)
        content = await self._edition.content(identifier)
        if content is None or content.status not in READABLE:
            return GONE
        match content.kind:
            case "comment":
                return Fetched(access=f"{content.container}@{content.version}") if content.container else GONE
            case "attachment":
                return await self._attachment(native, content)
            case _:
                return await self._page(native, content)

    async def below(self, native: str) -> AsyncIterator[str]:
        kind, identifier = _parts(native)
        if not identifier:
            return
        if kind == "space":
            async for number in self._content_of_space(identifier):
                yield f"content/{number}"
            return
        content = await self._edition.content(identifier, whole=False)
        if content is None:
            return
        if content.kind == "comment" and content.container:
            yield f"content/{content.container}"
        elif content.kind in {"page", "blogpost"}:
            async for number in self._below_page(content):
                yield f"content/{number}"

    async def containers(self) -> AsyncIterator[str]:
        async for key in self._edition.spaces():
            if self._wanted(key):
                yield f"space/{key}"

    def changed_since(self, cursor: str) -> AsyncIterator[ListedPage]:
        return self._listing.changed(cursor)

    def listing(self, cursor: str) -> AsyncIterator[ListedPage]:
        return self._listing.everything(cursor)

    def accounts(self) -> AsyncIterator[Account]:
        return Accounts(self._source.name, self._edition, self._listing).every()

    async def _space(self, key: str) -> Fetched:
        readers = await Permissions(self._edition).of_space(key) if self._wanted(key) else None
        return GONE if readers is None else Fetched(access=access(key, readers))

    async def _page(self, native: str, content: Content) -> Fetched:
        if not self._wanted(content.space):
            return GONE
        comments, readers = await asyncio.gather(self._edition.comments(content), Permissions(self._edition).of(content))
        if comments is None:
            return GONE  # deleted since the page was asked for
        names = await self._edition.names(people_in(content, comments, cloud=self._edition.site.cloud))
        record = page_record(content, comments, readers, names, self._link(content))
        return self._fetched(content, comments, readers, {native: record})

    async def _attachment(self, native: str, content: Content) -> Fetched:
        on = await self._edition.content(content.container, whole=False) if content.container and self._source.attachments.read else None
        if on is None or on.status not in READABLE or not self._wanted(on.space):
            return GONE
        content = replace(content, space=on.space)
        permissions = Permissions(self._edition)
        permissions.learn([on])
        comments, readers = await asyncio.gather(self._edition.comments(content), permissions.of(content))
        if comments is None:
            return GONE
        try:
            text = await self._files.read(self._file(content))
        except UnreadableFileError as error:
            return replace(self._fetched(content, comments, readers, {}), refused={native: error.reason})
        if text is None:
            return GONE
        names = await self._edition.names(people_in(content, comments, cloud=self._edition.site.cloud))
        record = attachment_record(content, comments, readers, names, self._link(content), text)
        return self._fetched(content, comments, readers, {native: record})

    def _fetched(self, content: Content, comments: tuple[Comment, ...], readers: Readers, records: dict[str, Record]) -> Fetched:
        handed_down = access(content.space, readers) if content.kind != "attachment" else ""
        shown = stamp(content, [(comment.id, comment.version) for comment in comments], readers)
        return Fetched(records, shown, handed_down, changed_us=int(content.changed.timestamp() * 1_000_000))

    async def _content_of_space(self, key: str) -> AsyncIterator[str]:
        if self._wanted(key):
            async for number in self._edition.content_of_space(key):
                yield number
            async for number in self._listing.attachments_of_space(key):
                yield number

    async def _below_page(self, content: Content) -> AsyncIterator[str]:
        """Of a page in the trash: its attachments, and the children of the page that it was under, since its own are among them now. One without a restriction of its own has restricted none
        of them, so only attachments are asked for: a space whose pages all stand at the top is not fetched anew with each delete.
        """
        async for number in self._attachments_of(content):
            yield number
        if content.kind != "page" or (content.status not in READABLE and content.own is not None and not content.own):
            return
        if content.status not in READABLE:
            async for number in self._edition.children(content.above[-1]) if content.above else self._edition.top_pages(content.space):
                yield number
            return
        async for page in self._edition.pages_under(content.id):
            yield page
            async for number in self._attachments_of(replace(content, id=page)):
                yield number

    async def _attachments_of(self, content: Content) -> AsyncIterator[str]:
        if self._source.attachments.read:
            async for number in self._edition.attachments(content):
                yield number

    def _file(self, content: Content) -> RemoteFile:
        site = self._edition.site
        return RemoteFile(
            url=site.url(site.within(content.download)),
            key=f"{self._source.name}/{content.id}/{content.version}",
            name=content.title,
            media_type=content.media_type,
            size_bytes=content.size_bytes,
        )

    def _link(self, content: Content) -> str:
        site = self._edition.site
        return site.url(site.within(content.link))

    def _wanted(self, space: str) -> bool:
        return not self._source.spaces or space in self._source.spaces


def _parts(native: str) -> tuple[str, str]:
    """Kind and id; an id that cannot be one is empty. Raises KeyError."""
    kind, _, identifier = native.partition("/")
    if kind not in {"content", "space"}:
        raise KeyError(native)
    return kind, identifier if (_CONTENT if kind == "content" else _SPACE).fullmatch(identifier) else ""
