"""What two looks at the same content agree on: all that a fetch shows, each part by what stands for it in a listing too.

A version's number may come again when old versions are deleted, so its time counts too, in whole seconds: v1 and v2 need not round the rest alike. Labels, comments and readers have
no part in a page's version. Names of people are not covered: they are as they were when the page was fetched.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import orjson

from rest_sources.confluence import audience
from rest_sources.confluence.content import Content
from rest_sources.confluence.permissions import Readers


def stamp(content: Content, comments: Iterable[tuple[str, int]], readers: Readers) -> str:
    """``comments`` are ids with their versions."""
    shown = [content.version, int(content.changed.timestamp()), content.title, content.status, content.space, content.labels, content.container]
    return _digest([*shown, sorted(comments), audience.written(readers.audience), readers.unknown])


def access(space: str, readers: Readers) -> str:
    """Of all that is handed down to what is below."""
    return _digest([space, audience.written(readers.audience), readers.unknown])


def _digest(value: object) -> str:
    return hashlib.sha256(orjson.dumps(value)).hexdigest()[:32]
