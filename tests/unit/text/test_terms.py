"""Terms for BM25: what a question must be able to meet in a text."""

import pytest

from index.text.terms import bm25_terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, WORLD!", "hello world"),
        ("PROJ-12", "proj-12 proj 12"),
        ("mail jo.doe@example.org now", "mail jo.doe@example.org jo doe example org now"),
        ("/etc/ssl/cert.pem", "etc/ssl/cert.pem etc ssl cert pem"),
        ("max_poll_records", "max_poll_records max poll records"),
        ("3.14 and 1,000.50 in v1.2.3", "3.14 and 1,000.50 in v1.2.3 v1 2 3"),
        ("the company’s policy doesn't", "the company policy doesn't"),
        ("C++ or C#?", "c++ or c#"),
        ("Straße ﬁle ＡＢＣ", "strasse file abc"),
        ("東京都", "東京 京都"),
        ("茶", "茶"),
        ("iPhone15を買う", "iphone15 を買 買う"),
        ("カタカナ", "カタ タカ カナ"),
        ("서울시 가", "서울 울시 가"),
        ("ไทย", "ไท ทย"),
        ("مُحَمَّد ـــ كتـــاب", "محمد كتاب"),
        ("עִבְרִית", "עברית"),
        ("हिन्दी में", "हिन्दी में"),
        ("soft\u00adhyphen zero\u200bwidth", "softhyphen zerowidth"),
        ("", ""),
        (" ... !? ", ""),
    ],
)
def test_terms(text: str, expected: str) -> None:
    assert bm25_terms(text) == expected


def test_a_question_meets_the_text_by_whole_and_by_part() -> None:
    text = set(bm25_terms("Closed by PROJ-12, see ops/runbooks/kafka.md.").split())
    assert set(bm25_terms("what is proj-12?").split()) & text == {"proj-12", "proj", "12"}
    assert set(bm25_terms("Kafka runbooks").split()) <= text


def test_a_thai_question_meets_a_longer_run() -> None:
    text = set(bm25_terms("นโยบายการลาพักร้อน").split())
    assert set(bm25_terms("ลาพักร้อน").split()) <= text
