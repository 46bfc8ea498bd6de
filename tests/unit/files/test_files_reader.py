"""A folder read as a source, with the real processes that extract text; what a person is told in the log."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from connectors.files.opened import opened_files
from contracts.sources.files import FolderSource
from rest_sources.api import ApiUnavailableError
from rest_sources.source import GONE


def source(root: Path, **options: object) -> FolderSource:
    return FolderSource.model_validate(
        {"name": "shelf", "type": "folder", "path": str(root), "tenant": "acme", "access": [{"path": "**", "allowed": []}], **options}
    )


async def test_a_file_is_fetched_once_for_each_content(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.write_text("# One\n\nText.")
    os.utime(file, (1, 1))
    async with opened_files(source(tmp_path), {}) as reader:
        first = await reader.fetch("file/a.md")
        assert first.records["file/a.md"] == {"format": "markdown", "title": "", "pages": [{"number": None, "text": "# One\n\nText."}]}
        (page, last) = [page async for page in reader.listing("")]
        assert [(one.id, one.stamp, one.identity) for one in page.objects] == [("file/a.md", first.stamp, first.identity)]
        assert (page.cursor, last.cursor) == ("a.md", "")
        assert (await reader.fetch_unless("file/a.md", first.stamp, first.content)).same
        os.utime(file, (2, 2))
        touched = await reader.fetch_unless("file/a.md", first.stamp, first.content)
        assert (touched.same, touched.content, touched.stamp != first.stamp) == (True, first.content, True)
        file.write_text("Two.")
        assert not (await reader.fetch_unless("file/a.md", first.stamp, first.content)).same
        assert await reader.fetch("file/.hidden") == await reader.fetch("file/nothing") == GONE


async def test_a_broken_file_is_refused_once_nobody_can_be_writing_it_any_more(tmp_path: Path) -> None:
    (tmp_path / "half.pdf").write_bytes(b"%PDF-1.7\n half of it")
    async with opened_files(source(tmp_path), {}) as reader:
        with pytest.raises(ApiUnavailableError, match="may still be written"):
            await reader.fetch("file/half.pdf")


async def test_a_folder_that_is_away_is_an_error_and_no_delete(tmp_path: Path) -> None:
    async with opened_files(source(tmp_path / "away"), {}) as reader:
        with pytest.raises(ApiUnavailableError, match="cannot be opened"):
            await reader.fetch("file/a.md")
        with pytest.raises(ApiUnavailableError, match="cannot be opened"):
            _ = [page async for page in reader.listing("")]


async def test_what_a_person_should_know_is_logged(tmp_path: Path) -> None:
    (tmp_path / "for nobody.txt").write_text("x")
    (tmp_path / os.fsdecode(b"\xfc.txt")).write_text("x")
    with capture_logs() as logged:
        async with opened_files(source(tmp_path, access=[], languages=["nolanguage"]), {}) as reader:
            for _ in range(2):
                _ = [page async for page in reader.listing("")]
    events = [one["event"] for one in logged]
    assert events == ["scans cannot be read", "file left out", "files that nobody may read", "files that nobody may read"]
    assert "tesseract-ocr-nolanguage" in logged[0]["reason"]
    assert (logged[1]["path"], logged[2]["count"]) == (r"'\udcfc.txt'", 1)
