"""Ports that others hold, and processes that a killed run left behind. Real sockets and real processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import typer
from typer.testing import CliRunner

from operations.stack import commands
from operations.stack.errors import PortInUseError
from operations.stack.leftovers import Leftover, end_leftovers, find_leftovers
from operations.stack.ports import check_ports
from operations.stack.processes import last_lines
from operations.stack.settings import StackSettings
from operations.stack.site import Site
from operations.stack.supervision import MARK
from tests.stack_fixture import free_port_base


@contextmanager
def sleeper(environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process that has started: its environment is its own only then."""
    words = [sys.executable, "-c", "print(1, flush=True); import time; time.sleep(60)"]
    with subprocess.Popen(words, env={**os.environ, **environment}, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def taken(tmp_path: Path) -> Iterator[Site]:
    """A site whose Kafka port another process (this one) holds."""
    site = Site.open(tmp_path, StackSettings(port_base=free_port_base()))
    with socket.create_server(("127.0.0.1", site.port("kafka"))):
        yield site


def test_port_in_use_names_port_holder_and_cure(taken: Site) -> None:
    check_ports(taken, ["postgres", "connect"])
    with pytest.raises(PortInUseError) as caught:
        check_ports(taken, ["postgres", "kafka"])
    assert f"Port {taken.port('kafka')} (kafka)" in caught.value.cause
    assert f"pid {os.getpid()}" in caught.value.cause
    assert "HEADRACE_STACK_PORT_BASE=" in caught.value.cure


def test_up_on_a_taken_port_is_one_message_and_exit_code_2(taken: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_HOME", str(taken.home))
    monkeypatch.setenv("HEADRACE_STACK_PORT_BASE", str(taken.settings.port_base))
    app = typer.Typer()
    app.command("up")(commands.up)
    app.command("down")(commands.down)
    result = CliRunner().invoke(app, ["up", "--only", "kafka"])
    assert result.exit_code == 2
    assert "in use by" in result.output
    assert "Traceback" not in result.output


def test_invalid_setting_is_one_message_and_exit_code_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_HOME", str(tmp_path))
    monkeypatch.setenv("HEADRACE_STACK_PORT_BASE", "80")
    app = typer.Typer()
    app.command("processes")(commands.processes)
    result = CliRunner().invoke(app, [])
    assert result.exit_code == 2
    assert "port_base" in result.output
    assert "Traceback" not in result.output


def test_marked_processes_of_this_home_are_found_and_ended(tmp_path: Path) -> None:
    with sleeper({MARK: str(tmp_path)}) as mine, sleeper({MARK: str(tmp_path / "other")}) as other, sleeper({"HEADRACE_HOME": str(tmp_path)}) as shell:
        assert [item.pid for item in find_leftovers(tmp_path)] == [mine.pid]
        name = psutil.Process(mine.pid).name()
        assert find_leftovers(tmp_path, supervisor_pid=mine.pid) == ()
        assert end_leftovers(tmp_path) == (Leftover(mine.pid, name),)
        assert mine.poll() is not None
        assert other.poll() is None
        assert shell.poll() is None


def test_foreign_pid_in_a_stale_postmaster_file_is_not_believed(tmp_path: Path) -> None:
    data = tmp_path / "data" / "postgres"
    data.mkdir(parents=True)
    with sleeper({}) as stranger:
        (data / "postmaster.pid").write_text(f"{stranger.pid}\n{data}\n")
        assert find_leftovers(tmp_path) == ()


def test_last_lines_of_a_log(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    assert last_lines(log) == ()
    log.write_text("\n".join(str(number) for number in range(100)))
    assert last_lines(log, 2) == ("98", "99")
