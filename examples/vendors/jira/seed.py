"""Seeding: what ``seed_form.py`` describes, put into the state. The same seed for generated issues makes the same texts, people and types."""

from __future__ import annotations

import base64
import random
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from examples.vendors.jira.model import Holder, Issue, OAuthApp, PermissionScheme, Project, SecurityLevel, SecurityScheme, Visibility
from examples.vendors.jira.seed_form import GenerateForm, HolderForm, IssueForm, PermissionSchemeForm, ProjectForm, SecuritySchemeForm, Seed
from examples.vendors.jira.state import Jira
from examples.vendors.jira.vocabulary import FIRST_STATUS, ISSUE_TYPES, PERMISSIONS, PRIORITIES, STATUSES, named

_WORDS: Final = """
account alert backup billing branch build cache certificate cluster column contract customer database deploy device disk error export failure field filter
gateway import index invoice key latency ledger limit list login message migration module network order outage package page password payment policy queue
quota record region release report request restore retry role rollback route schema search server session shard sync table target task tenant test timeout
token tunnel update upgrade upload user vendor version volume warning worker
"""
_LEXICON: Final = tuple(_WORDS.split())


class SeedError(Exception):
    """A seed names something that is not there."""


def apply(seed: Seed, state: Jira) -> dict[str, Any]:
    """Raises SeedError, with what came before it applied."""
    _people(seed, state)
    for permissions in seed.permission_schemes:
        _permission_scheme(permissions, state)
    for security in seed.security_schemes:
        _security_scheme(security, state)
    for project in seed.projects:
        _project(project, state)
    issues = [_issue(form, state).id for form in seed.issues]
    generated = sum(_generate(form, state) for form in seed.generate)
    levels = {level.name: level.id for scheme in state.security_schemes.values() for level in scheme.levels.values()}
    return {
        "groups": {group.name: group.id for group in state.groups.values()},
        "projects": {project.key: project.id for project in state.projects.values()},
        "roles": {role.name: role.id for role in state.roles.values()},
        "permissionSchemes": {scheme.name: scheme.id for scheme in state.permission_schemes.values()},
        "securitySchemes": {scheme.name: scheme.id for scheme in state.security_schemes.values()},
        "securityLevels": levels,
        "issues": issues,
        "generated": generated,
    }


def _people(seed: Seed, state: Jira) -> None:
    for form in seed.users:
        user = state.add_user(form.id, form.mail or f"{form.id}@example.com", form.name or form.id.title(), form.token)
        user.active, user.time_zone, user.mail_hidden = form.active, form.time_zone, form.mail_hidden
    for group in seed.groups:
        state.add_group(group.name, (_user(member, state) for member in group.members))
    state.admin_groups |= set(seed.admin_groups)
    state.applications |= {name: set(groups) for name, groups in seed.applications.items()}
    state.fields |= seed.fields
    for app in seed.oauth_apps:
        state.apps[app.client_id] = OAuthApp(app.client_id, app.client_secret, _user(app.user, state), app.refresh_token, app.expires_seconds)


def _user(wanted: str, state: Jira) -> str:
    if wanted not in state.users:
        raise SeedError(f"no user {wanted}")
    return wanted


def _holder(form: HolderForm, state: Jira) -> Holder:
    if form.type != "projectRole":
        return Holder(form.type, form.parameter)
    role = state.role(form.parameter or "") or state.add_role(form.parameter or "")
    return Holder(form.type, str(role.id))


def _permission_scheme(form: PermissionSchemeForm, state: Jira) -> None:
    scheme = PermissionScheme(state.next_id("permission scheme"), form.name)
    state.permission_schemes[scheme.id] = scheme
    for grant in form.grants:
        listed = [grant.permission] if isinstance(grant.permission, str) else grant.permission
        for permission in PERMISSIONS if listed == ["ALL"] else listed:
            state.add_grant(scheme, permission, _holder(grant, state))


