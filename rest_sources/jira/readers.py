"""Who may read an issue, and each of its comments: browse permission AND the issue's security level AND what the comment is restricted to.

https://support.atlassian.com/jira-cloud-administration/docs/configure-issue-security-schemes/ (administrators are no exception), and "visibility" of
https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-comments/. What cannot be determined is nobody's, and ``untold`` says what that was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rest_sources.jira import audience
from rest_sources.jira.audience import NOBODY, Audience
from rest_sources.jira.edition import Edition
from rest_sources.jira.holders import FIELDS, Holder, Named, groups, people
from rest_sources.jira.issue import Issue, Visibility
from rest_sources.jira.rules import Rules
from rest_sources.jira.shape import Shape
from rest_sources.readers import named_group

_TOO_MANY: Final = f"Who meets all conditions is more than {audience.MOST_CLAUSES} combinations: grant to groups instead of people."


@dataclass(frozen=True, slots=True)
class Readers:
    """``untold`` are sentences for whoever asks why somebody may not read something."""

    audience: Audience
    untold: tuple[str, ...] = ()

    def record(self) -> dict[str, object]:
        return {"readers": audience.written(self.audience), "untold": list(self.untold)}

    def and_also(self, other: Readers) -> Readers:
        too_many = {_TOO_MANY} if audience.too_many(self.audience, other.audience) else set[str]()
        return Readers(audience.all_of([self.audience, other.audience]), tuple(sorted({*self.untold, *other.untold, *too_many})))


class IssueReaders:
    def __init__(self, rules: Rules, edition: Edition) -> None:
        self._rules = rules
        self._edition = edition

    async def of(self, issue: Issue) -> Readers | None:
        """None where the issue is gone meanwhile."""
        browsers = await self._rules.browsers(issue.project)
        level = await self._level(issue)
        holders = (*(browsers or ()), *(level or ()))
        fields = tuple(sorted({holder.id for holder in holders if holder.kind in FIELDS}))
        custom = await self._custom(issue, fields) if fields else issue.fields
        if custom is None:
            return None
        project, named = await self._rules.project(issue.project, holders), self._named(issue.fields, custom)

        def let_in(found: tuple[Holder, ...] | None, what: str) -> Readers:
            if found is None:
                return Readers(NOBODY, (f"Jira does not say {what}.",))
            who, untold = project.audience(found, named)
            return Readers(who, tuple(f"Left out of {what}: {holder}." for holder in untold))

        readers = let_in(browsers, "whom the project's permission scheme lets browse it")
        return readers if level == () and self._is_open(issue) else readers.and_also(let_in(level, "who is in the issue's security level"))

    def _is_open(self, issue: Issue) -> bool:
        return issue.fields.maybe("security") is None

    async def _level(self, issue: Issue) -> tuple[Holder, ...] | None:
        """The members of its security level, none where it has no level; None where that cannot be told."""
        security = issue.fields.maybe("security")
        if security is not None:
            return await self._rules.members(security.identifier("id"))
        if "security" in issue.fields.names():
            return ()
        # A field configuration may hide the field. Only in a project without levels does that mean none.
        return () if await self._rules.levels(issue.project) is None else None

    async def _custom(self, issue: Issue, fields: tuple[str, ...]) -> Shape | None:
        shown = await self._rules.get(f"issue/{issue.id}", {"fields": ",".join(fields)})
        return None if shown is None else shown.inside("fields")

    def _named(self, fields: Shape, custom: Shape) -> Named:
        def named(holder: Holder) -> Audience:
            if holder.kind in {"reporter", "assignee"}:
                person = fields.maybe(holder.kind)
                return people(self._edition, (person,) if person else ())
            read: Callable[[Edition, tuple[Shape, ...]], Audience] = people if holder.kind == "userCustomField" else groups
            value = custom.raw(holder.id)
            return read(self._edition, custom.each(holder.id) if isinstance(value, list) else tuple(filter(None, (custom.maybe(holder.id),))))

        return named

    async def seeing(self, issue: Issue, visibility: Visibility) -> tuple[str, str, Readers]:
        """A part's last segment, a name for people, and who is in the role or group."""
        if visibility.kind == "group":
            group = visibility.id if self._edition.cloud else named_group(visibility.name)
            who = Readers(audience.of(audience.group(group))) if group else Readers(NOBODY, ("Jira does not say the id of the group that a comment is for.",))
            return f"group-{group}", visibility.name, who
        role = (await self._rules.roles(issue.project)).get(visibility.name) if visibility.kind == "role" else None
        actors = await self._rules.role(issue.project, role) if role else None
        untold = () if actors is not None else ("Jira does not say who is in the role that a comment is for.",)
        return f"role-{role or 'unknown'}", visibility.name, Readers(actors if actors is not None else NOBODY, untold)
