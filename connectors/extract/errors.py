"""Why a file gives no text. Each error says the cause and the cure in words fit for a dead letter: no content of the file, and no path of this machine."""

from __future__ import annotations

from typing import ClassVar


class NotExtractableError(Exception):
    """The file is refused; others are not touched by it. ``kind`` is a fixed word for counting, ``reason`` tells a person the cause and the cure."""

    kind: ClassVar[str] = "not_extractable"

    def __init__(self, cause: str, cure: str) -> None:
        self.cause = cause
        self.cure = cure
        self.reason = f"{cause}; {cure}"
        super().__init__(self.reason)


class UnsupportedFormatError(NotExtractableError):
    """A format that no reader here knows, or an executable."""

    kind = "unsupported_format"


class ArchiveRefusedError(NotExtractableError):
    """An archive of other files: each of them would need its own id, permissions and version."""

    kind = "archive"


class TooLargeError(NotExtractableError):
    """More bytes, pixels, parts or text than the limits allow."""

    kind = "too_large"


class TooManyPagesError(NotExtractableError):
    """More pages, or more scanned pages, than the limits allow."""

    kind = "too_many_pages"


class TimedOutError(NotExtractableError):
    """More time than the limits allow; its process was ended."""

    kind = "timed_out"


class OutOfMemoryError(NotExtractableError):
    """More memory than the limits allow."""

    kind = "out_of_memory"


class EncryptedFileError(NotExtractableError):
    """A password is needed."""

    kind = "encrypted"


class BrokenFileError(NotExtractableError):
    """Cut short, malformed, or such that the library that reads it died."""

    kind = "broken"


class OcrMissingError(NotExtractableError):
    """A scan, and no Tesseract or not its language. The file is not to blame: redrive it when the package is there."""

    kind = "ocr_missing"


class ExtractorUnavailableError(Exception):
    """The process that reads files does not start: an installation fault, of no file. Retrying a file does not help before the cause is gone."""


KINDS: dict[str, type[NotExtractableError]] = {error.kind: error for error in NotExtractableError.__subclasses__()}
