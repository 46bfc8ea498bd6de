"""What a declared API may be, and what is told when a declaration cannot work: with its place, as every problem of the file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from contracts.sources import CustomSource, SourcesError, json_schema, parse_sources

(DECLARED,) = [
    text for text in re.findall(r"```yaml\n(.*?)```", (Path(__file__).parents[3] / "docs" / "rest-sources.md").read_text(), re.DOTALL) if "type: custom" in text
]
"""The documentation's own example."""


def told(old: str, new: str) -> list[str]:
    assert old in DECLARED
    with pytest.raises(SourcesError) as caught:
        parse_sources(DECLARED.replace(old, new, 1), Path("sources.yaml"), {})
    return [problem.partition(": ")[2].partition(": ")[2] for problem in str(caught.value).splitlines()]


def test_the_documented_example_is_a_source_to_us_and_to_editors() -> None:
    (found,) = parse_sources(DECLARED, Path("sources.yaml"), {}).rest
    assert isinstance(found, CustomSource)
    assert found.gone == {404, 410}
    assert found.document.paths == ("$.title", "$.html", "$.team", "$.readers[*]", "$.tags")
    assert found.document.where == {"$.status": ("published",)}
    assert list(Draft202012Validator(json_schema()).iter_errors(yaml.safe_load(DECLARED))) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("  object: $.article", "  objct: $.article", "sources[0].fetch.objct: unknown key; did you mean object?"),
        ("url: /api/articles/{id}", "url: /api/articles", "sources[0].fetch.url: {id} is missing: it becomes the object's id, as in /api/articles/{id}"),
        ("gone: [404, 410]", "gone: [404, 429]", "sources[0].fetch.gone: 429 does not say that an object is gone"),
        ("?page={page}", "?page={pge}", "sources[0].list.url: {pge} is nothing that is known here; known: {page}, {offset}, {next}"),
        ("?page={page}", "?page={page}&from={offset}", "sources[0].list.url: {page}, {offset} and {next} are three ways to the next page: use one"),
        (
            "items: $.articles ",
            "items: $.articles[*] ",
            "sources[0].list.items: '$.articles[*]' finds each item; write the path of the list itself, $.articles",
        ),
        ("url: /api/people", "url: api/people", "sources[0].accounts.url: 'api/people' does not begin with a slash"),
        ("updated_after={cursor}&", "", "sources[0].changed_since.url: {cursor} is missing"),
        ("      changed: $.updated_at", "      # no stamp", "sources[0]: 'changed_since' needs the time of each change: declare list.changed"),
        ("title: $.title", "title: $.[", "sources[0].document.title: '$.[' is no JSON path"),
        ("group:handbook/{$.team}", "group:handbook/{team[}", "sources[0].document.allowed[0]: "),
        ("      allowed: [", "      alowed: [", "sources[0].document.allowed: is missing; add it"),
        ("header: X-Kb-Signature", "header: X Kb", "sources[0].webhook.signature.header: "),
    ],
)
def test_a_declaration_that_cannot_work_is_told_by_its_place(old: str, new: str, expected: str) -> None:
    problems = told(old, new)
    assert any(problem.startswith(expected) for problem in problems), problems
