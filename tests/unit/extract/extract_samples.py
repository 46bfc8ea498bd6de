"""A file of every format with the words ``WORDS`` in it, made by libraries other than those that read it where there are such."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from typing import Any, Final

import docx
import odfdo
import openpyxl  # type: ignore[import-untyped]  # it has no stubs
from PIL import Image, ImageDraw, ImageFont
from pptx import Presentation
from reportlab.lib.pagesizes import A5  # type: ignore[import-untyped]  # it has no stubs
from reportlab.lib.pdfencrypt import StandardEncryption  # type: ignore[import-untyped]  # as above
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]  # as above

WORDS: Final = "Maintenance window for the harbour crane"
MORE: Final = "Second page with the inspection report"
NOT_TEXT: Final = bytes(range(256)) * 40


def pdf(pages: Sequence[str] = (WORDS, MORE), title: str = "Crane manual", password: str | None = None) -> bytes:
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A5, encrypt=StandardEncryption(password, canPrint=0) if password else None)
    canvas.setTitle(title)
    for page in pages:
        canvas.drawString(40, 500, page)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def picture(text: str = WORDS, size: int = 40, turned: int = 0) -> Image.Image:
    """Black on white, as a scanner at 300 dpi sees three lines of text."""
    page = Image.new("L", (1100, 420), 255)
    font = ImageFont.load_default(size)
    for row in range(3):
        ImageDraw.Draw(page).text((60, 60 + 100 * row), text, fill=0, font=font)
    return page.rotate(turned, expand=True, fillcolor=255)


def image(written: str = "PNG", *, turned: int = 0, text: str = WORDS) -> bytes:
    file = io.BytesIO()
    picture(text, turned=turned).save(file, written, dpi=(300, 300))
    return file.getvalue()


def tiff_pages() -> bytes:
    file = io.BytesIO()
    picture(WORDS).save(file, "TIFF", save_all=True, append_images=[picture(MORE)], dpi=(300, 300))
    return file.getvalue()


def scanned_pdf(*, turned: int = 0) -> bytes:
    file = io.BytesIO()
    picture(WORDS, turned=turned).save(file, "PDF", resolution=300, save_all=True, append_images=[picture(MORE, turned=turned)])
    return file.getvalue()


def word(text: str = WORDS) -> bytes:
    document = docx.Document()
    document.core_properties.title = "Crane manual"
    document.add_heading("Safety", 1)
    document.add_paragraph(text)
    table = document.add_table(rows=2, cols=2)
    for row, cells in enumerate((("part", "weight"), ("hook", "40"))):
        for column, cell in enumerate(cells):
            table.cell(row, column).text = cell
    return _saved(document.save)


def workbook() -> bytes:
    book = openpyxl.Workbook()
    book.properties.title = "Crane parts"
    sheet = book.active
    sheet.title = "Parts"
    sheet.append(["part", "weight", "note"])
    sheet.append(["hook", 40.0, WORDS])
    sheet.append([None, None, None])
    sheet.append(["rope | steel", 0.1 + 0.2, True])
    book.create_sheet("Empty")
    book.create_sheet("Second").append([MORE])
    return _saved(book.save)


def slides() -> bytes:
    presentation = Presentation()
    presentation.core_properties.title = "Crane talk"
    first = presentation.slides.add_slide(presentation.slide_layouts[5])
    first.shapes.title.text = WORDS
    table = first.shapes.add_table(2, 2, 0, 0, 100, 100).table
    table.cell(0, 0).text, table.cell(1, 1).text = "part", "hook"
    first.notes_slide.notes_text_frame.text = "Speak slowly"
    second = presentation.slides.add_slide(presentation.slide_layouts[1])
    second.placeholders[1].text = MORE
    return _saved(presentation.save)


def opendocument_text() -> bytes:
    document = odfdo.Document("text")
    document.body.clear()
    document.meta.title = "Crane manual"
    document.body.append(odfdo.Header(2, "Safety"))
    document.body.append(odfdo.Paragraph(f"{WORDS}  and\tmore"))
    document.body.append(odfdo.List(["first", "second"]))
    table = odfdo.Table("Parts", width=2, height=2)
    table.set_value("A1", "part")
    table.set_value("B2", 40)
    document.body.append(table)
    return _saved(document.save)


def opendocument_sheet() -> bytes:
    document = odfdo.Document("spreadsheet")
    document.body.clear()
    table = odfdo.Table("Parts")
    for place, value in (("A1", "part"), ("B1", WORDS), ("A3", "hook"), ("B3", 40)):
        table.set_value(place, value)
    document.body.append(table)
    return _saved(document.save)


def opendocument_slides() -> bytes:
    document = odfdo.Document("presentation")
    document.body.clear()
    for number, text in enumerate((WORDS, MORE)):
        page = odfdo.DrawPage(f"page{number}")
        page.append(odfdo.Frame.text_frame(text, size=("10cm", "2cm"), position=("1cm", "1cm")))
        document.body.append(page)
    return _saved(document.save)


def mail(*attachments: tuple[bytes, str, str], html: str | None = None, subject: str = "Crane") -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Anna Ölmann <anna@example.org>", "ben@example.org", subject
    message["Date"] = "Mon, 02 Mar 2026 10:00:00 +0100"
    if html is None:
        message.set_content(WORDS)
    else:
        message.set_content(html, subtype="html")
    for content, name, media_type in attachments:
        main, _, sub = media_type.partition("/")
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return message.as_bytes()


def zipped(parts: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def parts_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def with_part(content: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    return zipped({part: change(old) if part == name else old for part, old in parts_of(content).items()})


def retyped(content: bytes, old: bytes, new: bytes) -> bytes:
    """The same document under another content type: with macros, as a template, as a show."""
    changed = with_part(content, "[Content_Types].xml", lambda types: types.replace(old, new))
    assert changed != content
    return changed


HTML: Final = f"<!DOCTYPE html><html><head><meta charset='iso-8859-1'><title>Crane &amp; hook</title></head><body><p>{WORDS}, größer</p></body></html>".encode(
    "latin-1"
)
CSV: Final = f"part;weight\nhook;40\n{WORDS};\n".encode()
MARKDOWN: Final = f"# Crane\n\n{WORDS}\n".encode()

SAMPLES: Final[dict[str, Callable[[], bytes]]] = {
    "a.pdf": pdf,
    "a.docx": word,
    "a.xlsx": workbook,
    "a.pptx": slides,
    "a.odt": opendocument_text,
    "a.ods": opendocument_sheet,
    "a.odp": opendocument_slides,
    "a.eml": lambda: mail((pdf(), "m.pdf", "application/pdf"), (CSV, "p.csv", "text/csv")),
    "a.html": lambda: HTML,
    "a.csv": lambda: CSV,
    "a.md": lambda: MARKDOWN,
    "a.txt": WORDS.encode,
    "a.json": lambda: b'{"note": "%s"}' % WORDS.encode(),
}
"""Those without OCR, which would take a fuzzer's time."""


def _saved(save: Callable[[Any], object]) -> bytes:
    file = io.BytesIO()
    save(file)
    return file.getvalue()
