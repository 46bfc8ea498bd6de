"""A watched folder on a real broker: whatever happens to files, live or while nobody looked, is in the records."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from connectors.collect.app import opened_reader
from connectors.sweep.schedule import take
from contracts.settings import KafkaSettings, read
from contracts.sources.files import AccessRule, FolderSource
from operations.stack import Stack
from tests.integration.files.files_world import Collected, unique

pytestmark = pytest.mark.timeout(120)
TEXT = "Parking is free on Fridays."
EVERYBODY = (AccessRule(path="**", allowed=("group:staff",)),)


def folder_source(root: Path, **options: object) -> FolderSource:
    settings = {"delete_after_move_seconds": 0.3, "access": EVERYBODY, **options}
    return FolderSource.model_validate({"name": unique("docs"), "type": "folder", "path": str(root), "tenant": "acme", **settings})


@pytest.fixture
async def docs(stack: Stack, tmp_path: Path) -> Collected:
    made = Collected(folder_source(tmp_path), {})
    await made.prepare()
    return made


def write(root: Path, path: str, text: str = TEXT) -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


async def test_a_files_life(docs: Collected, tmp_path: Path) -> None:
    async with docs.collecting():
        file = write(tmp_path, "handbook/parking.md")
        await docs.until_texts({"file/handbook/parking.md": TEXT})
        write(tmp_path, "handbook/parking.md", "Parking costs 4 euros.")
        await docs.until_texts({"file/handbook/parking.md": "4 euros"})
        os.utime(file)  # touched
        write(tmp_path, "next.txt", "And then came this.")
        await docs.until_texts({"file/next.txt": "And then"})
        file.unlink()
        await docs.until_texts({"file/handbook/parking.md": None})
        assert [one["op"] for one in await docs.records() if one["id"] == "file/handbook/parking.md"] == ["r", "u", "d"]
    assert await docs.letters() == []


async def test_a_moved_folder_is_known_by_its_files(docs: Collected, tmp_path: Path) -> None:
    async with docs.collecting():
        for number in range(3):
            write(tmp_path, f"old/{number}.txt", f"{TEXT} {number}")
        await docs.until_texts({f"file/old/{number}.txt": str(number) for number in range(3)})
        (tmp_path / "old").rename(tmp_path / "new")
        last = await docs.until_texts({f"file/new/{number}.txt": str(number) for number in range(3)} | {f"file/old/{number}.txt": None for number in range(3)})
        assert [after and after["moved_from"] for native, after in sorted(last.items()) if native.startswith("file/new/")] == [
            f"file/old/{number}.txt" for number in range(3)
        ]
    # Nobody but the collector asks for the old ones, and only once the new ones are written: their vectors must be there until then.
    asked = sorted(hint["id"] for hint in await docs.hints() if hint["id"].startswith("file/old/") and hint["event"] in {"moved", "gone"})
    assert asked == [f"file/old/{number}.txt" for number in range(3)]


async def test_what_happened_meanwhile_is_found_and_then_nothing_is(docs: Collected, tmp_path: Path) -> None:
    for name in ("stays", "edited", "deleted", "renamed"):
        write(tmp_path, f"{name}.txt", f"This one is {name}.")
    async with docs.collecting():
        await docs.until_texts({f"file/{name}.txt": name for name in ("stays", "edited", "deleted", "renamed")})
    write(tmp_path, "edited.txt", "Edited meanwhile.")
    (tmp_path / "deleted.txt").unlink()
    (tmp_path / "renamed.txt").rename(tmp_path / "renamed again.txt")
    before = len(await docs.records())
    async with docs.collecting():
        last = await docs.until_texts({"file/edited.txt": "meanwhile", "file/deleted.txt": None, "file/renamed.txt": None, "file/renamed again.txt": "renamed"})
        moved = last["file/renamed again.txt"]
        assert moved is not None
        assert moved["moved_from"] == "file/renamed.txt"
        assert len(await docs.records()) == before + 4
        async with opened_reader(docs.source, {}) as reader:
            assert (await take("all", docs.source, reader, read(KafkaSettings))).found == 0


async def test_hostile_files_cost_a_dead_letter_each_and_nothing_else(docs: Collected, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.docx", "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("[Content_Types].xml", b"wordprocessingml.document.main+xml" + b" " * (80 << 20))
    (tmp_path / "archive.tar.gz").write_bytes(b"\x1f\x8b" + bytes(64))
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7\n" + os.urandom(4000))
    (tmp_path / "noise.bin").write_bytes(os.urandom(4000))
    for name in ("bomb.docx", "archive.tar.gz", "broken.pdf", "noise.bin"):
        os.utime(tmp_path / name, (0, 0))
    write(tmp_path, "sound.txt")
    settled = tmp_path / "huge.txt"
    with settled.open("wb") as huge:
        huge.truncate(51 << 20)
    async with docs.collecting():
        await docs.until_texts({"file/sound.txt": TEXT})
        letters = await docs.until_letters(5)
        assert sorted(letter.doc_id.partition(":file/")[2] for letter in letters) == ["archive.tar.gz", "bomb.docx", "broken.pdf", "huge.txt", "noise.bin"]
        assert all(letter.reason and ";" in letter.reason for letter in letters)
        assert any("limits.max_mib" in letter.reason for letter in letters)
        write(tmp_path, "later.txt", "The stream goes on.")
        await docs.until_texts({"file/later.txt": "goes on"})


async def test_odd_names_and_links(docs: Collected, tmp_path: Path) -> None:
    outside = tmp_path.with_name(tmp_path.name + "-outside")
    write(outside, "secret.txt", "Not for the index.")
    names = ["Übersicht für 100% & mehr.txt", "line\nbreak.txt", "a+b c%20d#?.txt", "資料/報告.txt", "'quoted\" |pipe.txt"]
    for name in names:
        write(tmp_path, name, f"{TEXT} {name!r}")
    (tmp_path / "link.txt").symlink_to(outside / "secret.txt")
    (tmp_path / "linked").symlink_to(outside)
    write(tmp_path, os.fsdecode(b"latin1-\xfc.txt"), "A name that is no UTF-8.")
    os.mkfifo(tmp_path / "pipe.txt")
    async with docs.collecting():
        await docs.until_texts({f"file/{name}": TEXT for name in names})
        write(outside, "later.txt", "Written where the link leads.")
        write(tmp_path, "last.txt", "The last one.")
        last = await docs.until_texts({"file/last.txt": "The last"})
        assert set(last) == {f"file/{name}" for name in (*names, "last.txt")}
        async with opened_reader(docs.source, {}) as reader:
            for path in ("../x", "/etc/passwd", "a/../../etc/passwd", "link.txt", "linked/secret.txt", "a//b", "x" * 300):
                assert not (await reader.fetch(f"file/{path}")).records, path


async def test_a_changed_policy_writes_everything_again(docs: Collected, tmp_path: Path) -> None:
    write(tmp_path, "policy.txt")
    async with docs.collecting():
        await docs.until_texts({"file/policy.txt": TEXT})
    docs.source = docs.source.model_copy(update={"access": (AccessRule(path="**", allowed=("group:hr",)),)})
    async with docs.collecting():
        await docs.until_records(2)
