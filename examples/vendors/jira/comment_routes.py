"""Comments and attachments of an issue.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-comments/ and .../api-group-issue-attachments/.

- Cloud lists comments in pages (``maxResults`` 100 by default; that it is also the most is not verified); Data Center lists all unless asked for fewer.
- A Cloud attachment's content answers 303 to a place that needs no credentials, or 200 with ``redirect=false``; Data Center's is under ``/secure/attachment``.
- An upload needs ``X-Atlassian-Token: no-check`` and the form's part ``file``.
"""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Final

from aiohttp import BodyPartReader, web

from examples.vendors.jira import issue_fields
from examples.vendors.jira.access import Call, Handler, Json, Refused
from examples.vendors.jira.issue_routes import shapes
from examples.vendors.jira.model import Attachment, ChangeItem, Comment, Edition, Issue, Visibility
from examples.vendors.jira.webhooks import Webhooks

_CLOUD_PAGE: Final = 100
_DATACENTER_PAGE: Final = 1048576
_ORDERS: Final = {"created": False, "+created": False, "-created": True}


class CommentRoutes:
    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks

    def table(self) -> list[tuple[str, str, Handler]]:
        return [
            ("GET", "issue/{issue}/comment", self._list),
            ("POST", "issue/{issue}/comment", self._add),
            ("GET", "issue/{issue}/comment/{comment}", self._get),
            ("PUT", "issue/{issue}/comment/{comment}", self._edit),
            ("DELETE", "issue/{issue}/comment/{comment}", self._delete),
        ]

    async def _list(self, call: Call) -> web.Response:
        issue = call.issue()
        order = call.request.query.get("orderBy", "created")
        if order not in _ORDERS:
            raise Refused(HTTPStatus.BAD_REQUEST, "Only ordering by 'created' is supported.")
        seen = [comment for comment in issue.comments.values() if call.permissions.sees_comment(call.viewer, issue, comment)]
        seen.sort(key=lambda comment: (comment.created, comment.id), reverse=_ORDERS[order])
        most = _CLOUD_PAGE if call.state.edition is Edition.CLOUD else _DATACENTER_PAGE
        start, size = call.number("startAt", 0), min(most, call.number("maxResults", most, least=0))
        made, expand = shapes(call), call.words("expand")
        listed = [made.comment(issue, comment, expand) for comment in seen[start : start + size]]
        return web.json_response({"startAt": start, "maxResults": size, "total": len(seen), "comments": listed})

    def _found(self, call: Call) -> tuple[Issue, Comment]:
        issue = call.issue()
        wanted = call.part("comment")
        comment = issue.comments.get(int(wanted)) if wanted.isdigit() else None
        if comment is None or not call.permissions.sees_comment(call.viewer, issue, comment):
            raise Refused(HTTPStatus.NOT_FOUND, f"Can not find a comment for the id: {wanted}.")
        return issue, comment

    async def _get(self, call: Call) -> web.Response:
        return web.json_response(shapes(call).comment(*self._found(call), call.words("expand")))

    async def _add(self, call: Call) -> web.Response:
        user, body = call.login(), await call.body()
        issue = call.issue(permission="ADD_COMMENTS")
        text = issue_fields.text(call, "comment", body.get("body"))
        if not text:
            raise issue_fields.wrong("comment", "Comment body can not be empty!")
        comment = call.state.add_comment(issue, user.id, text, self._visibility(call, issue, body))
        self._fire(call, "comment_created", issue, comment, "issue_commented")
        return web.json_response(shapes(call).comment(issue, comment, call.words("expand")), status=HTTPStatus.CREATED)

    async def _edit(self, call: Call) -> web.Response:
        user, body = call.login(), await call.body()
        issue, comment = self._found(call)
        self._own_or_all(call, issue, comment, "EDIT")
        comment.body = issue_fields.text(call, "comment", body.get("body")) or comment.body
        if "visibility" in body:
            comment.visibility = self._visibility(call, issue, body)
        comment.updated, comment.update_author = call.state.touch(issue), user.id
        self._fire(call, "comment_updated", issue, comment, "issue_comment_edited")
        return web.json_response(shapes(call).comment(issue, comment, call.words("expand")))

    async def _delete(self, call: Call) -> web.Response:
        call.login()
        issue, comment = self._found(call)
        self._own_or_all(call, issue, comment, "DELETE")
        del issue.comments[comment.id]
        call.state.touch(issue)
        self._fire(call, "comment_deleted", issue, comment, "issue_comment_deleted")
        return web.Response(status=HTTPStatus.NO_CONTENT)

    def _fire(self, call: Call, event: str, issue: Issue, comment: Comment, kind: str) -> None:
        if call.state.edition is Edition.DATACENTER:
            self._webhooks.issue(call, "jira:issue_updated", issue, kind, comment=comment)
        self._webhooks.comment(call, event, issue, comment)

    def _own_or_all(self, call: Call, issue: Issue, comment: Comment, verb: str) -> None:
        own = comment.author == call.login().id and call.permissions.may(call.viewer, f"{verb}_OWN_COMMENTS", issue)
        if not (own or call.permissions.may(call.viewer, f"{verb}_ALL_COMMENTS", issue)):
            raise Refused(HTTPStatus.BAD_REQUEST, f"You do not have the permission to {verb.lower()} this comment.")

    def _visibility(self, call: Call, issue: Issue, body: Json) -> Visibility | None:
        """{"type": "role", "value": NAME} or {"type": "group", "value": NAME or "identifier": GROUP ID}; one can hide a comment from others only."""
        told = body.get("visibility")
        if not told:
            return None
        value = str(told.get("value") or told.get("identifier") or "")
        group = call.state.group(str(told.get("identifier") or value)) if told.get("type") == "group" else None
        wanted = Visibility(str(told.get("type")), group.name if group else value)
        probe = Comment(0, "", "", issue.created, issue.created, "", wanted)
        if wanted.type not in {"role", "group"} or not call.permissions.sees_comment(call.viewer, issue, probe):
            raise issue_fields.wrong("commentLevel", f"You are currently not a member of the {wanted.type}: {value}.")
        return wanted


