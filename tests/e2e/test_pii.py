"""Seeded personal data stays in ``source.*``: it is looked for, byte by byte, in every other topic, in every object of the index and in every log."""

from __future__ import annotations

import json
import random
from typing import Final

import pytest

from contracts.topics import source_topic
from tests.e2e.topics import dead_letters, produce, records, topic_names
from tests.e2e.world import ARRIVAL_SECONDS, TEST_SECONDS, Tell, World, await_true

TOO_LARGE: Final = 9 * 2**20
PEOPLE: Final = 12
pytestmark = pytest.mark.timeout(TEST_SECONDS)


def luhn(digits: str) -> str:
    """The digits with their check digit (ISO/IEC 7812-1)."""
    total = sum(sum(divmod(2 * int(digit), 10)) if place % 2 == 0 else int(digit) for place, digit in enumerate(reversed(digits)))
    return digits + str(-total % 10)


def personal_data(rng: random.Random) -> list[str]:
    """A mail address, two phone numbers and a card."""
    card = luhn("4" + "".join(rng.choices("0123456789", k=14)))
    return [
        f"{rng.choice(['petra', 'samuel', 'ioana'])}.{rng.choice(['kovacs', 'lindqvist', 'obi'])}{rng.randint(100, 999)}@post-{rng.randint(10, 99)}.example.com",
        f"+44 7911 {rng.randint(100000, 999999)}",
        f"+49 30 {rng.randint(23000000, 23999999)}",
        " ".join(card[at : at + 4] for at in range(0, 16, 4)),
    ]


def test_personal_data_is_nowhere_but_in_the_source_topics(world: World, tell: Tell) -> None:
    rng = random.Random(11)
    seeded: list[str] = []
    with dead_letters(world) as dead:
        for key in range(1, PEOPLE + 1):
            mail, phone, other, card = found = personal_data(rng)
            seeded += found
            body = f"Write to {mail} or call {phone}.\n\nThe card is {card}, and the other number {other}."
            world.sql("INSERT INTO people VALUES (%s, 'north', %s, %s, '{public}')", key, f"Contact {mail}", body)
        world.sql("UPDATE people SET body = body || ' Edited.' WHERE id <= 6")
        world.sql("DELETE FROM people WHERE id = 1")
        refused = personal_data(rng)
        seeded += refused
        world.sql("INSERT INTO people VALUES (100, 'north', %s, %s || repeat('a plain word ', %s), '{public}')", refused[0], " ".join(refused), TOO_LARGE // 13)
        broken = personal_data(rng)
        seeded += broken
        produce(world, source_topic("faults", "public.people"), [(b'{"id":101}', f'{{"op":"c","after":{{"body":"{" ".join(broken)}"'.encode())], 0)
        await_true(lambda: len(dead.letters()) == 2, ARRIVAL_SECONDS, "two dead letters")
        world.stack.restart("normalize")
        world.sql("DELETE FROM people WHERE id = 100")
        world.settle(("pages", "canaries"))
    await_true(lambda: len([key for key in world.oracle.contents().chunks if ".people/" in key[1]]) == PEOPLE - 1, ARRIVAL_SECONDS, "the people are indexed")
    places = leaks(world, seeded)
    tell(
        f"{len(seeded)} seeded values looked for in {places.topics} topics, {places.objects} objects and {places.logs} logs; {places.in_source} of them are in source.*"
    )
    assert places.found == []
    assert places.in_source == len(seeded), "the values did not go through the path, so the search proves nothing"


class Leaks:
    """Where seeded values were found beside their one place."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.topics = self.objects = self.logs = self.in_source = 0


def leaks(world: World, seeded: list[str]) -> Leaks:
    places = Leaks()
    needles = {form.encode() for value in seeded for form in (value, value.replace(" ", ""))}
    raw = b""
    for topic in topic_names(world):
        content = b"\n".join(record.all_bytes for record in records(world, topic))
        if topic.startswith("source."):
            raw += content if ".people" in topic else b""
        else:
            places.topics += 1
            places.found += [f"topic {topic}: {needle!r}" for needle in needles if needle in content]
    places.in_source = sum(1 for value in seeded if value.encode() in raw)
    for kind, tenant, found in world.oracle.objects():
        places.objects += 1
        places.found += [f"{kind} of {tenant}: {needle!r}" for needle in needles if needle in json.dumps(found, ensure_ascii=False).encode()]
    for log in sorted((world.home / "logs").iterdir()):
        places.logs += 1
        content = log.read_bytes()
        places.found += [f"log {log.name}: {needle!r}" for needle in needles if needle in content]
    return places
