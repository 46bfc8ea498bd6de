"""The home folder, its secrets and the supervisor's socket."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from operations.stack.binaries import DEBEZIUM_VERSION, KAFKA_VERSION, WEAVIATE_VERSION, Binaries
from operations.stack.errors import HomeError, MissingBinaryError
from operations.stack.settings import PORT_OFFSETS, SPAN, StackSettings
from operations.stack.site import Site, keep_environment, socket_path, write_env_file

ROOT = Path(__file__).parents[3]


def opened(folder: Path, base: int = 21000) -> Site:
    return Site.open(folder, StackSettings(port_base=base))


def test_secrets_are_made_once_and_are_private(tmp_path: Path) -> None:
    first, second = opened(tmp_path), opened(tmp_path)
    assert first.secrets == second.secrets
    assert len(first.secrets.redaction_key) >= 16
    write_env_file(first, {})
    for name in ("secrets.json", "stack.env"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_two_homes_share_no_secret(tmp_path: Path) -> None:
    assert opened(tmp_path / "a").secrets != opened(tmp_path / "b").secrets


def test_stack_env_is_what_the_settings_read(tmp_path: Path) -> None:
    write_env_file(opened(tmp_path, 21000), {"HEADRACE_SOURCES": "/somewhere/sources.yaml"})
    lines = dict(line.split("=", 1) for line in (tmp_path / "stack.env").read_text().splitlines() if not line.startswith("#"))
    assert lines["HEADRACE_KAFKA_BOOTSTRAP_SERVERS"] == "127.0.0.1:21092"
    assert lines["HEADRACE_SOURCES"] == "/somewhere/sources.yaml"
    assert StackSettings(_env_file=tmp_path / "stack.env").port_base == 21000


def test_chosen_variables_are_kept_until_chosen_again(tmp_path: Path) -> None:
    site = opened(tmp_path)
    assert keep_environment(site, None) == {}
    assert keep_environment(site, {"A": "1"}) == {"A": "1"}
    assert keep_environment(site, None) == {"A": "1"}
    assert keep_environment(site, {}) == {}
    assert keep_environment(site, None) == {}


def test_home_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeError, match="cannot be written") as caught:
        opened(tmp_path / "file" / "home")
    assert "HEADRACE_HOME" in caught.value.cure


def test_home_that_supervisord_cannot_be_told(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match="'%'"):
        opened(tmp_path / "100%")


@pytest.mark.parametrize("length", [10, 60, 91, 200])
def test_socket_path_fits_into_a_unix_address(length: int) -> None:
    path = socket_path(Path("/" + "x" * length))
    assert len(str(path)) + len(".4194304") <= 107


def test_ports_are_distinct_and_within_the_span() -> None:
    assert len(set(PORT_OFFSETS.values())) == len(PORT_OFFSETS)
    assert max(PORT_OFFSETS.values()) < SPAN


def test_versions_are_those_that_setup_installs() -> None:
    pinned = dict(line.split("=", 1) for line in (ROOT / "setup" / "versions.env").read_text().splitlines() if "=" in line and not line.startswith("#"))
    assert (pinned["KAFKA_VERSION"], pinned["DEBEZIUM_VERSION"], pinned["WEAVIATE_VERSION"]) == (KAFKA_VERSION, DEBEZIUM_VERSION, WEAVIATE_VERSION)


def test_missing_java_names_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(MissingBinaryError, match="Java is missing") as caught:
        _ = Binaries(tmp_path).java
    assert "make setup" in caught.value.cure


def test_old_java_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(MissingBinaryError, match="is Java 11"):
        _ = Binaries(tmp_path).java


@pytest.mark.parametrize(("attribute", "name"), [("weaviate", "Weaviate"), ("kafka_libs", "Kafka"), ("connect_plugins", "Debezium")])
def test_missing_server_names_the_cure(tmp_path: Path, attribute: str, name: str) -> None:
    with pytest.raises(MissingBinaryError, match=f"{name} is missing") as caught:
        getattr(Binaries(tmp_path), attribute)
    assert "make setup" in caught.value.cure
