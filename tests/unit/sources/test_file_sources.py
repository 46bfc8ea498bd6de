"""Sources of files as sources.yaml declares them: whose files, which, for whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.sources import FolderSource, S3Source, SourcesError, parse_sources
from contracts.sources.files import FileSource
from rest_sources.files import Rules, draft, path_of
from rest_sources.files.paths import UnusablePathError, check_path
from rest_sources.source import MalformedRecordError

FOLDER = """
sources:
  - name: shelf
    type: folder
    path: env:SHELF
    tenant: acme
    access: [{path: "hr/**", allowed: [group:hr]}, {path: "**/*.pdf", allowed: [public]}]
    link: https://files.example/{path}
    sweep: {all_hours: 2}
"""


def one(text: str, **environ: str) -> FileSource:
    (source,) = parse_sources(text, Path("sources.yaml"), {"SHELF": "/srv/shelf", **environ}).collected
    assert isinstance(source, FileSource)
    return source


def problem(text: str) -> str:
    with pytest.raises(SourcesError) as caught:
        one(text)
    return str(caught.value)


def test_the_example() -> None:
    source = one((Path(__file__).parents[3] / "examples" / "files" / "sources.yaml").read_text(), HEADRACE_FILES="/srv/documents")
    assert [Rules(source).allowed(path) for path in ("hr/a.pdf", "x/drafts/b.md", "c.md")] == [("group:hr",), (), ("group:staff",)]


def test_a_folder() -> None:
    source = one(FOLDER)
    assert isinstance(source, FolderSource)
    assert (source.path, source.scope, source.sweep.all_hours, source.sweep.at_start) == ("/srv/shelf", "shelf:", 2, True)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("hr/pay.pdf", ("group:hr",)), ("hr/a/b.txt", ("group:hr",)), ("a/b.pdf", ("public",)), ("b.pdf", ("public",)), ("b.txt", None), ("HR/pay.txt", None)],
)
def test_the_first_rule_that_fits_says_who_may_read(path: str, allowed: tuple[str, ...] | None) -> None:
    assert Rules(one(FOLDER)).allowed(path) == allowed


@pytest.mark.parametrize(
    ("path", "included"), [("a.txt", True), ("a/.git/b", False), (".x", False), ("a/~$b.docx", False), ("a/b.part", False), ("a b~", False)]
)
def test_what_is_no_document_by_itself(path: str, included: bool) -> None:
    assert Rules(one(FOLDER)).includes(path) is included


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("path: docs", "write the whole path"),
        ("path: /x\n    webhook: {secret: env:S}", "a folder sends no webhooks"),
        ("path: /x\n    access: [{path: /hr/**, allowed: []}]", "without a leading slash"),
        ("path: /x\n    access: [{path: ../**, allowed: []}]", "no pattern of paths"),
        ("path: /x\n    link: https://files.example/", "{path}"),
    ],
)
def test_a_wrong_folder_is_told(wrong: str, said: str) -> None:
    assert said in problem(f"sources:\n  - name: shelf\n    type: folder\n    tenant: acme\n    {wrong}\n")


@pytest.mark.parametrize(
    ("wrong", "said"), [("prefix: docs", "write docs/"), ("url: https://s3.example/storage", "has a path"), ("url: http://s3.example", "readable for everyone")]
)
def test_a_wrong_bucket_is_told(wrong: str, said: str) -> None:
    url = "" if wrong.startswith("url") else "url: https://s3.example\n    "
    assert said in problem(f"sources:\n  - name: vault\n    type: s3\n    bucket: vault\n    tenant: acme\n    {url}{wrong}\n")


def test_what_changes_documents_changes_the_policy_and_nothing_else_does() -> None:
    source = one(FOLDER)
    assert source.policy == one(FOLDER.replace("{all_hours: 2}", "{all_hours: 3}")).policy
    changed = [
        FOLDER.replace("group:hr", "group:people"),
        FOLDER.replace("files.example", "docs.example"),
        FOLDER + "    revision: 2\n",
        FOLDER + "    redaction: {names: true}\n",
        FOLDER + "    limits: {max_mib: 60}\n",
    ]
    assert len({source.policy, *(one(text).policy for text in changed)}) == len(changed) + 1


def test_a_drafts_pages_are_headings() -> None:
    record = {"format": "text", "title": "Microsoft Word - x", "pages": [{"number": 1, "text": "One."}, {"number": 3, "text": "Three."}]}
    made = draft(one(FOLDER), "file/hr/Übersicht 1&2.pdf", record)
    assert [(section.heading, section.content) for section in made.sections] == [("Page 1", "One."), ("Page 3", "Three.")]
    assert (made.title, made.allowed) == ("Übersicht 1&2.pdf", ("group:hr",))
    assert made.url == "https://files.example/hr/%C3%9Cbersicht%201%262.pdf"
    assert made.metadata == {"path": "hr/Übersicht 1&2.pdf", "folder": "hr", "extension": "pdf"}


def test_a_draft_without_a_rule_is_for_nobody_and_a_mail_has_its_subject() -> None:
    made = draft(one(FOLDER), "file/a.eml", {"format": "markdown", "title": "The plan", "pages": [{"number": None, "text": "Hello."}]})
    assert (made.title, made.allowed, made.sections[0].heading) == ("The plan", (), "")
    with pytest.raises(MalformedRecordError):
        draft(one(FOLDER), "ticket/1", {"format": "text", "pages": []})
    with pytest.raises(MalformedRecordError):
        draft(one(FOLDER), "file/a", {"format": "text"})


def test_paths_that_cannot_be_ids() -> None:
    for path in ("a" * 1300, "資" * 300, "x\udcfc.txt"):
        with pytest.raises(UnusablePathError):
            check_path("shelf:", path)
    check_path("shelf:", "a/b c\n%.txt")
    for native in ("file/", "object/a", "file/a\x00b"):
        with pytest.raises(KeyError):
            path_of(native)


def test_a_bucket() -> None:
    source = one("sources:\n  - {name: vault, type: s3, url: env:STORAGE, bucket: vault, tenant: acme}\n", STORAGE="https://s3.example")
    assert isinstance(source, S3Source)
    assert (source.url, source.path_style, source.credentials, source.webhook) == ("https://s3.example", True, None, None)
