"""What a file is: by its first bytes and, in a zip, by what the parts say they are. Name and media type only tell apart what is text to the eye of a program."""

from __future__ import annotations

import io
import zipfile
from typing import Final, Literal

from connectors.extract.errors import ArchiveRefusedError, BrokenFileError, EncryptedFileError, UnsupportedFormatError
from connectors.extract.reading import File, Reading
from connectors.extract.zip_check import check_zip

Kind = Literal["pdf", "image", "docx", "xlsx", "pptx", "odt", "ods", "odp", "text"]

_HEAD: Final = 1024
"""PDF readers accept this much rubbish before the header."""
_PDF: Final = b"%PDF-"
_BLANK: Final = b" \t\r\n\x00\xef\xbb\xbf"
_IMAGES: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_ARCHIVES: Final[dict[bytes, str]] = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!\x1a\x07": "rar",
    b"\x28\xb5\x2f\xfd": "zstandard",
    b"\x04\x22\x4d\x18": "lz4",
    b"MSCF": "cabinet",
    b"!<arch>\n": "ar",
}
_TAR: Final = (257, b"ustar")
_EXECUTABLES: Final[dict[bytes, str]] = {
    b"\x7fELF": "ELF program",
    b"\xfe\xed\xfa\xce": "Mach-O program",
    b"\xfe\xed\xfa\xcf": "Mach-O program",
    b"\xcf\xfa\xed\xfe": "Mach-O program",
    b"\xca\xfe\xba\xbe": "Java class or Mach-O program",
    b"\x00asm": "WebAssembly program",
    b"dex\n": "Android program",
}
_OTHERS: Final[dict[bytes, tuple[str, str]]] = {
    b"{\\rtf": ("RTF", "save it as .docx"),
    b"GIF8": ("GIF", "save it as PNG"),
    b"RIFF": ("WebP, audio or video", "save a picture as PNG; sound has no text"),
    b"BM": ("BMP", "save it as PNG"),
    b"%!PS": ("PostScript", "convert it to PDF"),
    b"\xc5\xd0\xd3\xc6": ("PostScript", "convert it to PDF"),
    b"SQLite format 3\x00": ("SQLite", "export it as CSV"),
    b"ID3": ("audio", "attach a transcript"),
    b"OggS": ("audio or video", "attach a transcript"),
    b"\x1aE\xdf\xa3": ("video", "attach a transcript"),
}
_COMPOUND: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_COMPOUND_STREAMS: Final = {
    "WordDocument": ("an old Word document (.doc)", "save it as .docx"),
    "Workbook": ("an old Excel workbook (.xls)", "save it as .xlsx"),
    "Book": ("an old Excel workbook (.xls)", "save it as .xlsx"),
    "PowerPoint Document": ("an old PowerPoint presentation (.ppt)", "save it as .pptx"),
    "__properties_version1.0": ("an Outlook message (.msg)", "save it as .eml"),
}
_MAIN_PARTS: Final[tuple[tuple[bytes, Kind], ...]] = (
    (b"wordprocessingml.document.main+xml", "docx"),
    (b"wordprocessingml.template.main+xml", "docx"),
    (b"ms-word.document.macroEnabled.main+xml", "docx"),
    (b"ms-word.template.macroEnabledTemplate.main+xml", "docx"),
    (b"spreadsheetml.sheet.main+xml", "xlsx"),
    (b"spreadsheetml.template.main+xml", "xlsx"),
    (b"ms-excel.sheet.macroEnabled.main+xml", "xlsx"),
    (b"ms-excel.template.macroEnabled.main+xml", "xlsx"),
    (b"presentationml.presentation.main+xml", "pptx"),
    (b"presentationml.slideshow.main+xml", "pptx"),
    (b"presentationml.template.main+xml", "pptx"),
    (b"ms-powerpoint.presentation.macroEnabled.main+xml", "pptx"),
    (b"ms-powerpoint.slideshow.macroEnabled.main+xml", "pptx"),
    (b"ms-powerpoint.template.macroEnabled.main+xml", "pptx"),
)
_ODF: Final[tuple[tuple[bytes, Kind], ...]] = (
    (b"application/vnd.oasis.opendocument.text", "odt"),
    (b"application/vnd.oasis.opendocument.spreadsheet", "ods"),
    (b"application/vnd.oasis.opendocument.presentation", "odp"),
)
_CONTENT_TYPES: Final = "[Content_Types].xml"


