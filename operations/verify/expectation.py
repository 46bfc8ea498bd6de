"""What the index must hold for a row: mapped, parsed, redacted and cut by the very code that the workers run."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import orjson
import xxhash

from contracts.events import DocumentRecord, InvalidRecordError
from contracts.identity import Version
from contracts.settings import RedactionSettings
from contracts.sources import CollectedSource, RedactionPolicy, TableSource
from index.documents import ChunkContent, chunk_contents, wanted_of
from index.driver import now_us
from index.embedding import Embedder
from index.protocol import Slot, Wanted
from index.store import DocKey
from operations.foreseen import OperationError
from operations.verify.source_rows import Row
from streams.cutting import Cutter, UncuttableError
from streams.mapping import RestMapping, RowReader, TableMapping
from streams.mapping.conditions import meets
from streams.normalizing import clean
from streams.redact.redactor import Redactor

_ANY_VERSION: Final = Version(0, 0, 0, 0)
"""Versions are not compared: what counts is that the index says what the source says."""
DIGESTED: Final = ("text", "headings", "scope", "source", "doc_type", "allowed", "facets")
"""Of a chunk object, what is compared; its BM25 terms follow from these and are as long again."""
BOUNDARY_US: Final = 60_000_000
"""Before its time a document may be missing already, by another machine's clock."""
_MIN_KEY_CHARACTERS: Final = 16


@dataclass(frozen=True, slots=True)
class Expected:
    """A row's document as it must stand in the index."""

    wanted: Wanted
    slots: tuple[Slot, ...]
    digests: Mapping[str, str]
    """What a chunk object must hold, by content hash."""

    def agrees(self, content_hash: str, digest: str) -> bool:
        """Whether a chunk holds what its hash stands for; a hash that the document does not have tells nothing."""
        return self.digests.get(content_hash, digest) == digest

    @property
    def key(self) -> DocKey:
        return DocKey(self.wanted.tenant, self.wanted.doc_id)


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that makes no document: it is in the dead letters, and the index may hold the state before it. ``key`` is None where not even that can be told."""

    key: DocKey | None
    reason: str


@dataclass(frozen=True, slots=True)
class Excluded:
    """A row outside ``where``."""

    key: DocKey


@dataclass(frozen=True, slots=True)
class Expired:
    """A document whose time has come, or comes within the moment that clocks and looks may differ by."""

    key: DocKey
    expires_us: int


Outcome = Expected | Refused | Excluded | Expired


class Expecter:
    """Rows of any declared table to what must be indexed. For one thread at a time."""

    def __init__(self, sources: Iterable[TableSource], rest: Iterable[CollectedSource], embedder: Embedder, settings: RedactionSettings) -> None:
        key = settings.key.get_secret_value().encode()
        if len(key) < _MIN_KEY_CHARACTERS:
            raise OperationError(
                "Without the workers' redaction key nobody can tell what the index must hold.",
                f"Set HEADRACE_REDACTION_KEY to the key that the normalize workers have ({_MIN_KEY_CHARACTERS} characters at least).",
            )
        policies = {source.redaction_of(table) for source in sources for table in source.tables} | {source.redaction for source in rest}
        self._redactors = {policy: Redactor(key, policy=policy, memory_paragraphs=settings.memory_paragraphs) for policy in policies}
        self._cutter = Cutter(embedder)

    def of(self, mapping: TableMapping, row: Row) -> Outcome:
        """What must be in the index for the row."""
        key = None
        try:
            key = identity(mapping, row)
            record = mapping.expected(row, _ANY_VERSION, time.time_ns() // 1000)
            return Excluded(key) if record is None else self._unless_expired(record, mapping.redaction)
        except (InvalidRecordError, UncuttableError) as error:
            return Refused(key, str(error))

    def of_object(self, mapping: RestMapping, native: str, found: Mapping[str, object], changed_us: int = 0) -> Outcome:
        """What must be in the index for a record that a REST source's fetch gave, which says that its object was last changed at ``changed_us``."""
        try:
            # Through JSON, as the collector writes it: a list is a list then, whatever the reader had.
            record = mapping.document(native, orjson.loads(orjson.dumps(dict(found))), _ANY_VERSION, time.time_ns() // 1000)
            return self._unless_expired(mapping.expiring(record, changed_us), mapping.redaction)
        except (InvalidRecordError, UncuttableError) as error:
            return Refused(DocKey(mapping.source.tenant, mapping.doc_id_of({"id": native})), str(error))

    def _unless_expired(self, record: DocumentRecord, policy: RedactionPolicy) -> Expected | Expired:
        if record.expires_us is not None and record.expires_us <= now_us() + BOUNDARY_US:
            return Expired(DocKey(record.tenant, record.doc_id), record.expires_us)
        return self._expected(record, policy)

    def _expected(self, record: DocumentRecord, policy: RedactionPolicy) -> Expected:
        cleaned = clean(record, self._redactors[policy])
        slots, contents = chunk_contents(cleaned, self._cutter.cut(cleaned))
        return Expected(wanted_of(cleaned), slots, {content_hash: chunk_digest(_stored(content)) for content_hash, content in contents.items()})


def chunk_digest(properties: Mapping[str, object]) -> str:
    """Equal for chunk objects that show and filter the same; Weaviate gives an empty list or text back as none."""
    return xxhash.xxh3_128_hexdigest(orjson.dumps([properties.get(name) or None for name in DIGESTED]))


def _stored(content: ChunkContent) -> dict[str, object]:
    rest = {"allowed": list(content.allowed), "facets": list(content.facets), "headings": " > ".join(content.headings)}
    return {"text": content.text, "scope": content.scope, "source": content.source, "doc_type": content.doc_type, **rest}


def identity(mapping: TableMapping, row: Row) -> DocKey:
    """Raises a MappingError for a row without a name."""
    return DocKey(*mapping.identity(RowReader(mapping.table.name, row)))


def is_document(mapping: TableMapping, row: Row, key: DocKey) -> bool:
    """Whether the row stands for this document of this tenant; cheap, no text is looked at. A row that cannot be told is given the benefit of the doubt."""
    reader = RowReader(mapping.table.name, row)
    try:
        expires_us = mapping.expires_us(reader)
        stays = (mapping.table.where is None or meets(mapping.table.where, reader)) and (expires_us is None or expires_us > now_us() + BOUNDARY_US)
        return stays and identity(mapping, row) == key
    except InvalidRecordError:
        return True
