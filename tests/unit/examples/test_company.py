"""The demo company's files agree with each other: rows, edits, questions and the declared source."""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.sources import load_sources
from examples.company import edit_texts
from examples.company.edits import OUTSIDER, Edit, edits, principals
from examples.company.load import HERE, ContentError, Row, _split, rows

CHUNK_WORDS = 96
"""New words per chunk: 120 less the overlap of a fifth."""
JAPANESE_CHARACTERS_PER_CHUNK = 240
ENVIRONMENT = {
    "HEADRACE_DEMO_HOST": "127.0.0.1",
    "HEADRACE_DEMO_PORT": "5432",
    "HEADRACE_DEMO_DATABASE": "company",
    "HEADRACE_DEMO_USER": "headrace",
}
ROWS = list(rows())
QUESTIONS: list[dict[str, Any]] = yaml.safe_load((HERE / "questions.yaml").read_text(encoding="utf-8"))["questions"]


def _row(table: str, key: str) -> Row:
    (row,) = (row for row in ROWS if row.table == table and row.key == key)
    return row


def _shown_title(row: Row) -> str:
    """The title as sources.yaml makes it."""
    return {"tickets": f"#{row.key} {row.title}", "policies": f"{row.key}: {row.title}"}.get(row.table, row.title)


def _shown(question: dict[str, Any]) -> list[Row]:
    return [
        row
        for row in ROWS
        if row.tenant == question["tenant"] and row.columns.get("status") != "draft" and set(row.allowed) & {*question["principals"], "public"}
    ]


def test_there_is_enough_of_everything() -> None:
    counts = Counter((row.tenant, row.table) for row in ROWS)
    assert counts["tidewater", "handbook_pages"] >= 24
    assert counts["northfell", "handbook_pages"] >= 6
    assert sum(n for (_, table), n in counts.items() if table == "policies") >= 10
    assert sum(n for (_, table), n in counts.items() if table == "tickets") == 30


def test_keys_and_slugs_are_unique() -> None:
    assert max(Counter((row.table, row.key) for row in ROWS).values()) == 1
    assert max(Counter((row.tenant, row.columns["slug"]) for row in ROWS if row.table == "handbook_pages").values()) == 1


@pytest.mark.parametrize("row", [row for row in ROWS if row.table == "handbook_pages"], ids=lambda row: row.path.stem)
def test_a_page_makes_eight_chunks(row: Row) -> None:
    if row.columns.get("language") == "ja":
        assert len(row.text) >= 8 * JAPANESE_CHARACTERS_PER_CHUNK
    else:
        assert 8 * CHUNK_WORDS <= len(row.text.split()) <= 1600


@pytest.mark.parametrize("row", [row for row in ROWS if row.table == "tickets"], ids=lambda row: row.path.stem)
def test_a_ticket_has_comments_and_a_fitting_length(row: Row) -> None:
    assert 150 <= len(row.text.split()) <= 900
    assert row.text.count("**Comment") >= 3


def test_no_paragraph_is_repeated() -> None:
    paragraphs = Counter(paragraph for row in ROWS for paragraph in row.text.split("\n\n") if len(paragraph.split()) > 12)
    assert max(paragraphs.values()) == 1


def test_addresses_are_invented() -> None:
    domains = {domain for row in ROWS for domain in re.findall(r"@([\w.-]+\w)", row.text)}
    assert domains
    assert all(domain.endswith(".example") for domain in domains)


def test_one_page_has_no_reader_and_most_are_for_all_employees() -> None:
    pages = [row for row in ROWS if row.table == "handbook_pages"]
    assert [row.key for row in pages if not row.allowed] == ["603"]
    assert sum("group:staff" in row.allowed or "public" in row.allowed for row in pages) > len(pages) * 0.7


def test_the_source_is_valid_and_drafts_are_left_out() -> None:
    company = load_sources(HERE / "sources.yaml", ENVIRONMENT).source("company")
    assert [table.name for table in company.tables] == ["public.handbook_pages", "public.policies", "public.tickets"]
    schema = (HERE / "schema.sql").read_text(encoding="utf-8")
    for table in company.tables:
        definition = schema.partition(f"CREATE TABLE {table.table_name} (")[2].partition(");\n")[0]
        assert all(re.search(rf"^\s+{column}\s", definition, re.MULTILINE) for column in table.columns), table.name
        assert "tenant_id" in table.identity_columns
    policies = company.table("public.policies").where
    assert policies is not None
    assert policies["status"] == ("active", "retired")
    assert any(row.columns.get("status") == "draft" for row in ROWS)


def test_a_sentence_to_be_edited_stands_once_in_the_whole_tenant() -> None:
    for slot in edit_texts.SLOTS:
        assert _row(slot.table, slot.key).text.count(slot.original) == 1, slot
        assert slot.reader in _row(slot.table, slot.key).allowed, slot
    for grant in edit_texts.GRANTS:
        row = _row("handbook_pages", str(grant.id))
        assert [other.key for other in ROWS if grant.phrase in other.text] == [row.key], grant
        assert (grant.principal in row.allowed) is grant.granted_at_first, grant
        assert grant.reader in row.allowed, grant
    for tenant, ticket, phrase, allowed in edit_texts.REMOVABLE_TICKETS:
        assert phrase in _row("tickets", str(ticket)).text
        assert (_row("tickets", str(ticket)).tenant, _row("tickets", str(ticket)).allowed) == (tenant, allowed)