class AttachmentRoutes:
    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks
        self._places: dict[str, Attachment] = {}
        """Unguessable names of places for content, for redirects."""

    def table(self, edition: Edition) -> list[tuple[str, str, Handler]]:
        content: list[tuple[str, str, Handler]] = [("GET", "attachment/content/{attachment}", self._content)]
        return [
            ("POST", "issue/{issue}/attachments", self._upload),
            *(content if edition is Edition.CLOUD else []),
            ("GET", "attachment/{attachment}", self._get),
            ("DELETE", "attachment/{attachment}", self._delete),
        ]

    def _found(self, call: Call) -> tuple[Issue, Attachment]:
        wanted = call.part("attachment")
        found = call.state.attachment(int(wanted)) if wanted.isdigit() else None
        if found is None or not call.permissions.sees_issue(call.viewer, found[0]):
            raise Refused(HTTPStatus.NOT_FOUND, f"The attachment with id '{wanted}' does not exist")
        return found

    async def _upload(self, call: Call) -> web.Response:
        user = call.login()
        if call.request.headers.get("X-Atlassian-Token") not in {"no-check", "nocheck"}:
            return web.Response(text="XSRF check failed", status=HTTPStatus.FORBIDDEN)
        issue = call.issue(permission="CREATE_ATTACHMENTS")
        made: list[Attachment] = []
        async for part in await call.request.multipart():
            if isinstance(part, BodyPartReader) and part.name == "file":
                kind = part.headers.get("Content-Type", "application/octet-stream")
                made.append(call.state.add_attachment(issue, user.id, part.filename or "file", kind, bytes(await part.read(decode=True))))
        for attachment in made:
            self._fire(call, "attachment_created", issue, attachment, (None, None, str(attachment.id), attachment.filename))
        return web.json_response([shapes(call).attachment(attachment) for attachment in made])

    async def _get(self, call: Call) -> web.Response:
        _, attachment = self._found(call)
        return web.json_response(shapes(call).attachment(attachment) | {"id": attachment.id})

    async def _delete(self, call: Call) -> web.Response:
        user = call.login()
        issue, attachment = self._found(call)
        own = attachment.author == user.id and call.permissions.may(user, "DELETE_OWN_ATTACHMENTS", issue)
        if not (own or call.permissions.may(user, "DELETE_ALL_ATTACHMENTS", issue)):
            raise Refused(HTTPStatus.FORBIDDEN, "You do not have permission to delete attachments for this issue.")
        del issue.attachments[attachment.id]
        self._fire(call, "attachment_deleted", issue, attachment, (str(attachment.id), attachment.filename, None, None))
        return web.Response(status=HTTPStatus.NO_CONTENT)

    def _fire(self, call: Call, event: str, issue: Issue, attachment: Attachment, ends: tuple[str | None, ...]) -> None:
        change = call.state.record(issue, call.login().id, (ChangeItem("Attachment", "attachment", *ends),))
        self._webhooks.issue(call, "jira:issue_updated", issue, "issue_updated", change)
        self._webhooks.attachment(call, event, issue, attachment)

    async def _content(self, call: Call) -> web.Response:
        _, attachment = self._found(call)
        if call.request.query.get("redirect") == "false":
            return self._file(attachment)
        place = secrets.token_urlsafe(16)
        self._places[place] = attachment
        raise web.HTTPSeeOther(f"{call.request.url.origin()}/media/{place}")

    async def media(self, request: web.Request) -> web.Response:
        """Where a content's redirect leads."""
        attachment = self._places.get(request.match_info["place"])
        return self._file(attachment) if attachment else web.Response(status=HTTPStatus.NOT_FOUND)

    async def secure(self, call: Call) -> web.Response:
        """``/secure/attachment/{id}/{filename}`` on Data Center."""
        return self._file(self._found(call)[1])

    def _file(self, attachment: Attachment) -> web.Response:
        quoted = attachment.filename.replace('"', "")
        headers = {"Content-Type": attachment.mime_type, "Content-Disposition": f'attachment; filename="{quoted}"'}
        return web.Response(body=attachment.content, headers=headers)
