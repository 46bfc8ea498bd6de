"""The letters on the topic, with what became of each. A letter is open until a resolution on the same topic names its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from contracts.dead_letters import DeadLetter, NotADeadLetterError, Resolution, read_dead_letter
from contracts.topics import DEAD_LETTERS
from operations.foreseen import OperationError
from operations.topic_reading import Place, TopicReader

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter at its place; ``value_bytes`` is 0 where the record stayed in ``source.*``."""

    place: Place
    letter: DeadLetter
    value_bytes: int
    resolution: Resolution | None = None

    @property
    def id(self) -> str:
        return f"{self.place.partition}:{self.place.offset}"

    @property
    def origin(self) -> Place:
        return Place(self.letter.topic, self.letter.partition, self.letter.offset)


async def read_letters(reader: TopicReader) -> list[Letter]:
    """Every letter that the topic still keeps, oldest first; values are not held."""
    letters: dict[tuple[int, int], Letter] = {}
    resolutions: list[Resolution] = []
    for partition in await reader.partitions(DEAD_LETTERS):
        begin, end = await reader.bounds(DEAD_LETTERS, partition)
        async for record in reader.read(DEAD_LETTERS, partition, begin, end):
            try:
                found = read_dead_letter(record.headers)
            except NotADeadLetterError as error:
                _log.warning("not_a_dead_letter", partition=partition, offset=record.place.offset, reason=str(error))
                continue
            if isinstance(found, Resolution):
                resolutions.append(found)
            else:
                letters[partition, record.place.offset] = Letter(record.place, found, len(record.value or b""))
    return _folded(letters, resolutions)


def _folded(letters: dict[tuple[int, int], Letter], resolutions: Sequence[Resolution]) -> list[Letter]:
    """A resolution may stand on any partition, and outlive its letter."""
    by_place = {(resolution.partition, resolution.offset): resolution for resolution in resolutions}
    return [Letter(letter.place, letter.letter, letter.value_bytes, by_place.get(place)) for place, letter in sorted(letters.items())]


def choose(letters: Sequence[Letter], ids: Sequence[str], *, every: bool, error: str | None) -> list[Letter]:
    """The open letters that the arguments name. OperationError where they name none, or one that is not open."""
    opened = [letter for letter in letters if letter.resolution is None]
    if every == bool(ids):
        said = "Both letters and --all were given." if every else "No letter was named."
        raise OperationError(f"{said} Name the letters, or say --all.", "'headrace dead-letters list' shows their ids, such as 0:17.")
    if error is not None and not every:
        raise OperationError("--error chooses among all letters.", "Say --all --error NAME.")
    if every:
        return [letter for letter in opened if error in {None, letter.letter.error}]
    return [find(letters, asked, only_open=True) for asked in ids]


def find(letters: Sequence[Letter], asked: str, *, only_open: bool = False) -> Letter:
    """The letter with an id. OperationError where there is none."""
    for letter in letters:
        if letter.id == asked:
            if only_open and letter.resolution is not None:
                raise OperationError(f"Dead letter {asked} was {letter.resolution.action} already.", "'headrace dead-letters list' shows those that are open.")
            return letter
    raise OperationError(
        f"There is no dead letter {asked}.", "'headrace dead-letters list --every' shows all that are kept; the topic keeps them for seven days."
    )
