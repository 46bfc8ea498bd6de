"""Webhooks of an administrator: a signed one for each source, told apart by its name.

- Cloud: ``/rest/webhooks/1.0/webhook`` (https://developer.atlassian.com/cloud/jira/platform/webhooks/#registering-a-webhook-using-the-rest-api--other-integrations-); a webhook's id ends its ``self``.
- Data Center 10 and later: ``/rest/jira-webhook/1.0/webhooks``, the secret in ``configuration`` (https://developer.atlassian.com/server/jira/platform/webhooks/).

Both list webhooks as a JSON array, which the port gives as an object with ``values``.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from contracts.sources.rest import JiraSource, RestSource
from rest_sources.api import Api, UnexpectedAnswerError
from rest_sources.jira.edition import Edition
from rest_sources.jira.shape import Shape
from rest_sources.registry import Registered

EVENTS: Final = (
    *(f"jira:issue_{verb}" for verb in ("created", "updated", "deleted")),
    *(f"comment_{verb}" for verb in ("created", "updated", "deleted")),
    *(f"issuelink_{verb}" for verb in ("created", "deleted")),
    *(f"project_{verb}" for verb in ("created", "updated", "deleted")),
)
"""What changes a document: an attachment's change is an issue's as well."""
_OF_CLOUD: Final = ("project_soft_deleted", "project_restored_deleted")


async def register(source: RestSource, api: Api, callback_url: str, secret: str) -> Registered:
    """A new webhook, its deliveries signed with the secret. Raises ApiError."""
    edition = _edition(source)
    signed: dict[str, object] = {"secret": secret, "excludeBody": False} if edition.cloud else {"configuration": {"SECRET": secret, "EXCLUDE_BODY": "false"}}
    events = [*EVENTS, *(_OF_CLOUD if edition.cloud else ())]
    answer = await api.send("POST", _path(edition), {"name": _name(source), "url": callback_url, "events": events, **signed})
    if answer is None:
        raise UnexpectedAnswerError("Jira knows no webhooks (404).", "Check the source's edition in sources.yaml; Data Center has these from version 10 on.")
    return _registered(edition, Shape(answer.body, "webhook"))


async def registered(source: RestSource, api: Api) -> tuple[Registered, ...]:
    """Those that ``register`` made for this source, by their name. Raises ApiError."""
    edition = _edition(source)
    answer = await api.get(_path(edition))
    found = Shape(answer.body, "webhooks").each("values") if answer else ()
    return tuple(_registered(edition, webhook) for webhook in found if webhook.text("name", "") == _name(source))


async def remove(source: RestSource, api: Api, number: str) -> None:
    """One that is not there any more is as well. Raises ApiError."""
    await api.send("DELETE", f"{_path(_edition(source))}/{quote(number, safe='')}")


def _edition(source: RestSource) -> Edition:
    assert isinstance(source, JiraSource)  # noqa: S101  # the catalog pairs types
    return Edition.of(source)


def _path(edition: Edition) -> str:
    return edition.site + ("/rest/webhooks/1.0/webhook" if edition.cloud else "/rest/jira-webhook/1.0/webhooks")


def _name(source: RestSource) -> str:
    return f"Headrace {source.name}"


def _registered(edition: Edition, webhook: Shape) -> Registered:
    number = webhook.text("self").rpartition("/")[2] if edition.cloud else webhook.text("id")
    return Registered(number, webhook.text("url"), webhook.texts("events"))
