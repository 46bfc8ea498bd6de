from __future__ import annotations

import pytest

from streams.parse import to_markdown


def test_markdown_and_text_stay_as_they_are() -> None:
    assert to_markdown("# a\n\n<b>", "markdown") == ("# a\n\n<b>", "markdown")
    assert to_markdown("a < b", "text") == ("a < b", "text")


def test_headings_lists_and_code_keep_their_structure() -> None:
    html = "<h1>Top</h1><p>First paragraph.</p><h2>Below</h2><ul><li>one</li><li>two</li></ul><pre>x = 1\ny = 2</pre>"
    text, text_format = to_markdown(html, "html")
    assert text_format == "markdown"
    assert text.startswith("# Top")
    assert "## Below" in text
    assert "- one" in text
    assert "```\nx = 1\ny = 2\n```" in text


@pytest.mark.parametrize("html", ["", "   ", "<p></p>", "<!-- nothing -->"])
def test_nothing_stays_nothing(html: str) -> None:
    assert to_markdown(html, "html") == ("", "markdown")


def test_broken_html_keeps_its_words() -> None:
    text, _ = to_markdown("<p>one <b>two <i>three</p> four", "html")
    assert all(word in text for word in ("one", "two", "three", "four"))
