"""A sentence-transformers model that was converted to OpenVINO, run without torch.

A process that imports torch and transformers waits some 20 s and holds 1 GB; the same model through OpenVINO and its tokenizer alone is there in a
second with 300 MB, and a single chunk takes 15 instead of 24 ms (docs/decisions/0003). Only plain models can be run so: a transformer, mean or cls
pooling, optionally normalised; ``can_encode`` tells, and everything else goes through sentence-transformers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from tokenizers import Tokenizer

_KNOWN_MODULES: Final = {"Transformer", "Pooling", "Normalize"}


def can_encode(folder: Path) -> bool:
    """Whether the converted model in ``folder`` is a plain one."""
    modules = {module["type"].rpartition(".")[2] for module in json.loads((folder / "modules.json").read_text())}
    return modules <= _KNOWN_MODULES and _pooling(folder) in {"mean", "cls"} and (folder / "tokenizer.json").exists()


def _pooling(folder: Path) -> str:
    """The pooling mode, in the form of sentence-transformers 6 (``pooling_mode``) or of older ones (one flag a mode)."""
    config = json.loads((folder / "1_Pooling" / "config.json").read_text())
    if "pooling_mode" in config:
        return str(config["pooling_mode"])
    flags = {"mean": config.get("pooling_mode_mean_tokens"), "cls": config.get("pooling_mode_cls_token")}
    return next((mode for mode, on in flags.items() if on), "other")


def _window(folder: Path) -> int:
    """Most tokens of one text: sentence-transformers 6 keeps it with the tokenizer, older ones in sentence_bert_config.json."""
    older = json.loads((folder / "sentence_bert_config.json").read_text()).get("max_seq_length")
    return int(older or json.loads((folder / "tokenizer_config.json").read_text())["model_max_length"])


class OpenVinoEncoder:
    """Texts to unit vectors on the CPU. Not for several threads at once: it has one inference request."""

    def __init__(self, folder: Path, threads: int = 0) -> None:
        import openvino  # noqa: PLC0415  # only a process that embeds loads it
        from tokenizers import Tokenizer  # noqa: PLC0415  # as above

        options = {"PERFORMANCE_HINT": "LATENCY"} | ({"INFERENCE_NUM_THREADS": str(threads)} if threads else {})
        compiled = openvino.Core().compile_model(str(folder / "openvino" / "openvino_model.xml"), "CPU", options)
        self._request = compiled.create_infer_request()
        self._inputs = {port.any_name for port in compiled.inputs}
        self.pooling = _pooling(folder)
        self.window = _window(folder)
        self.dimension = int(compiled.output(0).partial_shape[2].get_length())
        self.tokenizer: Tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        self._padded: Tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._padded.enable_truncation(self.window)
        self._padded.enable_padding()

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """float32 of shape [texts, dimension], each row of length 1. Texts beyond the window are cut: the chunker makes none."""
        import numpy as np  # noqa: PLC0415  # as above

        encodings = self._padded.encode_batch(list(texts))
        ids = np.array([encoding.ids for encoding in encodings], dtype=np.int64)
        mask = np.array([encoding.attention_mask for encoding in encodings], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden = self._request.infer({name: value for name, value in feed.items() if name in self._inputs})[0]
        if self.pooling == "cls":
            pooled = hidden[:, 0]
        else:
            weights = mask[..., None].astype(np.float32)
            pooled = (hidden * weights).sum(axis=1) / weights.sum(axis=1)
        rows: np.ndarray = (pooled / np.linalg.norm(pooled, axis=1, keepdims=True)).astype(np.float32)
        return rows
