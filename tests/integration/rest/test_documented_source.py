"""The documentation's own source, put into a copy of the tree as the documentation says, passes the kit, and is as short as is promised."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[3]
PACKAGES: Final = ("contracts", "index", "rest_sources", "connectors", "streams", "tests/rest_kit")
DECLARATION, UNION, SOURCE, TEST, SERVER = (
    textwrap.dedent(block) for block in re.findall(r"^ *```python\n(.*?)^ *```$", (ROOT / "docs" / "adding-a-source.md").read_text(), re.DOTALL | re.MULTILINE)
)
MOST_LINES: Final = 150


def changed(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text, (path, old)
    path.write_text(text.replace(old, new, 1))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Steps 1 to 4."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "tests/conftest.py"):
        shutil.copy(ROOT / file, tmp_path / file)
    rest = tmp_path / "contracts" / "sources" / "rest.py"
    rest.write_text(f"{rest.read_text()}\n\n{DECLARATION}")
    declared = tmp_path / "contracts" / "sources" / "declared.py"
    changed(declared, "RestSource, ZendeskSource", "RestSource, ShelfSource, ZendeskSource")
    changed(declared, '    | Annotated[CustomSource, Tag("custom")]\n', f'    | Annotated[CustomSource, Tag("custom")]\n{textwrap.indent(UNION, "    ")}')
    catalog = tmp_path / "rest_sources" / "catalog.py"
    changed(catalog, "jira, zendesk\n", "jira, shelf, zendesk\n")
    changed(catalog, '"zendesk": zendesk.TYPE', '"shelf": shelf.TYPE, "zendesk": zendesk.TYPE')
    (tmp_path / "rest_sources" / "shelf.py").write_text(SOURCE)
    tests = tmp_path / "tests" / "integration" / "rest"
    tests.mkdir(parents=True)
    (tests / "test_shelf_source.py").write_text(TEST)
    (tests / "shelf_server.py").write_text(SERVER)
    return tmp_path


def run_kit(tree: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "tests/integration/rest/test_shelf_source.py", "-q", "-p", "no:cacheprovider", *options]
    return subprocess.run(command, cwd=tree, env={**os.environ, "PYTHONPATH": str(tree)}, capture_output=True, text=True, check=False, timeout=280)


def test_the_documented_source_passes_the_kit(tree: Path) -> None:
    ran = run_kit(tree)
    assert ran.returncode == 0, ran.stdout[-4000:]
    assert " passed" in ran.stdout
    assert "failed" not in ran.stdout


def test_what_is_forgotten_is_told_with_its_cure(tree: Path) -> None:
    changed(tree / "rest_sources" / "catalog.py", '"shelf": shelf.TYPE, ', "")
    ran = run_kit(tree, "-k", "declared_and_is_listed")
    assert "the type 'shelf' of sources is not listed: add 'shelf': shelf.TYPE to TYPES in rest_sources/catalog.py" in ran.stdout
    changed(tree / "contracts" / "sources" / "declared.py", textwrap.indent(UNION, "    "), "")
    ran = run_kit(tree, "-k", "declared_and_is_listed")
    assert "'shelf' is no type of sources.yaml: add its class, with Tag('shelf'), to the union Source in contracts/sources/declared.py" in ran.stdout


def test_a_leak_is_caught_and_shown(tree: Path) -> None:
    """Both sets of readers, and not the object's id alone."""
    changed(tree / "rest_sources" / "shelf.py", 'allowed=tuple(PUBLIC if reader == "everybody"', 'allowed=tuple(PUBLIC if reader != "nobody"')
    ran = run_kit(tree, "-k", "readers_are_those")
    assert ran.returncode == 1
    assert "frozenset({'bob'})" in ran.stdout


def test_the_documented_source_meets_our_own_checks(tree: Path) -> None:
    """So its lines are as many as those of a source that is committed."""
    files = ("rest_sources/shelf.py", "tests/integration/rest/test_shelf_source.py", "tests/integration/rest/shelf_server.py")
    for command in (("ruff", "check"), ("ruff", "format", "--check")):
        ran = subprocess.run([sys.executable, "-m", *command, "--no-cache", *files], cwd=tree, capture_output=True, text=True, check=False, timeout=60)
        assert ran.returncode == 0, ran.stdout


def test_a_source_is_as_short_as_is_promised() -> None:
    """The server stands for the vendor, and is not counted."""
    assert sum(len(text.splitlines()) for text in (DECLARATION, UNION, SOURCE, TEST)) < MOST_LINES
