"""Every format gives its words, its structure and its pages."""

from __future__ import annotations

import codecs
import shutil

import pytest

from connectors.extract import Extractor, Page
from tests.unit.extract import extract_samples as samples
from tests.unit.extract.extract_samples import MORE, WORDS

pytestmark = pytest.mark.asyncio(loop_scope="module")
needs_tesseract = pytest.mark.skipif(shutil.which("tesseract") is None, reason="Tesseract is not installed (Debian: tesseract-ocr)")


@pytest.mark.parametrize("name", samples.SAMPLES)
async def test_words_of_every_format_are_found(extractor: Extractor, name: str) -> None:
    assert WORDS in (await extractor.extract(samples.SAMPLES[name](), name, "")).text


async def test_pdf_keeps_page_numbers_and_title(extractor: Extractor) -> None:
    found = await extractor.extract(samples.pdf((WORDS, "", MORE)), "crane.pdf", "application/pdf")
    assert found.pages == (Page(1, WORDS), Page(2, ""), Page(3, MORE))
    assert (found.format, found.title, found.scanned_pages) == ("text", "Crane manual", 0)


async def test_word_becomes_html_with_headings_and_tables(extractor: Extractor) -> None:
    found = await extractor.extract(samples.word(), "crane.docx", "")
    assert found.format == "html"
    assert "<h1>Safety</h1>" in found.text
    assert "<td><p>hook</p></td>" in found.text
    assert found.title == "Crane manual"


async def test_workbook_becomes_a_table_a_sheet(extractor: Extractor) -> None:
    found = await extractor.extract(samples.workbook(), "crane.xlsx", "")
    assert found.pages[0].text == f"## Parts\n\n| part | weight | note |\n| --- | --- | --- |\n| hook | 40 | {WORDS} |\n| rope \\| steel | 0.3 | TRUE |"
    assert [page.number for page in found.pages] == [None, None]
    assert found.title == "Crane parts"


async def test_slides_are_pages_with_tables_and_notes(extractor: Extractor) -> None:
    found = await extractor.extract(samples.slides(), "crane.pptx", "")
    assert [page.number for page in found.pages] == [1, 2]
    assert found.pages[0].text == f"## {WORDS}\n\n| part |  |\n| --- | --- |\n|  | hook |\n\nNotes: Speak slowly"


async def test_opendocument_keeps_structure(extractor: Extractor) -> None:
    found = await extractor.extract(samples.opendocument_text(), "crane.odt", "")
    assert found.text == f"## Safety\n\n{WORDS}  and\tmore\n\n- first\n- second\n\n| part |  |\n| --- | --- |\n|  | 40 |"
    assert found.title == "Crane manual"
    slides = await extractor.extract(samples.opendocument_slides(), "crane.odp", "")
    assert [page.number for page in slides.pages] == [1, 2]


@pytest.mark.parametrize(
    ("name", "make", "old", "new"),
    [
        ("a.docm", samples.word, b"vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml", b"vnd.ms-word.document.macroEnabled.main+xml"),
        ("a.dotx", samples.word, b"wordprocessingml.document.main+xml", b"wordprocessingml.template.main+xml"),
        ("a.xlsm", samples.workbook, b"vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml", b"vnd.ms-excel.sheet.macroEnabled.main+xml"),
        (
            "a.pptm",
            samples.slides,
            b"vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
            b"vnd.ms-powerpoint.presentation.macroEnabled.main+xml",
        ),
        ("a.ppsx", samples.slides, b"presentationml.presentation.main+xml", b"presentationml.slideshow.main+xml"),
    ],
)
async def test_macro_documents_and_templates_are_read_as_data(extractor: Extractor, name: str, make: object, old: bytes, new: bytes) -> None:
    assert callable(make)
    assert WORDS in (await extractor.extract(samples.retyped(make(), old, new), name, "")).text


@needs_tesseract
@pytest.mark.parametrize("written", ["PNG", "JPEG", "TIFF"])
async def test_pictures_are_read(extractor: Extractor, written: str) -> None:
    found = await extractor.extract(samples.image(written), "scan", "")
    assert WORDS in found.text
    assert found.scanned_pages == 1


@needs_tesseract
@pytest.mark.parametrize("turned", [90, 180, 3])
async def test_pages_without_a_text_layer_are_read_however_they_lie(extractor: Extractor, turned: int) -> None:
    found = await extractor.extract(samples.scanned_pdf(turned=turned), "scan.pdf", "")
    assert [page.number for page in found.pages] == [1, 2]
    assert WORDS in found.pages[0].text
    assert MORE in found.pages[1].text
    assert found.scanned_pages == 2


@needs_tesseract
async def test_frames_of_a_tiff_are_pages(extractor: Extractor) -> None:
    found = await extractor.extract(samples.tiff_pages(), "scan.tiff", "image/tiff")
    assert [page.number for page in found.pages] == [1, 2]
    assert MORE in found.pages[1].text


