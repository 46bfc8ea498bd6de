"""What people upload by mistake and attackers on purpose costs that one file an error with a cause and a cure, and the next file nothing."""

from __future__ import annotations

import io
import struct
import tarfile
import zlib
from collections.abc import Callable

import openpyxl
import pytest
from PIL import Image

from connectors.extract import (
    ArchiveRefusedError,
    BrokenFileError,
    EncryptedFileError,
    Extractor,
    Limits,
    NotExtractableError,
    OcrMissingError,
    OutOfMemoryError,
    TimedOutError,
    TooLargeError,
    TooManyPagesError,
    UnsupportedFormatError,
)
from tests.unit.extract import extract_samples as samples
from tests.unit.extract.extract_samples import WORDS

pytestmark = pytest.mark.asyncio(loop_scope="module")
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000)


def compound(stream: str) -> bytes:
    return COMPOUND + stream.encode("utf-16-le") + bytes(100)


def tar() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"), io.BytesIO())
    return file.getvalue()


def million_pages() -> bytes:
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 1000000/Kids[3 0 R]>>", b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"]
    return raw_pdf(objects)


def raw_pdf(objects: list[bytes]) -> bytes:
    body, places = b"%PDF-1.7\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj%s endobj\n" % (number, one)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(b"%010d 00000 n \n" % place for place in places)
    return body + table + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(body))


def pages_of_pages() -> bytes:
    """A page tree that holds itself, and one 20,000 levels deep."""
    nodes = [b"<</Type/Pages/Count 1/Kids[%d 0 R]>>" % (number + 1) for number in range(2, 20_000)]
    return raw_pdf([b"<</Type/Catalog/Pages 2 0 R>>", *nodes, b"<</Type/Pages/Count 1/Kids[2 0 R]>>"])


