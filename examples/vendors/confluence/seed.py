"""``POST /_control/seed``: fill a site in bulk, without events. No vendor has this route. It may be called again; what has a known id or key is replaced.

{"users":  [{"id": "acc-ann", "name": "ann", "display_name": "Ann", "email": "ann@example.com", "token": "test-token-ann", "active": true, "admin": false}],
 "groups": [{"id": "g-eng", "name": "engineers", "members": ["acc-ann"]}],
 "spaces": [{"key": "ENG", "name": "Engineering", "author": "acc-ann", "read": ["group:g-eng", "user:acc-ann", "anonymous"]}],
 "content": [{"id": 200001, "kind": "page", "space": "ENG", "title": "Rota", "body": "<p>…</p>", "author": "acc-ann", "parent": null, "container": null,
              "status": "current", "labels": [], "read": ["user:acc-ann"], "inline": false, "media_type": "text/plain", "text": "of an attachment",
              "when": "2026-01-02T03:04:05Z"}],
 "generate": {"space": "ENG", "pages": 5000, "seed": 7, "author": "acc-ann", "depth": 4, "comments": 0.2, "restricted": 0.05, "to": ["group:g-eng"],
              "since": "2025-01-01T00:00:00Z"},
 "admin_key": false}

Everything is optional but ids, keys and titles; content without ``id`` gets one. Answers {"content": [wire ids, as given], "generated": [wire ids]}.
Generated pages have text that follows from ``seed`` alone; ``comments`` and ``restricted`` are shares of pages.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from examples.vendors.confluence import administration
from examples.vendors.confluence.refusals import InvalidError
from examples.vendors.confluence.state import Content, Group, Kind, Person, Principals, Site, Space, Status, Version

_EPOCH: Final = datetime(2025, 1, 1, tzinfo=UTC)
ADMINISTRATORS: Final = Group("confluence-administrators", "confluence-administrators")
"""Data Center's, who see everything: https://confluence.atlassian.com/doc/confluence-groups-for-administrators-1720411.html. Its members are those with «admin»."""
_SUBJECTS: Final = ("backup", "release", "ticket", "contract", "server", "invoice", "training", "rota", "incident", "budget", "supplier", "report")
_VERBS: Final = ("checks", "replaces", "explains", "delays", "documents", "approves", "restores", "plans")
_ENDS: Final = ("every Monday", "before noon", "without notice", "in the second week", "for the whole team", "by hand", "twice a year")


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SeedUser(_Form):
    id: str
    name: str
    display_name: str = ""
    email: str
    token: str
    active: bool = True
    admin: bool = False


class SeedGroup(_Form):
    id: str
    name: str
    members: list[str] = []


class SeedSpace(_Form):
    key: str
    name: str = ""
    author: str = "seed"
    read: list[str] = []


class SeedContent(_Form):
    id: int | None = None
    kind: Kind = "page"
    space: str
    title: str
    body: str = ""
    author: str = "seed"
    parent: int | None = None
    container: int | None = None
    status: Status = "current"
    labels: list[str] = []
    read: list[str] = []
    inline: bool = False
    media_type: str = "text/plain"
    text: str = ""
    when: datetime = _EPOCH


class Generate(_Form):
    space: str
    pages: int = Field(ge=1, le=100_000)
    seed: int = 1
    author: str = "seed"
    depth: int = Field(default=4, ge=1)
    comments: float = Field(default=0.0, ge=0.0, le=1.0)
    restricted: float = Field(default=0.0, ge=0.0, le=1.0)
    to: list[str] = []
    since: datetime = _EPOCH


class Seed(_Form):
    users: list[SeedUser] = []
    groups: list[SeedGroup] = []
    spaces: list[SeedSpace] = []
    content: list[SeedContent] = []
    generate: Generate | None = None
    admin_key: bool | None = None


def apply(site: Site, seed: Seed) -> dict[str, list[str]]:
    """Wire ids of what was made."""
    for user in seed.users:
        site.people[user.id] = Person(user.id, user.name, user.display_name or user.name, user.email, user.token, user.active, user.admin)
        if user.admin and site.edition == "datacenter":
            administration.add_group(site, None, ADMINISTRATORS)
            site.members[ADMINISTRATORS.id].add(user.id)
    for group in seed.groups:
        administration.add_group(site, None, Group(group.id, group.name))
        site.members[group.id] = set(group.members)
    for space in seed.spaces:
        _space(site, space)
    if seed.admin_key is not None:
        site.admin_key_required = seed.admin_key
    made = [_content(site, form).wire_id for form in seed.content]
    return {"content": made, "generated": [content.wire_id for content in _generated(site, seed.generate)] if seed.generate else []}


