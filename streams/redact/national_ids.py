"""National identity, tax and social security numbers: each with its shape, its checksum (python-stdnum) and, where the checksum is weak, a word that must stand near."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from stdnum.be import nn as be_nn
from stdnum.br import cpf as br_cpf
from stdnum.ca import sin as ca_sin
from stdnum.ch import ssn as ch_ssn
from stdnum.de import idnr as de_idnr
from stdnum.dk import cpr as dk_cpr
from stdnum.es import dni as es_dni
from stdnum.es import nie as es_nie
from stdnum.fi import hetu as fi_hetu
from stdnum.fr import nir as fr_nir
from stdnum.gb import nhs as gb_nhs
from stdnum.it import codicefiscale as it_cf
from stdnum.nl import bsn as nl_bsn
from stdnum.pl import pesel as pl_pesel
from stdnum.se import personnummer as se_personnummer
from stdnum.us import itin as us_itin
from stdnum.us import ssn as us_ssn

from streams.redact.tokens import Span

_CONTEXT: Final = 60
_SEPARATORS: Final = re.compile(r"[\s./-]")


@dataclass(frozen=True, slots=True)
class _Kind:
    """A shape, its check, and the words of which one must stand before it where the check alone is weak."""

    shape: str
    valid: Callable[[str], bool]
    words: re.Pattern[str] | None = None

    def named(self, text: str, start: int) -> bool:
        """Whether the words that this kind needs stand before."""
        return self.words is None or self.words.search(_context(text, start)) is not None


def _context(text: str, start: int) -> str:
    return text[max(0, start - _CONTEXT) : start].rsplit("\n", 1)[-1]


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern})", re.IGNORECASE)


def _always(_: str) -> bool:
    return True


_NINO: Final = r"(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]"
_SOCIAL: Final = _words(r"ssn|social[ -]?security|soc\.? sec|ss#|tax ?id|taxpayer|itin|tin\b")
_STEUER: Final = _words(r"steuer|st\.?-?id|idnr|id-nr|identifikationsnummer|finanzamt|lohnsteuer|elster|tin\b|tax")
_KINDS: Final = (
    _Kind(r"\d{3}-\d{2}-\d{4}", lambda v: us_ssn.is_valid(v) or us_itin.is_valid(v)),
    _Kind(r"\d{3} ?\d{2} ?\d{4}", lambda v: us_ssn.is_valid(v.replace(" ", "")) or us_itin.is_valid(v.replace(" ", "")), _SOCIAL),
    _Kind(_NINO, _always),
    _Kind(r"\d{3}[ -]?\d{3}[ -]?\d{4}", gb_nhs.is_valid, _words(r"nhs")),
    _Kind(r"\d{2} \d{3} \d{3} \d{3}", de_idnr.is_valid),
    _Kind(r"\d{11}", de_idnr.is_valid, _STEUER),
    _Kind(r"\d{2} ?[0-3]\d[01]\d{3} ?[A-Z] ?\d{3}", _always),
    _Kind(r"[1-478] ?\d{2} ?[0-9]{2} ?[0-9][0-9AB] ?\d{3} ?\d{3} ?\d{2}", fr_nir.is_valid),
    _Kind(r"\d{8}[ -]?[A-Za-z]|\d{2}\.\d{3}\.\d{3}[ -]?[A-Za-z]", es_dni.is_valid),
    _Kind(r"[XYZxyz][ -]?\d{7}[ -]?[A-Za-z]", es_nie.is_valid),
    _Kind(r"[A-Za-z]{6}[\dA-Za-z]{2}[A-Za-z][\dA-Za-z]{2}[A-Za-z][\dA-Za-z]{3}[A-Za-z]", it_cf.is_valid),
    _Kind(r"756\.?\d{4}\.?\d{4}\.?\d{2}", ch_ssn.is_valid),
    _Kind(r"\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}", be_nn.is_valid),
    _Kind(r"\d{9}|\d{4}\.\d{2}\.\d{3}", nl_bsn.is_valid, _words(r"bsn|burgerservice|sofi")),
    _Kind(r"\d{11}", pl_pesel.is_valid, _words(r"pesel")),
    _Kind(r"(?:\d{2})?\d{6}[-+]\d{4}", se_personnummer.is_valid),
    _Kind(r"\d{6}-\d{4}", dk_cpr.is_valid, _words(r"cpr")),
    _Kind(r"\d{6}[-+A]\d{3}[0-9A-Y]", fi_hetu.is_valid),
    _Kind(r"\d{3}\.\d{3}\.\d{3}-\d{2}", br_cpf.is_valid),
    _Kind(r"\d{3}[ -]\d{3}[ -]\d{3}", ca_sin.is_valid, _words(r"sin\b|social insurance")),
)


_END: Final = r"(?!\w|\.\d|-\w)"
_ANY: Final = re.compile(rf"(?<![\w.-])(?:{'|'.join(kind.shape for kind in _KINDS)}){_END}")
_EACH: Final = tuple((re.compile(kind.shape + _END), kind) for kind in _KINDS)


def find_national_ids(text: str) -> list[Span]:
    """Ids of all countries known here, whatever the regions: a shape with its checksum hardly occurs by accident."""
    spans = []
    at = 0
    while (candidate := _ANY.search(text, at)) is not None:
        span = _identified(text, candidate.start())
        if span is not None:
            spans.append(span)
        at = span.end if span else candidate.start() + 1
    return spans


def _identified(text: str, start: int) -> Span | None:
    for shape, kind in _EACH:
        match = shape.match(text, start)
        if match is not None and kind.valid(match.group()) and kind.named(text, start):
            return Span(start, match.end(), "NATIONAL_ID", _SEPARATORS.sub("", match.group()).upper())
    return None
