"""Webhooks of Data Center, registered over its API by an administrator: https://developer.atlassian.com/server/confluence/webhooks/ and
https://developer.atlassian.com/server/confluence/rest/v1000/api-group-webhooks.

Cloud has no such API for an administrator: an automation rule with the action "Send web request" is made by hand (see ``deliveries``).
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from contracts.sources.rest import ConfluenceSource, RestSource
from rest_sources.api import Api, ApiError, UnexpectedAnswerError
from rest_sources.confluence.shape import Shape
from rest_sources.confluence.site import Site
from rest_sources.registry import Registered

EVENTS: Final = (
    "attachment_created",
    "attachment_removed",
    "attachment_restored",
    "attachment_trashed",
    "attachment_updated",
    "blog_created",
    "blog_removed",
    "blog_restored",
    "blog_trashed",
    "blog_updated",
    "comment_created",
    "comment_removed",
    "comment_updated",
    "content_permissions_updated",
    "label_added",
    "label_removed",
    "page_created",
    "page_moved",
    "page_removed",
    "page_restored",
    "page_trashed",
    "page_updated",
    "space_permissions_updated",
    "space_removed",
)
"""Those that change what is shown or who sees it: https://confluence.atlassian.com/doc/managing-webhooks-1021225606.html."""


async def register(source: RestSource, api: Api, callback_url: str, secret: str) -> Registered:
    """A new webhook for all events, signed with the secret. Raises ApiError."""
    form = {"name": _name(source), "url": callback_url, "events": list(EVENTS), "configuration": {"secret": secret}, "active": True}
    answer = await api.send("POST", _path(source, api), form)
    if answer is None:
        raise UnexpectedAnswerError("Confluence knows no webhooks (404).", "Check the source's url in sources.yaml, and that our account is an administrator.")
    return _registered(Shape(answer.body, "webhook"))


async def registered(source: RestSource, api: Api) -> tuple[Registered, ...]:
    """Those that ``register`` made for this source, by their name. Raises ApiError."""
    found = [shown async for shown in _site(source, api).every(_path(source, api), {"limit": 100})]
    return tuple(_registered(shown) for shown in found if shown.text("name") == _name(source))


async def remove(source: RestSource, api: Api, number: str) -> None:
    """One that is not there any more is as well. Raises ApiError."""
    await api.send("DELETE", f"{_path(source, api)}/{quote(number, safe='')}")


def _path(source: RestSource, api: Api) -> str:
    site = _site(source, api)
    if site.cloud:
        raise ApiError(
            "Confluence Cloud has no API that registers webhooks.",
            'Make an automation rule there with the action "Send web request"; sweeps find what it does not tell.',
        )
    return site.v1("webhooks")


def _site(source: RestSource, api: Api) -> Site:
    assert isinstance(source, ConfluenceSource)  # noqa: S101  # the catalog pairs types
    return Site(source, api)


def _registered(shown: Shape) -> Registered:
    return Registered(shown.text("id"), shown.text("url"), shown.texts("events"))


def _name(source: RestSource) -> str:
    return f"headrace {source.name}"
