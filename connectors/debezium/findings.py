"""What a check finds, and what checks of any table need: whether a type has one form, and the known name that a wrong one resembles."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_TYPES: Final = frozenset(
    """smallint|integer|bigint|oid|boolean|real|double precision|numeric|money|text|character varying|character|citext|uuid|enum|json|jsonb|bytea|date|interval
    |time without time zone|time with time zone|timestamp without time zone|timestamp with time zone|inet|cidr|macaddr|bit|bit varying|tsvector
    |int4range|int8range|numrange|daterange|tsrange|tstzrange""".replace("\n    ", "").split("|")
)
"""Types of which Debezium's log, its snapshots and SQL give the same value. Of others it writes null in the log (name) or nothing (interval[])."""
_NO_ARRAYS: Final = frozenset({"interval", "money", "oid", "citext", "inet", "cidr", "macaddr", "bit", "bit varying", "tsvector"})


@dataclass(frozen=True, slots=True)
class Finding:
    subject: str
    message: str
    cure: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.message}. {self.cure}"


def is_exact(type_name: str) -> bool:
    """``timestamp(3) with time zone[]`` without its length is ``timestamp with time zone``."""
    kind = bare(type_name.removesuffix("[]"))
    return kind in _TYPES and not (type_name.endswith("[]") and (kind in _NO_ARRAYS or kind.endswith("range")))


def bare(type_name: str) -> str:
    return re.sub(r"\([^)]*\)", "", type_name)


def near(name: str, known: Iterable[str], otherwise: str) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"Did you mean {close[0]}?" if close else f"{otherwise}."
