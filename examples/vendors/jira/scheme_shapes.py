"""State → the documented JSON of permission schemes, security schemes and project roles: all that a connector needs to work out who sees an issue.

- https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-permission-schemes/ (a group holder has ``parameter`` the name and, on Cloud, ``value``
  the id; other holders have the same in both)
- https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-security-schemes/
- https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-project-roles/
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from examples.vendors.jira.access import Json
from examples.vendors.jira.model import Actor, Edition, Grant, Holder, PermissionScheme, Project, Role, SecurityLevel, SecurityScheme
from examples.vendors.jira.shapes import Shapes

_EXPANDS: Final = {"user": "user", "group": "group", "projectRole": "projectRole", "userCustomField": "field", "groupCustomField": "field"}


@dataclass(frozen=True, slots=True)
class SchemeShapes:
    small: Shapes

    def permission_scheme(self, scheme: PermissionScheme, expand: Iterable[str] = ()) -> Json:
        """``permissions`` are included when any ``expand`` is asked for."""
        expand = list(expand)
        grants = {"permissions": [self.grant(grant, expand) for grant in scheme.grants.values()]} if expand else {}
        about = {"id": scheme.id, "self": f"{self.small.api}/permissionscheme/{scheme.id}", "name": scheme.name, "description": scheme.description}
        return {"expand": "permissions,user,group,projectRole,field,all", **about, **grants}

    def grant(self, grant: Grant, expand: Iterable[str] = ()) -> Json:
        return {
            "id": grant.id,
            "self": f"{self.small.api}/permissionscheme/permission/{grant.id}",
            "holder": self.holder(grant.holder, expand),
            "permission": grant.permission,
        }

    def holder(self, holder: Holder, expand: Iterable[str] = ()) -> Json:
        cloud = self.small.state.edition is Edition.CLOUD
        shown: Json = {"type": holder.type}
        if holder.parameter is not None:
            user = self.small.state.user(holder.parameter) if holder.type == "user" else None
            group = self.small.state.group(holder.parameter) if holder.type == "group" else None
            shown["parameter"] = user.key if user and not cloud else holder.parameter
            if cloud:
                shown["value"] = group.id if group else holder.parameter
        if holder.type in _EXPANDS:
            shown["expand"] = _EXPANDS[holder.type]
            if {_EXPANDS[holder.type], "all"} & set(expand):
                shown |= self._expanded(holder)
        return shown

    def _expanded(self, holder: Holder) -> Json:
        state, wanted = self.small.state, holder.parameter or ""
        match holder.type:
            case "user":
                return {"user": self.small.user(wanted)}
            case "group":
                group = state.group(wanted)
                return {"group": self.small.group(group)} if group else {}
            case "projectRole":
                role = state.role(wanted)
                return {"projectRole": self.role(role)} if role else {}
        return {"field": {"id": wanted, "key": wanted, "name": state.fields.get(wanted, wanted), "custom": True}}

    def security_scheme(self, scheme: SecurityScheme, *, levels: bool = True) -> Json:
        listed = {"levels": [self.level(level) for level in scheme.levels.values()]} if levels else {}
        return {
            "self": f"{self.small.api}/issuesecurityschemes/{scheme.id}",
            "id": scheme.id,
            "name": scheme.name,
            "description": scheme.description,
            **({"defaultSecurityLevelId": scheme.default_level} if scheme.default_level else {}),
            **listed,
        }

    def level(self, level: SecurityLevel) -> Json:
        return {"self": f"{self.small.api}/securitylevel/{level.id}", "id": str(level.id), "description": level.description, "name": level.name}

    def level_of_scheme(self, scheme: SecurityScheme, level: SecurityLevel) -> Json:
        """As ``issuesecurityschemes/level`` lists them."""
        return {
            **self.level(level),
            "self": f"{self.small.api}/issuesecurityscheme/level?id={level.id}",
            "isDefault": scheme.default_level == level.id,
            "issueSecuritySchemeId": str(scheme.id),
        }

    def member(self, number: int, level: SecurityLevel, holder: Holder, expand: Iterable[str] = ()) -> Json:
        """As ``issuesecurityschemes/{id}/members`` lists them: numbers as numbers."""
        return {"id": number, "issueSecurityLevelId": level.id, "holder": self.holder(holder, expand)}

    def role(self, role: Role, project: Project | None = None, actors: Iterable[Actor] = ()) -> Json:
        place = f"project/{project.id}/role/{role.id}" if project else f"role/{role.id}"
        listed = {"actors": [self.actor(actor) for actor in actors]} if project else {}
        return {"self": f"{self.small.api}/{place}", "name": role.name, "id": role.id, "description": role.description, **listed}

    def actor(self, actor: Actor) -> Json:
        cloud = self.small.state.edition is Edition.CLOUD
        if actor.type == "group":
            group = self.small.state.group(actor.parameter)
            ids = {"groupId": group.id} if group and cloud else {}
            inner = {"actorGroup": {"name": actor.parameter, "displayName": actor.parameter, **ids}}
            return {"id": actor.id, "displayName": actor.parameter, "type": "atlassian-group-role-actor", "name": actor.parameter, **inner}
        user = self.small.state.user(actor.parameter)
        shown = user.display_name if user else actor.parameter
        whom = (
            {"actorUser": {"accountId": actor.parameter}} if cloud else {"name": actor.parameter, "actorUser": {"key": user.key if user else actor.parameter}}
        )
        return {"id": actor.id, "displayName": shown, "type": "atlassian-user-role-actor", **whom}
