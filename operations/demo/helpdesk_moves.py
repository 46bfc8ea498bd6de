"""What happens at the demo's help desk, as data: each change with who must find what before it and after it.

The people are accounts of examples/company/helpdesk_seed.json; each holds the principals that the product would read off the account.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from operations.demo.questions import Question
from rest_sources.source import PUBLIC
from rest_sources.zendesk.principals import Principals

TENANT: Final = "tidewater"
SOURCE: Final = "helpdesk"
_NAMES: Final = Principals(SOURCE)
_CARE, _WORKSHOP, _STAFF = 11, 12, 41
_CARE_AGENT, _WORKSHOP_AGENT, _CUSTOMER, _OTHER_CUSTOMER = 1101, 1102, 1201, 1202
_GUIDE: Final = "/api/v2/help_center/articles"


def _agent(user_id: int, group_id: int) -> tuple[str, ...]:
    return (_NAMES.user(user_id), _NAMES.agent(user_id), _NAMES.group_tickets(group_id), _NAMES.segment(_STAFF), _NAMES.signed_in)


PEOPLE: Final[Mapping[str, tuple[str, ...]]] = {
    "agent": _agent(_CARE_AGENT, _CARE),
    "workshop": _agent(_WORKSHOP_AGENT, _WORKSHOP),
    "customer": (_NAMES.user(_CUSTOMER), _NAMES.signed_in),
    "other customer": (_NAMES.user(_OTHER_CUSTOMER), _NAMES.signed_in),
    "visitor": (PUBLIC,),
}


@dataclass(frozen=True, slots=True)
class Move:
    """One request to the vendor. ``finds``, ``loses``, ``keeps`` and ``never`` are (person, phrase): found after it alone, before it alone, always, at no time."""

    label: str
    told_by: Literal["webhook", "sweep"]
    method: str
    path: str
    body: Mapping[str, object] | None
    document: str
    finds: tuple[tuple[str, str], ...] = ()
    loses: tuple[tuple[str, str], ...] = ()
    keeps: tuple[tuple[str, str], ...] = ()
    never: tuple[tuple[str, str], ...] = ()
    asked_before: tuple[Question, ...] = ()
    asked_after: tuple[Question, ...] = ()

    @property
    def doc_id(self) -> str:
        return f"{SOURCE}:{self.document}"


@dataclass(frozen=True, slots=True)
class Moved:
    """How a change was seen from outside. ``seconds`` is None where it was not searchable in time; ``wrong`` says what a person found, or did not, against the rules."""

    move: Move
    seconds: float | None
    wrong: tuple[str, ...] = field(default=())


def _asks(person: str, name: str, question: str, answer: tuple[str, ...] = (), forbidden: tuple[str, ...] = ()) -> Question:
    return Question(id=f"helpdesk-{name}", tenant=TENANT, principals=PEOPLE[person], question=question, answer=answer, forbidden=forbidden)


def _says(text: str, author_id: int, *, public: bool) -> dict[str, object]:
    return {"ticket": {"comment": {"body": text, "public": public, "author_id": author_id}}}


_CABLE: Final = "braided cable with a yellow sleeve"
_NOTE: Final = "soldered with the wrong flux"
_WHY: Final = "Why does the plug of the sonde at the fish ladder corrode?"
_RETURN: Final = "Within how many working days must a rented survey set be returned?"
_ARTICLE: Final = (
    "<p>A survey set holds two sondes, a handheld and a tripod.</p><p>A rented survey set must be returned within {} working days after the survey.</p>"
)
_CARD: Final = "Do we need the marine card reader for it"
_STRAP: Final = "pull it out with the grey lifting strap"
_TWICE: Final = "the aluminium tripod is missing"

MOVES: Final = (
    Move(
        "an agent answers the customer",
        "webhook",
        "PUT",
        "/api/v2/tickets/1",
        _says(f"We send you a {_CABLE}; plug it in above the walkway and the tide will not reach it.", _CARE_AGENT, public=True),
        "ticket/1",
        finds=(("customer", _CABLE), ("agent", _CABLE)),
        never=(("other customer", _CABLE), ("workshop", _CABLE), ("visitor", _CABLE)),
    ),
    Move(
        "an agent adds an internal note",
        "webhook",
        "PUT",
        "/api/v2/tickets/1",
        _says(f"The plug of the sonde at the fish ladder corrodes because the pins of that batch were {_NOTE}.", _CARE_AGENT, public=False),
        "ticket/1/internal",
        finds=(("agent", _NOTE),),
        never=(("customer", _NOTE), ("other customer", _NOTE), ("workshop", _NOTE), ("visitor", _NOTE)),
        asked_after=(_asks("agent", "note-agent", _WHY, answer=(_NOTE,)), _asks("customer", "note-customer", _WHY, forbidden=(_NOTE,))),
    ),
    Move(
        "an article is edited",
        "sweep",
        "PUT",
        f"{_GUIDE}/71/translations/en-us",
        {"translation": {"body": _ARTICLE.format("four")}},
        "article/71",
        finds=(("visitor", "within four working days"), ("customer", "within four working days")),
        loses=(("visitor", "within nine working days"),),
        asked_before=(_asks("visitor", "return-before", _RETURN, answer=("nine working days",)),),
        asked_after=(_asks("visitor", "return-after", _RETURN, answer=("four working days",), forbidden=("nine working days",)),),
    ),
    Move(
        "a ticket is handed to another customer",
        "webhook",
        "PUT",
        "/api/v2/tickets/4",
        {"ticket": {"requester_id": _OTHER_CUSTOMER}},
        "ticket/4",
        finds=(("other customer", _CARD),),
        loses=(("customer", _CARD),),
        keeps=(("agent", _CARD),),
        never=(("visitor", _CARD),),
    ),
    Move(
        "an article becomes one for staff",
        "sweep",
        "PUT",
        f"{_GUIDE}/73",
        {"article": {"user_segment_id": _STAFF}},
        "article/73",
        loses=(("visitor", _STRAP), ("customer", _STRAP)),
        keeps=(("agent", _STRAP), ("workshop", _STRAP)),
    ),
    Move(
        "a ticket is deleted",
        "webhook",
        "DELETE",
        "/api/v2/tickets/5",
        None,
        "ticket/5",
        loses=(("other customer", _TWICE), ("agent", _TWICE)),
        never=(("customer", _TWICE),),
    ),
)
