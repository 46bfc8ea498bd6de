"""The whole stack of the fault tests with its database and connector, and what one sees of it from outside."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg

from connectors.debezium import apply_source
from contracts.settings import ConnectSettings, KafkaSettings, read
from contracts.sources import PostgresSource, load_sources
from operations.demo.home import Callers
from operations.lag import lags
from operations.stack import PROGRAM_NAMES, Stack, StackSettings
from tests.e2e.oracle import TABLES, Oracle
from tests.e2e.workload import TENANTS, Workload

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
SOURCES: Final = HERE / "sources.yaml"
SEED: Final = 7
SEED_PAGES: Final = 60
PATIENCE: Final = float(os.environ.get("HEADRACE_E2E_PATIENCE", "1"))
"""Times all that a test waits: a busy machine may be given more."""
LOAD_SECONDS: Final = 300.0 * PATIENCE
SETTLE_SECONDS: Final = 180.0 * PATIENCE
ARRIVAL_SECONDS: Final = 120.0 * PATIENCE
"""How long a change may take after a fault before the test gives it up: what a test claims about time, it measures itself."""
TEST_SECONDS: Final = 900.0 * PATIENCE
"""After so long a test is ended by force; none of them takes nearly that."""
_READER: Final = ("group:staff",)
_GROUPS: Final = ("headrace-normalize-live", "headrace-normalize-backfill", "headrace-index-live", "headrace-index-backfill")


Tell = Callable[[object], None]
"""Prints a line of what was measured (the fixture ``tell``)."""


class NotSettledError(AssertionError):
    """The index did not come to what the rows say."""


class World:
    """One home with the whole stack. HEADRACE_HOME of this process must name it."""

    def __init__(self, home: Path, settings: StackSettings) -> None:
        self.stack = Stack(home, settings, PROGRAM_NAMES)
        self.home = home
        self.dsn = self.stack.site.dsn()
        site = self.stack.site
        self.oracle = Oracle(self.dsn, f"http://{site.address('weaviate-http')}", site.secrets.weaviate_key, "faults:company.public")
        self._api = httpx.Client(base_url=f"http://{site.address('query')}", timeout=10.0, trust_env=False)
        self._keys: dict[str, str] = {}
        self._canaries = 0
        self._workload: Workload | None = None

    def start(self) -> None:
        """Everything up, the tables empty, the connector streaming."""
        callers = Callers(self.home, [(tenant, _READER) for tenant in TENANTS])
        self._keys = {tenant: callers.of(tenant, _READER).key for tenant in TENANTS}
        self.stack.up(environment={"HEADRACE_SOURCES": str(SOURCES), "HEADRACE_QUERY_API_KEYS_FILE": str(callers.file)})
        with psycopg.connect(self.dsn) as connection:
            connection.execute((HERE / "schema.sql").read_bytes())
            for number, tenant in enumerate(TENANTS):
                connection.execute("INSERT INTO canaries VALUES (%s, %s, 'Canary', 'mark 0', '{group:staff}')", (number, tenant))
        list(apply_source(self.source, read(ConnectSettings), read(KafkaSettings)))

    @property
    def source(self) -> PostgresSource:
        return load_sources(SOURCES).postgres[0]

    def workload(self, seed: int = SEED) -> Workload:
        """The one workload on ``pages``, seeded at its first use: each test goes on where the one before ended."""
        if self._workload is None:
            self._workload = Workload(self.dsn, seed=seed)
            self._workload.seed_pages(SEED_PAGES)
            self.settle(timeout=LOAD_SECONDS)
        return self._workload

    def sql(self, statement: str, *params: object) -> list[tuple[Any, ...]]:
        """One statement in a transaction of its own; the rows it returns."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), params or None)
            return cursor.fetchall() if cursor.description else []

    def connected(self) -> psycopg.Connection[tuple[Any, ...]]:
        """A connection whose transactions the caller commits; used with ``with``."""
        return psycopg.connect(self.dsn)

    def canary(self, timeout: float = ARRIVAL_SECONDS) -> float:
        """Seconds from the commit of a small change in every tenant until a search through the API shows it."""
        self._canaries += 1
        mark = f"mark {self._canaries}x{os.getpid()}"
        self.sql("UPDATE canaries SET body = %s", mark)
        began = time.perf_counter()
        for number, tenant in enumerate(TENANTS):
            await_true(partial(self._shows, tenant, number, mark), timeout, f"'{mark}' of {tenant} in a search")
        return time.perf_counter() - began

    def _shows(self, tenant: str, number: int, mark: str) -> bool:
        body = {"query": mark, "mode": "keyword", "filters": {"doc_id": f"faults:company.public.canaries/{number}"}}
        try:
            answer = self._api.post("/v1/search", json=body, headers={"X-API-Key": self._keys[tenant]})
        except httpx.HTTPError:
            return False
        assert not answer.is_client_error, f"the API refuses the canary: {answer.text}"
        return answer.is_success and any(hit["text"] == mark for hit in answer.json()["hits"])

    def settle(self, tables: tuple[str, ...] = TABLES, timeout: float = SETTLE_SECONDS) -> float:
        """Seconds until no record is on its way and the oracle is content. NotSettledError with what differs, where that takes longer than ``timeout``."""
        began = time.perf_counter()
        while True:
            behind = self.behind()
            differences = self.oracle.differences(tables) if not behind else [f"{behind} records on their way"]
            if not differences:
                return time.perf_counter() - began
            if time.perf_counter() - began > timeout:
                differences = self.oracle.differences(tables)
                raise NotSettledError(f"after {timeout:.0f} s, {behind} records on their way, {len(differences)} differences: {differences[:10]}")
            time.sleep(0.5)

    def behind(self) -> int:
        """Records that no worker has done with."""
        return sum(lag.records for lag in asyncio.run(lags(read(KafkaSettings), _GROUPS)))

    def verify(self) -> dict[str, Any]:
        """``headrace verify --json`` as an operator runs it, in a process of its own."""
        result = self.headrace("verify", "--json", "--settle", "20")
        if result.returncode not in {0, 1}:
            raise AssertionError(f"verify ended with {result.returncode}: {result.stderr[-800:]}")
        report: dict[str, Any] = json.loads(result.stdout)
        return report

    def headrace(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The ``headrace`` command on this home."""
        words = [sys.executable, "-c", "from operations.cli import main; main()", *arguments]
        return subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT, env=self.environment())

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """What a command or worker of this home is started with."""
        return {**os.environ, "HEADRACE_HOME": str(self.home), "HEADRACE_SOURCES": str(SOURCES), "PYTHONPATH": str(ROOT), **(more or {})}

    def assert_right(self) -> dict[str, Any]:
        """Both judges are content: settled by the oracle, verified by ``headrace verify``, and settled still. Leftovers, which nobody can find, may be there."""
        self.settle()
        report = self.verify()
        wrong = [item for item in report["differences"] if item["kind"] != "leftover"]
        assert not wrong, f"verify found {len(wrong)} differences: {wrong[:10]}"
        assert not (late := self.oracle.differences()), f"wrong after it was right: {late[:10]}"
        return report


def await_true(condition: Callable[[], bool], timeout: float, what: str) -> None:
    """Return when the condition holds; an AssertionError that names ``what`` where it does not in time."""
    deadline = time.monotonic() + timeout
    asked = time.monotonic()
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout:.0f} s: {what}"
        time.sleep(max(0.02, 2 * (time.monotonic() - asked)))  # a costly question is asked less often: the watching must not be the load
        asked = time.monotonic()
