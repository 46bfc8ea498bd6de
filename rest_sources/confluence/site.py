"""Where a site's API is, and how its lists are read to the end.

A site has a context that all paths begin with: ``/wiki`` on Cloud, none or one of its own on Data Center. Next pages are named in ``_links.next``: by REST v2 from the host's root
(https://developer.atlassian.com/cloud/confluence/rest/v2/intro/#pagination), by REST v1 and Data Center from the context
(https://developer.atlassian.com/server/confluence/pagination-in-the-rest-api/).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit

from contracts.sources.rest import ConfluenceSource
from rest_sources.api import Api, UnexpectedAnswerError
from rest_sources.confluence.shape import Shape

Parameters = Mapping[str, str | int]
_NONE: Final[Parameters] = {}


@dataclass(frozen=True, slots=True)
class ResultPage:
    """``following`` is the next page's path, empty for the last."""

    results: tuple[Shape, ...]
    following: str


class Site:
    def __init__(self, source: ConfluenceSource, api: Api) -> None:
        address = urlsplit(source.url)
        self.api: Final = api
        self.cloud: Final = source.edition == "cloud"
        self._host = f"{address.scheme}://{address.netloc}"
        self.context: Final = address.path.rstrip("/") or ("/wiki" if self.cloud else "")

    def v1(self, path: str) -> str:
        """Data Center's API, and what Cloud's v2 has no route for."""
        return f"{self.context}/rest/api/{path}"

    def v2(self, path: str) -> str:
        return f"{self.context}/api/v2/{path}"

    def content_id(self, number: str) -> str:
        """Data Center writes an attachment's id with ``att`` in front or without, and takes both (not verified); here it is a number, as in its webhooks."""
        return number if self.cloud else number.removeprefix("att")

    def within(self, link: str) -> str:
        """The path of a link of an answer, which may begin with the context or not."""
        if not link or link.startswith(("https://", "http://")) or (self.context and link.startswith(self.context + "/")):
            return link
        return self.context + link

    def url(self, path: str) -> str:
        """For people, and for files."""
        return path if path.startswith(("https://", "http://")) else self._host + path

    async def get(self, path: str, parameters: Parameters = _NONE) -> Shape | None:
        """The object; None where there is none that we may know of."""
        answer = await self.api.get(_asked(path, parameters))
        return None if answer is None else Shape(answer.body, _place(path))

    async def page(self, path: str, parameters: Parameters = _NONE) -> ResultPage | None:
        asked = _asked(path, parameters)
        found = await self.get(asked)
        if found is None:
            return None
        links = found.maybe("_links")
        following = self.within(links.text("next", "")) if links else ""
        if following == asked:
            raise UnexpectedAnswerError(f"Confluence's list {_place(path)} leads to the same page again.", "It is tried again with the next look.")
        return ResultPage(found.each("results"), following)

    async def pages(self, path: str, parameters: Parameters = _NONE) -> AsyncIterator[ResultPage]:
        """To the last; none where the list's owner is gone."""
        found = await self.page(path, parameters)
        while found is not None:
            yield found
            found = await self.page(found.following) if found.following else None

    async def every(self, path: str, parameters: Parameters = _NONE) -> AsyncIterator[Shape]:
        async for page in self.pages(path, parameters):
            for result in page.results:
                yield result


def _asked(path: str, parameters: Parameters) -> str:
    return f"{path}?{urlencode(parameters)}" if parameters else path


def _place(path: str) -> str:
    """What was asked, without the ids and words that were asked for."""
    steps = path.partition("?")[0].split("/")
    return "/".join(step for step in steps[-3:] if step.isascii() and step.replace("-", "").isalpha()) or "answer"
