"""The Help Center as JSON. Pages, under https://developer.zendesk.com/api-reference/help_center/help-center-api/

articles, translations, sections, categories, user_segments, article_attachments. An article shows one translation: that of the locale asked for, or of its source locale.
``outdated`` is deprecated and always false there.
"""

from __future__ import annotations

from typing import Any

from examples.vendors.zendesk.records import Article, Attachment, Category, Section, UserSegment
from examples.vendors.zendesk.stamps import moment

Json = dict[str, Any]


def article(it: Article, base: str, locale: str | None = None) -> Json:
    shown = locale or it.source_locale
    text = it.translations[shown]
    return {
        "id": it.id,
        "url": f"{base}/api/v2/help_center/{shown}/articles/{it.id}.json",
        "html_url": f"{base}/hc/{shown}/articles/{it.id}",
        "author_id": it.author_id,
        "comments_disabled": False,
        "draft": text.draft,
        "promoted": it.promoted,
        "position": it.position,
        "vote_sum": 0,
        "vote_count": 0,
        "section_id": it.section_id,
        "created_at": moment(it.created_at),
        "updated_at": moment(it.updated_at),
        "edited_at": moment(it.edited_at),
        "name": text.title,
        "title": text.title,
        "body": text.body,
        "source_locale": it.source_locale,
        "locale": shown,
        "outdated": False,
        "outdated_locales": [],
        "user_segment_id": it.user_segment_ids[0] if it.user_segment_ids else None,
        "user_segment_ids": list(it.user_segment_ids),
        "permission_group_id": it.permission_group_id,
        "content_tag_ids": [],
        "label_names": list(it.label_names),
    }


def translation(it: Article, locale: str, base: str) -> Json:
    """Its id is made of the article's (not verified how the vendor numbers them)."""
    text = it.translations[locale]
    return {
        "id": it.id * 10 + sorted(it.translations).index(locale),
        "url": f"{base}/api/v2/help_center/articles/{it.id}/translations/{locale}.json",
        "html_url": f"{base}/hc/{locale}/articles/{it.id}",
        "source_id": it.id,
        "source_type": "Article",
        "locale": locale,
        "title": text.title,
        "body": text.body,
        "outdated": False,
        "draft": text.draft,
        "hidden": False,
        "created_at": moment(text.created_at),
        "updated_at": moment(text.updated_at),
        "created_by_id": it.author_id,
        "updated_by_id": it.author_id,
    }


def attachment(it: Attachment, base: str) -> Json:
    return {
        "id": it.id,
        "url": f"{base}/api/v2/help_center/articles/attachments/{it.id}",
        "article_id": it.article_id,
        "file_name": it.file_name,
        "content_url": f"{base}/hc/article_attachments/{it.id}",
        "content_type": it.content_type,
        "size": len(it.content),
        "inline": it.inline,
        "locale": None,
        "created_at": moment(it.created_at),
        "updated_at": moment(it.created_at),
    }


def section(it: Section, base: str, locale: str) -> Json:
    return {
        **_shelf("sections", it.id, it.name, base, locale),
        **_times(it),
        "category_id": it.category_id,
        "parent_section_id": None,
        "theme_template": "section_page",
    }


def category(it: Category, base: str, locale: str) -> Json:
    return {**_shelf("categories", it.id, it.name, base, locale), **_times(it)}


def user_segment(it: UserSegment) -> Json:
    return {
        "id": it.id,
        "name": it.name,
        "user_type": it.user_type,
        "group_ids": list(it.group_ids),
        "organization_ids": list(it.organization_ids),
        "tags": list(it.tags),
        "or_tags": list(it.or_tags),
        "added_user_ids": list(it.added_user_ids),
        "built_in": it.built_in,
        **_times(it),
    }


def _shelf(kind: str, number: int, name: str, base: str, locale: str) -> Json:
    return {
        "id": number,
        "url": f"{base}/api/v2/help_center/{locale}/{kind}/{number}.json",
        "html_url": f"{base}/hc/{locale}/{kind}/{number}",
        "name": name,
        "description": "",
        "position": 0,
        "locale": locale,
        "source_locale": locale,
        "outdated": False,
    }


def _times(it: Section | Category | UserSegment) -> Json:
    return {"created_at": moment(it.created_at), "updated_at": moment(it.updated_at)}
