"""The SQuAD 2.0 sample as documents and questions: one document a paragraph."""

from __future__ import annotations

import gzip
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

from contracts.events import DocumentRecord
from contracts.identity import Version

FILE = "squad2-dev-8-articles.json.gz"
SCOPE = "files:squad/"


@dataclass(frozen=True)
class Question:
    article: str
    doc_id: str
    text: str
    answers: tuple[str, ...]
    """None where the text does not say."""


def folder() -> Path:
    return Path(os.environ.get("HEADRACE_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))


def read(tenant: str) -> tuple[list[DocumentRecord], list[Question]]:
    with gzip.open(folder() / FILE) as file:
        articles = json.load(file)["data"]
    documents: list[DocumentRecord] = []
    questions: list[Question] = []
    for article in articles:
        for number, paragraph in enumerate(article["paragraphs"]):
            doc_id = f"{SCOPE}{article['title']},{number}"
            documents.append(_document(tenant, doc_id, article["title"].replace("_", " "), paragraph["context"]))
            questions += [Question(article["title"], doc_id, asked["question"], tuple(asked["answers"])) for asked in paragraph["qas"]]
    return documents, questions


def _document(tenant: str, doc_id: str, title: str, body: str) -> DocumentRecord:
    return DocumentRecord(
        tenant=tenant,
        doc_id=doc_id,
        scope=SCOPE,
        source="squad",
        version=Version(1, 1, 0, 0),
        source_time_us=time.time_ns() // 1000,
        title=title,
        body=body,
        format="text",
        allowed=("public",),
    )