def endless_page() -> bytes:
    """A page that draws a form a hundred times, which draws a form a hundred times, nine levels deep."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 900 900]/Contents 4 0 R/Resources<</XObject<</F 5 0 R>>>>>>",
    ]
    draws = b"/F Do " * 100
    objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(draws), draws))
    for number in range(5, 14):
        drawn = draws if number < 13 else b"0 0 9 9 re f "
        objects.append(
            b"<</Type/XObject/Subtype/Form/BBox[0 0 900 900]/Resources<</XObject<</F %d 0 R>>>>/Length %d>>stream\n%s\nendstream"
            % (number + 1, len(drawn), drawn)
        )
    return raw_pdf(objects)


def huge_png() -> bytes:
    """60,000 by 60,000 pixels in a few kilobytes."""
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(10_000_000))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks)


def bomb() -> bytes:
    """A Word document whose text unpacks to 400 MiB."""
    return samples.with_part(samples.word(), "word/document.xml", lambda old: old.replace(WORDS.encode(), b"a" * 400 * 1024 * 1024))


def laughs() -> bytes:
    """Entities that expand to entities."""
    entities = b"<!DOCTYPE d [<!ENTITY a0 'ha'>" + b"".join(b"<!ENTITY a%d '%s'>" % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12)) + b"]>"
    return samples.with_part(
        samples.word(), "word/document.xml", lambda old: old.replace(b"standalone='yes'?>", b"standalone='yes'?>" + entities).replace(WORDS.encode(), b"&a11;")
    )


def deep_word() -> bytes:
    deep = b"<w:sdt><w:sdtContent>" * 50_000 + b"</w:sdtContent></w:sdt>" * 50_000
    return samples.with_part(samples.word(), "word/document.xml", lambda old: old.replace(b"<w:sectPr", deep + b"<w:sectPr"))


def deep_opendocument() -> bytes:
    deep = b"<text:section>" * 5_000 + b"</text:section>" * 5_000
    return samples.with_part(samples.opendocument_text(), "content.xml", lambda old: old.replace(b"<office:text>", b"<office:text>" + deep))


REFUSED: dict[str, tuple[Callable[[], bytes], str, type[NotExtractableError] | tuple[type[NotExtractableError], ...]]] = {
    "zip": (lambda: samples.zipped({"a.txt": b"a"}), "a.docx", ArchiveRefusedError),
    "empty zip": (lambda: samples.zipped({}), "a.zip", ArchiveRefusedError),
    "tar": (tar, "a.tar", ArchiveRefusedError),
    "gzip": (lambda: b"\x1f\x8b\x08" + bytes(30), "a.gz", ArchiveRefusedError),
    "7z": (lambda: b"7z\xbc\xaf\x27\x1c" + bytes(30), "a.7z", ArchiveRefusedError),
    "rar": (lambda: b"Rar!\x1a\x07\x01\x00" + bytes(30), "a.rar", ArchiveRefusedError),
    "program": (lambda: b"\x7fELF" + bytes(300), "a.txt", UnsupportedFormatError),
    "Windows program": (lambda: b"MZ\x90\x00" + bytes(300), "a.pdf", UnsupportedFormatError),
    "old Word": (lambda: compound("WordDocument"), "a.doc", UnsupportedFormatError),
    "old Excel": (lambda: compound("Workbook"), "a.xls", UnsupportedFormatError),
    "old PowerPoint": (lambda: compound("PowerPoint Document"), "a.ppt", UnsupportedFormatError),
    "RTF": (lambda: b"{\\rtf1 hello}", "a.rtf", UnsupportedFormatError),
    "bytes": (lambda: samples.NOT_TEXT, "a.txt", UnsupportedFormatError),
    "empty PDF": (lambda: b"", "a.pdf", BrokenFileError),
    "zeros": (lambda: bytes(5000), "a.txt", BrokenFileError),
    "encrypted PDF": (lambda: samples.pdf(password="made-up"), "a.pdf", EncryptedFileError),
    "encrypted Word": (lambda: compound("EncryptedPackage"), "a.docx", EncryptedFileError),
    "a PDF that is none": (lambda: b"%PDF-1.7\nhello", "a.pdf", BrokenFileError),
    "million pages": (million_pages, "a.pdf", TooManyPagesError),
    "pages of pages": (pages_of_pages, "a.pdf", (BrokenFileError, TooManyPagesError)),
    "huge picture": (huge_png, "a.png", TooLargeError),
    "zip bomb": (bomb, "a.docx", TooLargeError),
    "entities": (laughs, "a.docx", BrokenFileError),
    "deep Word": (deep_word, "a.docx", BrokenFileError),
    "deep OpenDocument": (deep_opendocument, "a.odt", BrokenFileError),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_refused_with_cause_and_cure(extractor: Extractor, case: str) -> None:
    make, name, expected = REFUSED[case]
    with pytest.raises(expected) as refused:
        await extractor.extract(make(), name, "")
    assert refused.value.cause
    assert refused.value.cure
    assert refused.value.kind != "not_extractable"
    assert (await extractor.extract(WORDS.encode(), "next.txt", "")).text == WORDS


@pytest.mark.parametrize("name", [name for name in samples.SAMPLES if name.endswith(("pdf", "x", "odt", "ods", "odp"))])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
async def test_cut_short(extractor: Extractor, name: str, share: float) -> None:
    whole = samples.SAMPLES[name]()
    try:
        found = await extractor.extract(whole[: int(len(whole) * share)], name, "")
    except BrokenFileError:
        return
    assert name == "a.pdf", "only a PDF is repaired"
    assert found.pages


@pytest.mark.parametrize("written", ["PNG", "JPEG", "TIFF"])
async def test_pictures_cut_short(extractor: Extractor, written: str) -> None:
    whole = samples.image(written)
    with pytest.raises(BrokenFileError):
        await extractor.extract(whole[: len(whole) // 2], "a", "")


async def test_more_than_allowed() -> None:
    small = Limits(bytes=20_000, pages=1, characters=500)
    async with Extractor(small) as extractor:
        for content, expected in (
            (b"a" * 20_001, TooLargeError),
            (b"a" * 501, TooLargeError),
            (samples.pdf(), TooManyPagesError),
        ):
            with pytest.raises(expected, match=r"allowed|more than"):
                await extractor.extract(content, "a", "")
        assert (await extractor.extract(b"a" * 500, "a", "")).text == "a" * 500


async def test_a_file_that_never_ends_is_ended() -> None:
    async with Extractor(Limits(cpu_seconds=1, wall_seconds=240, memory_mib=8_192)) as extractor:
        with pytest.raises(TimedOutError, match="CPU"):
            await extractor.extract(endless_page(), "a.pdf", "")
        assert (await extractor.extract(WORDS.encode(), "next.txt", "")).text == WORDS


async def test_a_file_that_takes_too_long_is_ended() -> None:
    async with Extractor(Limits(wall_seconds=0.5, memory_mib=8_192)) as extractor:
        with pytest.raises(TimedOutError, match="longer"):
            await extractor.extract(endless_page(), "a.pdf", "")
        assert (await extractor.extract(WORDS.encode(), "next.txt", "")).text == WORDS


async def test_memory_ends_before_the_machine_does() -> None:
    async with Extractor(Limits(memory_mib=300, bytes=200_000_000, characters=200_000_000)) as extractor:
        for size in (90_000_000, 199_000_000):  # where the text does not fit, and where the bytes alone do not
            with pytest.raises(OutOfMemoryError, match="300 MiB"):
                await extractor.extract(b"a\r" * (size // 2), "a.txt", "")
        assert (await extractor.extract(WORDS.encode(), "next.txt", "")).text == WORDS


async def test_a_picture_in_a_pdf_that_unpacks_too_large(extractor: Extractor) -> None:
    file = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(file, "PDF", resolution=20)
    with pytest.raises((TooLargeError, OutOfMemoryError, BrokenFileError)):
        await extractor.extract(file.getvalue(), "a.pdf", "")
    assert (await extractor.extract(WORDS.encode(), "next.txt", "")).text == WORDS


async def test_missing_tesseract_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    async with Extractor(languages=("eng", "deu")) as extractor:
        with pytest.raises(OcrMissingError, match="install tesseract-ocr tesseract-ocr-eng tesseract-ocr-deu"):
            await extractor.extract(samples.image(), "a.png", "")
        assert (await extractor.extract(samples.pdf(), "a.pdf", "")).pages[0].text == WORDS


async def test_missing_language_names_the_package() -> None:
    async with Extractor(languages=("chi_nowhere",)) as extractor:
        with pytest.raises(OcrMissingError, match="tesseract-ocr-chi-nowhere"):
            await extractor.extract(samples.image(), "a.png", "")


async def test_what_is_malformed_in_a_mail_does_not_take_the_mail_along(extractor: Extractor) -> None:
    """Its reader's library raises what it likes."""
    broken = samples.with_part(samples.word(), "word/document.xml", lambda _: b"<w:document")
    found = await extractor.extract(samples.mail((broken, "broken.docx", "application/octet-stream"), (b"kept text", "a.txt", "text/plain")), "m.eml", "")
    assert "kept text" in found.text
    assert [(one.name, one.kind) for one in found.left_out] == [("broken.docx", "broken")]


