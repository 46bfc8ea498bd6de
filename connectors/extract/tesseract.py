"""Tesseract as a program: an image through its stdin, its words with their confidence out of it. No temporary files, one thread, the limits of the process that starts it."""

from __future__ import annotations

import csv
import io
import signal
import subprocess
from dataclasses import dataclass
from functools import cache
from typing import Final

from PIL import Image

from connectors.extract.errors import BrokenFileError, OcrMissingError, TimedOutError

_PROGRAM: Final = "tesseract"
_OSD: Final = "osd"
_LANGUAGE_PACKAGES: Final = "tesseract-ocr-"


@dataclass(frozen=True, slots=True)
class Recognised:
    """``confidence`` is the mean over letters and digits, 0 to 100; ``sure`` counts them weighted with it. Rules, specks and the dots of a table of contents say nothing."""

    text: str
    confidence: float
    sure: float


@cache
def require(languages: tuple[str, ...]) -> bool:
    """Whether the model for orientation is there too. Raises OcrMissingError, naming Debian's packages."""
    try:
        listed = subprocess.run([_PROGRAM, "--list-langs"], capture_output=True, check=False)
    except OSError as error:
        raise OcrMissingError(
            "the file has a scanned page and Tesseract is not installed", f"install {_packages(languages)} (Debian's names), then redrive the file"
        ) from error
    installed = set(listed.stdout.decode(errors="replace").split("\n")[1:])
    missing = tuple(language for language in languages if language not in installed)
    if missing:
        names = " and ".join(missing)
        raise OcrMissingError(
            f"the file has a scanned page and Tesseract lacks its model for {names}", f"install {_packages(missing)} (Debian's names), then redrive the file"
        )
    return _OSD in installed


def _packages(languages: tuple[str, ...]) -> str:
    return " ".join(["tesseract-ocr", *(_LANGUAGE_PACKAGES + language.replace("_", "-").replace("script/", "script-").lower() for language in languages)])


def recognise(image: Image.Image, languages: tuple[str, ...], dpi: int, layout: int) -> Recognised:
    """``image`` is grey; ``layout`` is Tesseract's page segmentation mode: 1 finds the orientation, 3 takes it as it is."""
    pixels = io.BytesIO()
    image.save(pixels, "PPM")
    command = [_PROGRAM, "stdin", "stdout", "-l", "+".join(languages), "--dpi", str(dpi), "--psm", str(layout), "tsv"]
    done = subprocess.run(command, input=pixels.getvalue(), capture_output=True, check=False)
    if done.returncode == -signal.SIGXCPU:
        raise TimedOutError("OCR of one page took all the CPU time that the file may take", "scan it with less resolution, or raise the limit on CPU time")
    if done.returncode < 0 or b"bad_alloc" in done.stderr:
        raise MemoryError
    if done.returncode:
        raise BrokenFileError("Tesseract refuses a picture in the file", "scan it anew, as PNG or PDF")
    return _parsed(done.stdout.decode(errors="replace"))


def _parsed(table: str) -> Recognised:
    lines: dict[tuple[str, str, str], list[str]] = {}
    weighted = characters = 0.0
    for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        word = (row["text"] or "").strip()
        if row["level"] == "5" and word:
            lines.setdefault((row["block_num"], row["par_num"], row["line_num"]), []).append(word)
            legible = sum(map(str.isalnum, word))
            weighted += float(row["conf"]) * legible
            characters += legible
    return Recognised(_laid_out(lines), weighted / characters if characters else 0.0, weighted / 100)


def _laid_out(lines: dict[tuple[str, str, str], list[str]]) -> str:
    """A line each, with an empty one between paragraphs."""
    written: list[str] = []
    last = None
    for (block, paragraph, _), words in lines.items():
        if last not in {None, (block, paragraph)}:
            written.append("")
        written.append(" ".join(words))
        last = (block, paragraph)
    return "\n".join(written)
