"""The questions of the demo: asked, judged by what the answer must hold, and asked again after an edit."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
import yaml
from psycopg import sql
from pydantic import BaseModel, ConfigDict

from operations.demo.changes import LIMIT_SECONDS, Scene
from operations.demo.watching import until

_TEXT: Final = {"tickets": "description"}
_KEY: Final = {"policies": ("tenant_id", "code")}


class EditOfAnswer(BaseModel):
    """One sentence that changes, and what the answer holds afterwards."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    table: str
    key: tuple[str | int, ...]
    old: str
    new: str
    answer: tuple[str, ...]


class Question(BaseModel):
    """See examples/company/questions.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str
    tenant: str
    principals: tuple[str, ...]
    question: str
    answer: tuple[str, ...] = ()
    title: str = ""
    edit: EditOfAnswer | None = None
    unknown: bool = False
    forbidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the service's answer; ``wrong`` says what is wrong with it, empty where nothing is."""

    question: Question
    when: str
    answer: dict[str, Any]
    wrong: str = ""


def load_questions(path: Path) -> list[Question]:
    return [Question.model_validate(item) for item in yaml.safe_load(path.read_text())["questions"]]


async def ask(scene: Scene, question: Question, when: str = "", expected: tuple[str, ...] | None = None) -> Asked:
    key = scene.callers.of(question.tenant, question.principals).key
    answer = await scene.prober.query(key, question.question)
    return Asked(question, when, answer, _judge(question, answer, question.answer if expected is None else expected))


def _judge(question: Question, answer: dict[str, Any], expected: tuple[str, ...]) -> str:
    said = answer["answer"] + " ".join(source["quote"] for source in answer["sources"])
    leaked = [text for text in question.forbidden if text in said]
    if leaked:
        return f"shows what this caller may not see: {', '.join(leaked)}"
    if question.unknown:
        return "answered, though the text does not say" if answer["answered"] else ""
    missing = [text for text in expected if text not in answer["answer"]]
    if missing:
        return f"does not hold: {', '.join(missing)}"
    titles = [source["title"] for source in answer["sources"]]
    return f"not from: {question.title}" if expected and question.title and question.title not in titles else ""


async def edit_and_ask_again(scene: Scene, question: Question, connection: psycopg.AsyncConnection[Any]) -> tuple[Asked, float | None]:
    """Change the sentence, wait until a search shows the new one, and ask again: (the answer, seconds from commit to searchable)."""
    edit = question.edit
    assert edit is not None  # noqa: S101  # called for questions with an edit
    column = sql.Identifier(_TEXT.get(edit.table, "body"))
    keys = _KEY.get(edit.table, ("id",))
    where = sql.SQL(" AND ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in keys)
    statement = sql.SQL("UPDATE {} SET {} = replace({}, %s, %s) WHERE {}").format(sql.Identifier(edit.table), column, column, where)
    await connection.execute(statement, (edit.old, edit.new, *edit.key))
    committed = time.perf_counter()
    scope = scene.source.scope_of(scene.source.table(f"public.{edit.table}"))
    doc_id = scope + ",".join(str(part) for part in edit.key)
    key = scene.callers.of(question.tenant, question.principals).key
    seconds = await until(lambda: scene.prober.shows(key, edit.new, doc_id), committed, LIMIT_SECONDS)
    return await ask(scene, question, "after the edit", edit.answer), seconds
