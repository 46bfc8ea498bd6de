"""Records beside articles, or in them: ``?include=translations`` and ``?include=sections``.

https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/#sideloads names users, sections, categories and translations; the last are put into each article as
``translations``, sections into a list of their own (so clients that are out there read them). Users and categories are passed over. Not verified: that the incremental export has them too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from aiohttp import web

from examples.vendors.zendesk import guide_shapes, permissions
from examples.vendors.zendesk.paths import base
from examples.vendors.zendesk.permissions import Viewer
from examples.vendors.zendesk.state import Desk

Json = dict[str, Any]


def with_guide_sideloads(request: web.Request, desk: Desk, who: Viewer, body: Json, articles: Iterable[Json]) -> Json:
    """The answer with what was asked for; ``articles`` are those in it. Translations that the asker may not see are left out."""
    shown, start = list(articles), base(request)
    wanted = request.query.get("include", "").split(",")
    if "translations" in wanted:
        for each in shown:
            article = desk.guide.articles[each["id"]]
            seen = [locale for locale in sorted(article.translations) if permissions.sees_article(desk, who, article, locale)]
            each["translations"] = [guide_shapes.translation(article, locale, start) for locale in seen]
    if "sections" in wanted:
        named = {each["section_id"] for each in shown}
        body["sections"] = [guide_shapes.section(section, start, desk.locale) for number, section in sorted(desk.guide.sections.items()) if number in named]
    return body
