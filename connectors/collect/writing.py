"""One partition's transactions: records, what to remember, hints for others, dead letters and the offset, all or nothing.

The transactional id belongs to the partition. Whoever takes the partition over begins with it, which ends what a predecessor left open and fences it: one
that was frozen and wakes up writes nothing more.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Final

from aiokafka import AIOKafkaProducer, TopicPartition

from connectors.collect.hint_queue import Pending
from connectors.collect.outcome import Outcome, Refusal
from contracts.dead_letters import DeadLetter
from contracts.events import HEADER_SOURCE_TIME
from contracts.fetched import fetched_topic
from contracts.hints import Hint, encode_hint, hints_topic
from contracts.rest_records import OBJECTS, document_of, encode_object
from contracts.telemetry import COLLECT_SECONDS, DEAD_LETTERS
from contracts.topics import DEAD_LETTERS as DEAD_LETTERS_TOPIC
from contracts.topics import MAX_SOURCE_RECORD_BYTES, source_backfill_topic, source_topic

_MICROSECONDS: Final = 1_000_000
_RETRY_MS: Final = 20
"""A transaction that begins right behind another is refused while the broker still ends that one (NOT_ENOUGH_REPLICAS, from Kafka 3.6 on): at aiokafka's own 100 ms such a change is late."""
Result = tuple[Pending, Outcome]


class PartitionWriter:
    """For one partition of ``hints.<source>``. Any KafkaError that it raises must end the process: the next one begins at the committed offset."""

    def __init__(self, bootstrap_servers: str, group: str, source: str, partition: int) -> None:
        self._group = group
        self._source = source
        self._place = TopicPartition(hints_topic(source), partition)
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap_servers,
            transactional_id=f"headrace-collector-{source}-{partition}",
            max_request_size=MAX_SOURCE_RECORD_BYTES,
            linger_ms=0,
            retry_backoff_ms=_RETRY_MS,
        )

    async def start(self) -> None:
        """Fences whoever wrote for this partition before."""
        await self._producer.start()

    async def stop(self) -> None:
        await self._producer.stop()

    async def write(self, results: Sequence[Result], committable: int) -> None:
        """All that came of some fetches, and that every hint below ``committable`` is served."""
        async with self._producer.transaction():
            for pending, outcome in results:
                await self._write(pending, outcome)
            await self._producer.send_offsets_to_transaction({self._place: committable}, self._group)
        self._measured(results)

    async def _write(self, pending: Pending, outcome: Outcome) -> None:
        topic = source_topic if pending.urgent else source_backfill_topic
        for state in outcome.states:
            key, value = encode_object(self._source, state)
            await self._producer.send(topic(self._source, OBJECTS), value, key=key, headers=[(HEADER_SOURCE_TIME, str(state.changed_us).encode())])
        if outcome.state is not None:
            value = outcome.state.model_dump_json().encode()
            await self._producer.send(fetched_topic(self._source), value, key=pending.native.encode(), partition=self._place.partition)
        for hint in outcome.hints:
            await self.send_hint(hint)
        await self._refuse(pending, outcome.refusals)

    async def send_hint(self, hint: Hint) -> None:
        key, value = encode_hint(hint)
        await self._producer.send(hints_topic(self._source), value, key=key)

    async def refuse_unreadable(self, offset: int, reason: str, committable: int) -> None:
        """A record of the topic that is no hint."""
        async with self._producer.transaction():
            await self._letter(offset, Refusal("", "InvalidRecordError", reason), None, 1)
            await self._producer.send_offsets_to_transaction({self._place: committable}, self._group)

    async def _refuse(self, pending: Pending, refusals: Iterable[Refusal]) -> None:
        for refusal in refusals:
            hint = Hint(id=pending.native, event="again", source_time_us=pending.changed_us, found_by=pending.found_by, again=True)
            await self._letter(pending.offset, refusal, hint, pending.attempts + 1)

    async def _letter(self, offset: int, refusal: Refusal, hint: Hint | None, attempts: int) -> None:
        """With the hint as its value: to replay it is to fetch again."""
        DEAD_LETTERS.labels("collect", refusal.error).inc()
        letter = DeadLetter(
            stage="collect",
            error=refusal.error,
            reason=refusal.reason,
            topic=self._place.topic,
            partition=self._place.partition,
            offset=offset,
            attempts=attempts,
            time_us=time.time_ns() // 1000,
            doc_id=document_of(f"{self._source}:", refusal.native) if refusal.native else "",
        )
        key, value = encode_hint(hint) if hint else (None, b"")
        await self._producer.send(DEAD_LETTERS_TOPIC, value, key=key, headers=letter.headers())

    def _measured(self, results: Sequence[Result]) -> None:
        now = time.time_ns() // 1000
        for pending, outcome in results:
            if outcome.states and pending.found_by == "webhook":
                COLLECT_SECONDS.labels(self._source).observe(max(0, now - pending.changed_us) / _MICROSECONDS)
