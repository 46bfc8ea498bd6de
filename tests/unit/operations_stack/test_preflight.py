"""What ``headrace up`` looks at before it starts anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations.stack.errors import StackError
from operations.stack.preflight import callers_settings, check_settings, referenced_variables
from operations.stack.settings import StackSettings
from operations.stack.site import Site, keep_environment

SOURCES = """sources:
  - name: app
    type: postgres
    connection: {host: localhost, database: app, user: u, password: env:HEADRACE_DEMO_PASSWORD}
    tables:
      - {name: public.pages, key: [id], tenant: acme, title: title, body: body, allowed: [public]}
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.chdir(tmp_path)
    for name in ("HEADRACE_SOURCES", "HEADRACE_QUERY_API_KEYS_FILE"):
        monkeypatch.delenv(name, raising=False)
    return Site.open(tmp_path / "home", StackSettings(port_base=21000))


def test_the_callers_variables_go_to_the_programs_above_those_kept(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_environment(site, {"HEADRACE_SOURCES": "/old/sources.yaml", "HEADRACE_QUERY_MODEL_URL": "http://127.0.0.1:1"})
    monkeypatch.setenv("HEADRACE_SOURCES", "mine.yaml")
    monkeypatch.setenv("HEADRACE_KAFKA_BOOTSTRAP_SERVERS", "elsewhere:9092")
    monkeypatch.setenv("HEADRACE_API_KEY", "secret")
    chosen = callers_settings(site)
    assert chosen["HEADRACE_SOURCES"] == str(tmp_path / "mine.yaml")
    assert chosen["HEADRACE_QUERY_MODEL_URL"] == "http://127.0.0.1:1"
    assert not {"HEADRACE_KAFKA_BOOTSTRAP_SERVERS", "HEADRACE_API_KEY", "HEADRACE_HOME"} & chosen.keys()


def test_a_sources_file_where_the_caller_stands_is_the_workers_too(site: Site, tmp_path: Path) -> None:
    (tmp_path / "sources.yaml").write_text(SOURCES)
    assert callers_settings(site)["HEADRACE_SOURCES"] == str(tmp_path / "sources.yaml")


def test_variables_that_only_supervisord_passes_on(site: Site, tmp_path: Path) -> None:
    (tmp_path / "sources.yaml").write_text(SOURCES.replace("user: u", "user: env:APP_USER"))
    chosen = callers_settings(site)
    assert referenced_variables(site, chosen) == {"APP_USER"}  # the other is the stack's own
    assert referenced_variables(site, {**chosen, "APP_USER": "given to each program"}) == set()


def test_what_is_missing_is_told_before_anything_starts(site: Site, tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"sources\.yaml: cannot be read"):
        check_settings(site, ("kafka", "normalize", "query"), callers_settings(site))
    (tmp_path / "sources.yaml").write_text(SOURCES)
    with pytest.raises(StackError, match="HEADRACE_QUERY_API_KEYS_FILE is not set"):
        check_settings(site, ("kafka", "normalize", "query"), callers_settings(site))
    with pytest.raises(StackError, match="is no file"):
        check_settings(site, ("query",), {"HEADRACE_QUERY_API_KEYS_FILE": "/nowhere.yaml"})
    check_settings(site, ("kafka", "normalize"), callers_settings(site))
    check_settings(site, ("postgres",), {})
