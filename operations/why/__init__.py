"""``headrace why DOC_ID``: where a document is on its way from the source to the index, or what stopped it."""

from operations.why.command import why

__all__ = ["why"]
