from __future__ import annotations

from collections.abc import Callable

import pytest

from contracts.envelope import Envelope, Origin
from contracts.sources import Connection, PostgresSource, Table
from streams.mapping import TableMapping


@pytest.fixture
def mapping() -> Callable[..., TableMapping]:
    def make(**changes: object) -> TableMapping:
        fields: dict[str, object] = {"name": "public.tickets", "key": "id", "title": "subject", "body": "body", "tenant": "{tenant}", "allowed": ["public"]}
        table = Table.model_validate(fields | changes)
        source = PostgresSource(name="shop", connection=Connection(host="h", database="db", user="u"), revision=4, tables=(table,))
        return TableMapping(source, table)

    return make


@pytest.fixture
def change() -> Callable[..., Envelope]:
    def make(op: str, before: object = None, after: object = None, key: object = None, table: str = "tickets") -> Envelope:
        source = Origin("source.shop", "db", "public", table, (10, 20), 20, 1, 1_000_000, "false")
        return Envelope(op, key, before, after, source, None)  # type: ignore[arg-type]

    return make