@pytest.mark.parametrize(
    ("content", "media_type", "expected"),
    [
        ("größer".encode("cp1252"), "text/plain; charset=ISO-8859-1", "größer"),
        ("größer".encode(), "text/plain; charset=ISO-8859-1", "größer"),
        (codecs.BOM_UTF16_LE + "größer".encode("utf-16-le"), "", "größer"),
        ("größer".encode("utf-8-sig"), "", "größer"),
        ("クレーンの点検".encode("iso2022-jp"), "text/plain; charset=iso-2022-jp", "クレーンの点検"),
        ("Die Prüfung des Krans dauert länger, weil größere Teile fehlen. Übermorgen geht es weiter.".encode("cp1252"), "", None),
        ("Кран проверяется каждый месяц. Отчёт об осмотре находится в архиве порта.".encode("cp1251"), "", None),
        ("é".encode("latin-1"), "", "é"),
        (b"a \xff stray byte in a log" + b" that is long" * 300, "", "a \ufffd stray byte in a log" + " that is long" * 300),
        (b"one\r\ntwo\rthree\x00" + b" four" * 100, "", "one\ntwo\nthree" + " four" * 100),
    ],
)
async def test_charsets(extractor: Extractor, content: bytes, media_type: str, expected: str | None) -> None:
    found = (await extractor.extract(content, "notes.txt", media_type)).text
    assert found == (expected or content.decode("cp1252" if b"Kran" in content else "cp1251"))


async def test_html_is_kept_and_its_declared_charset_used(extractor: Extractor) -> None:
    found = await extractor.extract(samples.HTML, "page", "")
    assert (found.format, found.title) == ("html", "Crane & hook")
    assert found.text == samples.HTML.decode("latin-1")


@pytest.mark.parametrize(
    ("content", "name", "media_type", "expected"),
    [
        (b"<p>part</p>", "a.html", "", "html"),
        (b"no tag", "a.html", "", "text"),
        (b"<p>part</p>", "a.txt", "", "text"),
        (b"<html><p>part</p>", "a.txt", "text/plain", "html"),
        (b"<html>", "README.md", "", "markdown"),
        (b"plain", "", "text/markdown; charset=utf-8", "markdown"),
        (b"def f():\n    return '%PDF-1.7'\n", "detect.py", "", "text"),
        (b"a,b\n1,2\n", "a.csv", "", "markdown"),
        (b"a\tb\n1\t2\n", "a.tsv", "", "markdown"),
        (b"just one column\nof words\n", "a.csv", "", "text"),
        (b"<?xml version='1.0'?><parts/>", "a.xml", "", "text"),
        (b"From: a@example.org\nTo: b@example.org\nSubject: Hi\n\nbody", "unnamed", "", "markdown"),
        (b"From: here\n\nto there", "unnamed.txt", "", "text"),
    ],
)
async def test_what_text_is(extractor: Extractor, content: bytes, name: str, media_type: str, expected: str) -> None:
    assert (await extractor.extract(content, name, media_type)).format == expected


async def test_content_decides_against_name_and_media_type(extractor: Extractor) -> None:
    assert (await extractor.extract(samples.pdf(), "crane.docx", "text/html")).pages[0].text == WORDS
    assert (await extractor.extract(samples.workbook(), "crane.pdf", "application/pdf")).format == "markdown"


async def test_mail_with_attachments(extractor: Extractor) -> None:
    inner = samples.mail((samples.CSV, "parts.csv", "text/csv"), html="<p>Hello <b>Ben</b></p><script>no()</script>", subject="Inner")
    content = samples.mail(
        (samples.pdf(), "manual.pdf", "application/pdf"), (inner, "inner.eml", "application/octet-stream"), (b"MZ\x00\x00", "setup.exe", "application/x")
    )
    found = await extractor.extract(content, "mail.eml", "message/rfc822")
    assert found.text.startswith(
        f"From: Anna Ölmann <anna@example.org>\nTo: ben@example.org\nSubject: Crane\nDate: Mon, 02 Mar 2026 10:00:00 +0100\n\n{WORDS}\n\n## manual.pdf"
    )
    assert MORE in found.text
    assert "Hello **Ben**" in found.text
    assert "no()" not in found.text
    assert "| hook | 40 |" in found.text
    assert [(left.name, left.kind) for left in found.left_out] == [("setup.exe", "unsupported_format")]


async def test_mails_in_mails_end_at_a_depth(extractor: Extractor) -> None:
    content = samples.mail(subject="0")
    for depth in range(1, 7):
        content = samples.mail((content, f"{depth}.eml", "application/octet-stream"), subject=str(depth))
    found = await extractor.extract(content, "mail.eml", "")
    assert [f"Subject: {depth}" in found.text for depth in (6, 3, 2)] == [True, True, False]
    assert len(found.left_out) == 1


async def test_nothing_is_nothing(extractor: Extractor) -> None:
    assert (await extractor.extract(b"", "__init__.py", "")).pages == ()
