"""Search by CQL, in both editions: ``content/search`` gives content, ``search`` gives results that hold content.

Cloud pages by cursor, in ``_links.next`` relative to the context; https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-search (its example) and
…/api-group-content. Data Center pages by start and limit: https://developer.atlassian.com/server/confluence/rest/v1000/ (content/search). Current
content that the caller sees is found, and of other statuses that ``cqlcontext`` names; never drafts. Confluence's search index lags behind; this one does not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from examples.vendors.confluence import content_shapes as shapes
from examples.vendors.confluence import cql
from examples.vendors.confluence.access import caller_of
from examples.vendors.confluence.cloud_shapes import stamp, web_link
from examples.vendors.confluence.paging import START_LIMIT, cut, number, start_page
from examples.vendors.confluence.refusals import InvalidError
from examples.vendors.confluence.state import Content, Site


class _Context(BaseModel):
    """``cqlcontext``: https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-content/#api-wiki-rest-api-content-search-get."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    statuses: list[str] = Field(default=["current"], alias="contentStatuses")


class SearchRoutes:
    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[web.RouteDef]:
        root = f"{self._site.context}/rest/api"
        return [web.get(root + "/content/search", self._contents), web.get(root + "/search", self._results)]

    async def _contents(self, request: web.Request) -> web.Response:
        expand = request.query.get("expand", "")
        return self._found(request, lambda content: shapes.content(self._site, content, expand))

    async def _results(self, request: web.Request) -> web.Response:
        """A SearchResult: content, title, excerpt, url, entityType, lastModified; ``expand=content.version`` and so on reach into the content."""
        expand = ",".join(path.removeprefix("content.") for path in request.query.get("expand", "").split(",") if path.startswith("content."))

        def result(content: Content) -> dict[str, Any]:
            return {
                "content": shapes.content(self._site, content, expand), "title": content.title, "excerpt": "", "url": web_link(self._site, content),
                "entityType": "content", "lastModified": stamp(content.version.when),
            }  # fmt: skip

        return self._found(request, result)

    def _found(self, request: web.Request, shape: Callable[[Content], dict[str, Any]]) -> web.Response:
        caller = caller_of(self._site, request)
        text = request.query.get("cql")
        if text is None:
            raise InvalidError("cql is required")
        query = cql.parse(self._site, text)
        statuses = _Context.model_validate_json(request.query.get("cqlcontext") or "{}").statuses
        current = (content for content in self._site.contents.values() if content.status in statuses and query.matches(content))
        found = caller.seen(current)
        if self._site.edition == "datacenter":
            ranked = cut(request, found, query.order, len(found) + 1)[0]
            return web.json_response({**start_page(request, self._site, ranked, shape), "totalSize": len(found), "cqlQuery": text})
        limit = number(request, "limit", 25, START_LIMIT)
        results, cursor = cut(request, found, query.order, limit)
        base = f"{self._site.base_url}{self._site.context}"
        links = {"base": base, "context": self._site.context, "self": f"{self._site.base_url}{request.rel_url}"}
        if cursor is not None:
            links["next"] = str(request.rel_url.update_query({"cursor": cursor})).removeprefix(self._site.context)
        shown = [shape(content) for content in results]
        return web.json_response({"results": shown, "start": 0, "limit": limit, "size": len(shown), "totalSize": len(found), "cqlQuery": text, "_links": links})
