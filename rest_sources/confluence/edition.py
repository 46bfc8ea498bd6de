"""What this source asks of either edition, and what both answer alike: restrictions, search, groups."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from rest_sources.api import ForbiddenError, UnexpectedAnswerError
from rest_sources.confluence.audience import Audience, Clause
from rest_sources.confluence.content import EXPANSIONS, Comment, Content, clause_of, is_cut
from rest_sources.confluence.mentions import Mention
from rest_sources.confluence.site import Parameters, ResultPage, Site

SEARCH_LIMIT: Final = 200
RESTRICTION_LIMIT: Final = 100
ALSO_ARCHIVED: Final = '{"contentStatuses":["current","archived"]}'
"""Search finds what is current unless ``cqlcontext`` says more: https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-content/#api-wiki-rest-api-content-search-get."""


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    mail: str


class Edition(Protocol):
    """None is for what is gone, or what our account may not know of."""

    @property
    def site(self) -> Site: ...

    async def content(self, number: str, *, whole: bool = True) -> Content | None:
        """In any status that our account sees. ``whole`` is with its body."""
        ...

    async def comments(self, content: Content) -> tuple[Comment, ...] | None:
        """All, replies among them, in the order of their ids."""
        ...

    async def space_readers(self, key: str) -> Audience | None:
        """By the space's permissions. Raises ForbiddenError where our account may not see them."""
        ...

    async def names(self, people: Collection[Mention]) -> Mapping[str, str]:
        """By what names them; those who are gone are missing."""
        ...

    def spaces(self) -> AsyncIterator[str]:
        """Keys."""
        ...

    def content_of_space(self, key: str) -> AsyncIterator[str]:
        """Ids of pages and blog posts."""
        ...

    def top_pages(self, key: str) -> AsyncIterator[str]:
        """Ids of a space's pages that are below none."""
        ...

    def pages_under(self, page: str) -> AsyncIterator[str]:
        """Ids of all pages below a page."""
        ...

    def children(self, page: str) -> AsyncIterator[str]:
        """Ids of the pages directly below a page."""
        ...

    def attachments(self, content: Content) -> AsyncIterator[str]:
        """Ids."""
        ...

    def groups(self) -> AsyncIterator[tuple[str, str]]:
        """Each group's id, and the path of its members."""
        ...

    def people(self) -> AsyncIterator[Person]:
        """Who can log in."""
        ...


async def restriction(site: Site, number: str) -> Clause | None:
    """The view restriction of this content alone: empty for none. None where our account may not see it.

    https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-content-restrictions/, https://developer.atlassian.com/server/confluence/rest/v1000/api-group-content-restrictions
    """
    named: Clause = frozenset()
    start = 0
    while True:
        parameters: Parameters = {"expand": "restrictions.user,restrictions.group", "start": start, "limit": RESTRICTION_LIMIT}
        try:
            found = await site.get(site.v1(f"content/{number}/restriction/byOperation/read"), parameters)
        except ForbiddenError:
            return None
        if found is None:
            return None
        restrictions = found.inside("restrictions")
        further = clause_of(restrictions)
        if not is_cut(restrictions):
            return named | further
        if further <= named:
            raise UnexpectedAnswerError(
                "Confluence's list of a page's view restriction has more, and its start does not lead there.", "It is tried again later."
            )
        named |= further
        start += min(restrictions.inside(kind).number("limit") for kind in ("user", "group"))


def search_parameters(cql: str) -> Parameters:
    """Of ``content/search``, archived pages among what is found."""
    return {"cql": cql, "cqlcontext": ALSO_ARCHIVED, "expand": EXPANSIONS, "limit": SEARCH_LIMIT}


async def search(site: Site, cql: str) -> AsyncIterator[ResultPage]:
    """Content that our account sees. A page that is not there is no last one: what was on it would be taken for deleted, or for unchanged."""
    page = searched(await site.page(site.v1("content/search"), search_parameters(cql)))
    while True:
        yield page
        if not page.following:
            return
        page = searched(await site.page(page.following))


def searched(page: ResultPage | None) -> ResultPage:
    """Raises UnexpectedAnswerError."""
    if page is None:
        raise UnexpectedAnswerError("Confluence knows no search, or no longer its next page (404).", "Check the source's url and edition in sources.yaml.")
    return page


def quoted(words: Collection[str]) -> str:
    """A list of CQL: https://developer.atlassian.com/cloud/confluence/advanced-searching-using-cql/."""
    return "(" + ", ".join('"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in words) + ")"
