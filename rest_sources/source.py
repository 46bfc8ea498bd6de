"""What a REST source is: a verifier of deliveries, a ``Reader`` with six methods (four have a default), and a pure draft of each record; nothing of Kafka, Weaviate or HTTP. ``catalog`` lists them.

The collector, the sweep and the normaliser do the rest. What they rely on:

- A native id (``ticket/35436``, ``content/98307``) is also the key of its hints, so one partition orders every fetch of an object.
- ``fetch`` gives the state that the vendor has now, whole, whatever the hint said; fetching twice does no harm.
- Equal stamps mean that nothing was changed that ``fetch`` shows; a listing gives the same stamp as a fetch. What a vendor's stamp does not cover (permissions, often) goes into ``access``.
- Objects whose readers depend on another one (pages below a restricted page, issues of a project) are asked for again when that one's ``access`` changes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol, runtime_checkable

from contracts.events import MetadataValue

Record = Mapping[str, object]
"""What ``fetch`` found, as JSON: all that ``draft`` needs, so that a document can be made again from the record alone."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """One object as the vendor has it now. No ``records`` means that there is no document of it: deleted, a draft, or only a container.

    ``records`` is by native id: the object itself, and parts of it that are documents of their own (``ticket/7/internal``, ``issue/10002/attachment/5``).
    A part's id is only ever given by its own object's fetch; parts that a later fetch does not give are deleted. ``refused`` holds parts that cannot be
    read, with the reason for the dead letter; of a record that is there as well, the reason why nobody may read it. ``access`` is a fingerprint of what decides who may read the objects ``below`` this one; empty where none do.
    """

    records: Mapping[str, Record] = field(default_factory=dict)
    stamp: str = ""
    access: str = ""
    refused: Mapping[str, str] = field(default_factory=dict)
    content: str = ""
    """A fingerprint of the records, where the source knows one before it makes them."""
    identity: str = ""
    """Names the content under whatever id: an object that comes under another one with the same identity was moved, or copied."""
    same: bool = False
    """The records are left out, because they are those of the content that was asked about."""
    changed_us: int = 0
    """When the vendor says that this state came to be, in µs since 1970; 0 where it does not say."""


GONE = Fetched()
"""Deleted, or never there, or nothing that our account may know of."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An object in a listing. An empty stamp says only that it exists. ``identity`` is as in Fetched."""

    id: str
    stamp: str = ""
    identity: str = ""


@dataclass(frozen=True, slots=True)
class ListedPage:
    """``cursor`` is where to go on after this page: a sweep that was stopped begins there. Of a listing's last page it is empty; of ``changed_since``'s last page it is where the next sweep begins."""

    objects: tuple[Listed, ...]
    cursor: str


@dataclass(frozen=True, slots=True)
class Account:
    """One account of the vendor with the principals that it holds, its own among them: ``user:wiki/5b10a``, ``group:wiki/42``."""

    id: str
    mail: str
    principals: frozenset[str]


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """An attachment. ``key`` names its content: the same key is the same bytes, so it is downloaded and read once."""

    url: str
    key: str
    name: str
    media_type: str
    size_bytes: int


class UnreadableFileError(Exception):
    """A file that gives no text. The reason is for a dead letter: cause and cure, no content."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Files(Protocol):
    """Downloads and reads attachments, within limits, in a process of their own."""

    async def read(self, file: RemoteFile) -> Record | None:
        """``{"format": "text", "pages": [{"number": 1, "text": "…"}]}``, or None where the file is gone. Raises UnreadableFileError and ApiError."""
        ...


_NONE: Final[tuple[str, ...]] = ()
_NO_ACCOUNTS: Final[tuple[Account, ...]] = ()
LISTED: Final = "listed"
"""The cursor of a look at changes that was a look at everything: the next one is too."""


class Reader(Protocol):
    """A source's side that asks the vendor. Every method may raise ApiError; ids that are none of this source's raise KeyError.

    A class that derives from it brings ``fetch`` and ``listing`` at the least: what it leaves out is as in an API whose objects stand alone.
    """

    async def fetch(self, native: str) -> Fetched:
        """The object's state now."""
        ...

    async def below(self, native: str) -> AsyncIterator[str]:  # noqa: ARG002  # used where it is said
        """Native ids of the objects whose readers this one helps to decide: all pages below a page, all issues of a project. None, if not said."""
        for none in _NONE:
            yield none

    async def containers(self) -> AsyncIterator[str]:
        """Native ids whose ``access`` is to be looked at from time to time, because the vendor sends no event when it changes: ``space/HR``, ``project/10000``. None, if not said."""
        for none in _NONE:
            yield none

    async def changed_since(self, cursor: str) -> AsyncIterator[ListedPage]:  # noqa: ARG002  # the same
        """What changed since an earlier page's cursor; from "a while ago" for an empty one. May list too much, never too little: everything, if not said."""
        async for page in self.listing(""):
            yield ListedPage(page.objects, LISTED)

    def listing(self, cursor: str) -> AsyncIterator[ListedPage]:
        """Every object there is, from an earlier page's cursor on; from the beginning for an empty one."""
        ...

    async def accounts(self) -> AsyncIterator[Account]:
        """Every account with its principals: who may read what follows from this and from the documents' ``allowed``. None, if not said: principals are given to people elsewhere."""
        for none in _NO_ACCOUNTS:
            yield none


@runtime_checkable
class RecognisesContent(Protocol):
    """A reader that finds out for less than a whole fetch that nothing changed."""

    async def fetch_unless(self, native: str, stamp: str, content: str) -> Fetched:
        """As ``fetch``; ``same`` where stamp or content are those given."""
        ...


SectionFormat = Literal["markdown", "text", "html", "adf", "storage", "wiki"]


@dataclass(frozen=True, slots=True)
class Section:
    """A piece of a document's body, under a heading where it has one. ``adf`` is Atlassian's JSON, decoded; ``storage`` Confluence's XHTML; ``wiki`` Jira's markup."""

    content: object
    format: SectionFormat = "text"
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A document as a record says it, its texts raw. No one in ``allowed`` means that nobody may read it. ``people`` gives the names to show for accounts that texts mention."""

    title: str
    sections: tuple[Section, ...]
    allowed: tuple[str, ...]
    url: str = ""
    doc_type: str = ""
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)


class MalformedRecordError(ValueError):
    """A record that is not what the vendor documents. The text names the field, never its value."""


PUBLIC: Final = "public"
"""Everybody, people without login too: in a document's ``allowed``, and among the principals of each account."""
FILE: Final = "file/"
"""What the ids of files begin with; their path follows."""


def user_principal(source: str, account: str) -> str:
    """``user:wiki/5b10a2844c20165700ede21g``: an account of a source. Which person that is, the query service's directory knows."""
    return f"user:{source}/{account}"


def group_principal(source: str, group: str) -> str:
    """``group:wiki/42``: a group, role or organization of a source, by an id that a new name does not change where the vendor has one."""
    return f"group:{source}/{group}"


def parent_of(native: str) -> str:
    """The object whose fetch gives a part: ``ticket/7`` for ``ticket/7/attachment/5``. An id of two segments is its own, and so is a file's whatever its path."""
    if native.startswith(FILE):
        return native
    return "/".join(native.split("/", 2)[:2])


def read_number(native: str, *kinds: str) -> tuple[str, str]:
    """Kind and number of ``ticket/7``. Raises KeyError for an id of another source, and for a part's: its object gives it."""
    kind, _, number = native.partition("/")
    if kind not in kinds or not (number.isascii() and number.isdigit()):
        raise KeyError(native)
    return kind, number
