"""Categories, sections, user segments and article attachments.

https://developer.zendesk.com/api-reference/help_center/help-center-api/categories/, …/sections/, …/user_segments/, …/article_attachments/. Segments are for agents to read;
categories and sections are open to all (the vendor hides those without a visible article, here they all show). The content of an attachment is for those who see its
article.
"""

from __future__ import annotations

import secrets

from aiohttp import web

from examples.vendors.zendesk import bodies, guide_shapes, pages, permissions
from examples.vendors.zendesk.article_routes import ARTICLES_PER_PAGE, LOCALE
from examples.vendors.zendesk.entrance import Entrance
from examples.vendors.zendesk.errors import refusal
from examples.vendors.zendesk.pages import Listing
from examples.vendors.zendesk.paths import Routes, base, number
from examples.vendors.zendesk.permissions import Viewer
from examples.vendors.zendesk.records import Article, Attachment, UserSegment
from examples.vendors.zendesk.state import Desk


class GuideRoutes:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._guide = desk.guide
        self._entrance = Entrance(desk)

    def routes(self) -> Routes:
        routes = Routes("/api/v2/help_center")
        for start in ("", "/" + LOCALE):
            routes.add("GET", start + "/categories", self._list_categories)
            routes.add("POST", start + "/categories", self._create_category)
            routes.add("GET", start + "/categories/{id:\\d+}", self._show_category)
            routes.add("GET", start + "/sections", self._list_sections)
            routes.add("GET", start + "/categories/{category_id:\\d+}/sections", self._list_sections)
            routes.add("POST", start + "/categories/{category_id:\\d+}/sections", self._create_section)
            routes.add("GET", start + "/sections/{id:\\d+}", self._show_section)
            for which in ("", "/inline", "/block"):
                routes.add("GET", start + "/articles/{id:\\d+}/attachments" + which, self._list_attachments)
            routes.add("GET", start + "/articles/attachments/{id:\\d+}", self._show_attachment)
        routes.add("POST", "/articles/{id:\\d+}/attachments", self._attach)
        routes.add("DELETE", "/articles/attachments/{id:\\d+}", self._detach)
        routes.add("GET", "/user_segments", self._list_segments)
        routes.add("POST", "/user_segments", self._create_segment)
        routes.add("GET", "/user_segments/{id:\\d+}", self._show_segment)
        routes.add("PUT", "/user_segments/{id:\\d+}", self._update_segment)
        return routes

    async def content(self, request: web.Request) -> web.Response:
        """``/hc/article_attachments/ID``, also with the file's name after it."""
        attachment = self._attachment(request, self._entrance.visitor(request))
        return web.Response(body=attachment.content, headers={"Content-Type": attachment.content_type})

    async def _list_categories(self, request: web.Request) -> web.Response:
        listing = Listing("categories", per_page=ARTICLES_PER_PAGE, counts_pages=True)
        found = self._guide.categories.values()
        self._entrance.visitor(request)
        body = pages.answer(request, listing, found, lambda it: (it.id,), lambda it: guide_shapes.category(it, base(request), self._locale(request)))
        return web.json_response(body)

    async def _show_category(self, request: web.Request) -> web.Response:
        self._entrance.visitor(request)
        category = self._guide.categories.get(number(request))
        if category is None:
            raise refusal(404)
        return web.json_response({"category": guide_shapes.category(category, base(request), self._locale(request))})

    async def _create_category(self, request: web.Request) -> web.Response:
        self._entrance.admin(request)
        category = self._guide.create_category((await bodies.read(request, "category", bodies.Named)).name)
        return web.json_response({"category": guide_shapes.category(category, base(request), self._locale(request))}, status=201)

    async def _list_sections(self, request: web.Request) -> web.Response:
        self._entrance.visitor(request)
        category_id = int(request.match_info.get("category_id", "0"))
        found = [section for section in self._guide.sections.values() if category_id in (0, section.category_id)]
        listing = Listing("sections", per_page=ARTICLES_PER_PAGE, counts_pages=True)
        body = pages.answer(request, listing, found, lambda it: (it.id,), lambda it: guide_shapes.section(it, base(request), self._locale(request)))
        return web.json_response(body)

    async def _show_section(self, request: web.Request) -> web.Response:
        self._entrance.visitor(request)
        section = self._guide.sections.get(number(request))
        if section is None:
            raise refusal(404)
        return web.json_response({"section": guide_shapes.section(section, base(request), self._locale(request))})

    async def _create_section(self, request: web.Request) -> web.Response:
        self._entrance.admin(request)
        if number(request, "category_id") not in self._guide.categories:
            raise refusal(404)
        section = self._guide.create_section(number(request, "category_id"), (await bodies.read(request, "section", bodies.Named)).name)
        return web.json_response({"section": guide_shapes.section(section, base(request), self._locale(request))}, status=201)

    async def _list_segments(self, request: web.Request) -> web.Response:
        """``?built_in=true`` or ``false`` filters."""
        self._entrance.staff(request)
        wanted = {"true": (True,), "false": (False,)}.get(request.query.get("built_in", ""), (True, False))
        found = [segment for segment in self._guide.segments.values() if segment.built_in in wanted]
        listing = Listing("user_segments", per_page=ARTICLES_PER_PAGE, counts_pages=True)
        return web.json_response(pages.answer(request, listing, found, lambda it: (it.id,), guide_shapes.user_segment))

    async def _show_segment(self, request: web.Request) -> web.Response:
        self._entrance.staff(request)
        return web.json_response({"user_segment": guide_shapes.user_segment(self._segment(request))})

    async def _create_segment(self, request: web.Request) -> web.Response:
        self._entrance.admin(request)
        sent = await bodies.read(request, "user_segment", bodies.SegmentIn)
        segment = self._guide.create_segment(sent.applied(UserSegment(0, "", 0.0, 0.0)))
        return web.json_response({"user_segment": guide_shapes.user_segment(segment)}, status=201)

    async def _update_segment(self, request: web.Request) -> web.Response:
        """Who sees the articles of the segment changes, though no article does."""
        self._entrance.admin(request)
        segment = self._segment(request)
        if segment.built_in:
            raise refusal(403)
        saved = self._guide.save_segment((await bodies.read(request, "user_segment", bodies.SegmentIn)).applied(segment))
        return web.json_response({"user_segment": guide_shapes.user_segment(saved)})

    async def _list_attachments(self, request: web.Request) -> web.Response:
        article = self._article(request, self._entrance.visitor(request))
        end = request.path.removesuffix(".json").rpartition("/")[2]
        wanted = {"inline": (True,), "block": (False,)}.get(end, (True, False))
        found = [attachment for attachment in self._guide.attached(article.id) if attachment.inline in wanted]
        body = pages.answer(request, Listing("article_attachments"), found, lambda it: (it.id,), lambda it: guide_shapes.attachment(it, base(request)))
        return web.json_response(body)

    async def _show_attachment(self, request: web.Request) -> web.Response:
        attachment = self._attachment(request, self._entrance.visitor(request))
        return web.json_response({"article_attachment": guide_shapes.attachment(attachment, base(request))})

    async def _attach(self, request: web.Request) -> web.Response:
        """Multipart: ``file`` and, if it stands in the text, ``inline=true``. It counts as a change of the article (not verified)."""
        article = self._article(request, self._entrance.admin(request).who)
        form = await request.post()
        file = form.get("file")
        if not isinstance(file, web.FileField):
            raise refusal(400, description="file is required")
        made = Attachment(
            self._desk.ids.new(),
            file.filename,
            file.content_type,
            file.file.read(),
            secrets.token_urlsafe(16),
            self._desk.clock.tick(),
            form.get("inline") == "true",
            article.id,
        )
        self._guide.attach(made)
        self._guide.save_article(article)
        return web.json_response({"article_attachment": guide_shapes.attachment(made, base(request))}, status=201)

    async def _detach(self, request: web.Request) -> web.Response:
        attachment = self._attachment(request, self._entrance.admin(request).who)
        del self._guide.attachments[attachment.id]
        self._guide.save_article(self._guide.articles[attachment.article_id or 0])
        return web.Response(status=204)

    def _article(self, request: web.Request, who: Viewer) -> Article:
        article = self._guide.live(number(request))
        if article is None or not permissions.sees_article(self._desk, who, article):
            raise refusal(404)
        return article

    def _attachment(self, request: web.Request, who: Viewer) -> Attachment:
        attachment = self._guide.attachments.get(number(request))
        article = self._guide.live(attachment.article_id or 0) if attachment else None
        if attachment is None or article is None or not permissions.sees_article(self._desk, who, article):
            raise refusal(404)
        return attachment

    def _segment(self, request: web.Request) -> UserSegment:
        segment = self._guide.segments.get(number(request))
        if segment is None:
            raise refusal(404)
        return segment

    def _locale(self, request: web.Request) -> str:
        return request.match_info.get("locale") or self._desk.locale
