"""Pictures (PNG, JPEG, TIFF) through OCR. A TIFF's frames are its pages."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from typing import Final

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from connectors.extract.errors import BrokenFileError, TooLargeError
from connectors.extract.reading import File, Reading
from connectors.extract.result import Extracted, Page

_FORMATS: Final = ("PNG", "JPEG", "TIFF")
_SCREEN_DPI: Final = 110
"""A picture that says no more, or nothing, is taken for a screenshot: its letters are half as high as Tesseract wants them."""
_MOST_ENLARGED: Final = 4_000_000
_OCR_DPI: Final = 300


def read(file: File, reading: Reading) -> Extracted:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd metadata; the size is checked here
            Image.MAX_IMAGE_PIXELS = None
            pages = tuple(_pages(file, reading))
    except (UnidentifiedImageError, SyntaxError, OSError, ValueError, EOFError) as error:
        raise BrokenFileError("the picture is cut short or malformed", "open it in a picture viewer and save it anew as PNG") from error
    return Extracted("text", pages, scanned_pages=len(pages))


def _pages(file: File, reading: Reading) -> Iterator[Page]:
    with Image.open(io.BytesIO(file.content), formats=_FORMATS) as image:
        frames = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
        reading.count_pages(frames)
        for number, frame in enumerate(ImageSequence.Iterator(image), 1):
            if number > frames:
                break
            check_pixels(frame.width * frame.height, reading)
            reading.count_scan()
            prepared, dpi = _prepared(frame)
            yield Page(number if image.format == "TIFF" else None, reading.text(reading.ocr.read(prepared, dpi)))


def check_pixels(pixels: int, reading: Reading) -> None:
    """Before they are unpacked. Raises TooLargeError."""
    if pixels > reading.limits.pixels:
        raise TooLargeError(
            f"the picture has {pixels} pixels, {reading.limits.pixels} are allowed", "scan it with less resolution, or raise the limit on pixels"
        )


def _prepared(frame: Image.Image) -> tuple[Image.Image, int]:
    """Upright, grey, on white, and large enough."""
    grey = _grey(ImageOps.exif_transpose(frame))
    told = frame.info.get("dpi", (0, 0))[0]
    dpi = int(told) if isinstance(told, int | float) and 0 < told < 10_000 else 0
    if dpi <= _SCREEN_DPI and grey.width * grey.height <= _MOST_ENLARGED:
        return grey.resize((grey.width * 2, grey.height * 2), Image.Resampling.LANCZOS), max(2 * dpi, 2 * 96)
    return grey, dpi or _OCR_DPI


def _grey(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        return image.point(lambda value: value / 256).convert("L")
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image.convert("RGBA")).convert("L")
    return image.convert("L")
