"""State of a Confluence site: people, groups, spaces, content of four kinds, read and edit restrictions, space permissions. No HTTP here.

Records are frozen; a change puts a new record in the old one's place, so that an event can hold both. Ids are numbers that only grow and are never used
again. Times have milliseconds, as on the wire, and no two changes have the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

Edition = Literal["cloud", "datacenter"]
Kind = Literal["page", "blogpost", "comment", "attachment"]
Status = Literal["current", "draft", "trashed", "archived"]
Operation = Literal["read", "update"]
PrincipalKind = Literal["user", "group", "anonymous"]

_FIRST_ID: Final = 98_305
_TICK: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Person:
    """``id`` is the account id on Cloud and the user key on Data Center; ``name`` is Data Center's user name."""

    id: str
    name: str
    display_name: str
    email: str
    token: str = field(repr=False)
    active: bool = True
    admin: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Principals:
    """Whom a restriction names: ids of people and of groups. One that names nobody restricts nothing."""

    users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.users or self.groups)


@dataclass(frozen=True, slots=True)
class SpacePermission:
    """One operation in a space for one principal; ``principal`` is empty for anonymous."""

    id: int
    kind: PrincipalKind
    principal: str
    operation: str
    target: str


@dataclass(frozen=True, slots=True)
class Space:
    id: int
    key: str
    name: str
    kind: Literal["global", "personal"]
    author: str
    created: datetime
    homepage: int | None = None


@dataclass(frozen=True, slots=True)
class Version:
    number: int
    author: str
    when: datetime
    message: str = ""
    minor: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """A page, blog post, comment or attachment. Comments and attachments have a ``container``; a page's or a reply's ``parent`` is what it stands under."""

    id: int
    kind: Kind
    status: Status
    title: str
    space: int
    author: str
    created: datetime
    version: Version
    body: str = ""
    parent: int | None = None
    container: int | None = None
    position: int = 0
    labels: tuple[str, ...] = ()
    inline: bool = False
    selection: str = ""
    resolved: bool = False
    media_type: str = ""
    note: str = ""
    size: int = 0

    @property
    def wire_id(self) -> str:
        """Attachments are «att» and the number: https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-attachment/ (pattern ``(att)?[0-9]+``)."""
        return f"att{self.id}" if self.kind == "attachment" else str(self.id)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, by the name that Data Center's and Connect's webhooks have for it."""

    name: str
    actor: str | None
    at: datetime
    content: Content | None = None
    before: Content | None = None
    space: Space | None = None
    trigger: str = ""
    subject: Person | Group | None = None
    label: str = ""


class Site:
    def __init__(self, edition: Edition, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.edition: Final = edition
        self.context: Final = "/wiki" if edition == "cloud" else ""
        self.base_url = "http://127.0.0.1"
        self.admin_key_required = False
        self.people: dict[str, Person] = {}
        self.groups: dict[str, Group] = {}
        self.members: dict[str, set[str]] = {}
        self.spaces: dict[int, Space] = {}
        self.space_permissions: dict[int, dict[int, SpacePermission]] = {}
        self.contents: dict[int, Content] = {}
        self.files: dict[int, bytes] = {}
        self.restrictions: dict[int, dict[Operation, Principals]] = {}
        self._below: dict[int, set[int]] = {}
        self._listeners: list[Callable[[Event], None]] = []
        self._next_id = _FIRST_ID
        self._now = now
        self._last = datetime.min.replace(tzinfo=UTC)

    def new_id(self) -> int:
        self._next_id += 1
        return self._next_id

    def reserve(self, number: int) -> None:
        """Take an id that a caller chose out of those to come."""
        self._next_id = max(self._next_id, number)

    def tick(self) -> datetime:
        """Now, to the millisecond, and later than any time given before."""
        now = self._now()
        self._last = max(now.replace(microsecond=now.microsecond // 1000 * 1000), self._last + _TICK)
        return self._last

    def put(self, content: Content) -> Content:
        """Store a record in the place of the one with its id."""
        self._unlink(content.id)
        self.contents[content.id] = content
        above = content.container or content.parent
        if above is not None:
            self._below.setdefault(above, set()).add(content.id)
        return content

    def drop(self, number: int) -> None:
        """Forget a record, what it holds and what restricts it."""
        for held in [content.id for content in self.held(number)]:
            self.drop(held)
        self._unlink(number)
        self.contents.pop(number, None)
        self.files.pop(number, None)
        self.restrictions.pop(number, None)

    def children(self, number: int) -> list[Content]:
        """Pages directly under a page, in their order."""
        below = (self.contents[child] for child in self._below.get(number, ()))
        return sorted((child for child in below if child.container is None), key=lambda child: (child.position, child.id))

    def held(self, number: int) -> list[Content]:
        """Comments, replies and attachments of a page or blog post, oldest first."""
        below = (self.contents[child] for child in self._below.get(number, ()))
        return sorted((child for child in below if child.container is not None), key=lambda child: child.id)

    def ancestors(self, content: Content) -> Iterator[Content]:
        """The pages above, nearest first. A page's chain has no circle: ``move`` refuses one."""
        above = content.parent
        while above is not None and above in self.contents:
            page = self.contents[above]
            yield page
            above = page.parent

    def space_by_key(self, key: str) -> Space | None:
        return next((space for space in self.spaces.values() if space.key == key), None)

    def group_by_name(self, name: str) -> Group | None:
        return next((group for group in self.groups.values() if group.name == name), None)

    def listen(self, listener: Callable[[Event], None]) -> None:
        self._listeners.append(listener)

    def tell(self, event: Event) -> None:
        for listener in self._listeners:
            listener(event)

    def _unlink(self, number: int) -> None:
        old = self.contents.get(number)
        above = None if old is None else old.container or old.parent
        if above is not None:
            self._below.get(above, set()).discard(number)
