"""Make the class data archives of Kafka and Connect: run each once until it answers, and let the JVM write what it loaded when it ends.

With an archive a JVM maps its classes instead of parsing jars, which halves the start. An archive belongs to one Java and one class path; with another
Java the JVM ignores it, so a stale one costs time and nothing else. ``make setup`` runs this module; its trial takes place in a throw-away home.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from operations.stack.errors import NotReadyError
from operations.stack.ports import is_free
from operations.stack.probes import NotYetError
from operations.stack.processes import last_lines
from operations.stack.programs import ProgramSpec, choose
from operations.stack.settings import PORT_OFFSETS, StackSettings
from operations.stack.site import Site

_READY_SECONDS: Final = 90.0
_END_SECONDS: Final = 60.0
_BASES: Final = range(31900, 32600, 100)


def archive_classes() -> None:
    """Write kafka.jsa and connect.jsa beside Kafka's jars."""
    base = next(base for base in _BASES if all(is_free(base + offset) for offset in PORT_OFFSETS.values()))
    with tempfile.TemporaryDirectory(prefix="headrace-archive-") as folder:
        site = Site.open(Path(folder), StackSettings(port_base=base))
        kafka, connect = choose(("kafka", "connect"))
        with _recorded(site, kafka), _recorded(site, connect):
            pass


@contextmanager
def _recorded(site: Site, spec: ProgramSpec) -> Iterator[None]:
    spec.prepare(site)
    final = site.binaries.kafka_libs.parent / f"{spec.name}.jsa"
    final.unlink(missing_ok=True)
    draft = final.with_suffix(".draft")
    java, *words = spec.command(site)
    with site.log(spec.name).open("wb") as log, subprocess.Popen([java, f"-XX:ArchiveClassesAtExit={draft}", *words], stdout=log, stderr=log) as process:
        try:
            _await(site, spec)
            yield
        finally:
            process.terminate()
            process.wait(_END_SECONDS)
    draft.rename(final)


def _await(site: Site, spec: ProgramSpec) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        try:
            return spec.probe(site)
        except NotYetError as reason:
            if time.monotonic() > deadline:
                raise NotReadyError(f"{spec.name}: {reason}", "The archive is not made.", last_lines(site.log(spec.name))) from reason
            time.sleep(0.1)


if __name__ == "__main__":
    archive_classes()
