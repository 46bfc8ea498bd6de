"""Dead letters fold, quantiles interpolate, settings say where they come from and keep their secrets."""

from __future__ import annotations

import math

import pytest
from typer.testing import CliRunner

from contracts.dead_letters import DeadLetter, NotADeadLetterError, Resolution, read_dead_letter
from contracts.settings import KafkaSettings, RedactionSettings, WeaviateSettings
from operations.ask import LONGEST_TITLE, one_line
from operations.cli import app
from operations.dead_letters.letters import Letter, choose
from operations.foreseen import OperationError
from operations.freshness import freshness, parse_histograms, quantile
from operations.settings_command import of_group
from operations.topic_reading import Place

METRICS = """
# TYPE headrace_freshness_seconds histogram
headrace_freshness_seconds_bucket{source="s",op="upsert",le="0.05"} 50
headrace_freshness_seconds_bucket{source="s",op="upsert",le="0.1"} 90
headrace_freshness_seconds_bucket{source="s",op="upsert",le="+Inf"} 100
headrace_freshness_seconds_count{source="s",op="upsert"} 100
headrace_freshness_seconds_sum{source="s",op="upsert"} 6
"""


def letter(offset: int, error: str = "MissingColumnError", resolution: Resolution | None = None) -> Letter:
    return Letter(Place("dead-letters", 0, offset), DeadLetter("normalize", error, "why", "source.s.t", 1, 2, 1, 3), 0, resolution)


def test_headers_of_letter_and_resolution_come_back() -> None:
    dead = letter(1).letter
    assert read_dead_letter(dead.headers()) == dead
    done = Resolution(0, 17, "discarded", 5)
    assert read_dead_letter(done.headers()) == done
    with pytest.raises(NotADeadLetterError):
        read_dead_letter([("headrace-dead-resolved", b"17"), ("headrace-dead-action", b"replayed"), ("headrace-dead-time-us", b"1")])
    with pytest.raises(NotADeadLetterError):
        read_dead_letter([])


def test_choosing_letters() -> None:
    letters = [letter(1), letter(2, "TextTooLargeError"), letter(3, resolution=Resolution(0, 3, "replayed", 1))]
    assert [item.id for item in choose(letters, [], every=True, error=None)] == ["0:1", "0:2"]
    assert [item.id for item in choose(letters, [], every=True, error="TextTooLargeError")] == ["0:2"]
    assert [item.id for item in choose(letters, ["0:2"], every=False, error=None)] == ["0:2"]
    for ids, every in (([], False), (["0:1"], True), (["0:3"], False), (["0:9"], False)):
        with pytest.raises(OperationError):
            choose(letters, ids, every=every, error=None)


def test_quantiles_of_a_histogram_and_of_what_came_since() -> None:
    now = parse_histograms(METRICS)
    row = freshness(now)[0]
    assert (row.source, row.op, row.changes) == ("s", "upsert", 100)
    assert row.p50_seconds == pytest.approx(0.05)
    assert row.p95_seconds == pytest.approx(0.1)  # above the last finite bound nobody knows more
    before = {("s", "upsert"): {0.05: 50.0, 0.1: 50.0, math.inf: 50.0}}
    assert freshness(now, before)[0].p50_seconds == pytest.approx(0.05 + 0.05 * 25 / 40)
    assert freshness(now, {("s", "upsert"): {0.05: 500.0, 0.1: 500.0, math.inf: 500.0}})[0].changes == 100  # started anew
    assert quantile({math.inf: 0.0}, 0.5) is None


def test_settings_say_where_they_come_from_and_mask_secrets() -> None:
    environ, file = (
        {"HEADRACE_KAFKA_PARTITIONS": "8"},
        {"HEADRACE_KAFKA_PARTITIONS": "2", "HEADRACE_KAFKA_BOOTSTRAP_SERVERS": "h:1", "HEADRACE_REDACTION_KEY": "hush"},
    )
    kafka = {setting.variable: (setting.value, setting.origin) for setting in of_group(KafkaSettings, environ, file)}
    assert kafka["HEADRACE_KAFKA_PARTITIONS"] == ("8", "environment")
    assert kafka["HEADRACE_KAFKA_BOOTSTRAP_SERVERS"] == ("h:1", "stack.env")
    assert kafka["HEADRACE_KAFKA_REPLICATION"] == ("1", "default")
    key = next(setting for setting in of_group(RedactionSettings, environ, file) if setting.variable == "HEADRACE_REDACTION_KEY")
    assert "hush" not in str(key)
    assert key.value
    assert all("hush" not in str(setting) for setting in of_group(WeaviateSettings, {"HEADRACE_WEAVIATE_API_KEY": "hush"}, {}))


def test_an_empty_document_id_is_told_before_anything_is_asked() -> None:
    result = CliRunner().invoke(app, ["why", " "])
    assert (result.exit_code, "DOC_ID is empty" in result.output) == (2, True)


def test_a_title_is_shown_in_one_short_line() -> None:
    assert one_line("Pumps\nat  night") == "Pumps at night"
    assert len(one_line("pump " * 10_000)) <= LONGEST_TITLE
