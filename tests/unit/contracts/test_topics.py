from __future__ import annotations

from contracts.topic_admin import _differences
from contracts.topics import (
    DAY_MS,
    DOCUMENTS,
    JSON_BYTES_PER_CHAR,
    MAX_RECORD_BYTES,
    MAX_SOURCE_RECORD_BYTES,
    MAX_TEXT_BYTES,
    fixed_topics,
    source_backfill_topic,
    source_topic,
    source_topics,
)


def test_source_topics_come_in_pairs_and_are_not_compacted() -> None:
    specs = source_topics("app", ["public.tickets"], 4)
    assert [spec.name for spec in specs] == [source_topic("app", "public.tickets"), source_backfill_topic("app", "public.tickets")]
    assert all(not spec.compacted and spec.retention_ms == 7 * DAY_MS for spec in specs)


def test_every_topic_takes_large_records() -> None:
    assert all(spec.configs()["max.message.bytes"] == str(MAX_RECORD_BYTES) for spec in fixed_topics(4))


def test_a_row_with_one_body_of_any_characters_fits_twice_into_a_record_of_its_source() -> None:
    body = JSON_BYTES_PER_CHAR * (MAX_TEXT_BYTES + 1)
    assert 2 * body + 2**20 < MAX_SOURCE_RECORD_BYTES < 100 * 2**20
    assert all(spec.configs()["max.message.bytes"] == str(MAX_SOURCE_RECORD_BYTES) for spec in source_topics("app", ["public.t"], 4))


def test_a_source_topic_of_before_the_larger_limit_is_no_reason_to_refuse_a_worker() -> None:
    (spec, _) = source_topics("app", ["public.t"], 4)
    assert list(_differences(spec, 4, spec.configs() | {"max.message.bytes": str(MAX_RECORD_BYTES)})) == []
    assert len(list(_differences(spec, 4, spec.configs() | {"max.message.bytes": "1048588"}))) == 1


def test_a_topic_as_declared_has_no_difference_and_a_wider_one_neither() -> None:
    spec = next(spec for spec in fixed_topics(4) if spec.name == DOCUMENTS)
    assert list(_differences(spec, 4, spec.configs())) == []
    assert list(_differences(spec, 8, spec.configs())) == []


def test_each_difference_is_named_with_its_cure() -> None:
    spec = next(spec for spec in fixed_topics(4) if spec.name == DOCUMENTS)
    found = list(_differences(spec, 2, {"cleanup.policy": "delete", "max.message.bytes": "1048588"}))
    assert len(found) == 3
    assert "2 partitions" in found[0]
    assert "HEADRACE_KAFKA_PARTITIONS=2" in found[0]
    assert "cleanup.policy=delete" in found[1]
    assert "kafka-configs" in found[2]
