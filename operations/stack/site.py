"""One stack's place: its home folder, ports, binaries and secrets. Everything that a program's specification is computed from.

Under the home lie ``data/`` (one folder a server), ``logs/``, ``config/`` (generated, replaced at each start), ``secrets.json`` (0600, generated
once) and ``stack.env`` (0600), which every command and worker reads.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from contracts.settings import STACK_ENV
from operations.stack.binaries import Binaries, cache_folder
from operations.stack.errors import HomeError
from operations.stack.settings import StackSettings

LOOPBACK: Final = "127.0.0.1"
SUPERUSER: Final = "postgres"
DATABASE: Final = "company"
"""Made with the data folder, for the demo; the superuser may make others."""
_UNFIT: Final = frozenset('%;"\n')
_ELSEWHERE: Final = "Set HEADRACE_HOME to a folder that you may write, with a plain name."
_SOCKET_LIMIT: Final = 92
"""A unix socket's path may have 107 bytes, and supervisord binds a name up to 15 bytes longer before it renames it."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Generated once for a home and kept there."""

    postgres_password: str
    weaviate_key: str
    redaction_key: str
    kafka_cluster_id: str

    @classmethod
    def generate(cls) -> Secrets:
        return cls(secrets.token_urlsafe(18), secrets.token_urlsafe(24), secrets.token_urlsafe(32), secrets.token_urlsafe(16))


@dataclass(frozen=True)
class Site:
    home: Path
    settings: StackSettings
    binaries: Binaries
    secrets: Secrets

    @classmethod
    def open(cls, home: Path, settings: StackSettings) -> Site:
        """The site under ``home``, made where it does not exist. HomeError where it cannot be written."""
        home = home.absolute()
        if found := set(str(home)) & _UNFIT:
            raise HomeError(f"The home folder's path holds {' '.join(map(repr, sorted(found)))}, which supervisord cannot be told.", _ELSEWHERE)
        try:
            for folder in (home, home / "data", home / "logs", home / "config"):
                folder.mkdir(parents=True, exist_ok=True)
            kept = _kept_secrets(home / "secrets.json")
        except OSError as error:
            raise HomeError(f"The home folder {home} cannot be written: {error.strerror}.", _ELSEWHERE) from error
        return cls(home, settings, Binaries(cache_folder()), kept)

    def data(self, name: str) -> Path:
        return self.home / "data" / name

    def log(self, program: str) -> Path:
        return self.home / "logs" / f"{program}.log"

    def config(self, name: str) -> Path:
        return self.home / "config" / name

    def port(self, name: str) -> int:
        return self.settings.port(name)

    def address(self, name: str) -> str:
        return f"{LOOPBACK}:{self.port(name)}"

    @property
    def env_file(self) -> Path:
        return self.home / STACK_ENV

    def dsn(self, database: str = DATABASE) -> str:
        """The superuser's connection string."""
        return f"postgresql://{SUPERUSER}:{self.secrets.postgres_password}@{self.address('postgres')}/{database}"


def socket_path(home: Path) -> Path:
    """The supervisor's unix socket: in the home, or under /tmp by the home's hash where that path would be too long."""
    inside = home / "supervisor.sock"
    if len(str(inside).encode()) <= _SOCKET_LIMIT:
        return inside
    return Path("/tmp") / f"headrace-{hashlib.sha256(str(home).encode()).hexdigest()[:16]}.sock"  # noqa: S108 - the short place that every system has; 0700 by supervisord


def stack_environment(site: Site) -> dict[str, str]:
    """What stack.env holds: the HEADRACE_… variables by which workers and commands find this stack."""
    return {
        "HEADRACE_KAFKA_BOOTSTRAP_SERVERS": site.address("kafka"),
        "HEADRACE_CONNECT_URL": f"http://{site.address('connect')}",
        "HEADRACE_WEAVIATE_HOST": LOOPBACK,
        "HEADRACE_WEAVIATE_HTTP_PORT": str(site.port("weaviate-http")),
        "HEADRACE_WEAVIATE_GRPC_PORT": str(site.port("weaviate-grpc")),
        "HEADRACE_WEAVIATE_API_KEY": site.secrets.weaviate_key,
        "HEADRACE_REDACTION_KEY": site.secrets.redaction_key,
        "HEADRACE_WEBHOOKS_HOST": LOOPBACK,
        "HEADRACE_WEBHOOKS_PORT": str(site.port("webhooks")),
        "HEADRACE_QUERY_HOST": LOOPBACK,
        "HEADRACE_QUERY_PORT": str(site.port("query")),
        "HEADRACE_STACK_PORT_BASE": str(site.settings.port_base),
        "HEADRACE_DEMO_HOST": LOOPBACK,
        "HEADRACE_DEMO_PORT": str(site.port("postgres")),
        "HEADRACE_DEMO_DATABASE": DATABASE,
        "HEADRACE_DEMO_USER": SUPERUSER,
        "HEADRACE_DEMO_PASSWORD": site.secrets.postgres_password,
        "HEADRACE_DEMO_DSN": site.dsn(),
    }


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step; only its owner may read it."""
    draft = path.with_name(path.name + ".draft")
    draft.touch(mode=0o600)
    draft.chmod(0o600)
    draft.write_text(text)
    draft.replace(path)


def keep_environment(site: Site, chosen: Mapping[str, str] | None) -> dict[str, str]:
    """Further variables for the workers and for every command on this home (HEADRACE_SOURCES, …); None keeps what was chosen before."""
    kept = site.home / "environment.json"
    if chosen is None:
        found: dict[str, str] = json.loads(kept.read_text()) if kept.is_file() else {}
        return found
    write_private(kept, json.dumps(dict(chosen), indent=1) + "\n")
    return dict(chosen)


def write_env_file(site: Site, chosen: Mapping[str, str]) -> None:
    lines = [f"{name}={value}" for name, value in {**stack_environment(site), **chosen}.items()]
    write_private(site.env_file, "# Written by `headrace up`: where this stack listens. Holds secrets.\n" + "\n".join(lines) + "\n")


def _kept_secrets(path: Path) -> Secrets:
    if path.is_file():
        return Secrets(**json.loads(path.read_text()))
    made = Secrets.generate()
    write_private(path, json.dumps(asdict(made), indent=1) + "\n")
    return made
