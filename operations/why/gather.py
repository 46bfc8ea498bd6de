"""Asks every place on a document's way: source row, connector, source topics, document topics, dead letters, lag, index. One that is away is noted, not fatal."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Awaitable, Sequence
from typing import Final

import orjson
from aiokafka.errors import KafkaError
from weaviate.exceptions import WeaviateBaseError

from connectors.debezium import ConnectorError, connected, health_of
from connectors.debezium.observe import observe_database
from contracts.envelope import Envelope, decode_envelope, version_of
from contracts.events import DeleteRecord, FloorRecord, InvalidRecordError, decode_index_record, unless_expired
from contracts.identity import Version, document_id, key_of_document, record_key
from contracts.rows.values import text_of
from contracts.settings import ConnectSettings, KafkaSettings, RedactionSettings, WeaviateSettings, read
from contracts.sources import PostgresSource, Sources
from contracts.topics import DOCUMENTS, DOCUMENTS_BACKFILL, gathered_kind, source_backfill_topic, source_topic
from index.collections import CollectionNames, complete_documents, live_space
from index.connection import connect
from index.documents import fingerprint
from index.driver import now_us
from index.store import DocKey, StoreUnavailableError, WeaviateStore
from operations.dead_letters.letters import read_letters
from operations.foreseen import OperationError
from operations.lag import groups_of, lags
from operations.topic_reading import KafkaRecord, Place, TopicReader, topic_reader
from operations.verify.index_reader import IndexReader
from operations.verify.source_rows import Row, TableRows, prepare
from operations.why.evidence import Evidence, InIndex, Seen, SourceRow
from streams.mapping import TableMapping
from streams.normalizing import clean
from streams.redact.redactor import Redactor

TAIL_RECORDS: Final = 10_000
"""How far back a partition is looked through."""
_KEPT: Final = 5
_FORESEEN: Final = (ConnectorError, KafkaError, StoreUnavailableError, WeaviateBaseError, OperationError)


async def gather(sources: Sources, doc_id: str, tenant: str | None) -> Evidence:
    """Everything that is known of the document, whose key may be given with or without percent-encoding."""
    mappings = [TableMapping(source, table) for source in sources.postgres for table in source.tables]
    mapping = next((mapping for mapping in mappings if doc_id.startswith(mapping.scope)), None)
    if mapping is not None:
        doc_id = document_id(mapping.scope, key_of_document(mapping.scope, doc_id))
    evidence = Evidence(doc_id, tenant)
    evidence.declared = tuple(mapping.scope for mapping in mappings)
    if mapping is not None:
        evidence.source, evidence.table = mapping.source.name, mapping.table.name
        key = key_of_document(mapping.scope, doc_id)
        if len(key) != len(mapping.table.key):
            parts = ", ".join(mapping.table.key)
            raise OperationError(
                f"{doc_id} has {len(key)} key parts, {mapping.table.name} has {len(mapping.table.key)}.", f"Write {mapping.scope} and then {parts}."
            )
        evidence.key_condition = " ".join(f"--where {shlex.quote(f'{column}={part}')}" for column, part in zip(mapping.table.key, key, strict=True))
        await _noted(evidence, "source", asyncio.to_thread(_ask_source, evidence, mapping, key))
        await _noted(evidence, "connector", asyncio.to_thread(_ask_connector, evidence, mapping.source))
    await _noted(evidence, "index", _ask_index(evidence))
    await _noted(evidence, "Kafka", _ask_kafka(evidence, mapping, sources))
    return evidence


async def _noted(evidence: Evidence, what: str, asked: Awaitable[None]) -> None:
    try:
        await asked
    except _FORESEEN as error:
        evidence.unasked.append(f"{what}: {' '.join(str(error).split())[:200] or type(error).__name__}")


# -- the source ----------------------------------------------------------------------------------------------------------------------


def _ask_source(evidence: Evidence, mapping: TableMapping, key: tuple[str, ...]) -> None:
    try:
        with connected(mapping.source) as connection:
            prepare(connection)
            rows = TableRows(mapping, connection)
            evidence.row = _row(mapping, rows.by_key([key]).get(key))
            shown = observe_database(mapping.source, connection).tables[mapping.table.name].identity_columns
            evidence.outside_identity = tuple(column for column in mapping.table.identity_columns if column not in shown)
    except (ConnectorError, OperationError) as error:
        evidence.row = SourceRow("unknown", reason=error.cure)
        raise


def _row(mapping: TableMapping, row: Row | None) -> SourceRow:
    if row is None:
        return SourceRow("absent")
    settings = read(RedactionSettings)
    try:
        record = mapping.expected(row, Version(0, 0, 0, 0), now_us())
        if record is None:
            return SourceRow("outside where")
        if isinstance(unless_expired(record, now_us()), DeleteRecord):
            return SourceRow("expired", record.tenant, expires_us=record.expires_us)
        redactor = Redactor(settings.key.get_secret_value().encode(), policy=mapping.redaction, memory_paragraphs=0)
        return SourceRow("document", record.tenant, tuple(sorted(record.allowed)), fingerprint(clean(record, redactor)), expires_us=record.expires_us)
    except InvalidRecordError as error:
        return SourceRow("refused", reason=str(error))


def _ask_connector(evidence: Evidence, source: PostgresSource) -> None:
    evidence.connector = health_of(source, read(ConnectSettings))


# -- Kafka ---------------------------------------------------------------------------------------------------------------------------


async def _ask_kafka(evidence: Evidence, mapping: TableMapping | None, sources: Sources) -> None:
    settings = read(KafkaSettings)
    async with topic_reader(settings) as reader:
        if mapping is not None:
            evidence.raw = tuple([seen for topic in _raw_topics(mapping) for seen in await _raw(evidence, reader, topic, mapping)])
        tenants = {evidence.tenant, evidence.row.tenant, *(held.tenant for held in evidence.indexed)} - {None, ""}
        keys = [record_key(tenant, evidence.doc_id) for tenant in sorted(str(tenant) for tenant in tenants)]
        evidence.documents = tuple([seen for topic in (DOCUMENTS, DOCUMENTS_BACKFILL) for key in keys for seen in await _documents(reader, topic, key)])
        places = {seen.place for seen in (*evidence.raw, *evidence.documents)}
        letters = await read_letters(reader)
    evidence.letters = tuple(letter for letter in letters if letter.letter.doc_id == evidence.doc_id or letter.origin in places)
    evidence.lags = await lags(settings, groups_of(sources.postgres))


def _raw_topics(mapping: TableMapping) -> tuple[str, str]:
    kind = gathered_kind(mapping.table.name) if mapping.table.related else mapping.table.name
    return source_topic(mapping.source.name, kind), source_backfill_topic(mapping.source.name, kind)


async def _raw(evidence: Evidence, reader: TopicReader, topic: str, mapping: TableMapping) -> list[Seen]:
    """The last records of the row's key. A record that does not decode is not of a row that one can name."""
    key = key_of_document(mapping.scope, evidence.doc_id)
    found: list[Seen] = []
    for partition in await reader.partitions(topic):
        async for record in reader.tail(topic, partition, TAIL_RECORDS):
            evidence.raw_scanned += 1
            if _is_key(record.key, mapping.table.key, key):
                found.extend(_seen_raw(record, mapping))
    return found[-_KEPT:]


