"""The Help Center: categories, sections, user segments, articles with their translations, and article attachments.

Any change of an article moves ``updated_at``; a change of a translation's title or body moves ``edited_at`` too
(https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/). A change of a user segment moves neither.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from examples.vendors.zendesk.records import Article, Attachment, Category, Section, Translation, UserSegment


class Guide:
    def __init__(self, tick: Callable[[], float], new_id: Callable[[], int]) -> None:
        self.categories: dict[int, Category] = {}
        self.sections: dict[int, Section] = {}
        self.segments: dict[int, UserSegment] = {}
        self.articles: dict[int, Article] = {}
        self.attachments: dict[int, Attachment] = {}
        self._tick = tick
        self._new_id = new_id

    def live(self, article_id: int) -> Article | None:
        """None too for an archived one: only the Help Center's own pages show those."""
        article = self.articles.get(article_id)
        return article if article and not article.archived else None

    def create_category(self, name: str) -> Category:
        now = self._tick()
        category = Category(self._new_id(), name, now, now)
        self.categories[category.id] = category
        return category

    def create_section(self, category_id: int, name: str) -> Section:
        now = self._tick()
        section = Section(self._new_id(), category_id, name, now, now)
        self.sections[section.id] = section
        return section

    def create_segment(self, segment: UserSegment) -> UserSegment:
        now = self._tick()
        return self._put_segment(replace(segment, id=self._new_id(), created_at=now, updated_at=now))

    def save_segment(self, segment: UserSegment) -> UserSegment:
        return self._put_segment(replace(segment, updated_at=self._tick()))

    def create_article(self, article: Article, title: str, body: str, *, draft: bool) -> Article:
        """Its first translation is in its source locale."""
        now = self._tick()
        translation = Translation(title, body, now, now, draft)
        made = replace(
            article, id=self._new_id(), created_at=now, updated_at=now, edited_at=now, translations={article.source_locale: translation}, archived=False
        )
        self.articles[made.id] = made
        return made

    def save_article(self, article: Article) -> Article:
        saved = replace(article, updated_at=self._tick())
        self.articles[saved.id] = saved
        return saved

    def save_translation(self, article_id: int, locale: str, translation: Translation) -> Article:
        article = self.articles[article_id]
        now = self._tick()
        old = article.translations.get(locale)
        new = replace(translation, created_at=old.created_at if old else now, updated_at=now)
        edited = old is None or (old.title, old.body) != (new.title, new.body)
        saved = replace(article, updated_at=now, edited_at=now if edited else article.edited_at, translations={**article.translations, locale: new})
        self.articles[article_id] = saved
        return saved

    def archive(self, article_id: int) -> Article:
        return self.save_article(replace(self.articles[article_id], archived=True))

    def attach(self, attachment: Attachment) -> Attachment:
        self.attachments[attachment.id] = attachment
        return attachment

    def attached(self, article_id: int) -> list[Attachment]:
        return [attachment for attachment in self.attachments.values() if attachment.article_id == article_id]

    def _put_segment(self, segment: UserSegment) -> UserSegment:
        self.segments[segment.id] = segment
        return segment