def kind(file: File, reading: Reading) -> Kind:
    """Raises NotExtractableError for what is certainly none of ours; what looks like nothing known is "text" until `plain` finds that it is not."""
    head = file.content[:_HEAD]
    if head.lstrip(_BLANK).startswith(_PDF) or (_PDF in head and b"startxref" in file.content):
        return "pdf"
    if head.startswith(_IMAGES):
        return "image"
    if head.startswith(b"PK\x03\x04"):
        return _in_zip(file, reading)
    if head.startswith(_COMPOUND):
        raise _in_compound(file.content)
    _refuse(head)
    return "text"


def _refuse(head: bytes) -> None:
    archive = next((name for magic, name in _ARCHIVES.items() if head.startswith(magic)), None)
    if archive or head[_TAR[0] :].startswith(_TAR[1]) or head.startswith((b"PK\x05\x06", b"PK\x07\x08")):
        raise _archive(archive or ("zip" if head.startswith(b"PK") else "tar"))
    program = next((name for magic, name in _EXECUTABLES.items() if head.startswith(magic)), None)
    if program or (head.startswith(b"MZ") and b"\x00" in head):
        raise UnsupportedFormatError(f"the file is a {program or 'Windows program'}", "attach its documentation")
    for magic, (name, cure) in _OTHERS.items():
        if head.startswith(magic) and (len(magic) > 3 or b"\x00" in head):
            raise UnsupportedFormatError(f"the file's format is {name}, which is not read", cure)
    if head[4:8] == b"ftyp":
        raise UnsupportedFormatError("the file is a video, or a picture in HEIF", "save a picture as PNG; attach a transcript of a video")


def _archive(name: str) -> ArchiveRefusedError:
    return ArchiveRefusedError(f"the file is an archive ({name})", "attach the files in it one by one")


def _in_compound(content: bytes) -> UnsupportedFormatError | EncryptedFileError:
    """The directory of a compound file holds the names of its streams in UTF-16; a password-protected .docx is one with an EncryptedPackage."""
    if _named("EncryptedPackage", content):
        return EncryptedFileError("the Office document is protected by a password", "save it without a password")
    for stream, (what, cure) in _COMPOUND_STREAMS.items():
        if _named(stream, content):
            return UnsupportedFormatError(f"the file is {what}, a format given up in 2007", cure)
    return UnsupportedFormatError("the file is an OLE compound file of an unknown kind", "save it in a current format, such as .docx or PDF")


def _named(stream: str, content: bytes) -> bool:
    return (stream + "\x00").encode("utf-16-le") in content


def _in_zip(file: File, reading: Reading) -> Kind:
    try:
        with zipfile.ZipFile(io.BytesIO(file.content)) as parts:
            check_zip(parts, reading.limits)
            return _by_parts(parts)
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, OSError) as error:
        raise BrokenFileError("the file begins like an Office document or a zip archive, but its directory is unreadable", "upload it again") from error


def _by_parts(parts: zipfile.ZipFile) -> Kind:
    names = set(parts.namelist())
    if _CONTENT_TYPES in names:
        types = parts.read(_CONTENT_TYPES)
        for main, found in _MAIN_PARTS:
            if main in types:
                return found
        if b"ms-excel.sheet.binary" in types:
            raise UnsupportedFormatError("the file is a binary workbook (.xlsb)", "save it as .xlsx")
        if b"ms-visio" in types:
            raise UnsupportedFormatError("the file is a Visio drawing", "export it as PDF")
    if "mimetype" in names:
        media_type = parts.read("mimetype").strip()
        for start, found in _ODF:
            if media_type in (start, start + b"-template"):
                return found
        if media_type == b"application/epub+zip":
            raise UnsupportedFormatError("the file is an e-book (EPUB)", "export it as PDF")
    raise _archive("zip")
