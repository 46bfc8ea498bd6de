"""Records of pages, blog posts and attachments: what ``draft`` needs, and no more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rest_sources.confluence import audience
from rest_sources.confluence.content import Comment, Content
from rest_sources.confluence.mentions import Mention, mentions_in
from rest_sources.confluence.permissions import Readers
from rest_sources.source import Record


def people_in(content: Content, comments: Iterable[Comment], *, cloud: bool) -> frozenset[Mention]:
    """Who wrote a comment, and who is mentioned."""
    authors = {Mention(comment.author, "account-id" if cloud else "userkey") for comment in comments if comment.author}
    return mentions_in([content.body, *(comment.body for comment in comments)]) | authors


def page_record(content: Content, comments: Iterable[Comment], readers: Readers, names: Mapping[str, str], link: str) -> Record:
    return {
        **_record(content, readers, link),
        "body": content.body,
        "comments": _comments(comments),
        "people": {name: names[name] for name in sorted(names)},
    }


def attachment_record(content: Content, comments: Iterable[Comment], readers: Readers, names: Mapping[str, str], link: str, text: Record) -> Record:
    """``text`` is what was read of the file."""
    return {
        **_record(content, readers, link),
        "on": content.container,
        "media_type": content.media_type,
        "text": dict(text),
        "comments": _comments(comments),
        "people": {name: names[name] for name in sorted(names)},
    }


def _record(content: Content, readers: Readers, link: str) -> dict[str, object]:
    found: dict[str, object] = {
        "kind": content.kind,
        "title": content.title,
        "status": content.status,
        "space": content.space,
        "labels": list(content.labels),
        "link": link,
        "readers": audience.written(readers.audience),
    }
    return {**found, "readers_unknown": readers.unknown} if readers.unknown else found


def _comments(comments: Iterable[Comment]) -> list[dict[str, object]]:
    return [{"author": comment.author, "day": comment.changed.date().isoformat(), "body": comment.body} for comment in comments]
