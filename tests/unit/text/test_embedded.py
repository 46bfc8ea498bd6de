"""What the model is given of a text."""

import time

import pytest

from index.text.embedded import embedded_text, shown_text, unbroken_spans


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("a \n\t b\u00a0c", "a b c"),
        ("see [the spec](https://a.example/b_(c)?d=e#f) now", "see the spec now"),
        ('[Leave]({{ site.baseurl }}/leave "All about leave"), [b](#part), [c](mailto:d@e.example)', "Leave, b, c"),
        ("[![CI](https://x.example/y.svg)](https://z.example/w) passes", "CI passes"),
        ("![a map](maps/a.png)", "a map"),
        ("[two\nlines](/x)", "two lines"),
        ("f[0](x), call[i](a, b), [1](see below), [sic]", "f[0](x), call[i](a, b), [1](see below), [sic]"),
        ('<td class="x">a</td><td>b</td>', "a b"),
        ('a<strong>b</strong>c <a href="/x?y>z">d</a><br/>e', "abc d e"),
        ("List<String> and a < b > c and <T>", "List<String> and a < b > c and <T>"),
        ("you&rsquo;re&nbsp;here &amp;lt; ?a=1&copy=2 &unknown;", "you’re here &lt; ?a=1&copy=2 &unknown;"),
    ],
)
def test_what_a_reader_sees(text: str, given: str) -> None:
    assert embedded_text(text) == given


@pytest.mark.parametrize("text", ["![](a/very/long/way/to/the/picture.png)", "</td>\n</tr>\n", "[](/x)"])
def test_a_text_that_shows_nothing_gives_its_first_characters(text: str) -> None:
    assert not shown_text(text)
    assert embedded_text(text) == " ".join(text.split())[:24]


def test_links_and_tags_are_not_to_be_broken() -> None:
    text = 'One [two. Three](/x) four <a href="y. Z">five</a>.'
    assert [text[start:end] for start, end in unbroken_spans(text)] == ["[two. Three](/x)", '<a href="y. Z">', "</a>"]
    assert unbroken_spans("No markup. At all.") == []


@pytest.mark.parametrize(
    "piece", ["[a](/b ", "[", "[x ", "[ [a](b.c) ", "[[a](b.c) ", "[a](/", "[a](b.c ", '[a](b.c "', "[\n", "<a ", '<a "', "<a href=", "<", "&a", "](", "!["]
)
def test_hostile_text_takes_linear_time(piece: str) -> None:
    started = time.perf_counter()
    embedded_text(piece * (400_000 // len(piece)))
    assert time.perf_counter() - started < 5


def test_the_number_of_a_page_is_not_embedded() -> None:
    assert shown_text("The end of it.\n\n## Page 3\n\nAnd on.") == "The end of it. And on."
    assert shown_text("## Page 12\n\nText.") == "Text."
    assert shown_text("## Page three and ## Page 4 of it") == "## Page three and ## Page 4 of it"