def _security_scheme(form: SecuritySchemeForm, state: Jira) -> None:
    scheme = SecurityScheme(state.next_id("security scheme"), form.name)
    state.security_schemes[scheme.id] = scheme
    for level_form in form.levels:
        level = SecurityLevel(state.next_id("security level"), level_form.name)
        level.members = {state.next_id("security member"): _holder(member, state) for member in level_form.members}
        scheme.levels[level.id] = level
        if level.name == form.default:
            scheme.default_level = level.id


def _project(form: ProjectForm, state: Jira) -> None:
    permissions = next((scheme for scheme in state.permission_schemes.values() if scheme.name == form.permission_scheme), None)
    security = next((scheme for scheme in state.security_schemes.values() if scheme.name == form.security_scheme), None)
    if permissions is None or (form.security_scheme and security is None):
        raise SeedError(f"no scheme {form.permission_scheme} or {form.security_scheme}")
    project = state.add_project(form.key, form.name or form.key, form.lead, permissions.id, security.id if security else None)
    for name, actors in form.actors.items():
        role = state.role(name) or state.add_role(name)
        for kind, parameters in (("user", actors.users), ("group", actors.groups)):
            for parameter in parameters:
                state.add_actor(project, role, kind, parameter)


def _project_named(key: str, state: Jira) -> Project:
    if project := state.project(key):
        return project
    raise SeedError(f"no project {key}")


def _issue(form: IssueForm, state: Jira) -> Issue:
    project = _project_named(form.project, state)
    creator = form.reporter or project.lead or next(iter(state.users), "")
    kind = named(ISSUE_TYPES, form.type) or "10001"
    status = named({key: status.name for key, status in STATUSES.items()}, form.status) or FIRST_STATUS
    issue = state.add_issue(project, form.summary, creator, kind, status, form.description)
    issue.priority = named(PRIORITIES, form.priority) or "3"
    issue.assignee, issue.labels, issue.custom = form.assignee, tuple(form.labels), dict(form.custom)
    issue.security = _level(form.security, project, state) if form.security else None
    for comment in form.comments:
        told = comment.visibility
        state.add_comment(issue, comment.author, comment.body, Visibility(told.type, told.value) if told else None)
    for file in form.attachments:
        content = base64.b64decode(file.base64) if file.base64 else file.text.encode()
        state.add_attachment(issue, creator, file.filename, file.mime_type, content)
    issue.created = form.created.astimezone(UTC) if form.created else issue.created
    issue.updated = form.updated.astimezone(UTC) if form.updated else issue.updated
    issue.moves.clear()
    return issue


def _level(name: str, project: Project, state: Jira) -> int:
    scheme = state.security_schemes.get(project.security_scheme or 0)
    for level in scheme.levels.values() if scheme else ():
        if level.name == name:
            return level.id
    raise SeedError(f"no security level {name} in project {project.key}")


def _generate(form: GenerateForm, state: Jira) -> int:
    """Times run evenly over the days up to now."""
    dice = random.Random(form.seed)  # noqa: S311  # repeatable, not secret
    project = _project_named(form.project, state)
    people = list(state.users) or [""]
    last = state.clock()
    for number in range(form.count):
        body = "\n\n".join(_sentence(dice, form.words // 2) for _ in range(2))
        issue = state.add_issue(project, _sentence(dice, 6), dice.choice(people), dice.choice(list(ISSUE_TYPES)), FIRST_STATUS, body)
        for _ in range(form.comments):
            state.add_comment(issue, dice.choice(people), _sentence(dice, 15))
        _date(issue, last - timedelta(days=form.days) * (1 - number / form.count))
    return form.count


def _date(issue: Issue, moment: datetime) -> None:
    issue.created = issue.updated = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    issue.moves.clear()
    for comment in issue.comments.values():
        comment.created = comment.updated = issue.created


def _sentence(dice: random.Random, words: int) -> str:
    return " ".join(dice.choice(_LEXICON) for _ in range(max(1, words))).capitalize() + "."
