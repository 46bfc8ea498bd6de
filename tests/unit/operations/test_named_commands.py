"""A message that names a cure names a command that there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from contracts.embedding_space import EmbeddingSpace
from index.collections import EmbeddingSpaceMismatchError
from operations.cli import app

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("connectors", "contracts", "index", "operations", "query_service", "rest_sources", "streams")
NAMED = re.compile(r"['`]headrace ([a-z-]+)(?: ([a-z-]+))?")


def _named() -> Iterator[tuple[str, str, str]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for match in NAMED.finditer(path.read_text(encoding="utf-8")):
                yield str(path.relative_to(ROOT)), match[1], match[2] or ""


def _names(group: object) -> dict[str, object]:
    """A group's commands by name; none for a command that is no group (Typer has its own copy of Click's classes)."""
    return dict(getattr(group, "commands", {}))


@pytest.mark.parametrize(("path", "name", "second"), sorted(set(_named())))
def test_every_named_command_exists(path: str, name: str, second: str) -> None:
    commands = _names(typer.main.get_command(app))
    assert name in commands, f"{path} names 'headrace {name}'"
    if second and (below := _names(commands[name])):
        assert second in below, f"{path} names 'headrace {name} {second}'"


def test_another_embedding_space_tells_a_cure_that_works() -> None:
    one, other = EmbeddingSpace("a/model", "", 8, "mean"), EmbeddingSpace("b/model", "", 8, "mean")
    message = str(EmbeddingSpaceMismatchError(one, other))
    assert "empty Weaviate" in message
    assert "'headrace connectors apply'" in message
