"""Confluence's records to drafts, audiences to principals, and whom a text mentions: pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from contracts.sources.rest import ConfluenceSource, Credentials
from rest_sources.confluence import audience
from rest_sources.confluence.draft import draft
from rest_sources.confluence.mentions import Mention, mentions_in
from rest_sources.source import MalformedRecordError
from tests.unit.rest_sources.spoiling import places, spoiled

SOURCE = ConfluenceSource(name="wiki", type="confluence", url="https://wiki.example", credentials=Credentials(token="env:TOKEN"), tenant="acme")
PAGE: dict[str, Any] = {
    "kind": "page",
    "title": "The rota",
    "status": "current",
    "space": "OPS",
    "labels": ["howto", "rota"],
    "link": "https://wiki.example/wiki/spaces/OPS/pages/98307/The+rota",
    "readers": [["group:g-eng", "user:5b10:a"], ["user:5b10:a", "user:77"]],
    "body": '<p>Ask <ac:link><ri:user ri:account-id="5b10:a"/></ac:link>.</p>',
    "comments": [{"author": "5b10:a", "day": "2026-03-01", "body": "<p>Done.</p>"}, {"author": "", "day": "2026-03-02", "body": "<p>Thanks.</p>"}],
    "people": {"5b10:a": "Ann"},
}
FILE: dict[str, Any] = {
    **{name: PAGE[name] for name in ("title", "status", "space", "labels", "link", "readers", "people")},
    "kind": "attachment",
    "on": "98307",
    "media_type": "application/pdf",
    "text": {"format": "markdown", "pages": [{"number": 1, "text": "One."}, {"number": 2, "text": "Two."}]},
    "comments": [],
}


def test_a_page_with_its_comments() -> None:
    found = draft(SOURCE, "content/98307", PAGE)
    assert (found.title, found.doc_type, found.url) == ("The rota", "page", PAGE["link"])
    assert found.metadata == {"space": "OPS", "status": "current", "labels": ["howto", "rota"]}
    assert [(section.heading, section.format) for section in found.sections] == [
        ("", "storage"),
        ("Comment by Ann, 2026-03-01", "storage"),
        ("Comment by somebody, 2026-03-02", "storage"),
    ]
    assert found.people == {"5b10:a": "Ann"}
    assert set(found.allowed) == {"user:wiki/5b10:a", "group:wiki/group:g-eng+user:77"}


def test_a_file_page_by_page() -> None:
    found = draft(SOURCE, "content/att98400", FILE)
    assert [(section.heading, section.format, section.content) for section in found.sections] == [
        ("Page 1", "markdown", "One."),
        ("Page 2", "markdown", "Two."),
    ]
    assert found.metadata["on"] == "content/98307"
    assert found.doc_type == "attachment"


def test_nobody_where_the_readers_are_not_known() -> None:
    assert draft(SOURCE, "content/98307", {**PAGE, "readers": [[]], "readers_unknown": "the view restriction cannot be read"}).allowed == ()
    assert draft(SOURCE, "content/98307", {**PAGE, "readers": []}).allowed == ("public",)


def refusals(record: dict[str, Any], wrong: object) -> Iterator[str]:
    for place in places(record):
        try:
            draft(SOURCE, "content/1", spoiled(record, place, wrong))
        except MalformedRecordError as error:
            yield str(error)


@pytest.mark.parametrize("record", [PAGE, FILE], ids=["page", "file"])
@pytest.mark.parametrize("wrong", [None, "secret-value", 5, ["secret-value"], {"secret-value": 1}, True], ids=repr)
def test_a_record_of_another_form_names_the_field_and_never_its_value(record: dict[str, Any], wrong: object) -> None:
    refused = list(refusals(record, wrong))
    assert len(refused) > 5
    assert not [text for text in refused if "secret-value" in text or not text.startswith("content/1.")]


def test_a_person_in_both_clauses_needs_no_combination() -> None:
    both = audience.all_of([frozenset({"user:a", "group:g"}), frozenset({"user:a", "group:h"})])
    assert audience.principals("wiki", both) == ("group:wiki/group:g+group:h", "user:wiki/a")


def test_no_one_is_two_people() -> None:
    assert audience.principals("wiki", audience.all_of([frozenset({"user:a"}), frozenset({"user:b"})])) == ()


def test_no_clause_is_everybody_and_an_empty_one_nobody() -> None:
    assert audience.principals("wiki", audience.EVERYBODY) == ("public",)
    assert audience.principals("wiki", audience.all_of([frozenset(), frozenset({"user:a"})])) == ()


def test_names_of_groups_never_look_like_combinations() -> None:
    evil = audience.group(audience.named_group("group:a+group:b"))
    pair = audience.all_of([frozenset({"group:a"}), frozenset({"group:b"})])
    assert audience.principals("wiki", frozenset({frozenset({evil})})) != audience.principals("wiki", pair)


def test_principals_say_the_same_as_the_clauses() -> None:
    """Every account of three atoms, every audience of two or three clauses over them."""
    atoms = ("user:a", "user:b", "group:g", "group:h")
    clauses = [frozenset(atom for atom, there in zip(atoms, chosen, strict=True) if there) for chosen in product((False, True), repeat=4)]
    accounts = [{person, *groups} for person in ("user:a", "user:b", "user:c") for groups in ((), ("group:g",), ("group:h",), ("group:g", "group:h"))]
    for one, other, third in product(clauses, repeat=3):
        found = audience.all_of([one, other, third])
        combinations = audience.combinations(found)
        assert combinations is not None
        for held in accounts:
            assert any(combination <= held for combination in combinations) == all(clause & held for clause in (one, other, third))


def test_too_many_combinations_become_one_principal() -> None:
    clauses = [frozenset(f"group:{letter}{number}" for number in range(40)) for letter in "abc"]
    found = audience.all_of(clauses)
    assert audience.combinations(found) is None
    (only,) = audience.principals("wiki", found)
    assert only == audience.whole("wiki", found) != audience.whole("wiki", audience.all_of(clauses[:2]))
    assert audience.reads(found, {"group:a1", "group:b2", "group:c3"})
    assert not audience.reads(found, {"group:a1", "group:b2"})


def test_many_people_in_one_clause_are_listed() -> None:
    crowd = frozenset(f"user:{number}" for number in range(1000))
    assert len(audience.principals("wiki", frozenset({crowd}))) == 1000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('<ri:user ri:account-id="557058:a&amp;b"/>', {Mention("557058:a&b", "account-id")}),
        ("<ac:link><ri:user ri:userkey='8a7f'/></ac:link><ri:user\n  ri:username = \"ann\" />", {Mention("8a7f", "userkey"), Mention("ann", "username")}),
        ('<ri:user/><ri:users ri:userkey="no"/><ri:page ri:content-title="no"/>', set()),
    ],
)
def test_whom_a_text_mentions(text: str, expected: set[Mention]) -> None:
    assert mentions_in([text]) == expected
