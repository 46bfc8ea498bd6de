"""Where a load is, from a connector's offset as Debezium writes it."""

from __future__ import annotations

import json

import pytest

from connectors.debezium.loads import Position, key_in, position_in

LONG = (
    "aced0005757200135b4c6a6176612e6c616e672e4f626a6563743b90ce589f1073296c0200007870000000017372000e6a6176612e6c616e672e4c6f6e673b8be490cc8f23df0200014a"
    "000576616c7565787200106a6176612e6c616e672e4e756d62657286ac951d0b94e08b02000078700000000000001{}"
)


def waiting(table: str, signal: str, condition: str | None = None) -> dict[str, object]:
    prefix = "incremental_snapshot_collections_"
    return {f"{prefix}id": table, f"{prefix}correlation_id": signal, f"{prefix}additional_condition": condition, f"{prefix}surrogate_key": None}


def test_a_key_as_java_serialises_it() -> None:
    assert key_in(LONG.format("1ea")) == (0x11EA,)
    assert key_in(LONG.format("d4c")) == (0x1D4C,)


@pytest.mark.parametrize("text", ["", "no digits", "00ff", LONG[:40]])
def test_what_is_no_key_is_none(text: str) -> None:
    assert key_in(text) is None


def test_tables_in_the_order_of_their_turn() -> None:
    offset = {
        "incremental_snapshot_collections": json.dumps([waiting("public.a", "load s public.a 0.1"), waiting("public.b", "x", "id = 1")]),
        "incremental_snapshot_primary_key": LONG.format("1ea"),
        "lsn": 5,
    }
    assert position_in(offset) == Position((("public.a", "load s public.a 0.1", True), ("public.b", "x", False)), (0x11EA,))


def test_nothing_is_read() -> None:
    assert position_in({}) == position_in({"lsn": 5, "incremental_snapshot_collections": ""}) == Position()
