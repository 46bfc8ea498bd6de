"""A Jira with people, groups, roles, schemes and issues drawn by dice: every kind of holder that a grant and a security level can have, in every combination that comes up."""

from __future__ import annotations

import random
from typing import Any

USERS = [f"u{number:02}" for number in range(58)]
GROUPS = [f"g{number:02}" for number in range(12)]
ROLES = ["Developers", "Testers", "Watchers"]
ISSUES = 510
_REVIEWER = "customfield_10010"
_TEAMS = "customfield_10011"
_ADMINS = "jira-administrators"


def population(seed: int) -> dict[str, Any]:
    """Root administers, and may read everything, since our account sees no more than it may."""
    dice = random.Random(seed)
    users = [{"id": name, "mail": f"{name}@example.com", "active": number % 19 != 18} for number, name in enumerate(USERS)]
    members: dict[str, list[str]] = {group: ["root"] for group in GROUPS}
    for name in USERS:
        for group in dice.sample(GROUPS, dice.randint(1, 4)):
            members[group].append(name)
    schemes = [{"name": f"P{number}", "grants": [_admins(), *(_browse(dice) for _ in range(number % 4 + 1))]} for number in range(9)]
    schemes += [
        {"name": f"{kind}", "grants": [_admins(), {"type": kind, "permission": "BROWSE_PROJECTS"}]} for kind in ("anyone", "applicationRole", "reporter")
    ]
    return {
        "users": [{"id": "root", "mail": "root@example.com"}, *users],
        "groups": [{"name": _ADMINS, "members": ["root"]}, *({"name": name, "members": joined} for name, joined in members.items())],
        "applications": {"jira-software": ["g00", "g01"], "jira-servicedesk": ["g02"]},
        "fields": {_REVIEWER: "Reviewer", _TEAMS: "Teams"},
        "permissionSchemes": schemes,
        "securitySchemes": [{"name": f"S{number}", "levels": [_level(dice, f"S{number}L{level}") for level in range(3)]} for number in range(3)],
        "projects": [_project(dice, number, schemes) for number in range(16)],
        "issues": [_issue(dice, number) for number in range(ISSUES)],
    }


def _admins() -> dict[str, Any]:
    return {"type": "group", "parameter": _ADMINS, "permission": "ALL"}


def _holder(dice: random.Random) -> dict[str, Any]:
    kind, parameters = dice.choice(
        [
            ("group", GROUPS),
            ("group", GROUPS),
            ("user", USERS),
            ("projectRole", ROLES),
            ("projectRole", ROLES),
            ("projectLead", None),
            ("reporter", None),
            ("assignee", None),
            ("userCustomField", [_REVIEWER]),
            ("groupCustomField", [_TEAMS]),
            ("applicationRole", ["jira-software", "jira-servicedesk"]),
        ]
    )
    return {"type": kind, "parameter": dice.choice(parameters)} if parameters else {"type": kind}


def _browse(dice: random.Random) -> dict[str, Any]:
    return {**_holder(dice), "permission": "BROWSE_PROJECTS"}


def _level(dice: random.Random, name: str) -> dict[str, Any]:
    return {"name": name, "members": [{"type": "group", "parameter": _ADMINS}, *(_holder(dice) for _ in range(dice.randint(0, 3)))]}


def _project(dice: random.Random, number: int, schemes: list[dict[str, Any]]) -> dict[str, Any]:
    actors = {role: {"users": ["root", *dice.sample(USERS, dice.randint(0, 3))], "groups": dice.sample(GROUPS, dice.randint(0, 2))} for role in ROLES}
    return {
        "key": f"PR{number}",
        "lead": dice.choice(USERS),
        "permissionScheme": schemes[number % len(schemes)]["name"],
        "securityScheme": f"S{number % 3}" if number % 4 else None,
        "actors": actors,
    }


def _issue(dice: random.Random, number: int) -> dict[str, Any]:
    project = dice.randrange(16)
    security = f"S{project % 3}L{dice.randrange(3)}" if project % 4 and dice.random() < 0.5 else None
    custom: dict[str, Any] = {}
    if dice.random() < 0.5:
        custom[_REVIEWER] = f"user:{dice.choice(USERS)}"
    if dice.random() < 0.5:
        custom[_TEAMS] = "groups:" + ",".join(dice.sample(GROUPS, dice.randint(1, 2)))
    visibility = dice.choice([{"type": "role", "value": dice.choice(ROLES)}, {"type": "group", "value": dice.choice(GROUPS)}])
    comments = [{"author": "root", "body": "for some", "visibility": visibility}] if dice.random() < 0.25 else []
    return {
        "project": f"PR{project}",
        "summary": f"Issue {number}",
        "reporter": dice.choice(USERS),
        "assignee": dice.choice([None, *USERS]),
        "security": security,
        "custom": custom,
        "comments": [{"author": "root", "body": "for all"}, *comments],
    }
