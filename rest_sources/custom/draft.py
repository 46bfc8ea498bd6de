"""What the declared paths found, as a document. No I/O: everything is in the record."""

from __future__ import annotations

from contracts.events import MetadataValue, Scalar
from contracts.sources.custom import CustomSource, parse_value
from contracts.sources.rest import RestSource
from rest_sources.custom.paths import Found, principals, shown, text_of, url_of
from rest_sources.source import Draft, MalformedRecordError, Record, Section

_SCALARS = (str, int, float, bool)


def draft(source: RestSource, native: str, record: Record) -> Draft:
    """Raises MalformedRecordError."""
    assert isinstance(source, CustomSource)  # noqa: S101  # the catalog pairs types
    declared, found = source.document, _found(record)
    body = text_of(declared.body, found, native, "\n\n")
    return Draft(
        title=text_of(declared.title, found, native) or native,
        sections=(Section(body, declared.format),) if body.strip() else (),
        allowed=principals(declared.allowed, found, native),
        url=url_of(declared.url, found, native),
        doc_type=text_of(declared.doc_type, found, native),
        metadata={name: value for name, template in declared.metadata.items() if (value := _metadata(template, found, native)) is not None},
    )


def _found(record: Record) -> Found:
    found = record.get("found")
    if not isinstance(found, dict) or not all(isinstance(values, list) for values in found.values()):
        raise MalformedRecordError("found: missing, or no object of lists")
    return found


def _metadata(template: Scalar, found: Found, native: str) -> MetadataValue | None:
    """A path alone keeps the value's type; nothing where it finds nothing."""
    if not isinstance(template, str):
        return template
    path = parse_value(template).sole_column
    if path is None or path not in found:
        return text_of(template, found, native) or None
    values = [value for value in found[path] if value is not None]
    if len(values) == 1 and isinstance(values[0], _SCALARS):
        return values[0]
    texts = [shown(value) for whole in values for value in (whole if isinstance(whole, list) else [whole])]
    return texts or None
