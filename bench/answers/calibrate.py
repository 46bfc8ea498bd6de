"""Calibrates the confidence of extractive answers: ``python -m bench.answers.calibrate [--write]`` with a Weaviate running.

The whole real way is gone for each question of the SQuAD 2.0 sample: index, hybrid search among all 309 paragraphs, sentences, ranking. A logistic
function of the evidence is fitted on four articles to 'the quoted sentences hold an accepted answer', its threshold chosen there for the best macro-F1 of
answerable against unanswerable with at least 65 % of the answerable ones answered; the other four articles, which chose nothing, give the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from dataclasses import dataclass

import numpy as np

from bench.answers import squad
from bench.answers.indexing import Index, opened
from index.reading import Access, IndexReader, Search
from query_service.extractive.answerer import EMBEDDED_SENTENCES, chosen
from query_service.extractive.candidates import pool, promising
from query_service.extractive.confidence import FILE
from query_service.extractive.evidence import NAMES, evidence, rank

TENANT = "bench-squad"
HITS = 5
FITTED_ON = ("Immune_system", "Normans", "Scottish_Parliament", "Steam_engine")
ANSWERED_AT_LEAST = 0.65
RIDGE = 1.0


@dataclass(frozen=True)
class Row:
    article: str
    answerable: bool
    right: bool
    """The best sentences, were they quoted, hold an accepted answer."""
    values: tuple[float, ...]


async def rows(index: Index) -> list[Row]:
    documents, questions = squad.read(TENANT)
    print(f"{len(documents)} documents, {await index.fill(documents)} chunks embedded")
    reader = IndexReader(index.client, index.names)
    return [row for question in questions if (row := await _row(index, reader, question)) is not None]


async def _row(index: Index, reader: IndexReader, question: squad.Question) -> Row | None:
    vector = (await index.embedder.embed([question.text]))[0]
    hits = await reader.search(Access(TENANT, frozenset()), Search(question.text, vector, limit=HITS))
    found = pool(question.text, hits)
    candidates = promising(found, EMBEDDED_SENTENCES)
    if not candidates:
        return None
    vectors = np.array(await index.embedder.embed([candidate.text for candidate in candidates]))
    ranked = rank(question.text, found, candidates, (vectors @ np.array(vector)).tolist())
    quoted = " ".join(one.candidate.text for one in chosen(found, ranked))
    right = any(answer in quoted for answer in question.answers)
    return Row(question.article, bool(question.answers), right, evidence(question.text, found, ranked).values())


def fit(values: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """Logistic regression by Newton's method on standardised columns with a small ridge; (intercept, weights) for the raw columns."""
    mean, spread = values.mean(axis=0), values.std(axis=0) + 1e-9
    columns = np.hstack([np.ones((len(values), 1)), (values - mean) / spread])
    ridge = np.diag([0.0, *[RIDGE] * values.shape[1]])
    weights = np.zeros(columns.shape[1])
    for _ in range(25):
        p = 1 / (1 + np.exp(-columns @ weights))
        hessian = columns.T @ (columns * (p * (1 - p))[:, None]) + ridge
        weights -= np.linalg.solve(hessian, columns.T @ (p - labels) + ridge @ weights)
    raw = weights[1:] / spread
    return float(weights[0] - raw @ mean), raw


def macro_f1(answerable: np.ndarray, answered: np.ndarray) -> float:
    def f1(truth: np.ndarray, said: np.ndarray) -> float:
        both = float((truth & said).sum())
        return 2 * both / max(1.0, float(truth.sum() + said.sum()))

    return (f1(answerable, answered) + f1(~answerable, ~answered)) / 2


def best_threshold(confidence: np.ndarray, answerable: np.ndarray) -> float:
    def value(threshold: float) -> float:
        answered = confidence >= threshold
        return macro_f1(answerable, answered) if answered[answerable].mean() >= ANSWERED_AT_LEAST else 0.0

    return float(max(np.arange(0.05, 0.95, 0.01), key=value).round(2))


def figures(of: list[Row], confidence: np.ndarray, threshold: float) -> dict[str, float]:
    answerable, right = np.array([row.answerable for row in of]), np.array([row.right for row in of])
    answered = confidence >= threshold
    edges = np.clip((confidence * 5).astype(int), 0, 4)
    gaps = [(edges == bin_).mean() * abs(confidence[edges == bin_].mean() - right[edges == bin_].mean()) for bin_ in range(5) if (edges == bin_).any()]
    return {
        "questions": len(of),
        "answerable": float(answerable.mean()),
        "macro_f1": macro_f1(answerable, answered),
        "macro_f1_always_abstain": macro_f1(answerable, np.zeros_like(answered)),
        "macro_f1_always_answer": macro_f1(answerable, np.ones_like(answered)),
        "answered_of_answerable": float(answered[answerable].mean()),
        "answered_of_unanswerable": float(answered[~answerable].mean()),
        "right_of_answered_answerable": float(right[answered & answerable].mean()),
        "right_of_answerable_if_all_were_answered": float(right[answerable].mean()),
        "calibration_error": float(sum(gaps)),
    }


async def main(*, write: bool) -> None:
    async with opened() as index:
        everything = await rows(index)
        space = index.embedder.space
    fitted = [row for row in everything if row.article in FITTED_ON]
    held = [row for row in everything if row.article not in FITTED_ON]
    values = np.array([row.values for row in fitted])
    intercept, weights = fit(values, np.array([row.right for row in fitted], dtype=float))

    def confidence(of: list[Row]) -> np.ndarray:
        p: np.ndarray = 1 / (1 + np.exp(-(np.array([row.values for row in of]) @ weights + intercept)))
        return p

    threshold = best_threshold(confidence(fitted), np.array([row.answerable for row in fitted]))
    result = {
        "command": "python -m bench.answers.calibrate --write",
        "model": str(space),
        "fitted_on": list(FITTED_ON),
        "threshold": threshold,
        "intercept": round(intercept, 5),
        "weights": {name: round(float(weight), 5) for name, weight in zip(NAMES, weights, strict=True)},
        "on_fitted": {name: round(figure, 4) for name, figure in figures(fitted, confidence(fitted), threshold).items()},
        "on_held_out": {name: round(figure, 4) for name, figure in figures(held, confidence(held), threshold).items()},
    }
    print(json.dumps(result, indent=2))
    if write:
        FILE.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the coefficients where the query service reads them")
    asyncio.run(main(write=parser.parse_args().write))
