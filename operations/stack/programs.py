"""The programs of the local stack, as data: what each runs, after which others, on which ports, and how one sees that it is ready.

A specification holds functions of the site and nothing of its state; supervision.py turns it into supervisord's configuration and stack.py starts it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from operations.stack.errors import UnknownProgramError
from operations.stack.probes import answers_ok
from operations.stack.servers import connect, kafka, postgres, weaviate
from operations.stack.site import LOOPBACK, Site

ROOT: Final = Path(__file__).resolve().parents[2]
"""The tree whose packages the workers run."""


def _nothing(_site: Site) -> None:
    return


def _no_environment(_site: Site) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class ProgramSpec:
    """One process of the stack.

    ``prepare`` makes data folders and configuration files and is idempotent; ``probe`` returns when the program is ready and raises NotYetError while it is not.
    """

    name: str
    command: Callable[[Site], list[str]]
    probe: Callable[[Site], None]
    ports: tuple[str, ...]
    after: tuple[str, ...] = ()
    prepare: Callable[[Site], None] = _nothing
    environment: Callable[[Site], Mapping[str, str]] = _no_environment
    stop_signal: Literal["TERM", "INT"] = "TERM"
    stop_seconds: int = 20
    directory: Path | None = field(default=None)

    @property
    def ours(self) -> bool:
        """Whether it is a program of this project, which reads the HEADRACE_… settings."""
        return self.directory == ROOT


def _worker(name: str, module: str, arguments: tuple[str, ...], after: tuple[str, ...], *, nice: int = 0) -> ProgramSpec:
    """A Faust worker of the project: its health answers on its metrics port."""
    port = f"{name}-metrics"
    prefix = ["nice", "-n", str(nice)] if nice else []
    return ProgramSpec(
        name=name,
        command=lambda _site: [*prefix, sys.executable, "-m", module, *arguments],
        probe=lambda site: answers_ok(f"http://{site.address(port)}/healthz"),
        ports=(port,),
        after=after,
        environment=lambda site: _worker_environment(site, port),
        directory=ROOT,
        stop_seconds=30,
    )


def _connector(name: str, module: str, probe_port: str, path: str, ports: tuple[str, ...]) -> ProgramSpec:
    """A connector's process of the project."""
    return ProgramSpec(
        name=name,
        command=lambda _site: [sys.executable, "-m", module],
        probe=lambda site: answers_ok(f"http://{site.address(probe_port)}/{path}"),
        ports=ports,
        after=("kafka",),
        environment=lambda site: _worker_environment(site, ports[-1]),
        directory=ROOT,
        stop_seconds=30,
    )


def _worker_environment(site: Site, port: str) -> Mapping[str, str]:
    return {
        "HEADRACE_TELEMETRY_METRICS_HOST": LOOPBACK,
        "HEADRACE_TELEMETRY_METRICS_PORT": str(site.port(port)),
        "HEADRACE_WORKER_DATA": str(site.home / "data" / "workers"),
        "HEADRACE_KAFKA_INSTANCE_ID": "local",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": str(ROOT),
    }


SERVERS: Final = (
    ProgramSpec(
        name="postgres",
        command=postgres.command,
        prepare=postgres.prepare,
        probe=postgres.probe,
        ports=("postgres",),
        stop_signal="INT",
    ),
    ProgramSpec(
        name="kafka",
        command=kafka.command,
        prepare=kafka.prepare,
        probe=kafka.probe,
        ports=("kafka", "kafka-controller"),
        stop_seconds=30,
    ),
    ProgramSpec(
        name="connect",
        command=connect.command,
        prepare=connect.prepare,
        probe=connect.probe,
        ports=("connect",),
        after=("kafka",),
        environment=connect.environment,
    ),
    ProgramSpec(
        name="weaviate",
        command=weaviate.command,
        prepare=weaviate.prepare,
        probe=weaviate.probe,
        ports=weaviate.PORTS,
        environment=weaviate.environment,
    ),
)

WORKERS: Final = (
    _worker("normalize", "streams", ("normalize", "--lane", "live"), ("kafka",)),
    _worker("normalize-backfill", "streams", ("normalize", "--lane", "backfill"), ("kafka",), nice=10),
    _worker("index", "streams", ("index", "--lane", "live"), ("kafka", "weaviate")),
    _worker("index-backfill", "streams", ("index", "--lane", "backfill"), ("kafka", "weaviate"), nice=10),
    _connector("webhooks", "connectors.webhooks", "webhooks", "readyz", ("webhooks",)),
    _connector("collect", "connectors.collect", "collect-metrics", "healthz", ("collect-metrics",)),
    # Ready once it serves its metrics: a ClickHouse that is away keeps no stack from starting; 'headrace status' tells it.
    _connector("poll", "connectors.clickhouse", "poll-metrics", "metrics", ("poll-metrics",)),
    _connector("gather", "connectors.gather", "gather-metrics", "healthz", ("gather-metrics",)),
    ProgramSpec(
        name="query",
        command=lambda _site: [sys.executable, "-m", "query_service"],
        probe=lambda site: answers_ok(f"http://{site.address('query')}/readyz"),
        ports=("query", "query-metrics"),
        after=("kafka", "weaviate"),
        environment=lambda site: _worker_environment(site, "query-metrics"),
        directory=ROOT,
        stop_seconds=30,
    ),
    ProgramSpec(
        # Kafka Connect restarts no failed task by itself. This one answers nobody: that supervisord runs it is all there is to see.
        name="watch",
        command=lambda _site: [str(Path(sys.executable).with_name("headrace")), "connectors", "watch"],
        probe=_nothing,
        ports=(),
        after=("connect",),
        directory=ROOT,
    ),
)

PROGRAMS: Final = (*SERVERS, *WORKERS)
SERVER_NAMES: Final = tuple(spec.name for spec in SERVERS)
PROGRAM_NAMES: Final = tuple(spec.name for spec in PROGRAMS)


def choose(names: Iterable[str]) -> tuple[ProgramSpec, ...]:
    """The named specifications, in the order in which they are declared. UnknownProgramError for a name that is none."""
    wanted = set(names)
    if unknown := wanted - set(PROGRAM_NAMES):
        raise UnknownProgramError(f"There is no program named {', '.join(sorted(unknown))}.", f"Programs are: {', '.join(PROGRAM_NAMES)}.")
    return tuple(spec for spec in PROGRAMS if spec.name in wanted)


def with_dependencies(names: Iterable[str]) -> tuple[ProgramSpec, ...]:
    """The named specifications and all that they come after."""
    wanted: set[str] = set()
    pending = list(choose(names))
    while pending:
        spec = pending.pop()
        if spec.name not in wanted:
            wanted.add(spec.name)
            pending.extend(choose(spec.after))
    return choose(wanted)
