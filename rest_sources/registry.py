"""What a type of REST source brings. ``catalog`` lists the types that there are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from contracts.sources.rest import RestSource
from rest_sources.api import Api
from rest_sources.delivery import Verifier
from rest_sources.source import Draft, Files, Reader, Record


@dataclass(frozen=True, slots=True)
class Registered:
    """A webhook at the vendor, with the vendor's names of its events. ``secret`` is what signs its deliveries where the vendor chose it; empty where we did, or a list was asked for."""

    id: str
    url: str
    events: tuple[str, ...]
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Registration:
    """How webhooks are made over the vendor's API. ``register`` is given the address that the vendor calls and our secret, which is empty where the vendor chooses; every one of them may raise
    ApiError.
    """

    register: Callable[[RestSource, Api, str, str], Awaitable[Registered]]
    registered: Callable[[RestSource, Api], Awaitable[tuple[Registered, ...]]]
    remove: Callable[[RestSource, Api, str], Awaitable[None]]
    vendor_chooses_secret: bool = False


@dataclass(frozen=True, slots=True)
class SourceType:
    """``verifier`` and ``draft`` do no I/O. ``draft`` gives the document of one record of ``fetch``; it raises MalformedRecordError. ``reader`` may be the reader's class.
    Without ``registration`` a person registers webhooks at the vendor.
    """

    verifier: Callable[[RestSource], Verifier]
    reader: Callable[[RestSource, Api, Files], Reader]
    draft: Callable[[RestSource, str, Record], Draft]
    registration: Registration | None = None
