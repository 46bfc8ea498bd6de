"""Documents as records make them, in both editions; and records that are none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rest_sources.jira import TYPE
from rest_sources.source import MalformedRecordError, Section
from tests.unit.rest_sources.jira_answers import CENTER, CLOUD, Answers, adf, comment, issue, reader

NATIVE = "issue/10002"


async def record(**fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(dict((await reader(Answers({NATIVE: issue(**fields)})).fetch(NATIVE)).records[NATIVE])))
    return found


async def test_an_issue_reads_as_people_see_it() -> None:
    made = TYPE.draft(CLOUD, NATIVE, await record())
    assert (made.title, made.url, made.doc_type) == ("OPS-12: The disk is full", "https://acme.example/browse/OPS-12", "issue")
    assert made.allowed == ("group:jira/g1",)
    assert dict(made.metadata) == {
        "key": "OPS-12",
        "project": "OPS",
        "project_name": "Operations",
        "type": "Bug",
        "status": "To Do",
        "priority": "High",
        "labels": ["blue", "red"],
        "components": ["storage"],
        "fix_versions": ["1.2"],
    }
    description, details, said = made.sections
    assert description == Section(adf("It is."), "adf")
    assert str(details.content).splitlines() == [
        "- Type: Bug",
        "- Status: To Do",
        "- Priority: High",
        "- Reporter: Ann",
        "- Labels: blue, red",
        "- Components: storage",
        "- Fix versions: 1.2",
        "- Parent: OPS-1",
        "- Subtasks: OPS-9",
        "- Links: is blocked by HR-3",
    ]
    assert said == Section(adf("One."), "adf", "Comment by Ann, 2026-03-01")


async def test_data_center_has_markup_and_the_names_of_whom_it_mentions() -> None:
    api = Answers({NATIVE: issue(description="h1. Disk [~ann]", comment={"comments": [comment(1, "*one*")], "total": 1})})
    made = TYPE.draft(CENTER, NATIVE, (await reader(api, CENTER).fetch(NATIVE)).records[NATIVE])
    assert made.sections[0] == Section("h1. Disk [~ann]", "wiki")
    assert made.sections[2] == Section("*one*", "wiki", "Comment by Ann, 2026-03-01")
    assert made.people == {"ann": "Ann"}
    assert made.url == "https://acme.example/jira/browse/OPS-12"


def attachment(**more: Any) -> dict[str, Any]:
    heading = {
        "key": "OPS-12",
        "summary": "The disk is full",
        "project": {"key": "OPS", "name": "Operations"},
        "readers": [["group:g1", "user:ann"]],
        "untold": [],
    }
    file = {"id": "5", "name": "plan b.pdf", "media_type": "application/pdf"}
    pages = [{"number": 1, "text": "First."}, {"number": 2, "text": "Second."}]
    return {**heading, "file": file, "text": {"format": "markdown", "pages": pages}, **more}


def test_an_attachment_is_a_document_with_its_pages() -> None:
    made = TYPE.draft(CLOUD, f"{NATIVE}/attachment/5", attachment())
    assert (made.title, made.doc_type) == ("plan b.pdf (OPS-12)", "attachment")
    assert made.url == "https://acme.example/secure/attachment/5/plan%20b.pdf"
    assert made.sections == (Section("First.", "markdown", "Page 1"), Section("Second.", "markdown", "Page 2"))
    assert made.allowed == ("group:jira/group:g1+user:ann",)
    assert made.metadata["media_type"] == "application/pdf"


def test_restricted_comments_have_their_own_readers() -> None:
    whole = attachment(
        restricted_to="Developers", comments=[{"id": "1", "author": "", "created": "2026-03-01T09:00:00+00:00", "body": adf("Hush.")}], people={}
    )
    made = TYPE.draft(CLOUD, f"{NATIVE}/restricted/role-10100", whole)
    assert made.title == "OPS-12: The disk is full (comments for Developers)"
    assert made.sections == (Section(adf("Hush."), "adf", "Comment by somebody, 2026-03-01"),)


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"readers": None}, "record.readers"),
        ({"readers": ["group:g1"]}, "record.readers"),
        ({"readers": [[7]]}, "record.readers"),
        ({"summary": None}, "record.summary"),
        ({"project": "OPS"}, "record.project"),
        ({"labels": "red"}, "record.labels"),
        ({"comments": {}}, "record.comments"),
        ({"comments": [{"created": "never"}]}, "record.comments[0].created"),
        ({"comments": [{"created": "2026-03-01T09:00:00+00:00", "author": "Ann", "body": "wiki"}]}, "record.comments[0].body"),
        ({"people": None}, "record.people"),
        ({"status": ["x"]}, "record.status"),
        ({"description": "wiki"}, "record.description"),
    ],
)
async def test_a_record_that_is_none_names_the_field(wrong: dict[str, Any], place: str) -> None:
    with pytest.raises(MalformedRecordError) as refused:
        TYPE.draft(CLOUD, NATIVE, {**await record(), **wrong})
    assert str(refused.value).startswith(place + " ")


def test_an_attachments_record_that_is_none_names_the_field() -> None:
    for wrong, place in (({"text": {"format": "pdf", "pages": []}}, "record.text.format"), ({"file": {}}, "record.file.name"), ({"text": None}, "record.text")):
        with pytest.raises(MalformedRecordError, match=place):
            TYPE.draft(CLOUD, f"{NATIVE}/attachment/5", attachment(**wrong))
    with pytest.raises(MalformedRecordError, match=r"record\.readers"):
        TYPE.draft(CLOUD, f"{NATIVE}/attachment/5", {})