def _is_key(raw: bytes | None, columns: Sequence[str], key: tuple[str, ...]) -> bool:
    if raw is None:
        return False
    try:
        decoded = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return False
    return isinstance(decoded, dict) and all(column in decoded and text_of(decoded[column]) == part for column, part in zip(columns, key, strict=True))


def _seen_raw(record: KafkaRecord, mapping: TableMapping) -> list[Seen]:
    try:
        envelope = decode_envelope(record.key, record.value)
    except InvalidRecordError:
        return [Seen(record.place, "undecodable", Version(0, 0, 0, 0), record.time_ms * 1000)]
    if not isinstance(envelope, Envelope):
        return []
    version = version_of(envelope, mapping.source.epoch, mapping.source.revision)
    return [Seen(record.place, envelope.op, version, envelope.source.time_us)]


async def _documents(reader: TopicReader, topic: str, key: bytes) -> list[Seen]:
    partition = await reader.partition_of(topic, key)
    if partition is None:
        return []
    found = [record async for record in reader.tail(topic, partition, TAIL_RECORDS) if record.key == key and record.value is not None]
    return [seen for record in found[-_KEPT:] for seen in _seen_document(record.place, record.value or b"")]


def _seen_document(place: Place, value: bytes) -> list[Seen]:
    try:
        record = decode_index_record(value)
    except InvalidRecordError:
        return []
    if isinstance(record, FloorRecord):
        return []
    expired = isinstance(record, DeleteRecord) and record.expires_us is not None
    return [Seen(place, "delete, as it expired," if expired else record.kind, record.version, record.source_time_us or record.expires_us or 0, record.tenant)]


# -- the index -----------------------------------------------------------------------------------------------------------------------


async def _ask_index(evidence: Evidence) -> None:
    client = await connect(read(WeaviateSettings))
    try:
        space = await live_space(client)
        if space is None:
            evidence.unasked.append("index: there is none yet; the first index worker makes it")
            return
        names = CollectionNames.of(space)
        await complete_documents(client, names)
        index = IndexReader(client, names)
        tenants = [tenant for tenant in await index.tenants() if evidence.tenant in {None, tenant}]
        found = await index.documents(DocKey(tenant, evidence.doc_id) for tenant in tenants)
        for key, indexed in found.items():
            there = {chunk.chunk_id for chunk in indexed.chunks}
            gone = len(indexed.current.chunk_ids - there) if indexed.current else 0
            if indexed.manifests or indexed.chunks:
                evidence.indexed += (InIndex(key.tenant, indexed.manifests, len(there), gone),)
        floors = await WeaviateStore(client, names).floors()
        evidence.floor = max((floor.version for floor in floors if evidence.doc_id.startswith(floor.scope)), default=None)
    finally:
        await client.close()
