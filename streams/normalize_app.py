"""Where the normalize worker is wired."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING, Final

import structlog

from contracts.settings import KafkaSettings, RedactionSettings, SourcesSettings, read
from contracts.sources import SourcesError
from contracts.sources.changes import SourcesFile
from contracts.topics import BACKFILL_SUFFIX, fixed_topics, source_topics
from streams.mapping.registry import kinds_by_source, mappings_by_topic
from streams.normalize_agent import Normalizing
from streams.normalizing import Normalizer
from streams.producer import RecordProducer
from streams.redact.redactor import Redactor
from streams.worker import ConfigurationError, Lane, Step, die, worker_app

if TYPE_CHECKING:
    import faust

MIN_KEY_CHARACTERS: Final = 16
LOOK_SECONDS: Final = 2.0

_log = structlog.get_logger()


def normalize_app(lane: Lane) -> faust.App:
    """The worker that reads a lane of the source topics."""
    file = SourcesFile(read(SourcesSettings).sources)
    sources = file.sources
    redaction = read(RedactionSettings)
    key = redaction.key.get_secret_value().encode()
    if len(key) < MIN_KEY_CHARACTERS:
        raise ConfigurationError(
            f"HEADRACE_REDACTION_KEY must have at least {MIN_KEY_CHARACTERS} characters (it has {len(key)}); make one with: openssl rand -hex 16"
        )
    mappings = {topic: mapping for topic, mapping in mappings_by_topic(sources).items() if topic.endswith(BACKFILL_SUFFIX) == (lane == "backfill")}
    by_policy = {mapping.redaction: Redactor(key, policy=mapping.redaction, memory_paragraphs=redaction.memory_paragraphs) for mapping in mappings.values()}
    redactors = {topic: by_policy[mapping.redaction] for topic, mapping in mappings.items()}

    kafka = read(KafkaSettings)
    declared = [spec for name, kinds in kinds_by_source(sources).items() for spec in source_topics(name, kinds, kafka.partitions)]

    async def wire() -> Step:
        producer = RecordProducer(kafka.bootstrap_servers)
        await producer.start()
        return Step(Normalizing(Normalizer(mappings, redactors), producer, lane, die).take, lambda: end_on_change(file))

    return worker_app(f"headrace-normalize-{lane}", sorted(mappings), (*fixed_topics(kafka.partitions), *declared), wire)


async def end_on_change(file: SourcesFile) -> None:
    """End this worker, in good order, once sources.yaml says something else: whoever keeps it running starts it with the new mapping, and with the topics of new tables."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            if not file.changed():
                continue
        except SourcesError as error:
            _log.warning("sources_invalid", error=str(error), kept="the mapping read before")
            continue
        _log.info("sources_changed")
        os.kill(os.getpid(), signal.SIGTERM)
        return
