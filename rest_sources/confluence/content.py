"""Content as this source needs it, and how REST v1 writes it: Data Center's whole API, and both editions' search.

Shapes: https://developer.atlassian.com/server/confluence/confluence-rest-api-examples/, https://developer.atlassian.com/server/confluence/expansions-in-the-rest-api/,
https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-content/#api-wiki-rest-api-content-search-get, which names what can be expanded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from rest_sources.confluence import audience
from rest_sources.confluence.audience import Clause
from rest_sources.confluence.shape import Shape
from rest_sources.confluence.site import Site

Kind = Literal["page", "blogpost", "attachment", "comment"]
KINDS: Final[tuple[Kind, ...]] = ("page", "blogpost", "attachment", "comment")
READABLE: Final = frozenset({"current", "archived"})
"""Statuses of what has readers; drafts and what is in the trash have none."""
EXPANSIONS: Final = "version,space,container,ancestors,metadata.labels,restrictions.read.restrictions.user,restrictions.read.restrictions.group"


@dataclass(frozen=True, slots=True)
class Comment:
    """``author`` and ``changed`` are of its last version."""

    id: str
    version: int
    author: str
    changed: datetime
    body: str


@dataclass(frozen=True, slots=True)
class Content:
    """``container`` is what an attachment or a comment is on; ``link`` a path that people open, ``download`` the file's."""

    id: str
    kind: Kind
    status: str
    title: str
    version: int
    changed: datetime
    space: str
    labels: tuple[str, ...] = ()
    container: str = ""
    above: tuple[str, ...] = ()
    """Ids of a page's ancestors, from the top."""
    own: Clause | None = None
    """Its own view restriction, empty for none; None where the answer does not say."""
    body: str = ""
    link: str = ""
    download: str = ""
    media_type: str = ""
    size_bytes: int = 0


def kind_of(shown: Shape) -> Kind:
    kind = shown.text("type")
    if kind not in KINDS:
        shown.refuse("type", "is none of page, blogpost, attachment, comment")
    return kind


def content_of(site: Site, shown: Shape) -> Content:
    """With EXPANSIONS expanded; ``body.storage`` is read where it is there."""
    kind, version, links = kind_of(shown), shown.inside("version"), shown.maybe("_links")
    extensions, container = shown.maybe("extensions"), shown.maybe("container")
    held = kind in {"attachment", "comment"}
    return Content(
        id=site.content_id(shown.content_id("id")),
        kind=kind,
        status=shown.text("status"),
        title=shown.text("title"),
        version=version.number("number"),
        changed=version.moment("when"),
        space=shown.inside("space").text("key"),
        labels=_labels(shown),
        container=site.content_id(container.content_id("id")) if held and container else "",
        above=tuple(page.content_id("id") for page in shown.each("ancestors")) if kind == "page" else (),
        own=_own_restriction(shown),
        body=shown.inside("body", "storage").text("value") if shown.has("body") else "",
        link=links.text("webui", "") if links else "",
        download=links.text("download", "") if links else "",
        media_type=extensions.text("mediaType", "") if extensions else "",
        size_bytes=extensions.number("fileSize", 0) if extensions else 0,
    )


def comment_of(shown: Shape) -> Comment:
    """With ``body.storage`` and ``version`` expanded."""
    version = shown.inside("version")
    author = version.maybe("by")
    name = user_id(author) if author else ""
    return Comment(shown.content_id("id"), version.number("number"), name, version.moment("when"), shown.inside("body", "storage").text("value"))


def user_id(person: Shape) -> str:
    """Cloud's account id, Data Center's user key, which stay when names change. Empty for somebody without one, as the anonymous."""
    return person.text("accountId", "") or person.text("userKey", "")


def group_id(shown: Shape) -> str:
    """Cloud's id stays when a group gets another name; Data Center has names alone."""
    return shown.text("id") if shown.has("id") else audience.named_group(shown.text("name"))


def clause_of(restrictions: Shape) -> Clause:
    """Of ``{"user": {"results": […]}, "group": {"results": […]}}``."""
    people, groups = restrictions.inside("user").each("results"), restrictions.inside("group").each("results")
    return frozenset({*(audience.user(user_id(person)) for person in people), *(audience.group(group_id(group)) for group in groups)})


def is_cut(restrictions: Shape) -> bool:
    """Whether a list of a restriction may go on: there is no link to the next part."""
    return any((page := restrictions.inside(name)).number("size") >= page.number("limit") for name in ("user", "group"))


def _own_restriction(shown: Shape) -> Clause | None:
    found = shown.maybe("restrictions")
    if found is None or not found.has("read"):
        return None
    restrictions = found.inside("read", "restrictions")
    return None if is_cut(restrictions) else clause_of(restrictions)


def _labels(shown: Shape) -> tuple[str, ...]:
    metadata = shown.maybe("metadata")
    labels = metadata.maybe("labels") if metadata else None
    return tuple(sorted(label.text("name") for label in labels.each("results"))) if labels else ()
