"""A declared API behind the port: objects of one kind, each a document; nothing decides about another's readers.

A record holds the values that the document's paths find, and nothing else of the object. Its stamp is what ``changed`` finds, in a listing as in a fetch: what moves it not (permissions, often) is found where ``changed`` is not
declared, since then every look fetches everything. Who is in ``allowed`` follows from the object alone; an object whose paths find nobody is readable by nobody, and that is told.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, ValidationError

from contracts.sources.custom import CURSOR, ID, ChangedSince, CustomSource, parse_value
from contracts.sources.rest import RestSource
from contracts.sources.template import parse_template
from rest_sources.api import Api, UnexpectedAnswerError
from rest_sources.custom.paging import Pages
from rest_sources.custom.paths import find, first, identifier, identifier_of, native_of, principals, shown
from rest_sources.delivery import is_native_id
from rest_sources.source import GONE, LISTED, Account, Fetched, Files, Listed, ListedPage, MalformedRecordError, Reader
from rest_sources.times import parse_time, written_time

FIRST_LOOK_SECONDS: Final = 24 * 3600
_MOST_STAMP_CHARS: Final = 64
_MICROSECONDS: Final = 1_000_000
_CHECK: Final = "Compare the source's declaration in sources.yaml with what the API answers."


class Changes(BaseModel):
    """Where a look at changes goes on: ``since_us`` bounds its query, ``seen_us`` is the newest change so far, ``place`` a page's."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    since_us: int
    seen_us: int
    place: str = ""

    @classmethod
    def read(cls, cursor: str, now_us: int) -> Changes:
        """The first look goes back a day; so does one after sources.yaml has been given ``changed_since``."""
        try:
            return cls.model_validate_json(cursor)
        except ValidationError:
            ago = now_us - FIRST_LOOK_SECONDS * _MICROSECONDS
            return cls(since_us=ago, seen_us=ago)


