"""A site with every kind of permission there is, from a seed: spaces for groups, for people, for both and for everybody; trees whose pages are restricted at random on several levels."""

from __future__ import annotations

import random
from typing import Any, Final

from tests.integration.rest.confluence_world import user

PEOPLE: Final = tuple(f"p{number:02}" for number in range(52))
GROUPS: Final = tuple(f"g{number}" for number in range(8))
SPACES: Final = ("ENG", "HR", "PUB", "MIX", "~p01", "SHUT")
_FIRST: Final = 500_000


def population(dice: random.Random, contents: int, *, archived: bool) -> dict[str, Any]:
    """Of ``/_control/seed``. Data Center archives no pages."""
    groups = [{"id": group, "name": group, "members": [f"acc-{name}" for name in dice.sample(PEOPLE, dice.randint(3, 25))]} for group in GROUPS]
    spaces = [
        {"key": "ENG", "read": ["group:g0", "group:g1"]},
        {"key": "HR", "read": ["group:g2", "user:acc-p03", "user:acc-p04"]},
        {"key": "PUB", "read": ["anonymous"]},
        {"key": "MIX", "read": [*(f"user:acc-p{number:02}" for number in range(5, 30)), "group:g3", "group:g4"]},
        {"key": "~p01", "read": ["user:acc-p01"]},
        {"key": "SHUT", "read": []},
    ]
    users = [user(name, active=name != PEOPLE[-1]) for name in PEOPLE]
    return {"users": [user("integration", admin=True), *users], "groups": groups, "spaces": spaces, "content": _contents(dice, contents, 3 if archived else 0)}


def some(dice: random.Random) -> list[str]:
    """Whom a restriction names."""
    people = [f"user:acc-{name}" for name in dice.sample(PEOPLE, dice.choice((0, 1, 1, 2, 6)))]
    groups = [f"group:{group}" for group in dice.sample(GROUPS, dice.choice((0, 0, 1, 2)))]
    return people + groups or ["group:g5"]


def _contents(dice: random.Random, contents: int, archived: int) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for number in range(_FIRST, _FIRST + contents):
        pages = [one for one in made[-40:] if one["kind"] == "page" and one["status"] == "current"]
        kind = dice.choices(("page", "blogpost", "attachment"), (70, 10, 20))[0]
        if kind == "attachment" and pages:
            on = dice.choice(pages)
            made.append(
                {"id": number, "kind": kind, "space": on["space"], "container": on["id"], "title": f"{number}.txt", "text": "file", "status": "current"}
            )
            continue
        kind = "page" if kind == "attachment" else kind
        above = dice.choice(pages) if kind == "page" and pages and dice.random() < 0.85 else None
        status = dice.choices(("current", "archived", "draft", "trashed"), (93, archived, 2, 2))[0]
        made.append({
            "id": number, "kind": kind, "space": above["space"] if above else dice.choice(SPACES), "title": f"Text {number}", "body": "<p>text</p>", "status": status,
            "author": "acc-p00", "parent": above["id"] if above else None, "read": some(dice) if dice.random() < 0.3 else [],
        })  # fmt: skip
    return made
