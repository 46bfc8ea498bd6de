"""Everything that can be wrong around a connector is one message with cause and cure, exit code 2, and no traceback."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from connectors.debezium.names import slot_name
from operations.connectors import app
from tests.integration.debezium.conftest import Trial, _text

pytestmark = pytest.mark.timeout(120)
Make = Callable[[str, str], Trial]
YAML = "    tables:\n      - {name: public.tickets, key: id, body: body, tenant: acme}\n"
DDL = "CREATE TABLE tickets (id int PRIMARY KEY, body text)"


def run(shop: Trial, tmp_path: Path, *arguments: str, change: tuple[str, str] = ("", "")) -> Result:
    file = tmp_path / "sources.yaml"
    file.write_text(_text(shop.yaml, shop.source.name, shop.source.connection.database).replace(*change))
    result = CliRunner().invoke(app, [*arguments, "--sources", str(file)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    assert str(shop.sql.info.password) not in result.output
    return result


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("port: env:TRIAL_PORT", "port: 1"), "is out of reach"),
        (("user: postgres", "user: nobody_known"), "nobody_known"),
        (("env:HEADRACE_DEMO_PASSWORD", "env:HEADRACE_NO_SUCH"), "HEADRACE_NO_SUCH is not set"),
        (("env:HEADRACE_DEMO_PASSWORD", "env:HOME"), "password authentication failed"),
        (("database: t", "database: none_t"), "does not exist"),
        (("public.tickets", "public.tickts"), "Did you mean public.tickets?"),
        (("body: body", "body: boddy"), "Did you mean body?"),
        (("tenant: acme", "tenant: '{body}'"), "ALTER TABLE public.tickets REPLICA IDENTITY FULL"),
        (("key: id", "key: body"), "no unique index"),
        (("key: id", "kay: id"), "did you mean key?"),
    ],
)
def test_one_message(trial: Make, tmp_path: Path, change: tuple[str, str], expected: str) -> None:
    result = run(trial(DDL, YAML), tmp_path, "plan", change=change)
    assert expected in result.output.replace("\n", " ")
    assert result.exit_code == 2


def test_connect_and_kafka_away(trial: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = trial(DDL, YAML)
    with monkeypatch.context() as patch:
        patch.setenv("HEADRACE_CONNECT_URL", "http://127.0.0.1:1")
        for command in ("plan", "apply", "status", "pause", "restart"):
            result = run(shop, tmp_path, command)
            assert (result.exit_code, "Kafka Connect does not answer at http://127.0.0.1:1" in result.output) == (2, True)
    monkeypatch.setenv("HEADRACE_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    result = run(shop, tmp_path, "plan")
    assert (result.exit_code, "Kafka does not answer" in result.output) == (2, True)


def test_a_role_without_rights_is_told_all_that_it_lacks(trial: Make, tmp_path: Path) -> None:
    shop = trial(DDL, YAML)
    role = f"r_{shop.source.name}"
    shop.sql.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'pw-of-role'")
    os.environ["TRIAL_ROLE_PASSWORD"] = "pw-of-role"
    try:
        file = tmp_path / "sources.yaml"
        text = _text(shop.yaml, shop.source.name, shop.source.connection.database)
        file.write_text(text.replace("user: postgres", f"user: {role}").replace("HEADRACE_DEMO_PASSWORD", "TRIAL_ROLE_PASSWORD"))
        result = CliRunner().invoke(app, ["plan", "--json", "--sources", str(file)])
        cures = "\n".join(problem["cure"] for problem in json.loads(result.stdout)[0]["problems"])
        for expected in (f"ALTER ROLE {role} REPLICATION", "GRANT CREATE ON DATABASE", "GRANT SELECT ON public.tickets", "GRANT <owner of public.tickets>"):
            assert expected in cures
        assert "pw-of-role" not in result.output
    finally:
        shop.sql.execute(f"DROP ROLE {role}")


def test_the_commands_end_to_end(trial: Make, tmp_path: Path) -> None:
    shop = trial(DDL, YAML)
    assert run(shop, tmp_path, "plan").exit_code == 1
    assert run(shop, tmp_path, "apply").exit_code == 0
    assert "all is as declared" in run(shop, tmp_path, "plan").output
    assert run(shop, tmp_path, "status").exit_code == 0
    assert run(shop, tmp_path, "pause").exit_code == 0
    assert run(shop, tmp_path, "resume").exit_code == 0
    assert run(shop, tmp_path, "restart").exit_code == 0
    assert run(shop, tmp_path, "snapshot", "public.tickets").exit_code == 0
    assert run(shop, tmp_path, "snapshot", "public.tickets", "--where", "id=1").exit_code == 0
    assert "maps no column nope" in run(shop, tmp_path, "snapshot", "public.tickets", "--where", "nope=1").output
    assert "No source declares the table public.nope" in run(shop, tmp_path, "snapshot", "public.nope").output
    assert f"removed slot {slot_name(shop.source)}" in run(shop, tmp_path, "delete", "--yes").output
    assert "nothing was left" in run(shop, tmp_path, "delete", "--yes").output
    assert "there is no connector" in run(shop, tmp_path, "status").output


def test_a_task_that_fails_is_told_by_its_first_cause(trial: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password that we have and Connect has not: the reference resolves to nothing there."""
    shop = trial(DDL, YAML)
    monkeypatch.setenv("ONLY_HERE", str(shop.sql.info.password))
    result = run(shop, tmp_path, "apply", change=("env:HEADRACE_DEMO_PASSWORD", "env:ONLY_HERE"))
    assert result.exit_code == 2
    assert len(result.output.splitlines()) < 15
    assert "Caused by" not in result.output
