"""The push way of docs/clickhouse.md: what its view selects is what the normaliser reads. The Kafka engine itself needs a server: the embedded engine has none that works."""

from __future__ import annotations

import re
from pathlib import Path

from clickhouse_connect.driver.client import Client

from contracts.envelope import Envelope, decode_envelope, version_of
from contracts.sources.clickhouse import ClickHouseConnection, ClickHouseSource, ClickHouseTable
from streams.mapping.table import TableMapping

DOCS = Path(__file__).parents[3] / "docs" / "clickhouse.md"
SETTINGS = {"date_time_output_format": "iso", "output_format_json_quote_64bit_integers": "0", "output_format_json_quote_decimals": "1"}


def test_the_views_rows_are_envelopes(client: Client) -> None:
    create, _, view = (found[1] for found in re.finditer(r"```sql\n(.*?)```", DOCS.read_text(), re.DOTALL))
    client.command("CREATE DATABASE IF NOT EXISTS shop")
    client.command("DROP TABLE IF EXISTS shop.reviews")
    client.command(create.partition(";")[0])
    client.command(
        "INSERT INTO shop.reviews (tenant, id, text, updated_at, is_deleted) VALUES ('acme', 1, 'good', '2024-07-01 12:00:00.5', 0), ('acme', 2, '', 1, 1)"
    )
    select = view.partition(" AS\n")[2].rstrip().rstrip(";")
    lines = client.raw_query(f"{select} ORDER BY id", fmt="JSONEachRow", settings=SETTINGS).splitlines()
    table = ClickHouseTable(name="shop.reviews", key=("tenant", "id"), body="text", tenant="{tenant}", updated_at="updated_at", is_deleted="is_deleted")
    source = ClickHouseSource(name="shop", connection=ClickHouseConnection(host="h"), tables=(table,))
    envelopes = [envelope for line in lines if isinstance(envelope := decode_envelope(None, line), Envelope)]
    assert version_of(envelopes[0], 0, 1)[1:3] == (1719835200500000, 0)
    mapping = TableMapping(source, table)
    assert [[record.kind for record in mapping.records(envelope)] for envelope in envelopes] == [["document"], ["delete"]]
    assert mapping.records(envelopes[0])[0].doc_id == "shop:shop.reviews/acme,1"  # type: ignore[union-attr]  # a document
