"""Card numbers and IBANs: a digit run first, then length, prefix and checksum."""

from __future__ import annotations

import re
from typing import Final

from stdnum import iban, luhn

from streams.redact.tokens import Span

_CARD: Final = re.compile(r"[2-6]\d{3}(?<![\w.+#/-]\d{4})(?:[ -]?\d){8,15}(?!\w|[.-]\d)")
_IBAN_HEAD: Final = re.compile(r"[A-Za-z]{2}\d{2}(?<![\w/+]{1}[A-Za-z]{2}\d{2})(?:[ -]?[0-9A-Za-z]){11,30}")
_GROUPS: Final = re.compile(r"\d{12,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,4}(?:\1\d{1,3})?|\d{4}([ -])\d{6}\2\d{4,5}")
# Behind an equals sign or a comma any number may stand, and one in ten passes Luhn: it is a card's where it is grouped as on a card, or the text says so.
_CARDS_NAME: Final = re.compile(r"(?:pan|card|cc|kart|carte|tarjeta|carta)(?![a-z]{6})", re.IGNORECASE)
_NAME_LENGTH: Final = 120
# Lengths by issuer prefix: ISO/IEC 7812 ranges of the networks that issue to people.
_ISSUERS: Final = (
    (re.compile(r"4"), (13, 16, 19)),
    (re.compile(r"5[1-5]|2[2-7]"), (16,)),
    (re.compile(r"5[06-8]"), (12, 13, 14, 15, 16, 17, 18, 19)),
    (re.compile(r"3[47]"), (15,)),
    (re.compile(r"3(?:0[0-59]|[689])"), (14, 15, 16, 17, 18, 19)),
    (re.compile(r"35(?:2[89]|[3-8])|1800|2131"), (15, 16, 17, 18, 19)),
    (re.compile(r"6"), (12, 13, 14, 15, 16, 17, 18, 19)),
)
_IBAN_LENGTH: Final = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24,
    "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
    "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20,
    "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29,
    "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22,
    "VG": 24, "XK": 20,
}  # fmt: skip


def find_cards(text: str) -> list[Span]:
    """Card numbers that pass Luhn, with an issuer's prefix and length and an issuer's grouping."""
    spans = []
    for match in _CARD.finditer(text):
        written = match.group()
        if not _GROUPS.fullmatch(written) or _of_another_name(text, match):
            continue
        digits = written.replace(" ", "").replace("-", "")
        if _issued(digits) and len(set(digits)) > 1 and luhn.is_valid(digits):
            spans.append(Span(match.start(), match.end(), "CARD", digits))
    return spans


def _of_another_name(text: str, match: re.Match[str]) -> bool:
    at = match.start()
    beside = text[at - 1 : at] in {"=", ","} or (text[match.end() : match.end() + 1] == "," and text[match.end() + 1 : match.end() + 2].isdigit())
    return beside and match.group().isdigit() and _CARDS_NAME.search(text, max(0, at - _NAME_LENGTH), at) is None


def _issued(digits: str) -> bool:
    return any(prefix.match(digits) and len(digits) in lengths for prefix, lengths in _ISSUERS)


def find_ibans(text: str) -> list[Span]:
    """IBANs by their country's length and mod 97; words that follow are left out."""
    spans = []
    for match in _IBAN_HEAD.finditer(text):
        length = _IBAN_LENGTH.get(match.group()[:2].upper())
        end = length and _end_after(text, match.start(), length)
        if not end:
            continue
        compact = text[match.start() : end].replace(" ", "").replace("-", "").upper()
        if iban.is_valid(compact, check_country=False):
            spans.append(Span(match.start(), end, "IBAN", compact))
    return spans


def _end_after(text: str, start: int, length: int) -> int | None:
    """Where ``length`` letters and digits from ``start`` end, or None where a word goes on there."""
    at, seen = start, 0
    while at < len(text) and seen < length:
        if text[at].isalnum():
            seen += 1
        elif text[at] not in " -":
            return None
        at += 1
    whole = seen == length and not (at < len(text) and text[at].isalnum())
    return at if whole else None
