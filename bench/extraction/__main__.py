"""Prints the table, writes bench/results/extraction.json, and exits non-zero where a bar is missed. Speed is CPU time of one core, Tesseract's included, since the work runs at the lowest
priority and waits for others; the wall's clock is reported beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import resource
import shutil
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import pypdfium2  # type: ignore[import-untyped]  # it has no stubs
from rich.console import Console
from rich.table import Table

from bench.extraction.documents import DOCUMENTS, Document
from bench.extraction.recovery import characters, poppler_pages, words
from bench.extraction.scans import SCANNERS, rendered, scanned
from bench.pipeline.measure import machine, write
from connectors.extract import Extracted, Extractor, OcrMissingError

TEXT_BAR: Final = 0.98
SCAN_BAR: Final = 0.90
SHORT_PAGE: Final = 100
"""Characters. On shorter ones a page number weighs too much."""
FULL_PAGE: Final = 1_500
TEXT_PAGES: Final = 300
TEXT_SECONDS: Final = 3.0
SCANNED_PAGES: Final = 20
SCANNED_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Row:
    """One figure; ``bar`` is None where it is only reported. ``most`` says that the bar must not be exceeded."""

    what: str
    value: float
    bar: float | None = None
    most: bool = False

    @property
    def passes(self) -> bool:
        return self.bar is None or (self.value <= self.bar if self.most else self.value >= self.bar)


async def text_rows(document: Document, pdf: bytes, published: str) -> list[Row]:
    async with Extractor(languages=(document.language,)) as extractor:
        found = await extractor.extract(pdf, document.name, "")
    rows = [Row(f"text layer, words of the published text, {document.name} ({len(found.pages)} pages)", words(published, found.text), TEXT_BAR)]
    pairs = [(page, ours.text) for page, ours in zip(poppler_pages(pdf) or [], found.pages, strict=False) if len(page) > SHORT_PAGE]
    if pairs:
        rows.append(Row(f"text layer, words as poppler reads them, page by page, {document.name}", statistics.mean(words(*pair) for pair in pairs), TEXT_BAR))
        counted = [characters(*pair) for pair in pairs]  # the two read a table in different orders, so this has no bar
        rows.append(Row(f"the same, characters in poppler's order, {document.name}", sum(same for same, _ in counted) / sum(wanted for _, wanted in counted)))
    return rows


async def scan_rows(document: Document, pdf: bytes, count: int) -> list[Row]:
    """Pages spread over the document, in every way a scanner spoils them, against the text of the same pages."""
    reference = poppler_pages(pdf)
    if reference is None:
        print("skipped: characters recovered on scans; their reference is `pdftotext` (Debian: poppler-utils)")
        return []
    numbers = body_pages(reference, count)
    pages, rows = rendered(pdf, numbers), []
    async with Extractor(languages=(document.language,)) as extractor:
        for seed, (name, scanner) in enumerate(SCANNERS.items()):
            found = await extractor.extract(scanned(pages, scanner, seed), "scan.pdf", "")
            counted = [characters(reference[number], page.text) for number, page in zip(numbers, found.pages, strict=True)]
            share = sum(recovered for recovered, _ in counted) / sum(wanted for _, wanted in counted)
            rows.append(Row(f"scan, {name}, characters, {document.name} ({count} pages)", share, SCAN_BAR))
    return rows


def body_pages(texts: list[str], count: int) -> list[int]:
    """As many full pages of running text, spread over the document."""
    full = [number for number, text in enumerate(texts) if len(text) > FULL_PAGE and " . . ." not in text]
    return [full[(2 * place + 1) * len(full) // (2 * count)] for place in range(count)]


def scan_of(pdf: bytes, numbers: list[int]) -> bytes:
    return scanned(rendered(pdf, numbers), SCANNERS["upright"], 0)


async def speed_rows(document: Document, pdf: bytes) -> list[Row]:
    reference = poppler_pages(pdf)
    if reference is None:
        print("skipped: speed; its pages are chosen with `pdftotext` (Debian: poppler-utils)")
        return []
    longest = sorted(range(len(reference)), key=lambda number: -len(reference[number]))[:SCANNED_PAGES]
    cases: list[tuple[str, bytes, float | None]] = [
        (f"{TEXT_PAGES} text pages", with_pages(pdf, TEXT_PAGES), TEXT_SECONDS),
        (f"{SCANNED_PAGES} scanned pages", scan_of(pdf, body_pages(reference, SCANNED_PAGES)), SCANNED_SECONDS),
        (f"the {SCANNED_PAGES} longest pages, tables of contents and indexes, scanned", scan_of(pdf, longest), None),
    ]
    rows = []
    for what, content, bar in cases:

        async def work(extractor: Extractor, content: bytes = content) -> Extracted:
            return await extractor.extract(content, "a.pdf", "")

        cpu, wall = await cost(document.language, work)
        rows += [Row(f"{what} of {document.name}, CPU s, start of the process included", cpu, bar, most=True), Row(f"{what} of {document.name}, wall s", wall)]
    return rows


async def cost(language: str, work: Callable[[Extractor], Awaitable[Extracted]]) -> tuple[float, float]:
    """(CPU seconds of the processes, wall seconds); the CPU's are known when the processes are reaped."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    async with Extractor(languages=(language,)) as extractor:
        await work(extractor)
        wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def with_pages(pdf: bytes, count: int) -> bytes:
    """The document's pages that have text and no picture, over and over."""
    source, target = pypdfium2.PdfDocument(pdf), pypdfium2.PdfDocument.new()
    written = [number for number in range(len(source)) if len(source[number].get_textpage().get_text_bounded()) > 200]
    target.import_pages(source, [written[number % len(written)] for number in range(count)])
    file = io.BytesIO()
    target.save(file)
    return file.getvalue()


async def measure(pages: int) -> list[Row]:
    rows: list[Row] = []
    ocr = shutil.which("tesseract") is not None
    if not ocr:
        print("skipped: everything scanned; Tesseract is not installed (Debian: tesseract-ocr tesseract-ocr-eng tesseract-ocr-deu)")
    for number, document in enumerate(DOCUMENTS):
        found = document.found()
        if found is None:
            print(f"skipped: {document.name}; Debian's package {document.package} is not here (see bench/extraction/documents.py)")
            continue
        pdf, published = found
        try:
            rows += await text_rows(document, pdf, published)
            if ocr and document.scanned:
                rows += await scan_rows(document, pdf, pages)
            if ocr and number == 0:
                rows += await speed_rows(document, pdf)
        except OcrMissingError as error:
            print(f"skipped: what is scanned of {document.name}; {error.reason}")
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.extraction", description=__doc__)
    parser.add_argument("--pages", type=int, default=5, help="scanned pages of each document, each in every way")
    pages = parser.parse_args().pages
    before = machine()
    rows = asyncio.run(measure(pages))
    table = Table("what", "value", "bar", "", title="extraction")
    for row in rows:
        bar = "" if row.bar is None else f"{'<=' if row.most else '>='} {row.bar:g}"
        table.add_row(row.what, f"{row.value:.4g}", bar, "" if row.bar is None else ("pass" if row.passes else "MISS"))
    Console(width=160).print(table)
    if rows:
        figures = {
            row.what: {"value": round(row.value, 4), "bar": row.bar if row.bar is not None else "", "passes": row.passes if row.bar is not None else ""}
            for row in rows
        }
        print(f"written: {write('extraction', f'python -m bench.extraction --pages {pages}', before, {'figures': figures})}")
    return 0 if all(row.passes for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
