"""What handlers work with, wired once in ``app.py`` and kept in the application under PARTS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiohttp import web

from contracts.settings import QuerySettings
from query_service.access.authenticate import Credentials
from query_service.retrieve import Retriever

if TYPE_CHECKING:
    from query_service.answer import Answerer
    from query_service.readiness import Readiness


@dataclass(frozen=True, slots=True)
class Parts:
    settings: QuerySettings
    credentials: Credentials
    retriever: Retriever
    answerer: Answerer
    readiness: Readiness


PARTS: Final = web.AppKey("parts", Parts)
