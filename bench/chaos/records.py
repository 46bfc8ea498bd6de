"""All committed records of a topic, as they are now."""

from __future__ import annotations

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from contracts.settings import KafkaSettings, read


async def read_all(*topics: str) -> list[ConsumerRecord[bytes, bytes]]:
    """In the order of each partition."""
    settings = read(KafkaSettings)
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.bootstrap_servers, isolation_level="read_committed")
    await consumer.start()
    try:
        places = [TopicPartition(topic, partition) for topic in topics for partition in range(settings.partitions)]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        found: list[ConsumerRecord[bytes, bytes]] = []
        while not all([await consumer.position(place) >= end for place, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += records
        return found
    finally:
        await consumer.stop()
