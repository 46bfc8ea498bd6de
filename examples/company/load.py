"""Creates the demo company's database and loads its content.

The content is Markdown with YAML front matter under ``content/<tenant>/{handbook,policies,tickets}/``. ``create`` drops what an earlier run left of its
own tables and types, so that a second run ends in the same rows; nothing else in the database is touched.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
import yaml
from psycopg import sql
from psycopg.types.json import Jsonb

HERE: Final = Path(__file__).parent
CONTENT: Final = HERE / "content"
SCHEMA: Final = HERE / "schema.sql"
DSN_VARIABLE: Final = "HEADRACE_DEMO_DSN"
_FENCE: Final = "---\n"

_DROP: Final = """
DROP TABLE IF EXISTS handbook_pages, policies, tickets;
DROP TYPE IF EXISTS policy_status, ticket_status;
"""
_TABLES: Final = {"handbook": ("handbook_pages", "body"), "policies": ("policies", "body"), "tickets": ("tickets", "description")}


class ContentError(ValueError):
    """A content file that is not front matter and text; names the file."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it will be inserted; ``columns`` includes the text column."""

    table: str
    path: Path
    columns: dict[str, Any]

    @property
    def tenant(self) -> str:
        return str(self.columns["tenant_id"])

    @property
    def key(self) -> str:
        """The policy's code or the row's id, as text."""
        return str(self.columns["code"] if self.table == "policies" else self.columns["id"])

    @property
    def title(self) -> str:
        return str(self.columns["subject" if self.table == "tickets" else "title"])

    @property
    def text(self) -> str:
        return str(self.columns["description" if self.table == "tickets" else "body"])

    @property
    def allowed(self) -> tuple[str, ...]:
        return tuple(self.columns.get("allowed", ()))


def rows(content: Path = CONTENT) -> Iterator[Row]:
    """Every row of the demo, in a stable order: by tenant, kind and file name."""
    for tenant in sorted(path for path in content.iterdir() if path.is_dir()):
        for kind, (table, text_column) in _TABLES.items():
            for path in sorted((tenant / kind).glob("*.md")):
                front, text = _split(path)
                yield Row(table, path, {"tenant_id": tenant.name, **front, text_column: text})


def create(dsn: str) -> dict[str, int]:
    """Drops, creates and loads the demo's tables in one transaction. Returns how many rows each table got."""
    counts: dict[str, int] = {}
    with psycopg.connect(dsn) as connection:
        connection.execute(_DROP)
        connection.execute(SCHEMA.read_text(encoding="utf-8"))
        for row in rows():
            _insert(connection, row)
            counts[row.table] = counts.get(row.table, 0) + 1
        for table in ("handbook_pages", "tickets"):
            _advance_identity(connection, table)
    return counts


def _split(path: Path) -> tuple[dict[str, Any], str]:
    _, _, rest = path.read_text(encoding="utf-8").partition(_FENCE)
    front, fence, text = rest.partition("\n" + _FENCE)
    loaded = yaml.safe_load(front) if fence else None
    if not isinstance(loaded, dict):
        raise ContentError(f"{path}: expected YAML front matter between two lines of ---, then the text")
    return loaded, text.strip() + "\n"


def _insert(connection: psycopg.Connection[Any], row: Row) -> None:
    values = {name: Jsonb(value) if isinstance(value, dict) else value for name, value in row.columns.items()}
    statement = sql.SQL("INSERT INTO {table} ({columns}) VALUES ({values})").format(
        table=sql.Identifier(row.table),
        columns=sql.SQL(", ").join(map(sql.Identifier, values)),
        values=sql.SQL(", ").join(map(sql.Placeholder, values)),
    )
    connection.execute(statement, values)


def _advance_identity(connection: psycopg.Connection[Any], table: str) -> None:
    """Rows came with their ids; the next generated one must lie above them."""
    connection.execute(
        sql.SQL("SELECT setval(pg_get_serial_sequence({name}, 'id'), (SELECT max(id) FROM {table}))").format(
            name=sql.Literal(table), table=sql.Identifier(table)
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Create the demo company's tables and load its content (drops an earlier copy of them).")
    parser.add_argument("--dsn", default=os.environ.get(DSN_VARIABLE), help=f"connection string; default: ${DSN_VARIABLE}")
    dsn = parser.parse_args().dsn
    if not dsn:
        parser.error(f"no connection string: give --dsn or set {DSN_VARIABLE}")
    for table, count in create(dsn).items():
        print(f"{table}: {count} rows")


if __name__ == "__main__":
    main()
