"""docker-compose.yml: valid for Docker's own plugin, with the pinned versions, and the same stack as the processes'."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from operations.stack.programs import PROGRAM_NAMES

ROOT = Path(__file__).parents[3]
UNAVAILABLE = 3


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "docker-compose.yml").read_text()))


@pytest.mark.timeout(420)
def test_compose_accepts_the_file() -> None:
    result = subprocess.run([ROOT / "setup" / "compose-check"], capture_output=True, text=True, check=False)
    if result.returncode == UNAVAILABLE:
        pytest.skip(result.stderr.strip())
    assert result.returncode == 0, result.stderr


def test_every_program_of_the_local_stack_is_a_service(compose: dict[str, Any]) -> None:
    assert set(PROGRAM_NAMES) <= set(compose["services"])


def test_everything_waits_for_health_and_only_what_is_called_from_outside_is_published(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert ("healthcheck" in service) == (name not in {"keys", "setup", "watch"}), name  # watch listens on nothing
        assert ("ports" in service) == (name in {"query", "webhooks"}), name
    assert all(port.startswith("127.0.0.1:") for name in ("query", "webhooks") for port in compose["services"][name]["ports"])


def test_images_are_pinned_to_the_versions_that_setup_installs(compose: dict[str, Any]) -> None:
    pinned = dict(line.split("=", 1) for line in (ROOT / "setup" / "versions.env").read_text().splitlines() if "=" in line and not line.startswith("#"))
    assert compose["services"]["weaviate"]["image"].endswith(f":{pinned['WEAVIATE_VERSION']}")
    dockerfiles = "\n".join(path.read_text() for path in (ROOT / "docker").glob("*.Dockerfile"))
    assert f"apache/kafka:{pinned['KAFKA_VERSION']} " in dockerfiles
    for name in ("DEBEZIUM_VERSION", "DEBEZIUM_SCRIPTING_VERSION", "GROOVY_VERSION", "UV_VERSION"):
        assert f"ARG {name}={pinned[name]}\n" in dockerfiles
    assert not re.search(r"^FROM \S+(:latest|/[a-z-]+)$", dockerfiles, re.MULTILINE)


def test_no_secret_is_written_down(compose: dict[str, Any]) -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    assert "POSTGRES_PASSWORD:" not in text
    assert "HEADRACE_REDACTION_KEY" not in text
