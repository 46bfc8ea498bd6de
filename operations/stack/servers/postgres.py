"""Postgres with logical decoding, never as root.

Root's stack runs it as ``nobody``. Where that user cannot reach the binaries or the data (a clone below a 0700 folder), the process keeps the one capability
that lets it read and enter folders; setpriv's no_setuid_fixup makes access(2), by which Postgres checks its own binary, see that capability as well.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from operations.stack.errors import MissingBinaryError, StackError
from operations.stack.probes import selects_one
from operations.stack.site import DATABASE, LOOPBACK, SUPERUSER, Site

_USER, _GROUP = "nobody", "nogroup"


def prepare(site: Site) -> None:
    data = site.data("postgres")
    if (data / "PG_VERSION").is_file():
        return
    shutil.rmtree(data, ignore_errors=True)
    draft = data.with_name("postgres.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    password = site.home / "postgres-password.draft"
    password.write_text(site.secrets.postgres_password)
    password.chmod(0o600)
    _own(draft, password)
    try:
        _initialise(site, draft, password)
    finally:
        password.unlink()
    _create_database(site, draft)
    draft.rename(data)


def command(site: Site) -> list[str]:
    options = {
        "port": str(site.port("postgres")),
        "listen_addresses": LOOPBACK,
        "unix_socket_directories": "",
        "wal_level": "logical",
        "max_replication_slots": "16",
        "max_wal_senders": "16",
        "max_slot_wal_keep_size": f"{site.settings.wal_keep_mib}MB",
        "shared_buffers": "64MB",
    }
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    return [*privileges(site), str(site.binaries.postgres / "postgres"), "-D", str(site.data("postgres")), *settings]


def probe(site: Site) -> None:
    selects_one(site.dsn("postgres"))


def privileges(site: Site) -> list[str]:
    """The words before Postgres' own command that take root's powers away; none where we are not root."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        raise MissingBinaryError("setpriv is missing: Postgres refuses to run as root.", "Install util-linux, or run as an ordinary user.")
    drop = ["setpriv", f"--reuid={_USER}", f"--regid={_GROUP}", "--clear-groups"]
    if reachable(site.binaries.postgres) and reachable(site.home / "data"):
        return drop
    capability = _reading_capability()
    keep = [f"--{kind}=-all,+{capability}" for kind in ("inh-caps", "ambient-caps", "bounding-set")]
    return [*drop, "--securebits=+no_setuid_fixup", *keep]


def reachable(path: Path) -> bool:
    """Whether any user may enter the folder: it and all above it are open to others."""
    return all(folder.stat().st_mode & 0o001 for folder in (path.resolve(), *path.resolve().parents))


def _reading_capability() -> str:
    """dac_read_search is the smaller power; containers often have dac_override alone."""
    bounding = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("CapBnd"))
    held = int(bounding.split()[1], 16)
    for name, bit in (("dac_read_search", 2), ("dac_override", 1)):
        if held >> bit & 1:
            return name
    raise StackError(
        "Postgres may not run as root, and this root cannot lend it access to the home folder.",
        "Run as an ordinary user, or set HEADRACE_HOME below a folder open to all.",
    )


def _initialise(site: Site, draft: Path, password: Path) -> None:
    arguments = ("-U", SUPERUSER, "--auth=scram-sha-256", f"--pwfile={password}", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
    _run(site, "initdb", "-D", str(draft), *arguments)


def _create_database(site: Site, draft: Path) -> None:
    """In single-user mode: there is no server yet."""
    _run(site, "postgres", "--single", "-D", str(draft), "postgres", script=f"CREATE DATABASE {DATABASE}\n")


def _run(site: Site, program: str, *arguments: str, script: str = "") -> None:
    words = [*privileges(site), str(site.binaries.postgres / program), *arguments]
    environment = {"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"}
    result = subprocess.run(words, input=script, capture_output=True, text=True, check=False, cwd="/", env=environment)
    if result.returncode != 0:
        said = (result.stderr or result.stdout).strip()[-400:]
        raise StackError(f"Postgres' data folder could not be made: {said}", f"Mend what {program} names; data would lie in {site.data('postgres')}.")


def _own(*paths: Path) -> None:
    if os.geteuid() == 0:
        for path in paths:
            shutil.chown(path, _USER, _GROUP)
