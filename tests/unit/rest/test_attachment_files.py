"""Attachments: downloaded once, whole or not at all, read by the real extractor."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import pytest

from connectors.extract import Extractor
from connectors.rest.attachments import AttachmentFiles
from contracts.sources.rest import Attachments
from rest_sources.api import Answer, Method, Parameters, TooLargeError
from rest_sources.source import RemoteFile, UnreadableFileError


class Kept:
    """A vendor's files by URL; those that were asked for."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)
        self.asked: list[str] = []

    async def get(self, path: str, parameters: Parameters | None = None) -> Answer | None:
        raise NotImplementedError

    async def send(self, method: Method, path: str, body: Mapping[str, object] | None = None) -> Answer | None:
        raise NotImplementedError

    async def download(self, url: str, most_bytes: int) -> bytes | None:
        self.asked.append(url)
        found = self.files.get(url)
        if found is not None and len(found) > most_bytes:
            raise TooLargeError("A file is larger than allowed.", "Leave it out.")
        return found


@pytest.fixture
async def extractor() -> AsyncIterator[Extractor]:
    async with Extractor() as opened:
        yield opened


def remote(size_bytes: int, url: str = "/a") -> RemoteFile:
    return RemoteFile(url, "key", "a.txt", "text/plain", size_bytes)


async def test_the_same_bytes_are_downloaded_once(extractor: Extractor) -> None:
    api = Kept({"/a": b"some text"})
    files = AttachmentFiles(api, extractor, Attachments())
    for _ in range(2):
        assert await files.read(remote(9)) == {"format": "text", "pages": [{"number": None, "text": "some text"}]}
    assert api.asked == ["/a"]
    assert await files.read(RemoteFile("/b", "gone", "b.txt", "text/plain", 3)) is None


async def test_a_download_that_was_cut_is_refused_and_asked_for_again(extractor: Extractor) -> None:
    """Half a contract must not be found as the contract; the next fetch may bring all of it."""
    api = Kept({"/a": b"half"})
    files = AttachmentFiles(api, extractor, Attachments())
    with pytest.raises(UnreadableFileError, match="4 bytes came of a file of 9") as refused:
        await files.read(remote(9))
    assert "half" not in refused.value.reason
    api.files["/a"] = b"some text"
    found = await files.read(remote(9))
    assert found is not None
    assert found["pages"] == [{"number": None, "text": "some text"}]


async def test_a_size_that_the_vendor_does_not_say_is_any(extractor: Extractor) -> None:
    assert await AttachmentFiles(Kept({"/a": b"half"}), extractor, Attachments()).read(remote(0)) is not None


async def test_too_large_before_and_after_the_download(extractor: Extractor) -> None:
    api = Kept({"/a": bytes(2000)})
    files = AttachmentFiles(api, extractor, Attachments(max_mib=0.001))
    with pytest.raises(UnreadableFileError, match="or leave it out"):
        await files.read(remote(2000))
    assert api.asked == []
    with pytest.raises(UnreadableFileError, match="or leave it out"):
        await files.read(remote(10))


async def test_a_file_that_cannot_be_read_is_not_downloaded_again(extractor: Extractor) -> None:
    api = Kept({"/a": b"\x7fELF" + bytes(300)})
    files = AttachmentFiles(api, extractor, Attachments())
    for _ in range(2):
        with pytest.raises(UnreadableFileError, match="ELF program"):
            await files.read(remote(304))
    assert api.asked == ["/a"]
