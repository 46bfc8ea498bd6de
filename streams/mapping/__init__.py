"""Rows to records of documents: pure, and the same for rows that come through Debezium and rows that ``verify`` reads by SQL."""

from contracts.rows.sql_rows import COLUMN_TYPES, row_from_sql, select_rows, session_options
from streams.mapping.errors import InvalidIdentityColumnError, MappingError, MissingColumnError, UnavailableValueError, WrongTableError
from streams.mapping.registry import AnyMapping, kinds_by_source, mappings_by_topic
from streams.mapping.rest import RestMapping
from streams.mapping.row import RowReader
from streams.mapping.table import Record, TableMapping

__all__ = [
    "COLUMN_TYPES",
    "AnyMapping",
    "InvalidIdentityColumnError",
    "MappingError",
    "MissingColumnError",
    "Record",
    "RestMapping",
    "RowReader",
    "TableMapping",
    "UnavailableValueError",
    "WrongTableError",
    "kinds_by_source",
    "mappings_by_topic",
    "row_from_sql",
    "select_rows",
    "session_options",
]
