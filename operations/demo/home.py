"""The demo's home: wiped at each start, so that it always tells the same story, and never anybody else's."""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson
import yaml

from operations.stack.site import write_private
from operations.stack.stack import Stack

MARKER: Final = "demo"
EXAMPLE: Final = Path(__file__).resolve().parents[2] / "examples" / "company"


class NotTheDemosHomeError(Exception):
    """The home holds a stack that the demo did not make."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a tenant and principals, and the API key that stands for them."""

    tenant: str
    principals: tuple[str, ...]
    key: str


class Callers:
    """An API key for each (tenant, principals) that the demo asks as, kept as hashes for the service and as keys in a private file."""

    def __init__(self, folder: Path, wanted: Iterable[tuple[str, tuple[str, ...]]]) -> None:
        self.file = folder / "api-keys.yaml"
        self._callers = {pair: Caller(*pair, key=secrets.token_urlsafe(24)) for pair in sorted(set(wanted))}
        entries = [
            {
                "name": f"demo-{number}",
                "key_sha256": hashlib.sha256(caller.key.encode()).hexdigest(),
                "tenant": caller.tenant,
                "principals": [name for name in caller.principals if name != "public"],  # everybody is the public
            }
            for number, caller in enumerate(self._callers.values(), 1)
        ]
        write_private(self.file, yaml.safe_dump({"keys": entries}, sort_keys=False))
        plain = {f"{caller.tenant}: {', '.join(caller.principals)}": caller.key for caller in self._callers.values()}
        write_private(folder / "demo-keys.json", orjson.dumps(plain, option=orjson.OPT_INDENT_2).decode())

    def of(self, tenant: str, principals: tuple[str, ...]) -> Caller:
        return self._callers[(tenant, principals)]


def prepare_home(stack: Stack) -> Path:
    """An empty home for the demo. Raises NotTheDemosHomeError where there is data of another stack."""
    folder = stack.site.home
    data = folder / "data"
    marker = folder / MARKER
    if not marker.exists() and data.exists() and any(data.iterdir()):
        raise NotTheDemosHomeError(f"{folder} holds a stack that is not the demo's. Run the demo in another folder: HEADRACE_HOME=.headrace-demo headrace demo")
    stack.down()
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    marker.touch()
    return folder
