"""The dead letters: what could not be processed, with its reason, so that it can be mended and replayed.

After redaction the record itself is the value. Before it the value is empty and the record stays in ``source.*``, its only place: the headers say
where. Headers never hold content; ``reason`` is written by our code from field names, types and sizes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

Stage = Literal["normalize", "index", "collect"]
Action = Literal["replayed", "discarded"]
_PREFIX: Final = "headrace-dead-"
_RESOLVED: Final = "headrace-dead-resolved"
_ACTION: Final = "headrace-dead-action"
_TIME: Final = "headrace-dead-time-us"
REASON_LIMIT: Final = 500


class NotADeadLetterError(ValueError):
    """The record's headers are not those of a dead letter."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One refused record. ``time_us`` is microseconds since 1970."""

    stage: Stage
    error: str
    reason: str
    topic: str
    partition: int
    offset: int
    attempts: int
    time_us: int
    tenant: str = ""
    doc_id: str = ""

    def headers(self) -> list[tuple[str, bytes]]:
        fields = {name: str(getattr(self, name)) for name in self.__dataclass_fields__}
        fields["reason"] = fields["reason"][:REASON_LIMIT]
        return [(_PREFIX + name.replace("_", "-"), value.encode()) for name, value in fields.items()]

    @classmethod
    def from_headers(cls, headers: Iterable[tuple[str, bytes]]) -> DeadLetter:
        found = {name.removeprefix(_PREFIX).replace("-", "_"): value.decode() for name, value in headers if name.startswith(_PREFIX)}
        try:
            numbers = {name: int(found[name]) for name in ("partition", "offset", "attempts", "time_us")}
            stage = found["stage"]
            if stage not in {"normalize", "index", "collect"}:
                raise NotADeadLetterError(f"unknown stage {stage!r}")
            return cls(
                stage=stage,  # type: ignore[arg-type]  # checked in the line above
                error=found["error"],
                reason=found["reason"],
                topic=found["topic"],
                tenant=found.get("tenant", ""),
                doc_id=found.get("doc_id", ""),
                **numbers,
            )
        except (KeyError, ValueError) as error:
            raise NotADeadLetterError(f"dead letter without a valid {error}") from None


@dataclass(frozen=True, slots=True)
class Resolution:
    """A record with an empty value on the same topic, which says that the letter at this place is no longer open. Dead letters are never rewritten."""

    partition: int
    offset: int
    action: Action
    time_us: int

    def headers(self) -> list[tuple[str, bytes]]:
        place = f"{self.partition}:{self.offset}"
        return [(_RESOLVED, place.encode()), (_ACTION, self.action.encode()), (_TIME, str(self.time_us).encode())]


def read_dead_letter(headers: Iterable[tuple[str, bytes]]) -> DeadLetter | Resolution:
    """What a record on ``dead-letters`` is. Raises NotADeadLetterError."""
    found = dict(headers)
    if _RESOLVED not in found:
        return DeadLetter.from_headers(found.items())
    try:
        partition, offset = (int(part) for part in found[_RESOLVED].decode().split(":"))
        action = found[_ACTION].decode()
        if action not in {"replayed", "discarded"}:
            raise NotADeadLetterError(f"unknown action {action!r}")
        return Resolution(partition, offset, action, int(found[_TIME]))  # type: ignore[arg-type]  # checked in the line above
    except (KeyError, ValueError) as error:
        raise NotADeadLetterError(f"resolution without a valid {error}") from None