def test_edits_are_the_same_for_the_same_seed() -> None:
    assert list(islice(edits(5), 200)) == list(islice(edits(5), 200))
    assert list(islice(edits(5), 20)) != list(islice(edits(6), 20))


def test_edits_keep_their_shares() -> None:
    kinds = Counter(edit.kind for edit in islice(edits(1), 400))
    assert kinds == {"update": 240, "insert": 100, "delete": 40, "permission": 20}


@pytest.mark.parametrize("seed", range(5))
def test_edits_stay_valid(seed: int) -> None:
    texts = {(row.table, row.key): row.text for row in ROWS}
    allowed = {(row.table, row.key): set(row.allowed) for row in ROWS}
    phrases: set[str] = set()
    for edit in islice(edits(seed), 1500):
        _carry_out(edit, texts, allowed)
        if edit.kind in {"update", "insert"}:
            assert edit.probe.phrase not in phrases
            phrases.add(edit.probe.phrase)


def _carry_out(edit: Edit, texts: dict[tuple[str, str], str], allowed: dict[tuple[str, str], set[str]]) -> None:
    place = (edit.table, edit.key[-1])
    match edit.kind:
        case "update":
            assert texts[place].count(edit.params["old"]) == 1
            texts[place] = texts[place].replace(edit.params["old"], edit.params["new"])
        case "insert":
            assert place not in texts
            texts[place], allowed[place] = edit.params["text"], set(edit.params["allowed"])
        case "delete":
            assert edit.probe.phrase in texts.pop(place)
        case "permission":
            assert (edit.params["principal"] in allowed[place]) is ("array_remove" in edit.sql)
            allowed[place] ^= {edit.params["principal"]}
    if edit.kind != "delete":
        assert edit.probe.phrase in texts[place]
        assert set(edit.probe.found_by) <= allowed[place]
        assert not allowed[place] & set(edit.probe.hidden_from)
    assert OUTSIDER not in allowed[place]


def test_edits_and_questions_do_not_meet() -> None:
    removable = {f"#{ticket} " for _, ticket, _, _ in edit_texts.REMOVABLE_TICKETS}
    for question in QUESTIONS:
        assert not any(question.get("title", "").startswith(ticket) for ticket in removable)
        old = question.get("edit", {}).get("old")
        assert old not in {slot.original for slot in edit_texts.SLOTS}


@pytest.mark.parametrize("question", [question for question in QUESTIONS if "answer" in question], ids=lambda question: question["id"])
def test_an_answer_stands_in_one_sentence_that_the_caller_may_read(question: dict[str, Any]) -> None:
    (row,) = (row for row in _shown(question) if _shown_title(row) == question["title"])
    sentences = re.split(r"(?<=[.?!])\s+|(?<=。)|\n+", row.text)
    assert any(all(answer in sentence for answer in question["answer"]) for sentence in sentences)


@pytest.mark.parametrize("question", [question for question in QUESTIONS if "edit" in question], ids=lambda question: question["id"])
def test_an_edit_changes_the_answer(question: dict[str, Any]) -> None:
    edit = question["edit"]
    row = _row(edit["table"], str(edit["key"][-1]))
    assert row.text.count(edit["old"]) == 1
    assert all(answer in edit["old"] and answer not in edit["new"] for answer in question["answer"])
    assert all(answer in edit["new"] and answer not in row.text for answer in edit["answer"])


@pytest.mark.parametrize("question", [question for question in QUESTIONS if "forbidden" in question], ids=lambda question: question["id"])
def test_what_is_forbidden_is_hidden_and_yet_somewhere(question: dict[str, Any]) -> None:
    for text in question["forbidden"]:
        assert not any(text in row.text for row in _shown(question))
        assert any(text in row.text for row in ROWS)


def test_each_question_expects_one_thing() -> None:
    assert len({question["id"] for question in QUESTIONS}) == len(QUESTIONS)
    assert all(sum(name in question for name in ("answer", "unknown", "forbidden")) == 1 for question in QUESTIONS)
    assert sum("edit" in question for question in QUESTIONS) == 4
    assert sum("unknown" in question for question in QUESTIONS) == 3


def test_a_file_without_front_matter_is_named(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("only text", encoding="utf-8")
    with pytest.raises(ContentError, match=r"page\.md"):
        _split(path)


@pytest.mark.parametrize("seed", range(1, 9))
def test_everybody_a_probe_may_look_as_is_named(seed: int) -> None:
    asked = {(edit.tenant, principal) for edit in islice(edits(seed), 1000) for principal in (*edit.probe.found_by, *edit.probe.hidden_from)}
    assert asked <= principals()
