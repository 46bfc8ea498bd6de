"""The types that the writer of a source names, from one place: docs/adding-a-source.md. Functions and constants are imported from where they are."""

from contracts.hints import Hint
from contracts.sources.rest import RestSource
from rest_sources.api_reader import ApiReader
from rest_sources.delivery import Delivery, Fields
from rest_sources.registry import SourceType
from rest_sources.shape import Shape
from rest_sources.source import Account, Draft, Fetched, Listed, ListedPage, Record, RemoteFile, Section, UnreadableFileError

__all__ = [
    "Account",
    "ApiReader",
    "Delivery",
    "Draft",
    "Fetched",
    "Fields",
    "Hint",
    "Listed",
    "ListedPage",
    "Record",
    "RemoteFile",
    "RestSource",
    "Section",
    "Shape",
    "SourceType",
    "UnreadableFileError",
]
