"""Webhooks for events, registered over the API: https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/.

Zendesk makes the signing secret itself, and nobody can choose it: what ``register`` returns holds it, for whoever stores secrets. There are no events for a changed ``ticket_restriction``,
``shared_tickets``, private group or user segment; accounts are read from time to time for these.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict

from contracts.sources.rest import RestSource, ZendeskSource
from rest_sources.api import Api, UnexpectedAnswerError
from rest_sources.registry import Registered
from rest_sources.zendesk.answers import each, under
from rest_sources.zendesk.paging import cursor_pages

_PATH: Final = "/api/v2/webhooks"
_PREFIX: Final = "zen:event-type:"
_TICKET_EVENTS: Final = (
    "agent_assignment_changed",
    "attachment_linked_to_comment",
    "attachment_redacted_from_comment",
    "comment_added",
    "comment_made_private",
    "comment_redacted",
    "created",
    "email_ccs_changed",
    "followers_changed",
    "group_assignment_changed",
    "marked_as_spam",
    "merged",
    "organization_changed",
    "permanently_deleted",
    "priority_changed",
    "requester_changed",
    "soft_deleted",
    "status_changed",
    "subject_changed",
    "tags_changed",
    "type_changed",
    "undeleted",
)
"""Those that change what is shown or who sees it: https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events/."""
_ARTICLE_EVENTS: Final = ("published", "unpublished")
"""https://developer.zendesk.com/api-reference/webhooks/event-types/article-events/; there is none for an edit of a published article, which a sweep finds."""


class _Webhook(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)

    id: str
    name: str
    endpoint: str
    subscriptions: list[str] = []


class _SigningSecret(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)

    secret: str


async def register(source: RestSource, api: Api, callback_url: str, secret: str = "") -> Registered:  # noqa: ARG001  # of the sources' form: this vendor takes none
    """A new webhook for all events of what the source reads. Raises ApiError."""
    form = {
        "name": _name(source),
        "endpoint": callback_url,
        "http_method": "POST",
        "request_format": "json",
        "status": "active",
        "subscriptions": [_PREFIX + event for event in _events(source)],
    }
    answer = await api.send("POST", _PATH, {"webhook": form})
    if answer is None:
        raise UnexpectedAnswerError("Zendesk knows no webhooks (404).", "Check the source's url in sources.yaml, and whether the account's plan has webhooks.")
    made = _registered(under(answer.body, "webhook", _Webhook))
    return Registered(made.id, made.url, made.events, await _signing_secret(api, made.id))


async def registered(source: RestSource, api: Api) -> tuple[Registered, ...]:
    """Those that ``register`` made for this source, by their name. Raises ApiError."""
    found: list[_Webhook] = []
    async for body in cursor_pages(api, _PATH):
        found += each(body, "webhooks", _Webhook) if body is not None else []
    return tuple(_registered(webhook) for webhook in found if webhook.name == _name(source))


async def remove(_source: RestSource, api: Api, number: str) -> None:
    """One that is not there any more is as well. Raises ApiError."""
    await api.send("DELETE", f"{_PATH}/{quote(number, safe='')}")


async def _signing_secret(api: Api, number: str) -> str:
    answer = await api.get(f"{_PATH}/{quote(number, safe='')}/signing_secret")
    if answer is None:
        raise UnexpectedAnswerError(
            "Zendesk does not know the webhook that it has just made.", "Look whether somebody removes webhooks there, and register again."
        )
    return under(answer.body, "signing_secret", _SigningSecret).secret


def _events(source: RestSource) -> tuple[str, ...]:
    assert isinstance(source, ZendeskSource)  # noqa: S101  # the catalog pairs types
    tickets = tuple(f"ticket.{name}" for name in _TICKET_EVENTS) if source.tickets else ()
    return tickets + (tuple(f"article.{name}" for name in _ARTICLE_EVENTS) if source.articles else ())


def _registered(webhook: _Webhook) -> Registered:
    return Registered(webhook.id, webhook.endpoint, tuple(event.removeprefix(_PREFIX) for event in webhook.subscriptions))


def _name(source: RestSource) -> str:
    return f"headrace {source.name}"
