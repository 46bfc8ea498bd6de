"""Jira's JSON. Empty lists may be left out; ids are numbers."""

from __future__ import annotations

from datetime import UTC, datetime

from rest_sources import shape


class Shape(shape.Shape):
    vendor = "Jira"
    cure = "Check the source's edition in sources.yaml."
    lists_may_be_missing = True

    def identifier(self, name: str) -> str:
        """An id, which is always a number: it becomes part of addresses and of native ids."""
        found = self.text(name)
        if not (found.isascii() and found.isdigit()):
            self.refuse(name, "is no id")
        return found


def milliseconds(moment: datetime) -> int:
    """Since 1970, exactly: Jira's times are whole milliseconds."""
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000
