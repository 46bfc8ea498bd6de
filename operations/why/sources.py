"""What the source itself says of a document now: its row by SQL, or its object from the vendor; and how what brings its changes is doing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import orjson

from connectors.clickhouse.cursor import cursor_key
from connectors.clickhouse.log import read_cursor
from connectors.collect.app import opened_reader
from connectors.debezium import ConnectorError, connected, health_of
from connectors.debezium.observe import observe_database
from connectors.rest.credentials import CredentialsError
from contracts.events import DeleteRecord, DocumentRecord, InvalidRecordError, unless_expired
from contracts.identity import Version
from contracts.settings import ConnectSettings, KafkaSettings, RedactionSettings, read
from contracts.sources import ClickHouseSource, ClickHouseTable, PostgresSource, RedactionPolicy, TableSource, environment
from index.documents import fingerprint
from index.driver import now_us
from operations.foreseen import OperationError
from operations.verify.clickhouse_rows import opened_rows
from operations.verify.source_rows import Key, PostgresRows, Row, prepare
from operations.why.collecting import native_in
from operations.why.evidence import Evidence, SourceKind, SourceRow
from rest_sources.api import ApiError, ForbiddenError
from rest_sources.source import parent_of
from streams.mapping import RestMapping, TableMapping
from streams.normalizing import clean
from streams.redact.redactor import Redactor

_ANY_VERSION = Version(0, 0, 0, 0)


def kind_of(source: TableSource) -> SourceKind:
    return "clickhouse" if isinstance(source, ClickHouseSource) else "postgres"


def ask_row(evidence: Evidence, mapping: TableMapping, key: Key) -> Iterator[tuple[str, Awaitable[None]]]:
    """(who is asked, the asking), each to be awaited in its turn."""
    source, table = mapping.source, mapping.table
    if isinstance(source, PostgresSource):
        yield "source", asyncio.to_thread(_ask_postgres, evidence, mapping, source, key)
        yield "connector", asyncio.to_thread(_ask_connector, evidence, source)
    if isinstance(source, ClickHouseSource) and isinstance(table, ClickHouseTable):
        yield "source", _ask_clickhouse(evidence, mapping, source, table, key)
        yield "poller", _ask_poller(evidence, source, table)


def _ask_postgres(evidence: Evidence, mapping: TableMapping, source: PostgresSource, key: Key) -> None:
    try:
        with connected(source) as connection:
            prepare(connection)
            rows = PostgresRows(mapping, connection)
            evidence.row = _row(mapping, rows.by_key([key]).get(key))
            shown = observe_database(source, connection).tables[mapping.table.name].identity_columns
            evidence.outside_identity = tuple(column for column in mapping.table.identity_columns if column not in shown)
    except (ConnectorError, OperationError) as error:
        evidence.row = SourceRow("unknown", reason=error.cure)
        raise


def _ask_connector(evidence: Evidence, source: PostgresSource) -> None:
    evidence.connector = health_of(source, read(ConnectSettings))


async def _ask_clickhouse(evidence: Evidence, mapping: TableMapping, source: ClickHouseSource, table: ClickHouseTable, key: Key) -> None:
    try:
        async with opened_rows(mapping, source, table, environment()) as rows:
            found = await asyncio.to_thread(rows.by_key, [key])
        evidence.row = _row(mapping, found.get(key))
    except OperationError as error:
        evidence.row = SourceRow("unknown", reason=error.cure)
        raise


async def _ask_poller(evidence: Evidence, source: ClickHouseSource, table: ClickHouseTable) -> None:
    evidence.cursor = await read_cursor(read(KafkaSettings).bootstrap_servers, cursor_key(source.name, table.name))


async def ask_object(evidence: Evidence, mapping: RestMapping) -> None:
    """Fetches the object, as the collector would."""
    native = native_in(mapping, evidence.doc_id)
    try:
        async with opened_reader(mapping.source, environment()) as reader:
            found = (await reader.fetch(parent_of(native))).records.get(native)
    except ForbiddenError:
        evidence.row = SourceRow("absent", reason="Our account may not read it, so nobody may see it")
        return
    except KeyError as error:
        raise OperationError(f"{native} is no id of {mapping.source.name}.", "An id is as an answer's source shows it, such as ticket/7.") from error
    except ApiError as error:
        evidence.row = SourceRow("unknown", reason=error.cure)
        raise OperationError(error.cause, error.cure) from error
    except CredentialsError as error:
        evidence.row = SourceRow("unknown", reason="This command needs the secrets that the collector has.")
        raise OperationError(str(error), evidence.row.reason) from error
    if found is None:
        evidence.row = SourceRow("absent")
        return
    record = orjson.loads(orjson.dumps(dict(found)))  # as the collector writes it
    evidence.row = _judged(lambda: mapping.document(native, record, _ANY_VERSION, now_us()), mapping.redaction)


def _row(mapping: TableMapping, row: Row | None) -> SourceRow:
    if row is None:
        return SourceRow("absent")
    return _judged(lambda: mapping.expected(row, _ANY_VERSION, now_us()), mapping.redaction)


def _judged(document: Callable[[], DocumentRecord | None], policy: RedactionPolicy) -> SourceRow:
    """What the index must hold of it."""
    try:
        record = document()
        if record is None:
            return SourceRow("outside where")
        if isinstance(unless_expired(record, now_us()), DeleteRecord):
            return SourceRow("expired", record.tenant, expires_us=record.expires_us)
        redactor = Redactor(read(RedactionSettings).key.get_secret_value().encode(), policy=policy, memory_paragraphs=0)
        return SourceRow("document", record.tenant, tuple(sorted(record.allowed)), fingerprint(clean(record, redactor)), expires_us=record.expires_us)
    except InvalidRecordError as error:
        return SourceRow("refused", reason=str(error))
