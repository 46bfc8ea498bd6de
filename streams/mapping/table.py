"""A change of a row becomes records of documents. Pure: an envelope in, records or a named error out; texts stay raw, the normaliser redacts them.

Invariants: every record of one envelope has the envelope's version, and a state is never left standing under an old name: a row whose key or tenant
changed deletes the old document, a row outside ``where`` deletes its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from pydantic import ValidationError

from contracts.envelope import Envelope, Heartbeat, Row, Tombstone, version_of
from contracts.events import DeleteRecord, DocumentRecord, FloorRecord, MetadataValue, describe_validation
from contracts.identity import InvalidIdentityError, Version, check_tenant, document_id
from contracts.rows.placeholders import is_unavailable
from contracts.rows.values import metadata_of
from contracts.sources import Table, TableSource, parse_column_or_template, parse_template
from streams.mapping.conditions import meets
from streams.mapping.errors import InvalidIdentityColumnError, MappingError, WrongTableError
from streams.mapping.expiry import expiry_of
from streams.mapping.principals import principals_by_templates, principals_in_column
from streams.mapping.row import RowReader

Record = DocumentRecord | DeleteRecord | FloorRecord


class TableMapping:
    """The mapping of one declared table, its templates parsed once."""

    def __init__(self, source: TableSource, table: Table) -> None:
        self.source = source
        self.table = table
        self.scope = source.scope_of(table)
        self.chunking = source.chunking_of(table)
        self.redaction = source.redaction_of(table)
        self._retention_days = source.retention_days_of(table)
        self._title = parse_column_or_template(table.title) if table.title else None
        self._body = parse_column_or_template(table.body)
        self._url = parse_column_or_template(table.url) if table.url else None
        self._tenant = parse_template(table.tenant)
        self._doc_type = parse_template(table.doc_type)
        self._allowed_column = parse_column_or_template(table.allowed) if isinstance(table.allowed, str) else None
        self._allowed = () if isinstance(table.allowed, str) else tuple(parse_template(text) for text in table.allowed)
        self._metadata = {name: parse_template(value) if isinstance(value, str) else value for name, value in table.metadata.items()}

    def records(self, envelope: Envelope | Tombstone | Heartbeat) -> tuple[Record, ...]:
        """What an envelope of this table means for the index. Raises MappingError (a dead letter's reason)."""
        if not isinstance(envelope, Envelope):
            return ()
        self._check_table(envelope)
        version = version_of(envelope, self.source.epoch, self.source.revision)
        time_us = envelope.source.time_us
        match envelope.op:
            case "t":
                return (FloorRecord(version=version, scope=self.scope, source=self.source.name, source_time_us=time_us),)
            case "d":
                return self._removed(envelope, version)
            case _:
                return self._written(envelope, version)

    def document(self, row: RowReader, version: Version, source_time_us: int) -> DocumentRecord | None:
        """The row's document, or None for a row outside ``where``. The same for rows of Debezium and of SQL: what must be in the index."""
        if self.table.where is not None and not meets(self.table.where, row):
            return None
        try:
            return self._record(row, version, source_time_us)
        except ValidationError as error:  # its own text would show the value
            raise MappingError(self.table.name, "", describe_validation(error)) from None

    def _record(self, row: RowReader, version: Version, source_time_us: int) -> DocumentRecord:
        tenant, doc_id = self.identity(row)
        return DocumentRecord(
            tenant=tenant,
            doc_id=doc_id,
            scope=self.scope,
            source=self.source.name,
            source_time_us=source_time_us,
            version=version,
            title=self._title.render(row.text) if self._title else "",
            url=self._link(row),
            body=self._body.render(row.text),
            format=self.table.format,
            doc_type=self._doc_type.render(row.text),
            allowed=self._principals(row),
            metadata=self._metadata_of(row),
            chunking=self.chunking,
            expires_us=self.expires_us(row),
        )

    def expires_us(self, row: RowReader) -> int | None:
        """When the row's document expires; None where it stays. Raises NoTimeError."""
        if self.table.retention is None or self._retention_days is None:
            return None
        return expiry_of(row, self.table.retention.since, self._retention_days)

    def expected(self, row: Mapping[str, object], version: Version, source_time_us: int) -> DocumentRecord | None:
        """As ``document``, from a row that ``row_from_sql`` made."""
        return self.document(RowReader(self.table.name, row), version, source_time_us)

    def identity(self, row: RowReader) -> tuple[str, str]:
        """(tenant, doc_id). Raises InvalidIdentityColumnError for a null key or a tenant that cannot be."""
        doc_id = self.doc_id(row)
        try:
            tenant = check_tenant(self._tenant.render(row.text))
        except InvalidIdentityError:
            column = ", ".join(self._tenant.columns)
            reason = f"the tenant from column {column} is not 1 to 64 characters of A-Z a-z 0-9 _ -"
            raise InvalidIdentityColumnError(self.table.name, column, reason) from None
        return tenant, doc_id

    def doc_id(self, row: RowReader) -> str:
        """The part of the identity that the key columns alone tell. Raises InvalidIdentityColumnError for a null one."""
        for column in self.table.key:
            if row.value(column) is None:
                raise InvalidIdentityColumnError(self.table.name, column, f"key column {column} is null")
        return document_id(self.scope, tuple(row.text(column) for column in self.table.key))

    def doc_id_of(self, key: Row) -> str:
        """The document that a record's key names, as far as it does. Raises InvalidIdentityColumnError."""
        return self.doc_id(RowReader(self.table.name, key))

    def _link(self, row: RowReader) -> str:
        """The url: a column as it is, or a template whose columns are percent-encoded, but for one that is a URL itself."""
        template = self._url
        if template is None:
            return ""
        return template.render(row.text if template.sole_column else lambda column: _url_part(row.text(column)))

    def _removed(self, envelope: Envelope, version: Version) -> tuple[Record, ...]:
        """Nothing for a row whose tenant no document can be stored under. A tenant that the change does not show may be one with a document: that is refused."""
        row = RowReader(self.table.name, {**(envelope.key or {}), **(envelope.before or {})})
        try:
            return (self._delete(self.identity(row), version, envelope.source.time_us),)
        except InvalidIdentityColumnError:
            if any(row.value(column) is None for column in self.table.identity_columns):
                raise
            return ()

    def _written(self, envelope: Envelope, version: Version) -> tuple[Record, ...]:
        row, time_us = RowReader(self.table.name, envelope.after or {}, envelope.before), envelope.source.time_us
        old = self._old_identity(envelope)
        gone = () if old is None else (self._delete(old, version, time_us),)
        try:
            now = self.identity(row)
        except InvalidIdentityColumnError as error:
            error.standing = gone
            raise
        moved = () if old == now else gone
        try:
            document = self.document(row, version, time_us)
        except MappingError as error:
            error.standing = moved
            raise
        return (*moved, document or self._delete(now, version, time_us))

    def _old_identity(self, envelope: Envelope) -> tuple[str, str] | None:
        """Under which name the row stood before, where the change tells; a name that could never be stored has no document to delete."""
        before = envelope.before
        if before is None or any(before.get(column) is None or is_unavailable(before[column]) for column in self.table.identity_columns):
            return None
        try:
            return self.identity(RowReader(self.table.name, before))
        except InvalidIdentityColumnError:
            return None

    def _delete(self, identity: tuple[str, str], version: Version, time_us: int) -> DeleteRecord:
        tenant, doc_id = identity
        return DeleteRecord(tenant=tenant, doc_id=doc_id, scope=self.scope, source=self.source.name, source_time_us=time_us, version=version)

    def _principals(self, row: RowReader) -> tuple[str, ...]:
        if self.table.restricted_when is not None and meets(self.table.restricted_when, row):
            return ()
        if self._allowed_column is not None:
            return principals_in_column(self._allowed_column, row)
        return principals_by_templates(self._allowed, row)

    def _metadata_of(self, row: RowReader) -> dict[str, MetadataValue]:
        found: dict[str, MetadataValue] = {}
        for name, template in self._metadata.items():
            if isinstance(template, str | int | float | bool):
                found[name] = template
                continue
            column = template.sole_column
            value = metadata_of(row.value(column)) if column else template.render(row.text)
            if value is not None:
                found[name] = value
        return found

    def _check_table(self, envelope: Envelope) -> None:
        if (envelope.source.schema, envelope.source.table) != (self.table.schema_name, self.table.table_name):
            raise WrongTableError(self.table.name, "", f"the change is of {envelope.source.schema}.{envelope.source.table}")


def _url_part(text: str) -> str:
    return text if text.startswith(("https://", "http://")) else quote(text, safe="/")
