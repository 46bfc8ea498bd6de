"""Phone numbers. A cheap expression sees runs of digits; phonenumbers' metadata says which of them a country could have given out.

Four ways to be one: an international prefix with a known country code and a possible length; a national form that a region of the policy
gives out; the North American grouping; or a word such as "Tel." just before. The normal form is E.164, so all spellings of a number get one token.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

from streams.redact.tokens import Span

_SPACE: Final = r"[ \u00a0\u202f]"
_MARK: Final = r"(?:[-./\u2010-\u2013]|\)[-./]?|\()"
_RUN: Final = re.compile(rf"\d(?:{_SPACE}?(?:{_MARK}{_SPACE}?)?\d){{6,23}}")
_EXTENSION: Final = re.compile(r"[ ,]{0,2}(?:x|ext\.?|Ext\.?|DW|poste|int\.)[ ]?(\d{1,6})(?!\w)")
_GAP: Final = re.compile(rf"{_SPACE}(?:[-\u2013/]{_SPACE})?[(]?(?=\d)")
_MOST_GAPS: Final = 4
_BEFORE: Final = re.compile(
    r"(?:\b(?:tel|tél|phon|fon|mob|móv|mov|portable|fisso|fijo|fixe|festnetz|landline|cell|cel\b|handy|fax|call|ring|rang|dial|text\b|texted|sms|whatsapp|hotline|rufnummer|(?:zu)?rück?ruf|anruf|ruf[et]?\b|durchwahl|"
    r"(?:r)?appel|joindre|joignable|llam|(?:ri)?chiam|telefonat|reperibil|guardia|astreinte|bereitschaft|on[- ]call|number|nummer|numéro|número|numero|reach|contact|erreich|msisdn|sip:|invite|answers? (?:on|at)|risponde al|responde (?:al|en)|répond au|atiende en|meldet sich unter|unter der|sous le|al numero)\w*|[☎☏✆📞📱])[^\n\d]{0,24}\Z",
    re.IGNORECASE,
)
# Numbers of things, which the words above would take for a phone's.
_OTHER_NUMBER: Final = re.compile(
    r"\b(?:order|po|purchase|invoice|tracking|ticket|case|customer|client|account|reference|ref|serial|part|item|article|contract|policy|employee|id|batch|lot|booking|confirmation|"
    r"registration|vat|tax|(?:bestell|auftrags?|rechnungs?|kunden|konto|vertrags?|artikel|serien|personal|vorgangs?)(?:nummer|nr)?|commande|facture|client|contrat|compte|dossier|suivi|pedido|factura|"
    r"cliente|cuenta|contrato|expediente|ordine|fattura|conto|contratto|pratica)\b[^\n\d]{0,20}\Z"
    r"|\b(?:number|nummer|numéro|número|numero) (?:de |du |d['’]|di |del |dell['’]|of )(?:the )?(?!tel|tél|phon|mob|móv|port|cel|handy|fax)[^\n\d]{1,24}\Z",
    re.IGNORECASE,
)
# Such a noun right before a number that only its groups make a phone.
_ITS_NUMBER: Final = re.compile(
    r"\b(?:order|po|invoice|tracking|ticket|case|claim|serial|part|item|article|contract|policy|batch|lot|gtin|ean|isbn|issn|auftrag|bestellung|rechnung|vertrag|vorgang|schaden|certificate|certificat|certificado|certificato|zertifikat|bolla|lieferschein|albarán|bon de livraison|"
    r"(?:bestell|auftrags?|rechnungs?|kunden|vertrags?|artikel|serien|vorgangs?|schadens?)(?:nummer|nr)|commande|facture|contrat|dossier(?: sinistre)?|sinistre|pedido|factura|"
    r"contrato|expediente|siniestro|ordine|fattura|contratto|pratica|sinistro)(?: (?:no|nr|number|n°|nº|num))?[.:#]?[ ]{1,2}\Z",
    re.IGNORECASE,
)
# Weak signs, for which a region must give out the number: a signature's letter, or another phone in the same row (a token by then: texts are searched until nothing is found).
_WEAKLY_BEFORE: Final = re.compile(r"(?:<PHONE:[0-9a-f]+>[^\n\d<>]{1,24}|(?:^|[|•·,;/\n])[ \t]{0,4}(?:T|M|P|F|Ph|Tf)[.:]?[ \t]{1,2})\Z")
_LINKED: Final = re.compile(r"tel:<PHONE:[0-9a-f]+>[\"'][^<>\n]{0,80}>[ ]?\Z")
_HEADING: Final = re.compile(r"tel|tél|phon|fon\b|mob|móv|handy|cell|fax|sms|msisdn|rufnummer|contact no", re.IGNORECASE)
_DELIMITERS: Final = ";,|\t"
_PHONE_AFTER: Final = re.compile(r"[^\n\d<>]{1,24}<PHONE:")
_NOT_A_PHONE: Final = re.compile(
    r"\d{4}[-./]\d{1,2}[-./]\d{1,2}(?:[ -].*)?|\d{1,2}[-./]\d{1,2}[-./]\d{4}(?: .*)?|\d+\.\d+|\d{1,3}(?:\.\d{3})+|(?:\d{1,3}\.){3}\d{1,3}(?:/.*)?|\d{1,2}/\d{4} ?[-–] ?\d{1,2}/\d{4}"
    r"|\d{1,2}\.\d{2} ?[-–] ?\d{1,2}\.\d{2}|\d{4} ?[-–/] ?\d{4}|0123456789"
)
_GROUPS: Final = re.compile(r"\d+")
_NANP: Final = re.compile(r"(?:\+?1[-. ]?)?(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}")
_CONTEXT: Final = 48
_LONGEST: Final = 15


@dataclass(frozen=True, slots=True)
class _Region:
    """What the numbering plan of one country says, from phonenumbers' metadata."""

    code: str
    trunk: str
    given_out: re.Pattern[str]

    @classmethod
    def of(cls, region: str) -> _Region:
        plan = PhoneMetadata.metadata_for_region(region)
        if plan is None:
            raise ValueError(f"no numbering plan for {region}")
        kinds = (plan.fixed_line, plan.mobile, plan.toll_free, plan.premium_rate, plan.shared_cost, plan.personal_number, plan.voip, plan.uan)
        patterns = "|".join(f"(?:{kind.national_number_pattern})" for kind in kinds if kind is not None and kind.national_number_pattern)
        return cls(str(plan.country_code), plan.national_prefix or "", re.compile(patterns))

    def international(self, digits: str) -> str | None:
        """E.164 of a number written the national way, or None where this country gives out no such number."""
        for prefix in (self.trunk, "") if self.trunk else ("",):
            if digits.startswith(prefix) and self.given_out.fullmatch(digits, len(prefix)):
                return f"+{self.code}{digits[len(prefix) :]}"
        return None


