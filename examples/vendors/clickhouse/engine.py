"""The engine of ClickHouse in this process (chdb), one query at a time.

A server takes settings with each request. The embedded engine keeps them in its session, so what one request set is set back before the next.
"""

from __future__ import annotations

import re
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import chdb

_CODE: Final = re.compile(r"Code: (\d+)\.")
_INSERT: Final = re.compile(rb"(?is)(insert\s+into\s.+?)\s+format\s+(\w+)\s*;?\s*")
_DEFAULT_FORMAT: Final = "TabSeparated"
UNKNOWN_EXCEPTION: Final = 1002


class QueryError(Exception):
    """The engine refused. ``code`` is ClickHouse's own, the text as the server would send it."""

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        super().__init__(text)


class Engine:
    """One database folder. ``:memory:`` for one that is forgotten with the process."""

    def __init__(self, path: str) -> None:
        self._connection = chdb.connect(path)
        self._lock = threading.Lock()
        self._set: dict[str, str] = {}

    def run(self, sql: bytes, data: bytes, output_format: str, database: str, settings: Mapping[str, str]) -> bytes:
        """The answer in its format; ``data`` are the rows of an ``INSERT … FORMAT``. Raises QueryError."""
        with self._lock:
            self._use(database, settings)
            inserted = _INSERT.fullmatch(sql) if data else None
            if inserted is None:
                return self._query((sql + b"\n" + data if data else sql).decode(), output_format)
            return self._insert(inserted[1].decode(), inserted[2].decode(), data)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _insert(self, statement: str, input_format: str, data: bytes) -> bytes:
        with tempfile.NamedTemporaryFile() as rows:
            Path(rows.name).write_bytes(data)
            return self._query(f"{statement} FROM INFILE '{rows.name}' FORMAT {input_format}", _DEFAULT_FORMAT)

    def _use(self, database: str, settings: Mapping[str, str]) -> None:
        for name in self._set.keys() - settings.keys():
            self._query(f"SET {name} = DEFAULT", _DEFAULT_FORMAT)
            del self._set[name]
        for name, value in settings.items():
            if self._set.get(name) != value:
                self._query(f"SET {name} = {_quoted(value)}", _DEFAULT_FORMAT)
                self._set[name] = value
        if database:
            self._query(f"USE `{database}`", _DEFAULT_FORMAT)

    def _query(self, sql: str, output_format: str) -> bytes:
        try:
            return bytes(self._connection.query(sql, output_format).bytes())
        except RuntimeError as error:
            found = _CODE.search(str(error))
            raise QueryError(int(found[1]) if found else UNKNOWN_EXCEPTION, str(error)) from None


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
