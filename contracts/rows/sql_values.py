"""From Postgres' own text of a value to the value that Debezium writes for it (``time.precision.mode=isostring``, decimals and intervals as text, bytea in base64).

Measured column by column on Debezium 3.7 against both of its ways, the log and the incremental snapshot: they write the same for every finite value.
Not the same on its two ways, and so not comparable: dates BC and the dates and timestamps that Postgres calls infinity.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from contracts.rows.array_text import parse_array

_TYPE: Final = re.compile(r"(?P<name>[a-z_\" ]+?)(?:\((?P<length>-?\d+)(?:,-?\d+)?\))?(?P<zone> with(?:out)? time zone)?(?P<array>\[\])?")
_INTERVAL: Final = re.compile(r"P(?:(-?\d+)Y)?(?:(-?\d+)M)?(?:(-?\d+)D)?(?:T(?:(-?\d+)H)?(?:(-?\d+)M)?(?:(-?[\d.]+)S)?)?")
_ZONE: Final = re.compile(r"([+-])(\d\d)(?::(\d\d))?(?::\d\d)?$")


def value_from_text(text: str, type_name: str) -> object:
    """``text`` as the type's output function writes it in the session of ``sql_rows``; ``type_name`` as ``format_type`` does."""
    found = _TYPE.fullmatch(type_name)
    if found is None:
        return text
    name, length = found["name"].strip() + (found["zone"] or ""), found["length"]
    convert = _converter(name, None if length is None else int(length))
    if found["array"]:
        return [None if item is None else convert(item) for item in parse_array(text)]
    return convert(text)


def _converter(name: str, length: int | None) -> Callable[[str], object]:
    match name:
        case "smallint" | "integer" | "bigint" | "oid":
            return int
        case "timestamp with time zone":
            return lambda text: _timestamp_with_zone(text, 6 if length is None else length)
        case "bit" | "bit varying":
            return (lambda text: text == "1") if name == "bit" and length in {None, 1} else _bits
        case _:
            return _CONVERTERS.get(name, str)


def _float(text: str) -> object:
    return text if text in {"NaN", "Infinity", "-Infinity"} else float(text)


def _bytes(text: str) -> str:
    return base64.b64encode(bytes.fromhex(text.removeprefix("\\x"))).decode()


def _bits(text: str) -> str:
    return base64.b64encode(int(text, 2).to_bytes((len(text) + 7) // 8, "little")).decode()


def _date(text: str) -> str:
    return text if text.endswith("infinity") else f"{_year(text)}Z"


def _year(text: str) -> str:
    """Java writes a sign before a year of more than four digits."""
    return text if text.index("-") <= 4 else f"+{text}"


def _timestamp(text: str) -> str:
    return text if text.endswith("infinity") else f"{_year(text).replace(' ', 'T')}Z"


def _timestamp_with_zone(text: str, digits: int) -> str:
    if text.endswith("infinity"):
        return text
    date, _, time = text.removesuffix("+00").partition(" ")
    seconds, _, fraction = time.partition(".")
    return f"{_year(date)}T{seconds}{'.' + fraction.ljust(digits, '0') if digits else ''}Z"


def _time(text: str) -> str:
    return "00:00:00Z" if text == "24:00:00" else f"{text}Z"


def _time_with_zone(text: str) -> str:
    """Shifted to UTC, the day forgotten."""
    zone = _ZONE.search(text)
    if zone is None:
        return _time(text)
    clock, _, fraction = text[: zone.start()].partition(".")
    hours, minutes, seconds = (int(part) for part in clock.split(":"))
    shift = (int(zone[2]) * 3600 + int(zone[3] or 0) * 60) * (1 if zone[1] == "+" else -1)
    moved = datetime.fromtimestamp((hours * 3600 + minutes * 60 + seconds - shift) % 86_400, UTC)
    return f"{moved:%H:%M:%S}{'.' + fraction if fraction else ''}Z"


def _interval(text: str) -> str:
    found = _INTERVAL.fullmatch(text)
    if found is None:
        return text
    years, months, days, hours, minutes = (int(part or 0) for part in found.groups()[:5])
    return f"P{years}Y{months}M{days}DT{hours}H{minutes}M{found[6] or '0'}S"


_CONVERTERS: Final[dict[str, Callable[[str], object]]] = {
    "boolean": lambda text: text == "t",
    "real": _float,
    "double precision": _float,
    "numeric": lambda text: "NAN" if text == "NaN" else text,
    "bytea": _bytes,
    "date": _date,
    "timestamp without time zone": _timestamp,
    "time without time zone": _time,
    "time with time zone": _time_with_zone,
    "interval": _interval,
}