class PhoneFinder:
    """Finds phones for the regions of a policy; the first region that gives out a number wins."""

    def __init__(self, regions: tuple[str, ...]) -> None:
        self._regions = tuple(_Region.of(region) for region in regions)

    def __call__(self, text: str) -> list[Span]:
        spans = []
        for run in _RUN.finditer(text):
            for start, end in _attempts(text, run.start(), run.end()):
                span = self._span(text, start, end)
                if span is not None:
                    spans.append(span)
                    break
        return spans

    def _span(self, text: str, start: int, end: int) -> Span | None:
        start = _with_prefix(text, start)
        written = text[start:end]
        if _glued(text, start, end) or _NOT_A_PHONE.fullmatch(written) or not _grouped(written):
            return None
        number = self._normal_form(written, text, start, end)
        if number is None:
            return None
        extension = _EXTENSION.match(text, end)
        return Span(start, extension.end(), "PHONE", f"{number}x{extension.group(1)}") if extension else Span(start, end, "PHONE", number)

    def _normal_form(self, written: str, text: str, start: int, end: int) -> str | None:
        digits = "".join(filter(str.isdigit, written))
        if "+" in written or digits.startswith("00"):
            known = _international(written, digits)
            if known is not None:
                return known
        before = text[max(0, start - _CONTEXT) : start]
        if _written_as_phone(written, digits) and not _ITS_NUMBER.search(before):
            known = self._given_out(digits)
            if known is not None:
                return known
        if _NANP.fullmatch(written):
            return f"+1{digits[-10:]}"
        return self._named(digits, text, start, end)

    def _named(self, digits: str, text: str, start: int, end: int) -> str | None:
        """A number that only what stands around it makes a phone."""
        before = text[max(0, start - _CONTEXT) : start]
        if not 7 <= len(digits) <= _LONGEST or _OTHER_NUMBER.search(before):
            return None
        if _BEFORE.search(before) or _LINKED.search(before) or _under_heading(text, start):
            return digits
        beside = _PHONE_AFTER.match(text, end) is not None or _in_a_list_of_phones(text, start, end)
        return self._given_out(digits) if beside or _WEAKLY_BEFORE.search(before) else None

    def _given_out(self, digits: str) -> str | None:
        """E.164 by the first region that gives out such a number."""
        return next((known for region in self._regions if (known := region.international(digits)) is not None), None)


