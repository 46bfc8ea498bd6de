"""Bytes to text: byte order mark, UTF-8, the declared charset, then a guess. What is no text in any charset is told apart here."""

from __future__ import annotations

import codecs
import re
from typing import Final

import charset_normalizer

from connectors.extract.errors import UnsupportedFormatError

_MARKS: Final = (  # the longer first: UTF-32's begins like UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE: Final = 128 * 1024
"""What the guess looks at: it takes a second for each further megabyte and gets no better."""
_CONTROLS: Final = bytes(code for code in range(32) if code not in b"\t\n\r\x0b\x0c\x1b\x08")
_MOST_CONTROLS: Final = 0.01
"""Of the bytes. Logs hold stray ones; programs and pictures have 5 % and more."""
_SEVEN_BITS: Final = ("iso2022", "hz")
"""Look like UTF-8 that is all ASCII. Whatever else is valid UTF-8 is UTF-8, whatever it declares."""
_ASCII: Final = bytes(range(128))
_TOO_FEW_TO_JUDGE: Final = 3
"""Letters beyond ASCII. In so short a text Western Europe's charset is the likeliest."""
_EBCDIC: Final = ("cp037", "cp1026", "cp1140", "cp273", "cp424", "cp500", "cp875")
"""In them any byte is a letter; no attachment is written so."""
_DECLARED: Final = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)


def decoded(content: bytes, declared: str | None) -> str:
    """Never fails on text; a byte that the charset lacks becomes U+FFFD. Raises UnsupportedFormatError where it is none."""
    for mark, charset in _MARKS:
        if content.startswith(mark):
            return content.decode(charset, "replace").removeprefix("\ufeff")
    sample = content[:_SAMPLE]
    if len(sample) - len(sample.translate(None, _CONTROLS)) > len(sample) * _MOST_CONTROLS:
        raise _not_text()
    known = _known(declared)
    if known and known.startswith(_SEVEN_BITS):
        return content.decode(known, "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode(known or _guessed(content), "replace")


def declared_in(media_type: str) -> str | None:
    found = _DECLARED.search(media_type)
    return found[1] if found else None


def _known(charset: str | None) -> str | None:
    """The declared one, if it is a charset of text that Python has, and not UTF-8, which has just failed as a whole: a few broken bytes are replaced."""
    if not charset:
        return None
    try:
        found = codecs.lookup(charset)
    except (LookupError, ValueError):
        return None
    return "cp1252" if found.name in {"iso8859-1", "ascii"} else found.name if found._is_text_encoding else None  # noqa: SLF001  # tells zip and base64 from charsets


def _guessed(content: bytes) -> str:
    if len(content) - len(content.decode("utf-8", "ignore").encode()) <= len(content) * _MOST_CONTROLS / 10:
        return "utf-8"
    sample = content[:_SAMPLE]
    if len(sample.translate(None, _ASCII)) < _TOO_FEW_TO_JUDGE:
        return "cp1252"
    whole = sample[: sample.rfind(b"\n") + 1] if len(content) > _SAMPLE and b"\n" in sample else sample
    best = charset_normalizer.from_bytes(whole, cp_exclusion=list(_EBCDIC)).best()
    if best is None:
        raise _not_text()
    return best.encoding


def _not_text() -> UnsupportedFormatError:
    return UnsupportedFormatError("the file is neither text nor in a format that is read", "convert it to PDF, .docx, Markdown or plain text")
