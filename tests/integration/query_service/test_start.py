"""What a start refuses, and how: one line, no traceback, exit status 2."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.settings import WeaviateSettings
from tests.integration.query_service.process import ROOT, environment


def _start(**environ: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, "-m", "query_service"], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=90, check=False)
    return done.returncode, done.stderr


def _refused(status: int, errors: str) -> str:
    assert status == 2, errors
    assert "Traceback" not in errors
    return next(line for line in errors.splitlines() if line.startswith("query_service: "))


def test_no_key_file(weaviate: WeaviateSettings) -> None:
    said = _refused(*_start(**environment(weaviate, None)))
    assert "HEADRACE_QUERY_API_KEYS_FILE is not set" in said
    assert "hashlib.sha256" in said


def test_a_missing_key_file(weaviate: WeaviateSettings, tmp_path: Path) -> None:
    assert "there is no such file" in _refused(*_start(**environment(weaviate, tmp_path / "none.yaml")))


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [("HEADRACE_QUERY_PORT", "eighty", "QuerySettings: port"), ("HEADRACE_EMBEDDING_MODEL", "/nowhere", "holds no sentence-transformers model")],
)
def test_wrong_settings(weaviate: WeaviateSettings, keys_file: Path, name: str, value: str, says: str) -> None:
    assert says in _refused(*_start(**environment(weaviate, keys_file, **{name: value})))


def test_a_port_in_use(weaviate: WeaviateSettings, keys_file: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert f"cannot listen on 127.0.0.1:{port}" in _refused(*_start(**environment(weaviate, keys_file, HEADRACE_QUERY_PORT=port)))
