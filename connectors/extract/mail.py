"""A mail (.eml) as Markdown: its headers, its body, then each attachment under a heading of its own, read with the same limits and through the same doors as a file by itself.

What of the attachments gives no text is left out and told in ``left_out``; what exceeds a limit of the whole file refuses the whole file.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from typing import Final

from bs4 import BeautifulSoup
from markdownify import ATX, MarkdownConverter

from connectors.extract import dispatch
from connectors.extract.charset import decoded
from connectors.extract.errors import ArchiveRefusedError, BrokenFileError, EncryptedFileError, OcrMissingError, TooLargeError, UnsupportedFormatError
from connectors.extract.reading import File, Reading
from connectors.extract.result import Extracted, LeftOut, Page

_HEADERS: Final = ("From", "To", "Cc", "Subject", "Date")
_UNSEEN: Final = ("head", "script", "style", "template", "noscript", "img")
_LONGEST_NAME: Final = 200
_OF_THE_ATTACHMENT: Final = (UnsupportedFormatError, ArchiveRefusedError, EncryptedFileError, BrokenFileError, OcrMissingError)


def read(file: File, reading: Reading) -> Extracted:
    message = BytesParser(EmailMessage, policy=policy.default).parsebytes(file.content)
    parts = [reading.text(_heading(message)), reading.text(_body(message))]
    parts += [_attachment(attached, reading) for attached in _attachments(message, reading)]  # charged where they are read
    pages = (Page(None, "\n\n".join(part for part in parts if part)),)
    return Extracted("markdown", pages, title=_header(message, "Subject") or None, left_out=tuple(reading.left_out))


def _heading(message: EmailMessage) -> str:
    return "\n".join(f"{name}: {value}" for name in _HEADERS if (value := _header(message, name)))


def _header(message: EmailMessage, name: str) -> str:
    try:
        value = message[name]
    except (ValueError, IndexError, AttributeError, TypeError):  # the parser of addresses and dates stumbles over malformed ones
        value = next((raw for known, raw in message.raw_items() if known.lower() == name.lower()), None)
    return " ".join(str(value).split()) if value else ""


def _body(message: EmailMessage) -> str:
    body = message.get_body(preferencelist=("plain", "html"))
    if body is None:
        return ""
    text = _text_of(body)
    return _markdown(text) if body.get_content_subtype() == "html" else text.strip()


def _text_of(part: MIMEPart) -> str:
    return decoded(_content_of(part), part.get_content_charset())


def _content_of(part: MIMEPart) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _markdown(html: str) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on a body that looks like a path or an address
        soup = BeautifulSoup(html, "lxml")
    for unseen in soup(list(_UNSEEN)):
        unseen.decompose()
    try:
        written = MarkdownConverter(heading_style=ATX, escape_asterisks=False, escape_underscores=False).convert_soup(soup)
    except RecursionError:  # tags nested by the hundred: the text without its structure
        written = soup.get_text("\n")
    return str(written).strip()


def _attachments(message: EmailMessage, reading: Reading) -> Iterator[EmailMessage]:
    """Of this mail; those of an attached mail are that one's."""
    try:
        attached = [part for part in message.iter_attachments() if isinstance(part, EmailMessage)]
    except (AttributeError, KeyError):  # a multipart without parts
        return
    for part in attached:
        if reading.attachments >= reading.limits.attachments:
            reading.left_out.append(
                LeftOut("further ones", TooLargeError.kind, f"the mail has more than {reading.limits.attachments} attachments; raise their limit")
            )
            return
        reading.attachments += 1
        yield part


def _attachment(part: EmailMessage, reading: Reading) -> str:
    name = " ".join((part.get_filename() or "").split())[:_LONGEST_NAME] or "unnamed"
    try:
        text = _extracted(part, name, reading)
    except _OF_THE_ATTACHMENT as error:
        reading.left_out.append(LeftOut(name, error.kind, error.reason))
        return ""
    return f"## {name}\n\n{text}" if text else ""


def _extracted(part: EmailMessage, name: str, reading: Reading) -> str:
    if reading.depth >= reading.limits.attachment_depth:
        raise UnsupportedFormatError(f"the attachment is nested more than {reading.limits.attachment_depth} mails deep", "attach it to the first mail")
    reading.depth += 1
    try:
        found = dispatch.extract(_as_file(part, name), reading)
    finally:
        reading.depth -= 1
    return _markdown(found.text) if found.format == "html" else found.text


def _as_file(part: EmailMessage, name: str) -> File:
    if part.get_content_type() == "message/rfc822":
        inner = part.get_payload(0) if part.is_multipart() else None
        return File(inner.as_bytes() if isinstance(inner, EmailMessage) else b"", name if name.endswith(".eml") else f"{name}.eml", "message/rfc822")
    charset = part.get_content_charset()
    return File(_content_of(part), name, f"{part.get_content_type()}; charset={charset}" if charset else part.get_content_type())
