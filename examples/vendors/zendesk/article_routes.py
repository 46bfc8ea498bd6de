"""Articles and their translations. https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/ and …/translations/

Each path exists with and without a locale; with one, only articles that have a translation in it are there. Lists hold 30 by default, 100 at most. An update changes the
article's metadata; title, body and draft are changed through its translations. Deleting archives: through the API the article is gone. Guide admins write, here that is
admins. ``include=translations`` puts an article's translations into it, ``include=sections`` the sections beside (``guide_sideloads``).
"""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from examples.vendors.zendesk import bodies, events, guide_shapes, pages, permissions
from examples.vendors.zendesk.entrance import Entrance
from examples.vendors.zendesk.errors import refusal
from examples.vendors.zendesk.guide_sideloads import with_guide_sideloads
from examples.vendors.zendesk.pages import Listing
from examples.vendors.zendesk.paths import Routes, base, number
from examples.vendors.zendesk.permissions import Viewer
from examples.vendors.zendesk.records import Article, Translation
from examples.vendors.zendesk.state import Desk
from examples.vendors.zendesk.ticket_routes import wanted_order
from examples.vendors.zendesk.webhooks import Webhooks

ARTICLES_PER_PAGE: Final = 30
LOCALE: Final = "{locale:[a-z]{2}(?:-[A-Za-z0-9]+)?}"
_ORDERS: Final = ("position", "title", "created_at", "updated_at", "edited_at")


