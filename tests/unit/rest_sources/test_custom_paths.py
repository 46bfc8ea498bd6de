"""Templates of JSON paths: texts, principals, addresses, ids."""

from __future__ import annotations

import pytest

from rest_sources.custom.paths import MOST_PRINCIPALS, each_text, find, identifier_of, native_of, principals, text_of, url_of
from rest_sources.source import MalformedRecordError

FOUND = {"$.n": [7], "$.t": ["a/b c"], "$.none": [None, ""], "$.list": [["x", "y"]], "$.missing": [], "$.yes": [True], "$.half": [0.5]}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("$.t", "a/b c"),
        ("{$.n}: {$.t}", "7: a/b c"),
        ("{id}", "k/1"),
        ("constant", "constant"),
        ("{{$.n}}", "{$.n}"),
        ("{$.none}{$.missing}", ""),
        ("$.list", "x, y"),
        ("{$.yes} {$.half}", "true 0.5"),
    ],
)
def test_texts(template: str, expected: str) -> None:
    assert text_of(template, FOUND, native_of("article", "k/1")) == expected


def test_principals_are_one_of_each_value_and_none_of_none() -> None:
    assert principals(["group:{$.list}", "public", "user:{$.missing}", "group:{$.none}"], FOUND, "a/1") == ("group:x", "group:y", "public")
    assert each_text("{$.list}-{$.list}", FOUND, "a/1") == ["x-x", "x-y", "y-x", "y-y"]
    assert principals(["{$.missing}", ""], FOUND, "a/1") == ()
    many = {"$.a": [[str(number) for number in range(200)]]}
    with pytest.raises(MalformedRecordError, match=f"more than {MOST_PRINCIPALS:,}"):
        each_text("{$.a}{$.a}", many, "a/1")


def test_addresses_are_encoded_within_a_template_alone() -> None:
    assert url_of("https://x.example/{$.t}/{id}", FOUND, "a/1") == "https://x.example/a%2Fb%20c/1"
    assert url_of("$.u", {"$.u": ["https://x.example/a?b=c"]}, "a/1") == "https://x.example/a?b=c"


@pytest.mark.parametrize("identifier", ["7", "a/b", "50%", "%2F", "a%25b/c", "ä ?#"])
def test_an_id_is_one_segment_and_comes_back(identifier: str) -> None:
    native = native_of("article", identifier)
    assert native.count("/") == 1
    assert identifier_of(native) == identifier


def test_a_text_is_not_read_as_json_once_more() -> None:
    assert find("$.id", '{"id": 7}') == []
    assert find("$.id", "{") == []