class CustomReader(Reader):
    def __init__(self, source: RestSource, api: Api, _files: Files) -> None:
        assert isinstance(source, CustomSource)  # noqa: S101  # the catalog pairs types
        self._source: Final = source
        self._api: Final = api

    async def fetch(self, native: str) -> Fetched:
        kind, _, rest = native.partition("/")
        if kind != self._source.kind or not rest or "/" in rest:
            raise KeyError(native)
        declared, wanted = self._source.fetch, identifier_of(native)
        if not identifier(wanted):
            return GONE
        url = parse_template(declared.url).render(lambda _: quote(wanted, safe=""))
        answer = await self._api.get(self._source.url + url)
        if answer is None:
            return GONE
        objects = find(declared.object, dict(answer.body))
        if len(objects) != 1 or not isinstance(objects[0], dict):
            raise UnexpectedAnswerError(f"fetch: {declared.object} finds no object in the answer.", _CHECK)
        return self._fetched(native, objects[0])

    def _fetched(self, native: str, shown_object: object) -> Fetched:
        document = self._source.document
        if not all(_has(shown_object, path, values) for path, values in document.where.items()):
            return GONE
        found = {path: find(path, shown_object) for path in document.paths}
        changed = first(self._source.fetch.changed or self._source.list.changed, shown_object)
        time = parse_time(changed)
        return Fetched(
            records={native: {"found": found}},
            stamp=_stamp(changed),
            refused={native: reason} if (reason := self._hidden(found, native)) else {},
            changed_us=max(0, int(time.timestamp() * _MICROSECONDS)) if time else 0,
        )

    def _hidden(self, found: dict[str, list[object]], native: str) -> str:
        """Why nobody may read it, where the object does not say so itself by an empty list."""
        paths = [path for template in self._source.document.allowed for path in parse_value(template).columns if path != ID]
        try:
            if principals(self._source.document.allowed, found, native) or any([] in found[path] for path in paths):
                return ""
        except MalformedRecordError:
            return ""  # the normaliser says so, with the record
        return f"nobody may read it: document.allowed finds nothing ({', '.join(paths)})"

    async def listing(self, cursor: str) -> AsyncIterator[ListedPage]:
        """Without what an item itself says to be no document: it would be fetched by every sweep, for nothing."""
        declared, where = self._source.list, self._source.document.where
        async for page in self._whole_list().walk(cursor):
            items = [item for item in page.items if all(_has(item, path, values) for path, values in where.items() if find(path, item))]
            yield ListedPage(tuple(self._listed(item, declared.id, declared.changed) for item in items), page.following)

    def _whole_list(self) -> Pages:
        declared = self._source.list
        return Pages(self._api, self._source.url, "list", declared.url, declared.items, declared.next, declared.first_page)

    async def changed_since(self, cursor: str) -> AsyncIterator[ListedPage]:
        declared = self._source.changed_since
        if declared is None:
            async for whole in self._whole_list().walk():  # what is no document any more is among them
                yield ListedPage(tuple(self._listed(item, self._source.list.id, self._source.list.changed) for item in whole.items), LISTED)
            return
        now_us = int(time.time() * _MICROSECONDS)
        at = Changes.read(cursor, now_us)
        async for walked in self._changes(declared, at).walk(at.place):
            changed = [_microseconds(first(declared.changed or self._source.list.changed, item)) for item in walked.items]
            seen_us = min(max(at.seen_us, *changed), now_us) if changed else at.seen_us
            at = Changes(since_us=at.since_us if walked.following else seen_us, seen_us=seen_us, place=walked.following)
            listed = (self._listed(item, declared.id or self._source.list.id, declared.changed or self._source.list.changed) for item in walked.items)
            yield ListedPage(tuple(listed), at.model_dump_json())

    def _changes(self, declared: ChangedSince, at: Changes) -> Pages:
        since = written_time(at.since_us / _MICROSECONDS - declared.overlap_seconds, declared.time)
        items = declared.items or self._source.list.items
        return Pages(
            self._api, self._source.url, "changed_since", declared.url, items, declared.next or self._source.list.next, declared.first_page, {CURSOR: since}
        )

    async def accounts(self) -> AsyncIterator[Account]:
        declared = self._source.accounts
        if declared is None:
            return
        pages = Pages(self._api, self._source.url, "accounts", declared.url, declared.items, declared.next, declared.first_page)
        async for page in pages.walk():
            for item in page.items:
                number, mail = _identified(item, declared.id, "accounts"), first(declared.mail, item)
                found = {path: find(path, item) for template in declared.principals for path in parse_value(template).columns if path != ID}
                held = principals(declared.principals, found, native_of("account", number))
                yield Account(number, mail if isinstance(mail, str) else "", frozenset(held))

    def _listed(self, item: object, path: str, changed: str | None) -> Listed:
        return Listed(native_of(self._source.kind, _identified(item, path, "list")), _stamp(first(changed, item)))


def _identified(item: object, path: str, name: str) -> str:
    found = identifier(first(path, item))
    if not is_native_id(found):
        raise UnexpectedAnswerError(f"{name}: {path} finds no id in an item, or one that is not printable or too long.", _CHECK)
    return found


def _microseconds(value: object) -> int:
    found = parse_time(value)
    if found is None:
        raise UnexpectedAnswerError("changed_since: an item's time of change is neither ISO 8601 nor seconds or milliseconds since 1970.", _CHECK)
    return int(found.timestamp() * _MICROSECONDS)


def _stamp(changed: object) -> str:
    if changed is None or changed == "":
        return ""
    text = shown(changed)
    return text if len(text) <= _MOST_STAMP_CHARS else hashlib.sha256(text.encode()).hexdigest()


def _has(value: object, path: str, wanted: tuple[object, ...]) -> bool:
    return any(one in wanted and type(one) in {type(want) for want in wanted if want == one} for one in find(path, value) or [None])