class ArticleRoutes:
    def __init__(self, desk: Desk, webhooks: Webhooks) -> None:
        self._desk = desk
        self._guide = desk.guide
        self._webhooks = webhooks
        self._entrance = Entrance(desk)

    def routes(self) -> Routes:
        routes = Routes("/api/v2/help_center")
        for start in ("", "/" + LOCALE):
            routes.add("GET", start + "/articles", self._list)
            routes.add("GET", start + "/sections/{section_id:\\d+}/articles", self._list)
            routes.add("GET", start + "/categories/{category_id:\\d+}/articles", self._list)
            routes.add("POST", start + "/sections/{section_id:\\d+}/articles", self._create)
            routes.add("GET", start + "/articles/{id:\\d+}", self._show)
            routes.add("PUT", start + "/articles/{id:\\d+}", self._update)
            routes.add("DELETE", start + "/articles/{id:\\d+}", self._archive)
        routes.add("GET", "/articles/{id:\\d+}/translations", self._translations)
        routes.add("POST", "/articles/{id:\\d+}/translations", self._translate)
        routes.add("GET", "/articles/{id:\\d+}/translations/" + LOCALE, self._translation)
        routes.add("PUT", "/articles/{id:\\d+}/translations/" + LOCALE, self._edit)
        return routes

    async def _list(self, request: web.Request) -> web.Response:
        who = self._entrance.visitor(request)
        locale = request.match_info.get("locale")
        sections = self._sections(request)
        found = [article for article in self._guide.articles.values() if article.section_id in sections and self._shows(who, article, locale)]
        listing = Listing("articles", wanted_order(request, _ORDERS), ARTICLES_PER_PAGE, counts_pages=True)
        start = base(request)
        body = pages.answer(request, listing, found, _key(listing.sort.removeprefix("-"), locale), lambda it: guide_shapes.article(it, start, locale))
        return web.json_response(with_guide_sideloads(request, self._desk, who, body, body["articles"]))

    async def _show(self, request: web.Request) -> web.Response:
        who = self._entrance.visitor(request)
        shown = guide_shapes.article(self._wanted(request, who), base(request), request.match_info.get("locale"))
        return web.json_response(with_guide_sideloads(request, self._desk, who, {"article": shown}, [shown]))

    async def _create(self, request: web.Request) -> web.Response:
        """Published at once unless ``draft``."""
        author = self._entrance.admin(request).user
        sent = await bodies.read(request, "article", bodies.ArticleIn)
        if not sent.title:
            raise refusal(422, details={"title": [{"description": "Title: cannot be blank", "error": "BlankValue"}]})
        section_id = number(request, "section_id")
        if section_id not in self._guide.sections:
            raise refusal(404)
        locale = sent.locale or request.match_info.get("locale") or self._desk.locale
        blank = Article(0, section_id, author.id, locale, 0.0, 0.0, 0.0)
        article = self._guide.create_article(self._placed(sent.applied(blank)), sent.title, sent.body or "", draft=sent.draft)
        self._webhooks.announce(events.article_events(self._desk, None, article))
        return self._article(request, article, status=201)

    async def _update(self, request: web.Request) -> web.Response:
        before = self._wanted(request, self._entrance.admin(request).who)
        sent = await bodies.read(request, "article", bodies.ArticleIn)
        after = self._guide.save_article(self._placed(sent.applied(before)))
        self._webhooks.announce(events.article_events(self._desk, before, after))
        return self._article(request, after)

    async def _archive(self, request: web.Request) -> web.Response:
        before = self._wanted(request, self._entrance.admin(request).who)
        self._webhooks.announce(events.article_events(self._desk, before, self._guide.archive(before.id)))
        return web.Response(status=204)

    async def _translations(self, request: web.Request) -> web.Response:
        who = self._entrance.visitor(request)
        article = self._wanted(request, who)
        found = sorted(locale for locale in article.translations if self._shows(who, article, locale))
        shape = [guide_shapes.translation(article, locale, base(request)) for locale in found]
        return web.json_response({"translations": shape, "count": len(shape), "next_page": None, "previous_page": None})

    async def _translation(self, request: web.Request) -> web.Response:
        article = self._wanted(request, self._entrance.visitor(request))
        return self._shown_translation(request, article, request.match_info["locale"])

    async def _translate(self, request: web.Request) -> web.Response:
        before = self._wanted(request, self._entrance.admin(request).who)
        sent = await bodies.read(request, "translation", bodies.TranslationIn)
        locale = sent.locale or ""
        if not locale or locale in before.translations:
            raise refusal(400, description="The locale is missing or has a translation")
        return self._saved_translation(request, before, locale, sent, status=201)

    async def _edit(self, request: web.Request) -> web.Response:
        """Also how a draft is published, and a published article made a draft again."""
        before = self._wanted(request, self._entrance.admin(request).who)
        sent = await bodies.read(request, "translation", bodies.TranslationIn)
        return self._saved_translation(request, before, request.match_info["locale"], sent)

    def _saved_translation(self, request: web.Request, before: Article, locale: str, sent: bodies.TranslationIn, status: int = 200) -> web.Response:
        old = before.translations.get(locale, Translation("", "", 0.0, 0.0))
        after = self._guide.save_translation(before.id, locale, sent.applied(old))
        self._webhooks.announce(events.article_events(self._desk, before, after))
        return self._shown_translation(request, after, locale, status)

    def _sections(self, request: web.Request) -> set[int]:
        """Those that the path is about: one, a category's, or all."""
        section_id, category_id = (int(request.match_info.get(name, "0")) for name in ("section_id", "category_id"))
        if (section_id and section_id not in self._guide.sections) or (category_id and category_id not in self._guide.categories):
            raise refusal(404)
        return {each.id for each in self._guide.sections.values() if section_id in (0, each.id) and category_id in (0, each.category_id)}

    def _shows(self, who: Viewer, article: Article, locale: str | None) -> bool:
        """In the locale of the answer: without one in the path, the article's own."""
        return permissions.sees_article(self._desk, who, article, locale or article.source_locale)

    def _wanted(self, request: web.Request, who: Viewer) -> Article:
        article = self._guide.live(number(request))
        writes_translation = request.method != "GET"
        locale = None if writes_translation else request.match_info.get("locale")
        if article is None or not (permissions.sees_article(self._desk, who, article) if writes_translation else self._shows(who, article, locale)):
            raise refusal(404)
        return article

    def _placed(self, article: Article) -> Article:
        unknown = [each for each in article.user_segment_ids if each not in self._guide.segments]
        if unknown or article.section_id not in self._guide.sections:
            raise refusal(422, details={"base": [{"description": "Section and user segments must exist"}]})
        return article

    def _article(self, request: web.Request, article: Article, status: int = 200) -> web.Response:
        locale = request.match_info.get("locale")
        shown = locale if locale in article.translations else None
        return web.json_response({"article": guide_shapes.article(article, base(request), shown)}, status=status)

    def _shown_translation(self, request: web.Request, article: Article, locale: str, status: int = 200) -> web.Response:
        if locale not in article.translations:
            raise refusal(404)
        return web.json_response({"translation": guide_shapes.translation(article, locale, base(request))}, status=status)


def _key(field: str, locale: str | None) -> Any:
    if field == "title":
        return lambda it: (it.translations[locale or it.source_locale].title, it.id)
    return lambda it: (getattr(it, field), it.id)
