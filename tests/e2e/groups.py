"""Which member of a consumer group owns which partition, as the broker knows it."""

from __future__ import annotations

import asyncio

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment

from tests.e2e.world import World

_UUID_CHARACTERS = 37


def owners(world: World, group: str, topic: str) -> dict[int, str]:
    """Partition to the owner's instance id (``headrace-index-live-local``); empty while the group rebalances."""
    return asyncio.run(_owners(world.stack.site.address("kafka"), group, topic))


async def _owners(servers: str, group: str, topic: str) -> dict[int, str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    try:
        await admin.start()
        (answer,) = await admin.describe_consumer_groups([group])
    finally:
        await admin.close()
    found: dict[int, str] = {}
    for described in answer.groups:
        if described[2] != "Stable":
            return {}
        for member_id, *_, assignment in described[5]:
            for name, partitions in ConsumerProtocolMemberAssignment.decode(assignment).assignment:
                if name == topic:
                    found |= dict.fromkeys(partitions, member_id[:-_UUID_CHARACTERS])
    return found
