"""What a collector writes to ``source.<source>.objects``: one object of a REST source, or its delete, in the envelope's shape. ``envelope`` decodes it.

The order of an object's states is the offset of the hint that they were fetched for: one partition of ``hints.<source>`` holds all hints of an object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import orjson

from contracts.envelope import Row
from contracts.events import InvalidRecordError
from contracts.hints import FoundBy

OBJECTS: Final = "objects"
"""The one kind of a REST source's topics."""
_SAFE: Final = "/:@"


@dataclass(frozen=True, slots=True)
class ObjectState:
    """``record`` is None for a delete. ``offset`` is the hint's, ``changed_us`` when it changed, as far as anybody says.

    ``vendor_changed_us`` is the vendor's own word on it, 0 where there is none: a sweep's hint knows only when it looked. ``moved_from`` is the native id that it had before.
    """

    native: str
    record: Mapping[str, object] | None
    offset: int
    changed_us: int
    found_by: FoundBy = "webhook"
    vendor_changed_us: int = 0
    moved_from: str = ""


def encode_object(source: str, state: ObjectState) -> tuple[bytes, bytes]:
    """Key and value of the record."""
    op = "d" if state.record is None else "r" if state.found_by == "sweep" else "u"
    origin = {
        "connector": "rest",
        "name": source,
        "db": "",
        "schema": "",
        "table": OBJECTS,
        "sequence": [state.offset, 0],
        "ts_us": state.changed_us,
        "snapshot": "true" if state.found_by == "sweep" else "false",
    }
    moved = {"moved_from": state.moved_from} if state.moved_from else {}
    after = None if state.record is None else {"id": state.native, "record": state.record, "changed_us": state.vendor_changed_us, **moved}
    key = {"id": state.native}
    before = key if state.record is None else None
    return orjson.dumps(key), orjson.dumps({"op": op, "before": before, "after": after, "source": origin})


def native_of(key: Row | None) -> str:
    """The native id that a record's key holds. Raises InvalidRecordError."""
    found = (key or {}).get("id")
    if not isinstance(found, str) or not found:
        raise InvalidRecordError("key: no id")
    return found


def record_of(after: Row | None) -> Mapping[str, object]:
    """What ``fetch`` found. Raises InvalidRecordError."""
    found = (after or {}).get("record")
    if not isinstance(found, dict):
        raise InvalidRecordError("after.record: not a JSON object")
    return found


def vendor_changed_us(after: Row | None) -> int:
    """When the vendor says that the object was last changed, in µs since 1970; 0 where it does not say."""
    found = (after or {}).get("changed_us")
    return found if isinstance(found, int) else 0


def moved_from_of(after: Row | None) -> str | None:
    """The native id that the object had before, where it was moved."""
    found = (after or {}).get("moved_from")
    return found if isinstance(found, str) and found else None


def document_of(scope: str, native: str) -> str:
    """``wiki:content/98307``: the document id of a native id."""
    return scope + quote(native, safe=_SAFE)
