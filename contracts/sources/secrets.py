"""Secrets by reference: ``env:NAME`` or ``file:/path``. The reference may be printed and stored anywhere, the secret nowhere.

Kafka Connect resolves the same reference by its config providers (``env``: EnvVarConfigProvider, ``directory``: DirectoryConfigProvider, which takes
a file as it is: write it without a line break at its end), so the secret is not in a connector's configuration either.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Final

from pydantic import AfterValidator

REFERENCE: Final = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:/[^\s:]*[^\s:/]")


class SecretMissingError(LookupError):
    """The place that a reference names holds no secret."""


def _check_reference(text: str) -> str:
    if not REFERENCE.fullmatch(text):
        raise ValueError("a secret is given by reference, never literally: write env:NAME for an environment variable, or file:/path for a file that holds it")
    return text


SecretReference = Annotated[str, AfterValidator(_check_reference)]


def resolve_secret(reference: str, environ: Mapping[str, str]) -> str:
    """The secret itself. Raises SecretMissingError with the cure; a line break at a file's end is no part of it."""
    kind, _, place = reference.partition(":")
    if kind == "env":
        if place not in environ:
            raise SecretMissingError(
                f"the environment variable {place} is not set; set it for this command, and for the program that reads the source ('headrace up' passes it on)"
            )
        return environ[place]
    try:
        return Path(place).read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise SecretMissingError(
            f"{place} cannot be read ({error.strerror}); write the secret there, readable for this user and for the program that reads the source"
        ) from error


def connect_reference(reference: str) -> str:
    """The reference as Kafka Connect's config providers read it: ``${env:NAME}`` or ``${directory:/path/of:file}``."""
    kind, _, place = reference.partition(":")
    if kind == "env":
        return f"${{env:{place}}}"
    path = PurePosixPath(place)
    return f"${{directory:{path.parent}:{path.name}}}"
