"""Seeded texts of plain words: nothing in them is redacted or parsed away, so that an oracle can compare what is stored with what was written."""

from __future__ import annotations

import random
from typing import Final

_VOCABULARY: Final = (
    "river stone harbour lantern meadow copper valley thunder orchard paper bridge winter garden signal window mountain feather kettle "
    "ladder pocket shelter mirror compass anchor blanket candle drawer engine fabric glacier hammer island jacket kernel leather marble "
    "needle onion pebble quarry ribbon saddle tunnel umbrella velvet wagon yarn zipper basket corner desert editor flower guitar hollow "
    "insect jungle kitchen lemon mineral notebook oyster pigeon"
)
_WORDS: Final = tuple(_VOCABULARY.split())
SENTENCES_A_SECTION: Final = 12


def sentence(rng: random.Random) -> str:
    words = [rng.choice(_WORDS) for _ in range(rng.randint(8, 14))]
    return " ".join(words).capitalize() + "."


def document(rng: random.Random, sections: int) -> str:
    """Markdown of about ``sections`` chunks: a section is some 130 words under a heading."""
    return "\n\n".join(f"## {sentence(rng)[:-1]}\n\n" + " ".join(sentence(rng) for _ in range(SENTENCES_A_SECTION)) for _ in range(sections))


def edited(rng: random.Random, body: str) -> str:
    """The text with one sentence, chosen at random, written anew."""
    lines = body.split("\n\n")
    at = rng.choice([number for number, line in enumerate(lines) if not line.startswith("#")])
    sentences = lines[at].split(". ")
    place = rng.randrange(len(sentences))
    ends = "." if place == len(sentences) - 1 else ""
    sentences[place] = sentence(rng)[:-1] + ends
    lines[at] = ". ".join(sentences)
    return "\n\n".join(lines)
