"""What our own programs need before they can start, looked at before any server is: a missing file should not cost half a minute."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from contracts.settings import SourcesSettings, read
from contracts.sources import SourcesError, load_sources
from operations.stack.errors import StackError
from operations.stack.site import Site, keep_environment, stack_environment

_KEYS_FILE: Final = "HEADRACE_QUERY_API_KEYS_FILE"
_SOURCES: Final = "HEADRACE_SOURCES"
_REFERENCE: Final = re.compile(r"\benv:([A-Za-z_][A-Za-z0-9_]*)")
_NOT_PASSED_ON: Final = ("HEADRACE_HOME", "HEADRACE_STACK_", "HEADRACE_API_KEY", "HEADRACE_TEST_", "HEADRACE_E2E_")


def callers_settings(site: Site) -> dict[str, str]:
    """The HEADRACE_… variables of whoever calls, above those kept from earlier calls; without those by which the stack itself is found. Files by their whole path."""
    of_stack = stack_environment(site)
    own = {name: value for name, value in os.environ.items() if name.startswith("HEADRACE_") and not name.startswith(_NOT_PASSED_ON) and name not in of_stack}
    chosen = keep_environment(site, None) | own
    if not chosen.get(_SOURCES) and (here := Path(read(SourcesSettings).sources)).is_file():
        chosen[_SOURCES] = str(here)  # the workers run in another folder
    return chosen | {name: str(Path(chosen[name]).absolute()) for name in (_SOURCES, _KEYS_FILE) if chosen.get(name)}


def referenced_variables(site: Site, chosen: Mapping[str, str]) -> frozenset[str]:
    """The variables that sources.yaml refers to and that programs have from supervisord alone, which keeps those of its own start."""
    path = Path(chosen.get(_SOURCES) or read(SourcesSettings).sources)
    named = set(_REFERENCE.findall(path.read_text(encoding="utf-8"))) if path.is_file() else set()
    return frozenset(named - set(chosen) - set(stack_environment(site)))


def check_settings(site: Site, programs: Collection[str], chosen: Mapping[str, str]) -> None:
    """Raises StackError where the workers would find no valid sources.yaml, or the query service no API keys."""
    if {"normalize", "normalize-backfill", "watch", "webhooks", "collect", "poll", "gather"} & set(programs):
        try:
            # env: may name what only this start will write to stack.env
            load_sources(Path(chosen.get(_SOURCES) or read(SourcesSettings).sources), {**os.environ, **stack_environment(site), **chosen})
        except SourcesError as error:
            raise StackError(
                str(error), "docs/sources-yaml.md explains the file. Nothing was started; `headrace up --only postgres` starts the local database alone."
            ) from error
    if "query" in programs and not Path(chosen.get(_KEYS_FILE, "")).is_file():
        named = (
            f"{chosen[_KEYS_FILE]}, which {_KEYS_FILE} names, is no file."
            if chosen.get(_KEYS_FILE)
            else f"{_KEYS_FILE} is not set: without API keys nobody could ask."
        )
        raise StackError(named, f"Write a file of API keys as docs/api.md shows, and name it: export {_KEYS_FILE}=keys.yaml. Nothing was started.")
