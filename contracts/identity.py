"""Names and order of documents, chunks, manifests and attempts.

Everything that must be equal in two processes is computed here: a document's key, the order of its versions and attempts, the ids of its
objects in Weaviate. All of it is pure, deterministic and has one textual form whose string order is the order of the value.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from enum import IntEnum
from functools import total_ordering
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

NAMESPACE: Final = uuid.UUID("6f0d2b0c-6f2d-5c53-9c55-0d3c3a7b8f11")
TENANT_PATTERN: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KEY_SEPARATOR: Final = "|"


class InvalidIdentityError(ValueError):
    """A tenant or document id that no object could be stored under."""


class Version(NamedTuple):
    """Orders the states of one document (DESIGN, "Identity, order, state").

    ``major`` and ``minor`` are the source's own order: for Postgres ``source.sequence[0]`` and ``[1]`` (LSNs, null as 0), for webhooks the
    offset of the hint and 0. ``epoch`` rises at a restore or failover, ``policy`` is the revision of the source's mapping and redaction.
    """

    epoch: int
    major: int
    minor: int
    policy: int

    def __str__(self) -> str:
        return f"{self.epoch:08x}.{self.major:016x}.{self.minor:016x}.{self.policy:08x}"

    @classmethod
    def parse(cls, text: str) -> Version:
        parts = text.split(".")
        if len(parts) != 4:
            raise InvalidIdentityError(f"not a version: {text!r}")
        return cls(*(int(part, 16) for part in parts))


class Stage(IntEnum):
    """How far an attempt at a version goes. A later stage outranks every attempt of an earlier one, whoever made it and whenever it lands."""

    NARROWED = 0
    """The text of the version before, for those only who may read this one."""
    TEXT = 1
    """The version's text, found by its words: some vectors are still to come."""
    WHOLE = 2
    """All of it."""


@total_ordering
@dataclass(frozen=True, slots=True)
class Attempt:
    """One worker's try to index one version: totally ordered by (version, stage, counter, nonce)."""

    version: Version
    counter: int
    nonce: str
    stage: Stage = Stage.WHOLE

    def __lt__(self, other: Attempt) -> bool:
        return (self.version, self.stage, self.counter, self.nonce) < (other.version, other.stage, other.counter, other.nonce)

    def __str__(self) -> str:
        return f"{self.version}#{self.stage:x}.{self.counter:06x}#{self.nonce}"

    @classmethod
    def parse(cls, text: str) -> Attempt:
        version, place, nonce = text.split("#")
        stage, _, counter = place.partition(".")
        return cls(Version.parse(version), int(counter, 16), nonce, Stage(int(stage, 16)))


def check_tenant(tenant: str) -> str:
    """The tenant as given, or InvalidIdentityError: Weaviate names a shard after it, so it is [A-Za-z0-9_-]{1,64}."""
    if not TENANT_PATTERN.fullmatch(tenant):
        raise InvalidIdentityError(f"tenant {tenant!r} is not 1 to 64 characters of A-Z a-z 0-9 _ -; map it to such a name in sources.yaml")
    return tenant


def document_id(scope: str, key: tuple[object, ...]) -> str:
    """``postgres:app.public.tickets/42``; the parts of a composite key are joined by commas, odd characters percent-encoded."""
    return scope + ",".join(quote(str(part), safe="") for part in key)


def scope_of_table(source: str, database: str, schema: str, table: str) -> str:
    """What all documents of one table begin with, and what a floor names."""
    return f"{source}:{database}.{schema}.{table}/"


def key_of_document(scope: str, doc_id: str) -> tuple[str, ...]:
    """The textual key parts of a document id under a scope (the inverse of document_id)."""
    return tuple(unquote(part) for part in doc_id[len(scope) :].split(","))


def record_key(tenant: str, doc_id: str) -> bytes:
    """Key of ``documents``, ``documents.backfill`` and ``index.changes``: one partition sees all states of a document."""
    return f"{tenant}{_KEY_SEPARATOR}{doc_id}".encode()


def parse_record_key(key: bytes) -> tuple[str, str]:
    tenant, separator, doc_id = key.decode().partition(_KEY_SEPARATOR)
    if not separator:
        raise InvalidIdentityError(f"not a document key: {key!r}")
    return tenant, doc_id


def chunk_uuid(tenant: str, doc_id: str, content_hash: str, occurrence: int, born: Attempt) -> str:
    """Id of an immutable chunk: ``born`` is the attempt that first listed it, ``occurrence`` counts equal chunks of one document from 0."""
    return str(uuid.uuid5(NAMESPACE, f"chunk|{tenant}|{doc_id}|{content_hash}|{occurrence}|{born}"))


def manifest_uuid(tenant: str, doc_id: str, attempt: Attempt) -> str:
    return str(uuid.uuid5(NAMESPACE, f"manifest|{tenant}|{doc_id}|{attempt}"))


def floor_uuid(scope: str, version: Version) -> str:
    return str(uuid.uuid5(NAMESPACE, f"floor|{scope}|{version}"))
