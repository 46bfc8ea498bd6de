"""All that the writer of a source imports, from one place: docs/adding-a-source.md."""

from contracts.hints import Hint
from contracts.sources.rest import RestSource
from rest_sources.api import Answer, Api
from rest_sources.api_reader import ApiReader
from rest_sources.delivery import Delivery, Fields, label, microseconds
from rest_sources.registry import SourceType
from rest_sources.shape import Shape, of_record
from rest_sources.signatures import check_hmac, check_time, check_token
from rest_sources.source import (
    GONE,
    PUBLIC,
    Account,
    Draft,
    Fetched,
    Files,
    Listed,
    ListedPage,
    Reader,
    Record,
    RemoteFile,
    Section,
    UnreadableFileError,
    group_principal,
    read_number,
    user_principal,
)

__all__ = [
    "GONE",
    "PUBLIC",
    "Account",
    "Answer",
    "Api",
    "ApiReader",
    "Delivery",
    "Draft",
    "Fetched",
    "Fields",
    "Files",
    "Hint",
    "Listed",
    "ListedPage",
    "Reader",
    "Record",
    "RemoteFile",
    "RestSource",
    "Section",
    "Shape",
    "SourceType",
    "UnreadableFileError",
    "check_hmac",
    "check_time",
    "check_token",
    "group_principal",
    "label",
    "microseconds",
    "of_record",
    "read_number",
    "user_principal",
]