def principals(names: list[str]) -> Principals:
    """Of «user:ID» and «group:ID»."""
    split = [name.partition(":") for name in names]
    if wrong := [name for name, (kind, _, number) in zip(names, split, strict=True) if kind not in {"user", "group"} or not number]:
        raise InvalidError(f"neither user:ID nor group:ID: {wrong}")
    return Principals(*(frozenset(number for kind, _, number in split if kind == wanted) for wanted in ("user", "group")))


def _space(site: Site, form: SeedSpace) -> None:
    known = site.space_by_key(form.key)
    number = known.id if known else site.new_id()
    space = site.spaces[number] = Space(number, form.key, form.name or form.key, "personal" if form.key.startswith("~") else "global", form.author, _EPOCH)
    site.space_permissions[number] = {}
    if "anonymous" in form.read:
        administration.grant(site, None, space, "anonymous", "")
    named = principals([name for name in form.read if name != "anonymous"])
    for user in sorted(named.users):
        administration.grant(site, None, space, "user", user)
    for group in sorted(named.groups):
        administration.grant(site, None, space, "group", group)


def _content(site: Site, form: SeedContent) -> Content:
    space = site.space_by_key(form.space)
    if space is None or (form.kind in {"comment", "attachment"}) != (form.container is not None):
        raise InvalidError(f"{form.title}: no such space, or a container where none belongs or none where one does")
    if missing := [above for above in (form.parent, form.container) if above is not None and above not in site.contents]:
        raise InvalidError(f"{form.title}: stands under what is not there: {missing}")
    number = form.id or site.new_id()
    site.reserve(number)
    data = form.text.encode() if form.kind == "attachment" else b""
    content = site.put(
        Content(
            id=number, kind=form.kind, status=form.status, title=form.title, space=space.id, author=form.author, created=form.when,
            version=Version(1, form.author, form.when), body=form.body, parent=form.parent, container=form.container, labels=tuple(form.labels),
            position=len(site.children(form.parent)) if form.parent is not None else 0, inline=form.inline, media_type=form.media_type, size=len(data),
        )
    )  # fmt: skip
    if form.kind == "attachment":
        site.files[number] = data
    site.restrictions[number] = {"read": named} if (named := principals(form.read)) else {}
    return content


def _generated(site: Site, form: Generate) -> list[Content]:
    dice = random.Random(form.seed)  # noqa: S311  # repeatable, not secret
    made: list[Content] = []
    levels: dict[int, int] = {}
    for number in range(form.pages):
        shallow = [page for page in made[-50:] if levels[page.id] < form.depth]
        above = dice.choice(shallow) if shallow and dice.random() < 0.8 else None  # most pages stand under another
        when = form.since + timedelta(minutes=number)
        read = form.to if dice.random() < form.restricted else []
        page = SeedContent(
            space=form.space, title=f"{_sentence(dice)} {number + 1}", body=_body(dice), author=form.author, parent=above.id if above else None, read=read, when=when
        )  # fmt: skip
        made.append(_content(site, page))
        levels[made[-1].id] = levels[above.id] + 1 if above else 1
        if dice.random() < form.comments:
            _content(site, SeedContent(kind="comment", space=form.space, title="Re", body=f"<p>{_sentence(dice)}.</p>", container=made[-1].id, when=when))
    return made


def _sentence(dice: random.Random) -> str:
    return f"The {dice.choice(_SUBJECTS)} {dice.choice(_VERBS)} the {dice.choice(_SUBJECTS)} {dice.choice(_ENDS)}"


def _body(dice: random.Random) -> str:
    parts = [
        f"<h2>{_sentence(dice)}</h2>" + "".join(f"<p>{_sentence(dice)}. {_sentence(dice)}.</p>" for _ in range(dice.randint(1, 4)))
        for _ in range(dice.randint(1, 3))
    ]
    return "".join(parts)
