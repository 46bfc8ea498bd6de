"""supervisor.conf as supervisord itself reads it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from supervisor.options import ServerOptions

from operations.stack.errors import StackError, UnknownProgramError
from operations.stack.programs import PROGRAM_NAMES, PROGRAMS, ROOT, ProgramSpec, choose, with_dependencies
from operations.stack.settings import StackSettings
from operations.stack.site import Site
from operations.stack.supervision import MARK, render


def spec(**changes: object) -> ProgramSpec:
    values: dict[str, object] = {"name": "one", "command": lambda _site: ["/bin/echo", "a b", "100%"], "probe": lambda _site: None, "ports": ()}
    return ProgramSpec(**{**values, **changes})  # type: ignore[arg-type]  # the changes are the test's


def read_back(site: Site, *specs: ProgramSpec, chosen: dict[str, str] | None = None) -> ServerOptions:
    path = site.home / "supervisor.conf"
    path.write_text(render(site, specs, chosen or {}))
    options = ServerOptions()
    options.configfile = str(path)
    options.realize(args=[])
    options.process_config(do_usage=False)
    return options


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site.open(tmp_path / "it's home", StackSettings(port_base=21000))


def program(options: ServerOptions) -> object:
    return options.process_group_configs[0].process_configs[0]


def test_command_and_environment_survive_percent_signs_spaces_and_quotes(site: Site) -> None:
    found = program(read_back(site, spec(environment=lambda _site: {"SECRET": "a%b,c=d"})))
    assert found.command == "/bin/echo 'a b' 100%"
    assert found.environment["SECRET"] == "a%b,c=d"
    assert found.environment[MARK] == str(site.home)
    assert found.environment["HEADRACE_HOME"] == str(site.home)


def test_programs_are_restarted_for_ever_but_started_by_name_alone(site: Site) -> None:
    found = program(read_back(site, spec()))
    assert found.autostart is False
    assert found.autorestart is not False
    assert found.startretries >= 1_000_000
    assert found.killasgroup is True


def test_chosen_variables_reach_our_programs_above_their_own(site: Site) -> None:
    chosen = {"OWN": "2", "HEADRACE_SOURCES": "s.yaml"}
    ours = program(read_back(site, spec(environment=lambda _site: {"OWN": "1"}, directory=ROOT), chosen=chosen))
    assert (ours.environment["OWN"], ours.environment["HEADRACE_SOURCES"]) == ("2", "s.yaml")
    server = program(read_back(site, spec(environment=lambda _site: {"OWN": "1"}), chosen=chosen))
    assert server.environment["OWN"] == "1"
    assert "HEADRACE_SOURCES" not in server.environment


@pytest.mark.parametrize("value", ['say "it"', "'quoted'"])
def test_value_that_would_not_survive_is_refused(site: Site, value: str) -> None:
    with pytest.raises(StackError, match="SECRET"):
        render(site, [spec(environment=lambda _site: {"SECRET": value})], {})


def test_line_break_in_a_command_is_refused(site: Site) -> None:
    with pytest.raises(StackError, match="line break"):
        render(site, [spec(command=lambda _site: ["a\nb"])], {})


def test_workers_of_the_slow_lane_are_nice(site: Site) -> None:
    by_name = {spec.name: spec for spec in PROGRAMS}
    assert by_name["index-backfill"].command(site)[:3] == ["nice", "-n", "10"]
    assert by_name["index"].command(site)[0] != "nice"
    assert by_name["index"].environment(site)["HEADRACE_TELEMETRY_METRICS_PORT"] == "21063"


def test_dependencies_are_added_and_order_is_kept() -> None:
    assert [spec.name for spec in with_dependencies(("index",))] == ["kafka", "weaviate", "index"]
    assert [spec.name for spec in with_dependencies(PROGRAM_NAMES)] == list(PROGRAM_NAMES)


def test_unknown_program() -> None:
    with pytest.raises(UnknownProgramError, match="zookeeper"):
        choose(("kafka", "zookeeper"))


@pytest.mark.skipif(os.geteuid() != 0, reason="the section only differs for root")
def test_root_says_so_and_spares_the_warning(site: Site) -> None:
    assert "user=root" in render(site, [], {})
