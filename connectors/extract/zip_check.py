"""A zip's directory against the limits, before a part is read. Python's zipfile reads no more of a part than its directory declares, so a directory that lies low cannot unpack high."""

from __future__ import annotations

import zipfile
from typing import Final

from connectors.extract.errors import EncryptedFileError, TooLargeError
from connectors.extract.limits import Limits

_ENCRYPTED: Final = 0x1
_TREES: Final = (".xml", ".rels")
_STREAMED: Final = "xl/"


def check_zip(parts: zipfile.ZipFile, limits: Limits) -> None:
    """Raises TooLargeError, EncryptedFileError."""
    infos = parts.infolist()
    if len(infos) > limits.zip_entries:
        raise TooLargeError(f"the file has {len(infos)} parts, {limits.zip_entries} are allowed", "split it, or raise the limit on zip entries")
    unpacked = sum(info.file_size for info in infos)
    if unpacked > limits.uncompressed_bytes:
        raise TooLargeError(
            f"the file unpacks to {unpacked} bytes, {limits.uncompressed_bytes} are allowed", "split it, or raise the limit on uncompressed bytes"
        )
    largest = max((info.file_size for info in infos if info.filename.endswith(_TREES) and not info.filename.startswith(_STREAMED)), default=0)
    if largest > limits.xml_bytes:
        raise TooLargeError(f"the file has an XML part of {largest} bytes, {limits.xml_bytes} are allowed", "split it, or raise the limit on XML bytes")
    if any(info.flag_bits & _ENCRYPTED for info in infos):
        raise EncryptedFileError("the file's parts are protected by a password", "save it without a password")
