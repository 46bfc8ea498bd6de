"""An article in each language in which it is published: in its own as ``article/9``, in others as ``article/9/translation/de``, and its attachments.

Translations come with the article (``include=translations``, one request, one moment). Drafts are nobody's business, and archived articles are 404 through the API
(https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/#archive-article). The stamp is of all that is shown, so no change passes it by, of whichever second.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Final

import orjson

from rest_sources.api import Api
from rest_sources.source import GONE, Fetched, Files, Record
from rest_sources.zendesk.answers import Article, ArticleAttachment, Sections, Translation, UserSegment, each, parsed, under
from rest_sources.zendesk.attachments import Parts, Wanted, read_parts, remote
from rest_sources.zendesk.paging import cursor_pages
from rest_sources.zendesk.records import ArticleFileRecord, ArticleReaders, ArticleRecord, ReadFile

TRANSLATIONS: Final = "translations"
_GUIDE: Final = "/api/v2/help_center"
_UNKNOWN: Final = "Zendesk's answer has neither user_segment_id nor user_segment_ids, so who may read the article is not known."


def article_stamp(article: Article) -> str:
    shown = [
        article.updated_at,
        article.source_locale,
        article.section_id,
        sorted(article.label_names),
        article.segment_ids,
        [[each.locale, each.title, each.body, each.updated_at] for each in article.published],
    ]
    return hashlib.sha256(orjson.dumps(shown)).hexdigest()[:24]


async def fetch_article(api: Api, files: Files | None, source: str, number: str) -> Fetched:
    """``files`` is None where attachments are left out."""
    answer = await api.get(f"{_GUIDE}/articles/{number}", {"include": f"{TRANSLATIONS},sections"})
    if answer is None:
        return GONE
    article = under(answer.body, "article", Article)
    if not article.published:
        return GONE
    sections = parsed(Sections, dict(answer.body), "article's sideload").sections
    section = next((each.name for each in sections if each.id == article.section_id), "")
    readers = await _readers(api, article)
    parts = await _parts(api, files, source, article, readers) if files else Parts()
    records = {**dict(_documents(article, section, readers)), **parts.records}
    return Fetched(records, article_stamp(article), refused=parts.refused, changed_us=_microseconds(article.updated_at))


def _documents(article: Article, section: str, readers: ArticleReaders) -> Iterator[tuple[str, Record]]:
    for text in article.published:
        is_main = text.locale == article.source_locale
        record = ArticleRecord(
            kind="article",
            title=text.title,
            html=text.body or "",
            locale=text.locale,
            url=text.html_url or article.html_url,
            section=section,
            labels=sorted(article.label_names),
            updated_at=text.updated_at,
            readers=readers,
        )
        yield f"article/{article.id}" if is_main else f"article/{article.id}/translation/{text.locale}", record.as_record()


async def _readers(api: Api, article: Article) -> ArticleReaders:
    """The built-in segment of signed-in users is everyone with an account; who is in another is worked out with the accounts."""
    if article.segment_ids is None:
        return ArticleReaders(unknown=_UNKNOWN)
    segments = await asyncio.gather(*(_segment(api, number) for number in article.segment_ids))
    signed_in = [segment.id for segment in segments if segment and segment.built_in and segment.user_type == "signed_in_users"]
    return ArticleReaders(
        everyone=not article.segment_ids, signed_in=bool(signed_in), segment_ids=[number for number in article.segment_ids if number not in signed_in]
    )


async def _segment(api: Api, number: int) -> UserSegment | None:
    answer = await api.get(f"{_GUIDE}/user_segments/{number}")
    return under(answer.body, "user_segment", UserSegment) if answer else None


async def _parts(api: Api, files: Files, source: str, article: Article, readers: ArticleReaders) -> Parts:
    attached: list[ArticleAttachment] = []
    async for body in cursor_pages(api, f"{_GUIDE}/articles/{article.id}/attachments"):
        attached += each(body, "article_attachments", ArticleAttachment) if body is not None else []
    published = {text.locale: text for text in article.published}
    return await read_parts(files, (_wanted(source, article, it, published, readers) for it in attached if it.size and it.locale in (None, *published)))


def _wanted(source: str, article: Article, it: ArticleAttachment, published: dict[str, Translation], readers: ArticleReaders) -> Wanted:
    """Of a translation, or of them all; its address for people is the text's that it hangs on."""
    text = published.get(it.locale or article.source_locale) or next(iter(published.values()))

    def record(file: ReadFile) -> Record:
        url = text.html_url or article.html_url
        return ArticleFileRecord(
            kind="article-attachment", name=it.file_name, media_type=it.content_type or "", url=url, file=file, readers=readers
        ).as_record()

    return Wanted(f"article/{article.id}/attachment/{it.id}", remote(source, it), record)


def _microseconds(moment: str) -> int:
    try:
        return max(0, int(datetime.fromisoformat(moment).timestamp() * 1_000_000))
    except (ValueError, OverflowError):
        return 0  # a time is for measuring freshness
