"""Why what differs may stay so, as far as connectors and dead letters tell. What cannot be asked is said to be so, and no error: verify's own answer does not hang on it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable

from aiokafka.errors import KafkaError

from connectors.debezium import ConnectorError, Health, health_of
from contracts.settings import ConnectSettings, KafkaSettings, read
from contracts.sources import PostgresSource
from contracts.topic_admin import KafkaUnavailableError
from operations.dead_letters.letters import Letter, read_letters
from operations.topic_reading import topic_reader
from operations.verify.verification import Subject


async def reasons(sources: Iterable[PostgresSource], wrong: Collection[Subject]) -> list[str]:
    """A sentence for each connector that does not run, and one for the open dead letters among the documents."""
    concerned = [source for source in sources if any(subject.scope.partition(":")[0] == source.name for subject in wrong)]
    found = [reason for source in concerned if (reason := await _of_connector(source))]
    try:
        letters = await _open_letters({subject.key.doc_id for subject in wrong})
    except (KafkaError, KafkaUnavailableError) as error:
        return [*found, f"The dead letters cannot be read ({type(error).__name__}): is Kafka running?"]
    if letters:
        first = letters[0]
        found.append(
            f"{len({letter.letter.doc_id for letter in letters})} of these documents have an open dead letter; the first ({first.id}): {first.letter.reason} "
            "Once that is mended, 'headrace dead-letters replay' brings them in."
        )
    return found


async def stopped(source: PostgresSource) -> str | None:
    """Why this source's connector will bring nothing until a person lets it; None where it runs or will by itself, or cannot be asked: then asking it is no harm."""
    try:
        return _stopped(await _health(source))
    except ConnectorError:
        return None


async def _of_connector(source: PostgresSource) -> str | None:
    try:
        health = await _health(source)
    except ConnectorError as error:
        return f"{source.name}: its connector cannot be asked. {error.cause}"
    return _stopped(health) or _alarmed(health)


async def _health(source: PostgresSource) -> Health:
    return await asyncio.to_thread(health_of, source, read(ConnectSettings))


def _stopped(health: Health) -> str | None:
    if health.connector in {"PAUSED", "STOPPED"}:
        return f"{health.source}: its connector is {health.connector.lower()}, so nothing comes from it; 'headrace connectors resume {health.source}' lets it go on."
    if health.connector == "absent":
        return f"{health.source}: it has no connector, so nothing comes from it; 'headrace connectors apply {health.source}' makes it."
    return None


def _alarmed(health: Health) -> str | None:
    return f"{health.source}: {'; '.join(health.alerts)}" if health.alerts else None


async def _open_letters(doc_ids: set[str]) -> list[Letter]:
    async with topic_reader(read(KafkaSettings)) as reader:
        letters = await read_letters(reader)
    return [letter for letter in letters if letter.resolution is None and letter.letter.doc_id in doc_ids]
