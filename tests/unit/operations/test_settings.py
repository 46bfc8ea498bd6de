"""What ``headrace settings`` says of variables that nobody reads."""

from __future__ import annotations

from operations.settings_command import misspelt


def test_a_misspelt_variable_is_named_with_the_one_that_was_meant() -> None:
    environ = {"HEADRACE_QURY_PORT": "17", "HEADRACE_KAFKA_BOOTSTRAP_SERVERS": "x", "HEADRACE_DEMO_PASSWORD": "x", "HEADRACE_HOME": "x", "PATH": "x"}
    assert list(misspelt(environ)) == [("HEADRACE_QURY_PORT", "HEADRACE_QUERY_PORT")]
