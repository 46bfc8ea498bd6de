"""An automation rule on Cloud, with the action "Send web request": what is left to an administrator without an app.

https://support.atlassian.com/cloud-automation/docs/triggers-in-confluence-automation/ (its triggers; none is for restrictions, space permissions or groups) and
https://support.atlassian.com/cloud-automation/docs/actions-in-confluence-automation (its action, whose URL, headers and body are the author's). No page speaks of sending again.

``PUT /_control/automation`` {"url": "http://127.0.0.1:1/hook", "token": "…"}: a rule for each trigger, whose body is ``{"event": "page_updated", "page": {"id": "{{page.id}}"}}``
(``blog`` for blog posts), with ``Authorization: Bearer <token>``. What is commented on, labelled or attached to is named as the page.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from aiohttp import web
from pydantic import BaseModel

from examples.vendors.confluence.state import Content, Event, Site
from examples.vendors.deliveries import Deliverer, Delivery, RetryRule
from examples.vendors.faults import CONTROL

RETRIES: Final = RetryRule(statuses=frozenset(), pauses_seconds=())
_TRIGGERS: Final = frozenset(
    {
        "page_created", "page_updated", "page_moved", "page_trashed", "blog_created", "blog_updated", "blog_trashed",
        "comment_created", "label_added", "attachment_created",
    }
)  # fmt: skip


class _Rule(BaseModel):
    url: str
    token: str


class AutomationRules:
    def __init__(self, site: Site, deliverer: Deliverer) -> None:
        self._site = site
        self._deliverer = deliverer
        self._rule: _Rule | None = None
        site.listen(self.fire)

    def routes(self) -> list[web.RouteDef]:
        return [web.put(CONTROL + "automation", self._set)]

    def fire(self, event: Event) -> None:
        rule, content = self._rule, event.content
        if rule is None or content is None or event.name not in _TRIGGERS:
            return
        page = self._page(content)
        name = "blog" if page.kind == "blogpost" else "page"
        body = json.dumps({"event": event.name, name: {"id": str(page.id)}}).encode()
        headers: Mapping[str, str] = {"Content-Type": "application/json", "Authorization": f"Bearer {rule.token}"}
        self._deliverer.send(Delivery(rule.url, body, lambda _attempt: headers, f"{event.name} {page.id}"))

    def _page(self, content: Content) -> Content:
        return content if content.container is None else self._site.contents[content.container]

    async def _set(self, request: web.Request) -> web.Response:
        self._rule = _Rule.model_validate_json(await request.read())
        return web.json_response({"triggers": len(_TRIGGERS)})
