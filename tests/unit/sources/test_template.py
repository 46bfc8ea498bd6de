from __future__ import annotations

import pytest

from contracts.sources import InvalidTemplateError, parse_column_or_template, parse_template
from contracts.sources.secrets import SecretMissingError, connect_reference, resolve_secret


def test_rendering_and_columns() -> None:
    template = parse_template("{{{id}}}: {subject}, again {id}")
    assert template.columns == ("id", "subject")
    assert template.render({"id": "7", "subject": "S {x}"}.__getitem__) == "{7}: S {x}, again 7"
    assert parse_template("{id}").sole_column == "id"
    assert parse_template("x{id}").sole_column is None
    assert parse_column_or_template("subject") == parse_template("{subject}")
    assert parse_template("constant").columns == ()
    assert parse_template("").render(str) == ""


@pytest.mark.parametrize("text", ["{", "}", "a{b", "{}", "{ }", "{a}{", "{a{b}}"])
def test_braces_must_pair(text: str) -> None:
    with pytest.raises(InvalidTemplateError):
        parse_template(text)


def test_secrets(tmp_path: object) -> None:
    assert resolve_secret("env:PW", {"PW": "x"}) == "x"
    assert connect_reference("env:PW") == "${env:PW}"
    assert connect_reference("file:/run/secrets/pw") == "${directory:/run/secrets:pw}"
    with pytest.raises(SecretMissingError, match="PW is not set"):
        resolve_secret("env:PW", {})
    with pytest.raises(SecretMissingError, match="cannot be read"):
        resolve_secret(f"file:{tmp_path}/absent", {})
