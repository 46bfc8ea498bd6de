"""The four servers as supervised processes: they come up, come back after kill -9, and leave nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from contracts.settings import HOME_VARIABLE
from operations.stack import SERVER_NAMES, Stack, StackSettings
from operations.stack.errors import LeftoverError, MissingBinaryError
from operations.stack.leftovers import find_leftovers
from operations.stack.supervision import Supervision
from tests.stack_fixture import free_port_base

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Below pytest's 0700 folder, where no other user gets in: as root this shows that Postgres still does."""
    started = Stack(tmp_path_factory.mktemp("home"), StackSettings(port_base=free_port_base()), SERVER_NAMES)
    try:
        started.up()
    except MissingBinaryError as error:
        pytest.skip(f"{error.cause} {error.cure}")
    yield started
    started.down()
    assert find_leftovers(started.site.home) == ()


def test_all_run_and_a_second_up_leaves_them_alone(stack: Stack) -> None:
    before = {state.name: state.pid for state in stack.processes()}
    assert set(before) == set(SERVER_NAMES)
    stack.up()
    assert {state.name: state.pid for state in stack.processes()} == before


def test_a_variable_that_changed_since_the_start_is_known(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stack.outdated(["PATH", "HEADRACE_TEST_SECRET"]) == ()
    monkeypatch.setenv("HEADRACE_TEST_SECRET", "a made-up one")
    assert stack.outdated(["PATH", "HEADRACE_TEST_SECRET"]) == ("HEADRACE_TEST_SECRET",)


def test_postgres_decodes_logically_and_is_not_root(stack: Stack) -> None:
    with psycopg.connect(stack.site.dsn()) as connection:
        assert connection.execute("SHOW wal_level").fetchone() == ("logical",)
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
    assert psutil.Process(stack.pid("postgres")).uids().effective != 0


def test_postgres_wants_the_password(stack: Stack) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(stack.site.dsn().replace(stack.site.secrets.postgres_password, "wrong"))


def test_weaviate_wants_the_key(stack: Stack) -> None:
    address = f"http://{stack.site.address('weaviate-http')}/v1/schema"
    assert httpx.get(address, trust_env=False).status_code == 401
    assert httpx.get(address, headers={"Authorization": f"Bearer {stack.site.secrets.weaviate_key}"}, trust_env=False).status_code == 200


def test_connect_knows_debezium_and_content_based_routing(stack: Stack) -> None:
    plugins = httpx.get(f"http://{stack.site.address('connect')}/connector-plugins?connectorsOnly=false", trust_env=False).json()
    classes = {plugin["class"] for plugin in plugins}
    assert {"io.debezium.connector.postgresql.PostgresConnector", "io.debezium.transforms.ContentBasedRouter"} <= classes


@pytest.mark.parametrize("name", SERVER_NAMES)
def test_killed_server_comes_back(stack: Stack, name: str) -> None:
    killed = stack.kill(name)
    psutil.wait_procs([psutil.Process(killed)] if psutil.pid_exists(killed) else [], timeout=10)
    stack.wait_ready((name,), timeout=60)
    assert stack.pid(name) != killed


def test_restart_is_another_process(stack: Stack) -> None:
    before = stack.pid("weaviate")
    stack.restart("weaviate")
    assert stack.pid("weaviate") != before


def test_killed_supervisor_leaves_processes_that_up_names_and_clean_ends(tmp_path: Path) -> None:
    lone = Stack(tmp_path, StackSettings(port_base=free_port_base()), ("postgres",))
    lone.up()
    orphan = lone.pid("postgres")
    try:
        supervisor = psutil.Process(Supervision(tmp_path).pid())
        os.kill(supervisor.pid, signal.SIGKILL)
        psutil.wait_procs([supervisor], timeout=10)
        with pytest.raises(LeftoverError, match=f"pid {orphan}"):
            lone.up()
        lone.up(clean=True)
        assert lone.pid("postgres") != orphan
    finally:
        lone.down()
    assert find_leftovers(tmp_path) == ()


def _as_a_terminal_does() -> None:
    """Whoever runs the tests in the background has SIGINT ignored, and so would their children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_ends_up_and_what_runs_is_still_governed(tmp_path: Path) -> None:
    """As a person does it: the command in a process of its own, and SIGINT while servers start."""
    environment = os.environ | {HOME_VARIABLE: str(tmp_path), "HEADRACE_STACK_PORT_BASE": str(free_port_base())}
    headrace = str(Path(sys.executable).with_name("headrace"))
    try:
        command = [headrace, "up", "--only", "connect"]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=_as_a_terminal_does) as up:  # noqa: PLW1509  # no threads here
            assert up.stdout is not None
            told = []
            for line in up.stdout:
                told.append(line)
                if "kafka: starting" in line:
                    break
            up.send_signal(signal.SIGINT)
            rest, said = up.communicate(timeout=60)
        if "is not installed" in said:
            pytest.skip(said)
        assert (up.returncode, "`headrace down` stops them" in said) == (130, True), said
        assert "connect: starting" not in "".join([*told, rest])
        running = subprocess.run([headrace, "processes", "--json"], env=environment, capture_output=True, text=True, check=True)
        assert [state["name"] for state in json.loads(running.stdout)["processes"] if state["pid"]] == ["kafka"]
    finally:
        subprocess.run([headrace, "down"], env=environment, check=True, capture_output=True)
    assert find_leftovers(tmp_path) == ()
