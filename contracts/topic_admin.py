"""Creates the declared topics and refuses what differs from them. The one adapter in contracts: every service needs it before it starts.

A missing topic would leave a Faust worker idle for ever, and one that Kafka made by itself would neither be compacted nor take large records.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, NodeNotReadyError, TopicAlreadyExistsError, for_code
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_fixed

from contracts.settings import KafkaSettings
from contracts.topics import MAX_RECORD_BYTES, TopicSpec


class KafkaUnavailableError(Exception):
    """No broker answers."""


class TopicMismatchError(Exception):
    """Topics exist with another shape than declared. The message lists every difference and the cure."""

    def __init__(self, differences: Sequence[str]) -> None:
        self.differences = tuple(differences)
        super().__init__("topics differ from what is declared: " + "; ".join(differences))


async def ensure_topics(settings: KafkaSettings, specs: Iterable[TopicSpec]) -> list[str]:
    """Create what is missing and give the names; raises TopicMismatchError where a topic that is there has another shape.

    More partitions than declared are accepted (somebody widened the topic); another cleanup policy or a smaller record size is not.
    """
    wanted = {spec.name: spec for spec in specs}
    try:
        return await _ensure(settings, wanted)
    except KafkaError as error:
        raise KafkaUnavailableError(
            f"Kafka at {settings.bootstrap_servers} does not answer ({type(error).__name__}); "
            "is it running ('headrace status'), and is HEADRACE_KAFKA_BOOTSTRAP_SERVERS right?"
        ) from error


# The client starts now and then without having seen a broker, and stays so: a fresh one then finds it.
@retry(retry=retry_if_exception_type(NodeNotReadyError), stop=stop_after_attempt(5), wait=wait_fixed(0.5), reraise=True)
async def _ensure(settings: KafkaSettings, wanted: dict[str, TopicSpec]) -> list[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap_servers)
    try:
        await admin.start()
        there = set(await admin.list_topics())
        missing = [spec for name, spec in wanted.items() if name not in there]
        await _create(admin, missing, settings.replication)
        await _check(admin, [spec for name, spec in wanted.items() if name in there])
    finally:
        await admin.close()
    return [spec.name for spec in missing]


async def _create(admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec], replication: int) -> None:
    if not specs:
        return
    new = [NewTopic(name=spec.name, num_partitions=spec.partitions, replication_factor=replication, topic_configs=spec.configs()) for spec in specs]
    answer = await admin.create_topics(new, timeout_ms=30_000)
    for name, code, *_ in answer.topic_errors:
        error = for_code(code)
        if error is not for_code(0) and error is not TopicAlreadyExistsError:
            raise error(name)


async def _check(admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec]) -> None:
    if not specs:
        return
    described = {topic["topic"]: topic for topic in await admin.describe_topics([spec.name for spec in specs])}
    resources = [ConfigResource(ConfigResourceType.TOPIC, spec.name) for spec in specs]
    configs: dict[str, dict[str, str]] = {}
    for response in await admin.describe_configs(resources):
        for _, _, _, name, entries in response.resources:
            configs[name] = {entry[0]: entry[1] for entry in entries}
    differences = [difference for spec in specs for difference in _differences(spec, len(described[spec.name]["partitions"]), configs[spec.name])]
    if differences:
        raise TopicMismatchError(differences)


def _differences(spec: TopicSpec, partitions: int, config: dict[str, str]) -> Iterable[str]:
    if partitions < spec.partitions:
        yield f"{spec.name} has {partitions} partitions, declared are {spec.partitions}: widen it (documents then need 'headrace verify --repair'), or set HEADRACE_KAFKA_PARTITIONS={partitions}"
    policy = spec.configs()["cleanup.policy"]
    if config.get("cleanup.policy") != policy:
        yield f"{spec.name} has cleanup.policy={config.get('cleanup.policy')}, declared is {policy}: change it with kafka-configs --alter"
    # A source's topic of before its limit was raised still takes all that workers write; only its connector could ever need more.
    size = min(int(spec.configs()["max.message.bytes"]), MAX_RECORD_BYTES)
    if int(config.get("max.message.bytes", "0")) < size:
        yield f"{spec.name} takes records of {config.get('max.message.bytes')} bytes, declared are {size}: change max.message.bytes with kafka-configs --alter"
