"""Where sentences end: one case per language and per kind of line, and the false ends that must not be taken."""

import pytest

from index.text.sentences import fences, sentence_spans


def sentences(text: str) -> list[str]:
    spans = sentence_spans(text)
    assert "".join(text[start:end] for start, end in spans) == text
    return [text[start:end].strip() for start, end in spans]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ('He said "stop." Then he left.', ['He said "stop."', "Then he left."]),
        ("你好。世界！真的？是的", ["你好。", "世界！", "真的？", "是的"]),
        ("「行こう。」と言った。次です。", ["「行こう。」", "と言った。", "次です。"]),
        ("안녕하세요. 반갑습니다. 끝", ["안녕하세요.", "반갑습니다.", "끝"]),
        ("ประเทศไทย สวยงาม มาก", ["ประเทศไทย", "สวยงาม", "มาก"]),
        ("هل هذا صحيح؟ نعم هو كذلك. حسنا", ["هل هذا صحيح؟", "نعم هو كذلك.", "حسنا"]),
        ("یہ ایک جملہ ہے۔ یہ دوسرا ہے۔", ["یہ ایک جملہ ہے۔", "یہ دوسرا ہے۔"]),
        ("זה משפט. וזה עוד אחד.", ["זה משפט.", "וזה עוד אחד."]),
        ("यह एक वाक्य है। यह दूसरा है।", ["यह एक वाक्य है।", "यह दूसरा है।"]),
        ("¿Qué tal? ¡Muy bien! Adiós.", ["¿Qué tal?", "¡Muy bien!", "Adiós."]),
    ],
)
def test_ends_in_many_scripts(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Dr. Smith met Mrs. Jones.",
        "It costs 3.14 dollars, i.e. Pi dollars.",
        "Ask J. R. Tolkien about it.",
        "Siehe z. B. Abschnitt vier.",
        "Am 3. Oktober ist frei.",
        "Read https://example.org/a.html?x=1.2 first.",
        "See No. 5 and fig. 7 there.",
        "Use version 1.2.3 of it... or not.",
        "a paragraph\nwrapped by hand\nover lines",
    ],
)
def test_false_ends_are_refused(text: str) -> None:
    assert sentences(text) == [text]


def test_an_abbreviation_before_a_number_ends_a_sentence_elsewhere() -> None:
    assert sentences("I said no. Then I left.") == ["I said no.", "Then I left."]


def test_blank_lines_and_list_items_end_sentences() -> None:
    assert sentences("A title\n\n- first item\n- second. With more\n1. Numbered one\n2. Numbered two") == [
        "A title",
        "- first item",
        "- second.",
        "With more",
        "1. Numbered one",
        "2. Numbered two",
    ]


def test_each_line_of_code_is_one_and_marks_in_it_are_not_ends() -> None:
    text = "Run this:\n```py\n# not. A heading\nx = f(1). y\n\nz()\n```\nAfter it. Done."
    assert sentences(text) == ["Run this:", "```py", "# not. A heading", "x = f(1). y", "z()", "```", "After it.", "Done."]


def test_rows_of_a_table_stay_whole() -> None:
    assert sentences("Before\n| a. B | c |\n|---|---|\n| d. E | f |\nAfter") == ["Before", "| a. B | c |", "|---|---|", "| d. E | f |", "After"]


def test_headings_are_sentences_and_keep_their_underline() -> None:
    assert sentences("# One. Two\ntext\nSetext\n======\nmore") == ["# One. Two", "text\nSetext\n======", "more"]


def test_an_unclosed_fence_goes_on_to_the_end() -> None:
    text = "a\n~~~\ncode. Code\n```\nstill"
    assert fences(text) == [(2, len(text))]


def test_a_longer_fence_is_not_closed_by_a_shorter_one() -> None:
    text = "````\n```\ninside\n````\nafter"
    assert fences(text) == [(0, text.index("after"))]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\r\n\r\n", "...", "。", "|", "```", "# ", "---\n"])
def test_strange_texts_are_covered(text: str) -> None:
    sentences(text)


def test_windows_line_ends() -> None:
    assert sentences("One line.\r\n\r\n- item\r\n- item two\r\n") == ["One line.", "- item", "- item two"]
