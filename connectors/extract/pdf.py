"""PDF by page with pdfium: the text layer where a page has one, OCR of its picture where not.

A page counts as scanned if it shows something but no text, if large pictures hold more than its few words, or if its letters map to nothing (fonts without a table of characters).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from typing import Final

import pypdfium2  # type: ignore[import-untyped]  # it has no stubs
from pypdfium2 import raw

from connectors.extract.errors import BrokenFileError, EncryptedFileError
from connectors.extract.images import check_pixels
from connectors.extract.reading import File, Reading
from connectors.extract.result import Extracted, Page

_OCR_DPI: Final = 250
"""Seen on print of 9 to 11 points: as many characters as at 300 dpi, in a tenth less time."""
_POINTS_PER_INCH: Final = 72
_FEW_CHARACTERS: Final = 60
"""A page number, a stamp, a scanner's advertisement."""
_A_SCAN_HAS: Final = 400_000
"""Pixels: less than a page at 72 dpi."""
_GARBLED: Final = 0.3
_MAPS_TO_NOTHING: Final = re.compile(r"[\x00-\x01\x03-\x08\x0e-\x1f\ue000-\uf8ff\ufffd]")
_HYPHEN_KEPT: Final = re.compile(r"[\x02\ufffe](?=[A-Z0-9])")
_HYPHEN: Final = re.compile(r"[\x02\ufffe]")


def read(file: File, reading: Reading) -> Extracted:
    with closing(_opened(file.content)) as document:
        reading.count_pages(len(document))
        pages = tuple(_pages(document, reading))
        title = " ".join(document.get_metadata_dict().get("Title", "").split())
    return Extracted("text", tuple(Page(number, text) for number, (text, _) in enumerate(pages, 1)), title or None, sum(scanned for _, scanned in pages))


def _opened(content: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if error.err_code == raw.FPDF_ERR_PASSWORD:
            raise EncryptedFileError("the PDF is protected by a password", "save it without a password") from error
        raise BrokenFileError("the PDF is cut short or malformed", "open it in a PDF viewer and print it to a new PDF") from error


def _pages(document: pypdfium2.PdfDocument, reading: Reading) -> Iterator[tuple[str, bool]]:
    """(text, whether it was scanned) of each."""
    for number in range(len(document)):
        try:
            page = document[number]
        except pypdfium2.PdfiumError as error:
            raise BrokenFileError(f"page {number + 1} of the PDF is malformed", "open it in a PDF viewer and print it to a new PDF") from error
        with closing(page):
            text = _layer(page)
            scanned = _is_scan(page, text)
            if scanned:
                found = _recognised(page, reading)
                scanned, text = (True, found) if len(found) > len(text) or _is_garbled(text) else (False, text)
            yield reading.text(unhyphenated(text)), scanned


def _layer(page: pypdfium2.PdfPage) -> str:
    with closing(page.get_textpage()) as layer:
        text: str = layer.get_text_bounded()
    return text


def _is_scan(page: pypdfium2.PdfPage, text: str) -> bool:
    written = len("".join(text.split()))
    if written == 0:
        return bool(raw.FPDFPage_CountObjects(page) > 0)
    if _is_garbled(text):
        return True
    return written < _FEW_CHARACTERS and _pictured_pixels(page) >= _A_SCAN_HAS


def _is_garbled(text: str) -> bool:
    written = len("".join(text.split()))
    return written > 0 and len(_MAPS_TO_NOTHING.findall(text)) > _GARBLED * written


def _pictured_pixels(page: pypdfium2.PdfPage) -> int:
    pixels = 0
    for picture in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        width, height = picture.get_px_size()
        pixels += width * height
    return pixels


def _recognised(page: pypdfium2.PdfPage, reading: Reading) -> str:
    reading.count_scan()
    width, height = page.get_size()
    scale = _OCR_DPI / _POINTS_PER_INCH
    check_pixels(int(width * scale) * int(height * scale), reading)
    with closing(page.render(scale=scale, grayscale=True)) as bitmap:
        return reading.ocr.read(bitmap.to_pil(), _OCR_DPI)


def unhyphenated(text: str) -> str:
    """Pdfium marks a hyphen at a line's end and joins the word; before a capital or a digit the hyphen is the word's own."""
    return _HYPHEN.sub("", _HYPHEN_KEPT.sub("-", text))
