"""Names: the model, the places, and what must stay."""

import pytest

from streams.redact import RedactionPolicy, Redactor
from streams.redact.names import NameFinder

REDACTOR = Redactor(b"k", policy=RedactionPolicy(names=True))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("The contract was signed by Maria Hernandez yesterday.", "Hernandez"),
        ("Dear Ms. Holloway,\nthank you.", "Holloway"),
        ("Sehr geehrte Frau Schöning,", "Schöning"),
        ("Bonjour Monsieur Lefèvre,", "Lefèvre"),
        ("Viele Grüße\nAnke Petersen", "Petersen"),
        ("Ansprechpartner: Jörg Baumann", "Baumann"),
        ("Der Antrag wurde von Sabine Krüger geprüft.", "Krüger"),
        ("| Shift | On duty |\n|---|---|\n| Night | Margarethe Sommer |", "Sommer"),
        ("Hola, Remedios:\n\nadjunto el acta.", "Remedios"),
        ("Habló el señor Quiroga.", "Quiroga"),
        ("Grazie a Lucia Ferrante per i dati.", "Ferrante"),
    ],
)
def test_found(text, name):
    redacted = REDACTOR.redact(text)
    assert name not in redacted.text
    assert redacted.counts["PERSON"] >= 1
    assert REDACTOR.redact(redacted.text).text == redacted.text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Gestern war Frau Marlene Vogt da.", "Frau"),
    ],
)
def test_a_title_is_not_part_of_the_name(text, kept):
    assert kept in REDACTOR.redact(text).text


@pytest.mark.parametrize(
    "text",
    [
        "Hi team,",
        "Open the Google Drive folder.",
        "```\nJane Roe = User()\n```",
        "Call `Jane Roe` in the test.",
        "all lower case words here",
        "Dear customer,",
        "Der Antrag wurde gestern geprüft.",
    ],
)
def test_stays(text):
    assert REDACTOR.redact(text).text == text


def test_threshold_and_entities_hold():
    assert not Redactor(b"k", policy=RedactionPolicy(names=True, ner_threshold=1.0)).redact("Dear Ms. Holloway,").counts
    assert not Redactor(b"k", policy=RedactionPolicy(names=True, entities=("EMAIL",))).redact("Dear Ms. Holloway,").counts


def test_the_model_is_left_alone_where_nothing_it_finds_could_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skipping a sentence changes nothing: what is found is what the model finds when it reads all of them."""
    texts = (
        "Yesterday the board met. Only Anna Kowalski was missing. Nobody knew why.",
        "The form goes to Payroll by Friday. Ask Maria de la Cruz or J. R. Whitfield, not me.",
        "## Visit Oslo Office\n\nBring Hanna Brook along, and Tom.",
    )
    skipping = [NameFinder(0.6)(text) for text in texts]
    monkeypatch.setattr(NameFinder, "_may_count", lambda _self, _sentence: True)
    assert [NameFinder(0.6)(text) for text in texts] == skipping
    assert any(skipping)
