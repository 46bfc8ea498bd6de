"""Faust's Kafka transport with the two settings that Faust has no name for, read_committed and the fetch wait, and with books of our own on what is acknowledged.

Connectors write in transactions, so what a crashed one left half-written must not be read. Faust reads committed records only in its own
exactly-once mode, which loses and doubles records (docs/decisions/0004); so the consumer is made as Faust makes it, and told before it starts.
Faust's books commit past records that are still in work (docs/decisions/0078); ours do not.
"""

from __future__ import annotations

from typing import Any

from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from contracts.topics import MAX_RECORD_BYTES
from streams.offsets import Offsets


class ReadCommittedConsumerThread(driver.AIOKafkaConsumerThread):
    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # aiokafka reads these when it starts its fetcher; its constructor, which Faust calls, is the only public place.
        consumer._isolation_level = "read_committed"  # noqa: SLF001  # see above
        consumer._max_partition_fetch_bytes = MAX_RECORD_BYTES  # noqa: SLF001  # see above
        consumer._fetch_max_wait_ms = 500  # noqa: SLF001  # see above
        return consumer


class ReadCommittedConsumer(driver.Consumer):
    def __init__(self, transport: Any, callback: Any, *arguments: Any, **options: Any) -> None:
        self.offsets = Offsets()

        async def deliver(message: Any) -> None:
            self.offsets.delivered(message.tp, message.offset)
            await callback(message)

        super().__init__(transport, deliver, *arguments, **options)

    def _new_consumer_thread(self) -> ReadCommittedConsumerThread:
        return ReadCommittedConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def ack(self, message: Any) -> bool:
        self.offsets.done(message.tp, message.offset)
        return bool(super().ack(message))

    def _new_offset(self, tp: TP) -> int | None:
        self._acked[tp].clear()  # Faust's own book, which nobody reads any more
        self._acked_index[tp].clear()
        return self.offsets.to_commit(tp)

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Nothing: Faust counts the record behind a gap as acknowledged, and what is in work knows of no gaps."""

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        await super().on_partitions_revoked(revoked)
        self.offsets.forget(revoked)


class ReadCommittedTransport(driver.Transport):
    Consumer = ReadCommittedConsumer
