"""Text of a picture of a page. One pass of Tesseract, which finds how the page lies; where its own confidence says that this did not work, further ones on the page cleaned and turned."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from PIL import Image, ImageFilter

from connectors.extract import tesseract
from connectors.extract.skew import straightened
from connectors.extract.tesseract import Recognised

_FINDS_ORIENTATION: Final = 1
_AS_IT_LIES: Final = 3
_GOOD: Final = 80.0
"""Mean confidence. Clean pages of running text have 90 and more, pages of program listings 75."""
_UPRIGHT: Final = 60.0
"""Above it, the cleaned page lies as it should, and turning it by hand is in vain."""
_ILLEGIBLE: Final = 40.0
"""Below it, what is recognised is texture: photographs, drawings, handwriting."""
_LANGUAGE: Final = re.compile(r"(script/)?[A-Za-z]{3,20}(_[A-Za-z]{2,20}){0,2}")


class Ocr:
    """Languages are checked at once, Tesseract when the first scan comes."""

    def __init__(self, languages: tuple[str, ...]) -> None:
        if not languages or not all(_LANGUAGE.fullmatch(language) for language in languages):
            raise ValueError("languages for OCR are named as Tesseract names them: eng, deu, chi_sim")
        self._languages = languages

    def read(self, image: Image.Image, dpi: int) -> str:
        """Empty where the picture holds no legible text. Raises OcrMissingError."""
        orientation = tesseract.require(self._languages)
        grey = straightened(image.convert("L"))
        best = Recognised("", 0.0, 0.0)
        for attempt, layout in self._attempts(grey, orientation=orientation):
            found = tesseract.recognise(attempt, self._languages, dpi, layout)
            best = max(best, found, key=lambda one: one.sure)
            if best.confidence >= (_GOOD if attempt is grey else _UPRIGHT):
                break
        return best.text if best.confidence >= _ILLEGIBLE else ""

    def _attempts(self, grey: Image.Image, *, orientation: bool) -> Iterator[tuple[Image.Image, int]]:
        yield grey, _FINDS_ORIENTATION if orientation else _AS_IT_LIES
        smooth = grey.filter(ImageFilter.MedianFilter(3))
        yield smooth, _FINDS_ORIENTATION if orientation else _AS_IT_LIES
        for turned in (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270, Image.Transpose.ROTATE_180):
            yield smooth.transpose(turned), _AS_IT_LIES
