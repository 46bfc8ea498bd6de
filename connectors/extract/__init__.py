"""Text out of the bytes of one file, read in a process of its own that a hostile file cannot get out of.

``Extractor`` owns the processes, ``worker`` is what runs in them. A file costs at most its limits (`limits.py`) and then ends as text (`result.py`) or as one of the errors of
`errors.py`; the next file finds a process that works. What a file is, is decided by its content first (`detect.py`), by its name and its declared media type second.
"""

from connectors.extract.errors import (
    ArchiveRefusedError,
    BrokenFileError,
    EncryptedFileError,
    ExtractorUnavailableError,
    NotExtractableError,
    OcrMissingError,
    OutOfMemoryError,
    TimedOutError,
    TooLargeError,
    TooManyPagesError,
    UnsupportedFormatError,
)
from connectors.extract.extractor import Extractor
from connectors.extract.limits import Limits
from connectors.extract.result import Extracted, LeftOut, Page

__all__ = [
    "ArchiveRefusedError",
    "BrokenFileError",
    "EncryptedFileError",
    "Extracted",
    "Extractor",
    "ExtractorUnavailableError",
    "LeftOut",
    "Limits",
    "NotExtractableError",
    "OcrMissingError",
    "OutOfMemoryError",
    "Page",
    "TimedOutError",
    "TooLargeError",
    "TooManyPagesError",
    "UnsupportedFormatError",
]
