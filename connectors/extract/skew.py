"""How far the lines of a scanned page lean, and the page without it. Tesseract loses half of a page that leans by four degrees.

The angle at which the lines' shadow on the page's edge is sharpest (Baird, "The skew angle of printed documents", 1987), tried on a small copy; for pages that lie on their side, on the
other edge. Sharpness is the squared difference of neighbouring rows, which a page's dark border moves less than the variance does.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from PIL import Image, ImageOps

_LONGER_SIDE: Final = 800
_FURTHEST: Final = 8.0
_COARSE: Final = 1.0
_FINE: Final = 0.25
_WORTH_IT: Final = 0.4
"""Degrees. Below, turning costs more sharpness than it gains."""


def straightened(page: Image.Image) -> Image.Image:
    angle = skew(page)
    return page if abs(angle) < _WORTH_IT else page.rotate(angle, resample=Image.Resampling.BICUBIC, expand=True, fillcolor=255)


def skew(page: Image.Image) -> float:
    """Degrees to turn the grey page, counter-clockwise."""
    small = ImageOps.invert(page.copy() if max(page.size) <= _LONGER_SIDE else ImageOps.contain(page, (_LONGER_SIDE, _LONGER_SIDE), Image.Resampling.BOX))
    steps = int(_FURTHEST / _COARSE)
    coarse = max((step * _COARSE for step in range(-steps, steps + 1)), key=lambda angle: _sharpness(small, angle))
    fine = int(_COARSE / _FINE)
    return max((coarse + step * _FINE for step in range(-fine, fine + 1)), key=lambda angle: _sharpness(small, angle))


def _sharpness(small: Image.Image, angle: float) -> float:
    turned = small.rotate(angle, resample=Image.Resampling.BILINEAR)
    rows = turned.resize((1, turned.height), Image.Resampling.BOX).tobytes()
    columns = turned.resize((turned.width, 1), Image.Resampling.BOX).tobytes()
    return max(_steps(rows), _steps(columns))


def _steps(shadow: bytes) -> float:
    return float(sum((one - other) ** 2 for one, other in pairwise(shadow)))