async def test_what_is_attached_counts_once() -> None:
    content = samples.mail((b"a" * 600, "a.txt", "text/plain"))
    async with Extractor(Limits(characters=1_000)) as extractor:
        assert "a" * 600 in (await extractor.extract(content, "m.eml", "")).text
        with pytest.raises(TooLargeError):
            await extractor.extract(samples.mail((b"a" * 600, "a.txt", "text/plain"), (b"a" * 600, "b.txt", "text/plain")), "m.eml", "")


async def test_a_row_that_makes_all_rows_wide_is_too_large() -> None:
    """2,000 rows of one letter and one of 2,000 cells are 4 million cells of Markdown."""
    book = openpyxl.Workbook()
    for _ in range(2_000):
        book.active.append(["a"])
    book.active.append(["a"] * 2_000)
    file = io.BytesIO()
    book.save(file)
    async with Extractor(Limits(characters=1_000_000)) as extractor:
        with pytest.raises(TooLargeError, match="characters"):
            await extractor.extract(file.getvalue(), "a.xlsx", "")


def nested(depth: int, begin: bytes, end: bytes) -> bytes:
    inside = begin * depth + b"<text:p>innermost</text:p>" + end * depth
    return samples.with_part(samples.opendocument_text(), "content.xml", lambda old: old.replace(b"<office:text>", b"<office:text>" + inside))


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        (b"<table:table><table:table-row><table:table-cell>", b"</table:table-cell></table:table-row></table:table>"),
        (b"<text:p><draw:frame><draw:text-box>", b"</draw:text-box></draw:frame></text:p>"),
    ],
    ids=["tables", "text boxes"],
)
async def test_what_is_nested_in_an_opendocument_is_read_once(extractor: Extractor, begin: bytes, end: bytes) -> None:
    """Twice for each level would be a quadrillion times for fifty."""
    for depth in (2, 50):
        assert (await extractor.extract(nested(depth, begin, end), "a.odt", "")).text.count("innermost") == 1
    with pytest.raises(BrokenFileError):
        await extractor.extract(nested(5_000, begin, end), "a.odt", "")


async def test_relations_are_a_tree_too() -> None:
    content = samples.with_part(samples.word(), "word/_rels/document.xml.rels", lambda old: old + b" " * 300_000)
    async with Extractor(Limits(xml_bytes=200_000)) as extractor:
        with pytest.raises(TooLargeError, match="XML part"):
            await extractor.extract(content, "a.docx", "")
