"""How far a table has been read: written in the transaction of the records that it speaks of, so that the two never differ. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import orjson

from connectors.clickhouse.columns import Shape
from connectors.clickhouse.statements import Position
from contracts.sources.clickhouse import ClickHouseSource

_FORM: Final = 1


@dataclass(frozen=True, slots=True)
class Cursor:
    """``high`` is the newest time that was read live, ``back`` what it was at the last look back; the load goes from ``load`` (None: the beginning) to ``until``
    (None: it is done). All in ticks. ``reread`` is the offset of the next request to read rows again.

    ``under`` is what the rows were read under: when any of it changes, what was read before counts no longer.
    """

    under: tuple[object, ...]
    high: int
    back: int
    until: int | None
    load: Position | None = None
    compared_us: int = 0
    reread: int = 0
    writer: str = ""
    """Which session wrote it."""

    def seen(self, ticks: int, back: int) -> Cursor:
        return replace(self, high=max(self.high, ticks), back=back)

    def loaded_to(self, position: Position) -> Cursor:
        return replace(self, load=position)

    @property
    def loaded(self) -> Cursor:
        return replace(self, load=None, until=None)


def under(source: ClickHouseSource, shape: Shape) -> tuple[object, ...]:
    """Epoch, revision, unit of time, the columns of the order."""
    table = shape.table
    return (source.epoch, source.revision, shape.ticks_per_second, table.updated_at, table.version, table.is_deleted, list(table.key))


def cursor_key(source: str, table: str) -> bytes:
    return f"{source}.{table}".encode()


def starting(stored: Cursor | None, now_under: tuple[object, ...], now: int, lag: int) -> Cursor:
    """Where to begin. Without a cursor: live from the safety lag before now on, and a load of all that is older. The same under other terms, but for a new revision
    alone what is live goes on where it was.
    """
    if stored is None or _but_revision(stored.under) != _but_revision(now_under):
        return Cursor(now_under, high=now, back=now, until=now - lag - 1, reread=0 if stored is None else stored.reread)
    if stored.under != now_under:
        return replace(stored, under=now_under, until=stored.high - lag - 1, load=None)
    return stored


def encode_cursor(cursor: Cursor) -> bytes:
    load = None if cursor.load is None else [cursor.load.ticks, cursor.load.key]
    written = {
        "form": _FORM,
        "under": cursor.under,
        "high": cursor.high,
        "back": cursor.back,
        "until": cursor.until,
        "load": load,
        "compared_us": cursor.compared_us,
        "reread": cursor.reread,
        "writer": cursor.writer,
    }
    return orjson.dumps(written)


def decode_cursor(value: bytes) -> Cursor | None:
    """None for a cursor of another form, which counts as none: the table is then read from its beginning."""
    try:
        read = orjson.loads(value)
        if read["form"] != _FORM:
            return None
        load = None if read["load"] is None else Position(int(read["load"][0]), None if read["load"][1] is None else tuple(map(str, read["load"][1])))
        until = None if read["until"] is None else int(read["until"])
        return Cursor(
            tuple(read["under"]), int(read["high"]), int(read["back"]), until, load, int(read["compared_us"]), int(read["reread"]), str(read["writer"])
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, IndexError):
        return None


def _but_revision(terms: tuple[object, ...]) -> tuple[object, ...]:
    return (terms[0], *terms[2:])
