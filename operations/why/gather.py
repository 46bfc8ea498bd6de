"""Asks every place on a document's way: source, what brings its changes, source topics, document topics, dead letters, lag, index. One that is away is noted, not fatal."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Sequence
from typing import Final

import orjson
from aiokafka.errors import KafkaError
from weaviate.exceptions import WeaviateBaseError

from connectors.clickhouse.log import LogUnavailableError
from connectors.debezium import ConnectorError
from contracts.envelope import Envelope, decode_envelope, version_of
from contracts.events import DeleteRecord, FloorRecord, InvalidRecordError, decode_index_record
from contracts.hints import collector_group
from contracts.identity import Version, document_id, key_of_document, record_key
from contracts.rest_records import OBJECTS
from contracts.rows.values import text_of
from contracts.settings import KafkaSettings, WeaviateSettings, read
from contracts.sources import Sources
from contracts.topics import DOCUMENTS, DOCUMENTS_BACKFILL, gathered_kind, source_backfill_topic, source_topic
from index.collections import CollectionNames, complete_documents, live_space
from index.connection import connect
from index.store import DocKey, StoreUnavailableError, WeaviateStore
from operations.dead_letters.letters import read_letters
from operations.foreseen import OperationError
from operations.lag import groups_of, lags
from operations.topic_reading import KafkaRecord, Place, TopicReader, topic_reader
from operations.verify.index_reader import IndexReader
from operations.why.collecting import ask_collecting, native_in
from operations.why.evidence import Evidence, InIndex, Seen
from operations.why.sources import ask_object, ask_row, kind_of
from streams.mapping import AnyMapping, RestMapping, TableMapping

TAIL_RECORDS: Final = 10_000
"""How far back a partition is looked through."""
_KEPT: Final = 5
_FORESEEN: Final = (ConnectorError, KafkaError, LogUnavailableError, StoreUnavailableError, WeaviateBaseError, OperationError)


async def gather(sources: Sources, doc_id: str, tenant: str | None) -> Evidence:
    """Everything that is known of the document, whose key may be given with or without percent-encoding."""
    tables = [TableMapping(source, table) for source in sources.of_tables for table in source.tables]
    mappings: list[AnyMapping] = [*tables, *(RestMapping(source) for source in sources.collected)]
    mapping = next((mapping for mapping in mappings if doc_id.startswith(_scope(mapping))), None)
    match mapping:
        case TableMapping():
            evidence = await _of_row(Evidence(document_id(mapping.scope, key_of_document(mapping.scope, doc_id)), tenant), mapping)
        case RestMapping():
            evidence = Evidence(mapping.doc_id_of({"id": native_in(mapping, doc_id)}), tenant, "rest", mapping.source.name, mapping.source.name)
            await _noted(evidence, "source", ask_object(evidence, mapping))
        case None:
            evidence = Evidence(doc_id, tenant)
    evidence.declared = tuple(map(_scope, mappings))
    await _noted(evidence, "index", _ask_index(evidence))
    await _noted(evidence, "Kafka", _ask_kafka(evidence, mapping, sources))
    return evidence


async def _of_row(evidence: Evidence, mapping: TableMapping) -> Evidence:
    evidence.source, evidence.table, evidence.kind = mapping.source.name, mapping.table.name, kind_of(mapping.source)
    key = key_of_document(mapping.scope, evidence.doc_id)
    if len(key) != len(mapping.table.key):
        parts = ", ".join(mapping.table.key)
        raise OperationError(
            f"{evidence.doc_id} has {len(key)} key parts, {mapping.table.name} has {len(mapping.table.key)}.", f"Write {mapping.scope} and then {parts}."
        )
    evidence.key_condition = " ".join(f"--where {shlex.quote(f'{column}={part}')}" for column, part in zip(mapping.table.key, key, strict=True))
    for what, asked in ask_row(evidence, mapping, key):
        await _noted(evidence, what, asked)
    return evidence


def _scope(mapping: AnyMapping) -> str:
    return mapping.scope if isinstance(mapping, TableMapping) else mapping.source.scope


async def _noted(evidence: Evidence, what: str, asked: Awaitable[None]) -> None:
    try:
        await asked
    except _FORESEEN as error:
        evidence.unasked.append(f"{what}: {' '.join(str(error).split())[:200] or type(error).__name__}")


# -- Kafka ---------------------------------------------------------------------------------------------------------------------------


async def _ask_kafka(evidence: Evidence, mapping: AnyMapping | None, sources: Sources) -> None:
    settings = read(KafkaSettings)
    groups = groups_of(sources.postgres)
    async with topic_reader(settings) as reader:
        if mapping is not None:
            columns, key, topics = _raw_place(evidence, mapping)
            evidence.raw = tuple([seen for topic in topics for seen in await _raw(evidence, reader, topic, mapping, columns, key)])
        if isinstance(mapping, RestMapping):
            evidence.collecting = await ask_collecting(reader, mapping, evidence.doc_id)
            groups = (*groups, collector_group(mapping.source.name))
        tenants = {evidence.tenant, evidence.row.tenant, *(held.tenant for held in evidence.indexed)} - {None, ""}
        keys = [record_key(tenant, evidence.doc_id) for tenant in sorted(str(tenant) for tenant in tenants)]
        evidence.documents = tuple([seen for topic in (DOCUMENTS, DOCUMENTS_BACKFILL) for key in keys for seen in await _documents(reader, topic, key)])
        places = {seen.place for seen in (*evidence.raw, *evidence.documents)}
        letters = await read_letters(reader)
    evidence.letters = tuple(letter for letter in letters if letter.letter.doc_id == evidence.doc_id or letter.origin in places)
    evidence.lags = await lags(settings, groups)


def _raw_place(evidence: Evidence, mapping: AnyMapping) -> tuple[Sequence[str], tuple[str, ...], tuple[str, str]]:
    """The columns of the record's key, the key, and the topics of both lanes: what normalize reads."""
    if isinstance(mapping, TableMapping):
        kind = gathered_kind(mapping.table.name) if mapping.table.related else mapping.table.name
        columns, key = mapping.table.key, key_of_document(mapping.scope, evidence.doc_id)
    else:
        columns, key, kind = ("id",), (native_in(mapping, evidence.doc_id),), OBJECTS
    return columns, key, (source_topic(mapping.source.name, kind), source_backfill_topic(mapping.source.name, kind))


async def _raw(evidence: Evidence, reader: TopicReader, topic: str, mapping: AnyMapping, columns: Sequence[str], key: tuple[str, ...]) -> list[Seen]:
    """The last records of the row's key. A record that does not decode is not of a row that one can name."""
    found: list[Seen] = []
    for partition in await reader.partitions(topic):
        async for record in reader.tail(topic, partition, TAIL_RECORDS):
            evidence.raw_scanned += 1
            if _is_key(record.key, columns, key):
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


def _seen_raw(record: KafkaRecord, mapping: AnyMapping) -> list[Seen]:
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