def _under_heading(text: str, start: int) -> bool:
    """Whether a row's field stands under a phone's heading: delimited rows of which the first names the columns."""
    line = text.rfind("\n", 0, start) + 1
    if not line:
        return False
    row, heading = text[line:start], text[: text.index("\n")]
    for delimiter in _DELIMITERS:
        if delimiter in row and delimiter in heading:
            names = heading.split(delimiter)
            return len(names) > row.count(delimiter) and _HEADING.search(names[row.count(delimiter)]) is not None
    return False


def _in_a_list_of_phones(text: str, start: int, end: int) -> bool:
    """Whether the line is an entry of a list, the number ends it, and a line beside it ends with a phone."""
    line = text.rfind("\n", 0, start) + 1
    if text[line:start].lstrip()[:1] not in {"-", "*", "•", "–"} or text[end : end + 1] not in {"", "\n"}:
        return False
    above = text[max(0, line - _CONTEXT * 2) : line].rstrip("\n").endswith(">")
    below = text[end + 1 :].partition("\n")[0]
    return (above and "<PHONE:" in text[max(0, line - _CONTEXT * 2) : line].rsplit("\n", 2)[-2]) or "<PHONE:" in below


def _attempts(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The whole run, then without its first groups, then without its last: a date or an order number may stand beside a phone."""
    yield start, end
    gaps = [(gap.start(), gap.end()) for gap in _GAP.finditer(text, start, end)]
    yield from ((after, end) for _, after in gaps[:_MOST_GAPS])
    yield from ((start, before) for before, _ in reversed(gaps[-_MOST_GAPS:]))


def _with_prefix(text: str, start: int) -> int:
    """Takes in ``+``, ``(`` or ``(+`` before the first digit."""
    if start and text[start - 1] == "+":
        start -= 1
    if start and text[start - 1] == "(":
        start -= 1
    return start


def _written_as_phone(written: str, digits: str) -> bool:
    """With a leading zero, which ids do not have, or in three or four groups with one kind of separator."""
    if digits[0] == "0":
        return len(digits) >= 10 if written == digits else "/" not in written.replace("/", "", 1)
    return len(set(_GROUPS.sub("", written))) == 1 and all(len(group) > 1 for group in _GROUPS.findall(written)) and len(digits) >= 9


def _grouped(written: str) -> bool:
    """Single digits stand in a phone only at the front: a trunk or country code."""
    groups = _GROUPS.findall(written)
    return all(len(group) > 1 for group in groups[3:]) and sum(len(group) == 1 for group in groups) < 3 and len(groups[-1]) > 1


def _international(written: str, digits: str) -> str | None:
    if "+" not in written:
        digits = digits[2:]
    if "(0)" in written[:8]:
        digits = digits.replace("0", "", 1)
    known = any(int(digits[:size]) in COUNTRY_CODE_TO_REGION_CODE for size in (1, 2, 3) if digits[:size])
    return f"+{digits}" if known and 7 <= len(digits) <= _LONGEST else None


def _glued(text: str, start: int, end: int) -> bool:
    """Part of a longer word, path or number: a hash, an id, a decimal."""
    before = text[start - 2 : start] if start > 1 else f" {text[:start]}".rjust(2)
    after = text[end : end + 2]
    if before[1].isalnum() or before[1] in "_$€£+-" or (before[1] in "./#" and not before[0].isspace()):
        return True
    return (
        bool(after)
        and (
            after[0].isalnum()
            or after[0] in "_%€$£"
            or (after[0] in ".:" and after[1:].isdigit())
            or (after[0] == "," and after[1:].isdigit() and text[start:end].isdigit() and before[1] != ",")  # a decimal, and no field between two commas
            or (after[0] == "-" and after[1:].isalpha())
        )
        and _EXTENSION.match(text, end) is None
    )
