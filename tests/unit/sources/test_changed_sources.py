"""When sources.yaml counts as changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.sources import SourcesError
from contracts.sources.changes import SourcesFile

TEXT = """sources:
  - name: app
    type: postgres
    connection: {host: localhost, database: app, user: u, password: env:APP_PASSWORD}
    tables:
      - {name: public.pages, key: [id], tenant: acme, title: title, body: body, allowed: [public]}
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("APP_PASSWORD", "p")
    file = tmp_path / "sources.yaml"
    file.write_text(TEXT)
    return file


def test_a_comment_is_no_change_and_a_mapping_is_one_once(path: Path) -> None:
    file = SourcesFile(path)
    assert not file.changed()
    path.write_text(TEXT + "# a comment\n")
    assert not file.changed()
    path.write_text(TEXT.replace("title: title", "title: name"))
    assert file.changed()
    assert file.sources.postgres[0].tables[0].title == "name"
    assert not file.changed()


def test_an_invalid_file_is_told_once_and_the_next_valid_one_counts(path: Path) -> None:
    file = SourcesFile(path)
    path.write_text(TEXT.replace("body: body", "bodyy: body"))
    with pytest.raises(SourcesError, match="bodyy"):
        file.changed()
    assert not file.changed()
    path.unlink()
    assert not file.changed()
    path.write_text(TEXT.replace("acme", "globex"))
    assert file.changed()
