"""Webhooks: which registered hook gets an event, its body, its headers and its signature.

https://developer.atlassian.com/cloud/jira/platform/webhooks/ says:

- A body has ``timestamp`` (milliseconds), ``webhookEvent`` and the entities in the shape of REST v2; issue events also ``issue_event_type_name``, ``user``
  and, when updated, ``changelog``. Users come without mail address.
- With a secret: ``X-Hub-Signature: sha256=HEX``, HMAC of the raw body. OAuth apps' hooks: ``Authorization: Bearer`` with a JWT signed HS256 by the client
  secret. The JWT's claims are not documented (iss, iat and exp here are not verified). ``matchedWebhookIds`` names the app's hooks that one delivery is for.
- ``X-Atlassian-Webhook-Identifier`` is unique and the same on every try; ``X-Atlassian-Webhook-Retry`` counts tries from 1 and is absent on the first;
  ``X-Atlassian-Webhook-Flow`` is Primary, or Secondary for what follows from another change: a deleted issue's comments, attachments and links.
- Sent again on 408, 409, 425, 429, 5xx and no answer (also https://community.developer.atlassian.com/t/new-jira-cloud-webhook-retry-policy/30554): five times,
  5 to 15 minutes apart (number and pauses are general knowledge, not verified; the pauses here are five of that range).
- Comment events carry the issue with few fields, as recorded bodies show; attachment and link events carry no issue (as people report; not verified).
- A comment also fires ``jira:issue_updated`` (``issue_commented``) on Data Center, as recorded there; on Cloud it does not (not verified).
- Nothing fires for groups and their members, roles' actors, grants, schemes and security levels' members: no such event exists. An issue's own security level
  is a field, and so fires ``jira:issue_updated``.

Data Center 10 and later (https://developer.atlassian.com/server/jira/platform/webhooks/) sends the same bodies and signs the same way; retries are not
documented there, and none are made. It sends no Flow header (not verified).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import uuid
from collections.abc import Iterable, Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

from examples.vendors.deliveries import Deliverer, Delivery, RetryRule
from examples.vendors.jira.access import Call, Json
from examples.vendors.jira.issue_shapes import IssueShapes
from examples.vendors.jira.jql import parse
from examples.vendors.jira.jql_terms import JqlError
from examples.vendors.jira.model import Attachment, Change, Comment, Edition, Hook, Issue, Link, Project, User
from examples.vendors.jira.shapes import Shapes
from examples.vendors.jira.state import Jira

CLOUD_RETRIES: Final = RetryRule(frozenset({408, 409, 425, 429, *range(500, 600)}), (300.0, 460.0, 620.0, 760.0, 900.0), timeout_seconds=20.0)
DATACENTER_RETRIES: Final = RetryRule(frozenset(), (), timeout_seconds=30.0)
_FEW_FIELDS: Final = ("summary", "issuetype", "project", "assignee", "priority", "status")
_JWT_SECONDS: Final = 180


def signature(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def token(client_id: str, client_secret: str, issued_seconds: int) -> str:
    """A JWT, HS256."""
    parts = ({"alg": "HS256", "typ": "JWT"}, {"iss": client_id, "iat": issued_seconds, "exp": issued_seconds + _JWT_SECONDS})
    signed = b".".join(_base64url(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    return b".".join((signed, _base64url(hmac.new(client_secret.encode(), signed, hashlib.sha256).digest()))).decode()


def _base64url(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


class Webhooks:
    def __init__(self, state: Jira, deliverer: Deliverer) -> None:
        self._state = state
        self._deliverer = deliverer

    # Events

    def issue(self, call: Call, event: str, issue: Issue, kind: str, change: Change | None = None, comment: Comment | None = None) -> None:
        """``jira:issue_created``, ``_updated`` or ``_deleted``. ``kind`` is the issue_event_type_name."""
        shapes = self._shapes(call)
        body: Json = {"issue_event_type_name": kind, **self._user(call, shapes), "issue": self._issue(shapes, issue)}
        if change:
            body["changelog"] = {"id": change.id, "items": shapes.change(change)["items"]}
        if comment:
            body["comment"] = shapes.comment(issue, comment)
        self._fire(event, body, issue, change=change)

    def comment(self, call: Call, event: str, issue: Issue, comment: Comment, *, secondary: bool = False) -> None:
        shapes = self._shapes(call)
        self._fire(event, {"comment": shapes.comment(issue, comment), "issue": shapes.issue(issue, _FEW_FIELDS)}, issue, secondary=secondary)

    def attachment(self, call: Call, event: str, issue: Issue, attachment: Attachment, *, secondary: bool = False) -> None:
        shapes = self._shapes(call)
        self._fire(event, {"attachment": shapes.attachment(attachment)}, issue, secondary=secondary)

    def link(self, call: Call, event: str, link: Link, *, secondary: bool = False) -> None:
        kind = self._shapes(call).small.link_type(link.type)
        words = {"id": int(kind["id"]), "name": kind["name"], "outwardName": kind["outward"], "inwardName": kind["inward"]}
        shown = {"id": link.id, "sourceIssueId": link.source, "destinationIssueId": link.target, "systemLink": False}
        flags = {"isSubTaskLinkType": False, "isSystemLinkType": False}
        self._fire(event, {"issueLink": {**shown, "issueLinkType": {**words, **flags}}}, None, secondary=secondary)

    def project(self, call: Call, event: str, project: Project) -> None:
        """The id is a number here, as recorded."""
        small = self._shapes(call).small
        shown = {name: value for name, value in small.project(project).items() if name in {"self", "key", "name", "avatarUrls"}}
        self._fire(
            event, {"project": {**shown, "id": project.id, "projectLead": small.user(project.lead), "assigneeType": "admin.assignee.type.unassigned"}}, None
        )

    def person(self, call: Call, event: str, user: User) -> None:
        self._fire(event, {"user": self._shapes(call).small.person(user)}, None)

    def removed(self, call: Call, issue: Issue, links: Iterable[Link]) -> None:
        """An issue that is gone, then what went with it."""
        self.issue(call, "jira:issue_deleted", issue, "issue_deleted")
        for comment in issue.comments.values():
            self.comment(call, "comment_deleted", issue, comment, secondary=True)
        for attachment in issue.attachments.values():
            self.attachment(call, "attachment_deleted", issue, attachment, secondary=True)
        for link in links:
            self.link(call, "issuelink_deleted", link, secondary=True)

    # Bodies

    def _shapes(self, call: Call) -> IssueShapes:
        zone = call.zone if self._state.edition is Edition.DATACENTER else ZoneInfo("UTC")
        return IssueShapes(Shapes(self._state, call.base, "2", zone, mails=False), sees=lambda _issue, _comment: True)

    def _user(self, call: Call, shapes: IssueShapes) -> Json:
        return {"user": shapes.small.person(call.viewer)} if call.viewer else {}

    def _issue(self, shapes: IssueShapes, issue: Issue) -> Json:
        """Cloud leaves the comments out (not verified)."""
        fields = ("*all", "-comment") if self._state.edition is Edition.CLOUD else ("*all",)
        return shapes.issue(issue, fields)

    # Delivery

    def _fire(self, event: str, entities: Json, issue: Issue | None, *, change: Change | None = None, secondary: bool = False) -> None:
        moment = self._state.clock()
        body = {"timestamp": int(moment.timestamp() * 1000), "webhookEvent": event, **entities}
        hooks = [hook for hook in self._state.hooks.values() if self._wants(hook, event, issue, change)]
        for hook in hooks:
            if hook.app is None:
                self._send(hook, body, issue, secondary)
        for app in dict.fromkeys(hook.app for hook in hooks if hook.app):
            matched = [hook for hook in hooks if hook.app == app]
            self._send(matched[0], body | {"matchedWebhookIds": [hook.id for hook in matched]}, issue, secondary)

    def _wants(self, hook: Hook, event: str, issue: Issue | None, change: Change | None) -> bool:
        if not hook.enabled or event not in hook.events or (hook.expires and hook.expires <= self._state.clock()):
            return False
        changed = {item.field_id for item in change.items} if change else set()
        if hook.field_ids and event == "jira:issue_updated" and not changed & set(hook.field_ids):
            return False
        if not hook.jql or issue is None:
            return True
        try:
            return parse(hook.jql, self._state, ZoneInfo("UTC")).matches(issue)
        except JqlError:
            return False

    def _send(self, hook: Hook, body: Json, issue: Issue | None, secondary: bool) -> None:
        raw = b"" if hook.exclude_body else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        fixed = {"Content-Type": "application/json; charset=UTF-8", "X-Atlassian-Webhook-Identifier": str(uuid.uuid4())}
        if self._state.edition is Edition.CLOUD:
            fixed["X-Atlassian-Webhook-Flow"] = "Secondary" if secondary else "Primary"
        if hook.secret:
            fixed["X-Hub-Signature"] = signature(hook.secret, raw)
        if hook.app:
            app = self._state.apps[hook.app]
            fixed["Authorization"] = "Bearer " + token(app.client_id, app.client_secret, body["timestamp"] // 1000)

        def headers(attempt: int) -> Mapping[str, str]:
            return fixed | {"X-Atlassian-Webhook-Retry": str(attempt)} if attempt else fixed

        about = f"{body['webhookEvent']} {_identity(body)}"
        self._deliverer.send(Delivery(self._address(hook.url, issue), raw, headers, about))

    def _address(self, url: str, issue: Issue | None) -> str:
        """The hook's URL with {issue.id}, {issue.key}, {project.id} and {project.key} filled in."""
        if issue is None:
            return url
        values = {"issue.id": str(issue.id), "issue.key": issue.key, "project.id": str(issue.project), "project.key": issue.key.rpartition("-")[0]}
        return re.sub(r"\$?\{([a-z.]+)\}", lambda found: values.get(found[1], found[0]), url)


def _identity(body: Json) -> Any:
    """The id of what an event is about."""
    for name in ("comment", "attachment", "issueLink", "issue", "project"):
        if name in body:
            return body[name]["id"]
    user = body.get("user", {})
    return user.get("accountId") or user.get("key", "")
