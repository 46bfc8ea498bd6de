"""Confluence's JSON. A list is there, and be it empty: where one is missing that says who may read, nobody may."""

from __future__ import annotations

import re
from typing import Final

from rest_sources import shape

_CONTENT_ID: Final = re.compile(r"(?:att)?[0-9]{1,20}")


class Shape(shape.Shape):
    vendor = "Confluence"
    cure = "Check the source's url and edition in sources.yaml."

    def content_id(self, name: str) -> str:
        """A number, with ``att`` in front for attachments: it goes into paths."""
        found = self.text(name)
        if _CONTENT_ID.fullmatch(found) is None:
            self.refuse(name, "is no id of content")
        return found
