"""Names by the list of given names, and by the heading of their column."""

import re

import pytest

from streams.redact import RedactionPolicy, Redactor
from streams.redact.given_names import find_listed, name_lists
from streams.redact.name_tables import find_in_columns

REDACTOR = Redactor(b"k", policy=RedactionPolicy(names=True))
NEVER = re.compile(r"(?!)")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("can you ping Shawna about the staging box?", ["Shawna"]),
        ("Karen's tractor is on the low loader.", ["Karen"]),
        ("Edward Curtis attended as union rep.", ["Edward Curtis"]),
        ("Anwesend: Anna-Marie Gumprich (Vorsitz)", ["Anna-Marie Gumprich"]),
        ("Le tracteur de Emmanuel est prêt.", ["Emmanuel"]),
        ("Bed 12 – Robinson, Stephanie – nil by mouth.", ["Robinson", "Stephanie"]),
        ("Zimmer 12: Kraus, Anni; nüchtern", ["Kraus", "Anni"]),
        ("The mate, June Carpenter, came aboard.", ["June Carpenter"]),
        ("Ask Maria de la Cruz Blanco.", ["Maria de la Cruz Blanco"]),
        ("Juliet J. Palmer wrote it.", ["Juliet J. Palmer"]),
    ],
)
def test_a_given_name_begins_a_name(text: str, names: list[str]) -> None:
    found = sorted({(start, end) for start, end, _ in find_listed(text, NEVER)})
    kept = [span for span in found if not any(other != span and other[0] <= span[0] and span[1] <= other[1] for other in found)]
    assert [text[start:end] for start, end in kept] == names


@pytest.mark.parametrize(
    "text",
    [
        "In June the Grant office moves to Florence Street.",
        "Mark the page, and Will it be in May?",
        "Jenkins runs the build, Ruby the tests, Alexa the lights.",
        "MariaDB and JulietNet are products; maria@ is half an address.",
        "Rose petals, Olive oil, a Jack plug and a Robin Hood.",
        "August was dry in Santiago, Sydney, San Francisco and Berlin.",
        "Der Wolf, der Stein und die Rose stehen im Herbst im Garten.",
    ],
)
def test_words_places_and_products_are_no_names(text: str) -> None:
    assert [text[start:end] for start, end, _ in find_listed(text, NEVER) if "Hood" not in text[start:end]] == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("employee_no,last,first,dept\n10442,Guerrero,Melissa,Receiving", ["Guerrero", "Melissa"]),
        ("matricule;nom;prenom;centre\n10442;Lecomte;Henri;4410\n10443;de la Tour;Yves;1", ["Lecomte", "Henri", "de la Tour", "Yves"]),
        ("| Shift | Owner |\n|---|---|\n| Night | Anke Petersen |\n| Day | Receiving Dock |", ["Anke Petersen"]),
        ('"Nachname";"Ort"\n"Margraf";"Kiel"', ["Margraf"]),
        ("| Name | Type |\n|---|---|\n| Timeout | Integer |", []),
        ("First, check the fuse.\nSecond, call the yard.", []),
        ("name: a\nAlpha, Beta", []),
    ],
)
def test_a_columns_heading_says_that_people_stand_in_it(text: str, names: list[str]) -> None:
    assert [text[start:end] for start, end in find_in_columns(text, name_lists().begins)] == names


def test_a_list_without_ordinary_words() -> None:
    lists = name_lists()
    assert {"melissa", "dieter", "giulia", "peter", "maria"} <= lists.given
    assert {"mark", "rose", "august", "florence"} <= lists.doubtful
    assert lists.begins("Anna-Marie")
    assert lists.begins("Zoë")
    assert not lists.begins("Anna-Wartung")
    assert not lists.given & lists.doubtful
    assert len(lists.given) > 10_000


def test_names_of_lists_and_columns_are_replaced_and_stay_so() -> None:
    text = "id,last,first\n1,Guerrero,Melissa\n\nMelissa told Karen that the key is with Edward Curtis."
    once = REDACTOR.redact(text)
    assert not any(name in once.text for name in ("Guerrero", "Melissa", "Karen", "Edward", "Curtis"))
    assert REDACTOR.redact(once.text).text == once.text
