"""Zendesk behind the port: tickets and articles are documents, users and organizations are not, and nothing that a document says depends on them (``principals``)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from contracts.sources.rest import RestSource, ZendeskSource
from rest_sources.api import Api
from rest_sources.source import GONE, Account, Fetched, Files, ListedPage, Reader, read_number
from rest_sources.zendesk.accounts import read_accounts
from rest_sources.zendesk.articles import fetch_article
from rest_sources.zendesk.listings import Listings
from rest_sources.zendesk.tickets import fetch_ticket

_WITHOUT_DOCUMENT: Final = ("user", "organization")
_NO_DOCUMENT: Final = Fetched(access="accounts")
"""A container with nothing below, and never a document: so none is deleted for its sake."""


class ZendeskReader(Reader):
    def __init__(self, source: RestSource, api: Api, files: Files) -> None:
        assert isinstance(source, ZendeskSource)  # noqa: S101  # the catalog pairs types
        self._source = source
        self._api = api
        self._files = files if source.attachments.read else None
        self._listings = Listings(api, tickets=source.tickets, articles=source.articles)

    async def fetch(self, native: str) -> Fetched:
        """Users and organizations are known from webhooks, and have no document: who they are to a ticket is found with the accounts."""
        kind, number = read_number(native, "ticket", "article", *_WITHOUT_DOCUMENT)
        if kind == "ticket" and self._source.tickets:
            return await fetch_ticket(self._api, self._files, self._source.name, number)
        if kind == "article" and self._source.articles:
            return await fetch_article(self._api, self._files, self._source.name, number)
        return _NO_DOCUMENT if kind in _WITHOUT_DOCUMENT else GONE

    def changed_since(self, cursor: str) -> AsyncIterator[ListedPage]:
        return self._listings.changed_since(cursor)

    def listing(self, cursor: str) -> AsyncIterator[ListedPage]:
        return self._listings.listing(cursor)

    def accounts(self) -> AsyncIterator[Account]:
        return read_accounts(self._api, self._source.name, articles=self._source.articles)
