"""Which deliveries are taken for repeated ones."""

from __future__ import annotations

import pytest

from connectors.webhooks.known import KnownDeliveries
from connectors.webhooks.receiver import WebhookSource
from contracts.hints import Hint
from rest_sources import jira


def hint(native: str = "issue/1", delivery_id: str = "d") -> Hint:
    return Hint(id=native, delivery_id=delivery_id, source_time_us=0)


def test_the_same_delivery_of_the_same_source_about_the_same_object() -> None:
    known = KnownDeliveries(1000)
    known.add("tracker", hint())
    assert known.has("tracker", hint())
    assert not known.has("tracker", hint("issue/2"))  # the other end of a link, which may not have reached Kafka
    assert not known.has("tracker", hint(delivery_id="e"))
    assert not known.has("tracker2", hint())


def test_what_has_no_id_is_never_a_repetition() -> None:
    known = KnownDeliveries(1000)
    known.add("tracker", hint(delivery_id=""))
    assert not known.has("tracker", hint(delivery_id=""))
    assert len(known) == 0


def test_memory_is_bounded_and_the_oldest_go_first() -> None:
    known = KnownDeliveries(10)
    for number in range(25):
        known.add("tracker", hint(delivery_id=str(number)))
    assert len(known) == 10
    assert [number for number in range(25) if known.has("tracker", hint(delivery_id=str(number)))] == list(range(15, 25))


@pytest.mark.parametrize("secrets", [(), (b"",), (b"good", b"")])
def test_an_empty_secret_is_none(secrets: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match="anybody could sign"):
        WebhookSource("tracker", jira.verify, secrets)
