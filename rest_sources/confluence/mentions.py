"""Whom a text in storage format names: ``<ri:user ri:account-id="…"/>`` (Cloud), ``ri:userkey`` or ``ri:username`` (Data Center).

https://confluence.atlassian.com/doc/confluence-storage-format-790796544.html, section "Resource identifiers". What is quoted in a code block looks the same; a name too many does no harm.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, cast

NamedBy = Literal["account-id", "userkey", "username"]

_USER: Final = re.compile(r"<ri:user\s([^>]*)")
_ATTRIBUTE: Final = re.compile(r"""\bri:(account-id|userkey|username)\s*=\s*(?:"([^"]*)"|'([^']*)')""")


@dataclass(frozen=True, slots=True, order=True)
class Mention:
    """``id`` as the text has it: it is what the text is to be given a name for."""

    id: str
    by: NamedBy


def mentions_in(texts: Iterable[str]) -> frozenset[Mention]:
    found = (attribute for text in texts for user in _USER.finditer(text) for attribute in _ATTRIBUTE.finditer(user[1]))
    return frozenset(Mention(name, cast("NamedBy", attribute[1])) for attribute in found if (name := html.unescape(attribute[2] or attribute[3] or "")))
