"""What must be in the index, judged without any of the code under test: rows by SQL, objects by Weaviate's REST API, and the rules written down once more.

It knows the fault tests' tables alone, whose texts pass redaction and parsing unchanged. ``headrace verify`` is the other judge.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpx
import psycopg
from psycopg import sql

TABLES: Final = ("pages", "canaries", "traps", "emptied", "poisoned", "masses")
_OBJECTS_A_CALL: Final = 500


@dataclass(frozen=True, slots=True)
class Contents:
    """Every object of the index: ``manifests`` and ``chunks`` by (tenant, document id)."""

    manifests: dict[tuple[str, str], list[dict[str, Any]]]
    chunks: dict[tuple[str, str], dict[str, dict[str, Any]]]

    def current(self, key: tuple[str, str]) -> dict[str, Any] | None:
        """The manifest of the highest attempt: the one that readers go by."""
        return max(self.manifests.get(key, ()), key=lambda manifest: str(manifest["attempt"]), default=None)


class Oracle:
    """``database`` and ``scope`` name the source: documents are ``<scope>.<table>/<id>``."""

    def __init__(self, dsn: str, weaviate: str, weaviate_key: str, scope: str) -> None:
        self._dsn = dsn
        self._scope = scope
        self._http = httpx.Client(base_url=weaviate, headers={"Authorization": f"Bearer {weaviate_key}"}, timeout=20.0, trust_env=False)

    def differences(self, tables: tuple[str, ...] = TABLES) -> list[str]:
        """One line for each document that is missing, orphaned or stale; none where the index holds what the rows say."""
        contents = self.contents()
        rows = {key: row for table in tables for key, row in self._rows(table).items()}
        prefixes = tuple(f"{self._scope}.{table}/" for table in tables)
        documents = {key for key in contents.manifests if key[1].startswith(prefixes)}
        return [line for key in sorted(rows.keys() | documents) for line in _judge(key, rows.get(key), contents)]

    def contents(self) -> Contents:
        manifests: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        chunks: dict[tuple[str, str], dict[str, dict[str, Any]]] = defaultdict(dict)
        for kind, tenant, found in self.objects():
            key = (tenant, found["properties"].get("doc_id", ""))
            if kind == "Document":
                manifests[key].append(found["properties"])
            elif kind == "Chunk":
                chunks[key][found["id"]] = found["properties"]
        return Contents(manifests, chunks)

    def objects(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """(kind, tenant, object) of everything that Weaviate holds; kind is the collection's name without its embedding space."""
        for collection in self._get("/v1/schema")["classes"]:
            name = collection["class"]
            tenants = [tenant["name"] for tenant in self._get(f"/v1/schema/{name}/tenants")] if collection["multiTenancyConfig"]["enabled"] else [""]
            for tenant in tenants:
                for found in self._objects(name, tenant):
                    yield name.partition("_")[0], tenant, found

    def _objects(self, name: str, tenant: str) -> Iterator[dict[str, Any]]:
        after = ""
        while True:
            query = {"class": name, "limit": str(_OBJECTS_A_CALL), "after": after} | ({"tenant": tenant} if tenant else {})
            found = self._get("/v1/objects", query)["objects"]
            yield from found
            if len(found) < _OBJECTS_A_CALL:
                return
            after = found[-1]["id"]

    def _get(self, path: str, query: dict[str, str] | None = None) -> Any:
        answer = self._http.get(path, params=query)
        answer.raise_for_status()
        return answer.json()

    def _rows(self, table: str) -> dict[tuple[str, str], dict[str, Any]]:
        with psycopg.connect(self._dsn) as connection:
            found = connection.execute(sql.SQL("SELECT id, tenant_id, title, body, allowed FROM {}").format(sql.Identifier(table)))
            return {(row[1], f"{self._scope}.{table}/{row[0]}"): {"title": row[2], "body": row[3], "allowed": sorted(row[4])} for row in found}


def _judge(key: tuple[str, str], row: dict[str, Any] | None, contents: Contents) -> Iterator[str]:
    current = contents.current(key)
    living = current is not None and not current["deleted"]
    name = "/".join(key)
    if row is None:
        if living:
            yield f"orphan {name}"
        return
    if current is None or not living:
        yield f"missing {name}"
        return
    chunks = contents.chunks.get(key, {})
    entries = json.loads(current["entries"])
    if current["title"] != row["title"]:
        yield f"stale {name}: title"
    if sorted(current.get("allowed") or ()) != row["allowed"]:
        yield f"stale {name}: allowed"
    if gone := [entry for entry in entries if entry[0] not in chunks]:
        yield f"stale {name}: {len(gone)} of {len(entries)} listed chunks are gone"
    there = [(chunks[entry[0]], entry[2], entry[3]) for entry in entries if entry[0] in chunks]
    if any(sorted(chunk.get("allowed") or ()) != row["allowed"] for chunk, _, _ in there):
        yield f"stale {name}: allowed of a chunk"
    if any(chunk["text"] != row["body"][start:end] for chunk, start, end in there):
        yield f"stale {name}: text of a chunk"
    if not gone and not _covers(row["body"], [(start, end) for _, start, end in there]):
        yield f"stale {name}: text that no chunk holds"


def _covers(body: str, places: list[tuple[int, int]]) -> bool:
    reached = 0
    for start, end in sorted(places):
        if body[reached:start].strip():
            return False
        reached = max(reached, end)
    return not body[reached:].strip()
