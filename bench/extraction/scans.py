"""Scans made from pages with a known text: rendered, then turned, skewed, dirtied, as scanners and people do. Every picture becomes a page of a PDF without a text layer."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Sequence
from typing import Final

import pypdfium2  # type: ignore[import-untyped]  # it has no stubs
from PIL import Image, ImageChops, ImageFilter

Scanner = Callable[[Image.Image, random.Random], Image.Image]


def _turned(degrees: float) -> Scanner:
    return lambda page, _: page.rotate(degrees, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC)


def _noisy(page: Image.Image, chance: random.Random) -> Image.Image:
    """Grey grain over all of it, and specks: 1 % of the pixels black, 1 % white."""
    grain = Image.effect_noise(page.size, 60)
    dirty = Image.blend(page.filter(ImageFilter.GaussianBlur(0.7)), grain, 0.25)
    return _specks(_specks(dirty, 0, chance), 255, chance)


def _specks(page: Image.Image, shade: int, chance: random.Random) -> Image.Image:
    mask = Image.frombytes("L", page.size, chance.randbytes(page.width * page.height)).point(lambda value: 255 if value < 3 else 0)
    return Image.composite(Image.new("L", page.size, shade), page, mask)


def _faint(page: Image.Image, _: random.Random) -> Image.Image:
    """A copy of a copy: grey on grey."""
    return page.point(lambda value: 120 + value * 80 // 255)


def _fax(page: Image.Image, chance: random.Random) -> Image.Image:
    """200 dpi, black and white, a few specks."""
    small = page.resize((page.width * 2 // 3, page.height * 2 // 3), Image.Resampling.LANCZOS)
    return ImageChops.lighter(_specks(small, 0, chance), small).point(lambda value: 255 if value > 150 else 0)


SCANNERS: Final[dict[str, Scanner]] = {
    "upright": lambda page, _: page,
    "turned 90°": _turned(90),
    "turned 180°": _turned(180),
    "turned 270°": _turned(270),
    "skewed 1.5°": _turned(1.5),
    "skewed 4°": _turned(-4),
    "noisy": _noisy,
    "noisy, turned 90°": lambda page, chance: _turned(90)(_noisy(page, chance), chance),
    "faint": _faint,
    "200 dpi, black and white": _fax,
}


def rendered(pdf: bytes, numbers: Sequence[int], dpi: int = 300) -> list[Image.Image]:
    document = pypdfium2.PdfDocument(pdf)
    return [document[number].render(scale=dpi / 72, grayscale=True).to_pil() for number in numbers]


def scanned(pages: Sequence[Image.Image], scanner: Scanner, seed: int) -> bytes:
    chance = random.Random(seed)
    pictures = [scanner(page, chance) for page in pages]
    pdf = io.BytesIO()
    dpi = 300 * pictures[0].width * pictures[0].height / (pages[0].width * pages[0].height)
    pictures[0].save(pdf, "PDF", save_all=True, append_images=pictures[1:], resolution=300 if dpi > 250 else 200)
    return pdf.getvalue()
