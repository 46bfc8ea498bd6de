"""Files below a folder: what is read of them, what leads out of it, what may not be read."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.files.folder_files import KeepsChangingError, NoFolderError, Tree
from connectors.files.storage import Content, Refused, Stored
from connectors.files.watching import Seen

ROOT = Path(__file__).parents[3]


def tree(root: Path, *, follow: bool = False, most: int = 1000) -> Tree:
    return Tree(root, most, follow, wanted=lambda path: not path.endswith(".tmp"), skipped=lambda folder: folder == "skipped")


def paths(found: Iterator[Stored]) -> list[str]:
    return [one.path for one in found]


def test_a_walk_has_every_file_in_the_order_of_names(tmp_path: Path) -> None:
    for path in ("b.txt", "a/z.txt", "a/b/c.txt", "a.txt", "a/x.tmp", "skipped/d.txt"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    assert paths(tree(tmp_path).walk()) == ["a/b/c.txt", "a/z.txt", "a.txt", "b.txt"]


def test_links_lead_nowhere_unless_they_stay_inside(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    for folder in (inside / "real", outside):
        folder.mkdir(parents=True)
        (folder / "a.txt").write_text(str(folder))
    (inside / "file.txt").symlink_to(outside / "a.txt")
    (inside / "folder").symlink_to(outside)
    (inside / "alias").symlink_to("real")
    (inside / "real" / "loop").symlink_to("..")
    (inside / "inner.txt").symlink_to("real/a.txt")
    assert paths(tree(inside).walk()) == ["real/a.txt"]
    assert paths(tree(inside, follow=True).walk()) == ["alias/a.txt", "inner.txt", "real/a.txt"]
    for path in ("file.txt", "folder/a.txt", "../out/a.txt", "real/../../out/a.txt", "real/loop/real/../../../out/a.txt"):
        assert tree(inside).content(path) is None, path
        assert tree(inside, follow=True).content(path) is None, path
    found = tree(inside, follow=True).content("alias/a.txt")
    assert isinstance(found, Content)
    assert found.data == str(inside / "real").encode()
    assert tree(inside).content("alias/a.txt") is None


def test_a_file_too_large_is_refused_by_its_limit(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(bytes(1001))
    found = tree(tmp_path).content("a.txt")
    assert isinstance(found, Refused)
    assert "limits.max_mib" in found.reason


@pytest.mark.parametrize(("writes", "read"), [(1, True), (100, False)])
def test_a_file_that_is_written_while_it_is_read_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int, *, read: bool) -> None:
    file, left, real = tmp_path / "log.txt", [writes], os.read
    file.write_bytes(b"first")

    def read_beside_a_writer(descriptor: int, length: int) -> bytes:
        piece = real(descriptor, length)
        if left[0] and piece:
            left[0] -= 1
            with file.open("ab") as opened:
                opened.write(b", more")
        return piece

    monkeypatch.setattr(os, "read", read_beside_a_writer)
    if not read:
        with pytest.raises(KeepsChangingError):
            tree(tmp_path).content("log.txt")
        return
    found = tree(tmp_path).content("log.txt")
    assert isinstance(found, Content)
    assert (found.data, found.settled) == (b"first, more", False)


def test_a_folder_that_is_not_there_is_told_from_an_empty_one(tmp_path: Path) -> None:
    assert paths(tree(tmp_path).walk()) == []
    with pytest.raises(NoFolderError):
        paths(tree(tmp_path / "gone").walk())
    with pytest.raises(NoFolderError):
        tree(tmp_path / "gone").content("a.txt")


_AS_NOBODY = """
import os, sys
from pathlib import Path
from connectors.files.folder_files import Tree
if os.getuid() == 0:
    os.setgid(65534); os.setuid(65534)
tree = Tree(Path(sys.argv[1]), 1000, False, lambda path: True, lambda folder: False)
print([one.path for one in tree.walk()])
for path in ("closed.txt", "closed/", "closed/a.txt", "open.txt"):
    print(type(tree.content(path)).__name__)
print(tree.content("closed.txt").reason)
"""


def test_what_may_not_be_read_is_refused_and_the_rest_is_read() -> None:
    """As a user who is not root, whom nothing is closed to."""
    root = Path(tempfile.mkdtemp())
    try:
        root.chmod(0o755)
        (root / "closed").mkdir(mode=0o755)
        for path in ("closed/a.txt", "closed.txt", "open.txt"):
            (root / path).write_text("text")
        (root / "closed.txt").chmod(0)
        (root / "closed").chmod(0)
        done = subprocess.run([sys.executable, "-c", _AS_NOBODY, str(root)], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        listed, *kinds, reason = done.stdout.splitlines()
        assert listed == "['closed/', 'closed.txt', 'open.txt']"
        assert kinds == ["Refused", "Refused", "NoneType", "Content"]
        assert "let the collector's user read it" in reason
    finally:
        (root / "closed").chmod(0o755)
        shutil.rmtree(root)


def settled(root: Path) -> None:
    for file in root.rglob("*.txt"):
        os.utime(file, ns=(time.time_ns(), time.time_ns() - 10**9))


def test_changes_are_told_by_comparing(tmp_path: Path) -> None:
    for name in ("a/1.txt", "a/2.txt", "b.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    settled(tmp_path)
    seen = Seen(tree(tmp_path), lambda stored: stored.identity)
    assert len(seen.changes([""]).present) == 3
    assert seen.changes(["a", "b.txt", "nothing"]).present == []
    (tmp_path / "a").rename(tmp_path / "z")
    (tmp_path / "b.txt").unlink()
    changes = seen.changes(["a", "z", "b.txt"])
    assert changes.moved == {"z/1.txt": "a/1.txt", "z/2.txt": "a/2.txt"}
    assert changes.gone == {"b.txt"}
    assert seen.count == 2
    (tmp_path / "z/1.txt").write_text("edited")
    settled(tmp_path)
    assert [stored.path for stored in seen.changes(["z/1.txt"]).present] == ["z/1.txt"]
    os.link(tmp_path / "z/2.txt", tmp_path / "copy.txt")
    copied = seen.changes(["copy.txt"])
    assert (copied.moved, copied.gone) == ({"copy.txt": "z/2.txt"}, set())
