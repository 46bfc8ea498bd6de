"""supervisord as the stack's process manager: its configuration from the specifications, and its XML-RPC over a unix socket in the home.

supervisord restarts what dies, rotates the logs and ends process groups. Programs are not started by its configuration but by name, in order, by stack.py.
Every child carries HEADRACE_SUPERVISED=<home>, the mark by which leftovers of a killed supervisor are told from everybody else's processes.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, cast

from supervisor.xmlrpc import Faults, SupervisorTransport

from operations.stack.errors import NotRunningError, StackError
from operations.stack.programs import ProgramSpec
from operations.stack.site import Site, socket_path, write_private

MARK: Final = "HEADRACE_SUPERVISED"
_START_SECONDS: Final = 10.0
_RETRIES: Final = 1_000_000
_TOLERATED: Final = frozenset({Faults.ALREADY_STARTED, Faults.NOT_RUNNING})


def render(site: Site, specs: Iterable[ProgramSpec], chosen: Mapping[str, str]) -> str:
    """The text of supervisor.conf; ``chosen`` variables are our own programs', above what each has: a server that reads none of them is not restarted for one."""
    return "\n".join([_daemon_section(site), *(_program_section(site, spec, chosen if spec.ours else {}) for spec in specs)])


def _daemon_section(site: Site) -> str:
    user = "user=root\n" if os.geteuid() == 0 else ""
    socket = socket_path(site.home)
    return f"""[unix_http_server]
file={_literal(str(socket))}
chmod=0700

[supervisord]
logfile={_literal(str(site.log("supervisord")))}
logfile_maxbytes=4MB
logfile_backups=2
pidfile={_literal(str(site.home / "supervisord.pid"))}
childlogdir={_literal(str(site.home / "logs"))}
directory={_literal(str(site.home))}
{user}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{_literal(str(socket))}
"""


def _program_section(site: Site, spec: ProgramSpec, chosen: Mapping[str, str]) -> str:
    environment = {**spec.environment(site), **chosen, "HEADRACE_HOME": str(site.home), MARK: str(site.home)}
    return f"""[program:{spec.name}]
command={_literal(shlex.join(spec.command(site)))}
environment={_literal(_environment_text(environment))}
directory={_literal(str(spec.directory or site.home))}
autostart=false
autorestart=true
startsecs=1
startretries={_RETRIES}
stopsignal={spec.stop_signal}
stopwaitsecs={spec.stop_seconds}
killasgroup=true
redirect_stderr=true
stdout_logfile={_literal(str(site.log(spec.name)))}
stdout_logfile_maxbytes=8MB
stdout_logfile_backups=2
"""


def _environment_text(environment: Mapping[str, str]) -> str:
    return ",".join(f'{name}="{_quotable(name, value)}"' for name, value in sorted(environment.items()))


def _quotable(name: str, value: str) -> str:
    """The value, if supervisord can read it back between double quotes: it knows no escape, and strips quotes of both kinds from the ends."""
    if '"' in value or value != value.strip("'"):
        raise StackError(f"The value of {name} holds quotes that supervisord cannot be told.", f"Give {name} a value without quotes.")
    return value


def _literal(text: str) -> str:
    """The text as supervisord reads it back: it expands %(name)s and starts a comment at ' ;'."""
    if "\n" in text or " ;" in text:
        raise StackError("A path or command of the stack holds a line break or ' ;'.", "Choose a home folder with a plainer name.")
    return text.replace("%", "%%")


class Supervision:
    """One home's supervisord. Every call opens its own connection, so that threads may share an instance."""

    def __init__(self, home: Path) -> None:
        self._home = home.absolute()
        self._socket = socket_path(self._home)
        self._configuration = self._home / "supervisor.conf"

    def alive(self) -> bool:
        try:
            return bool(self.call("getState")["statename"] == "RUNNING")
        except NotRunningError:
            return False

    def apply(self, text: str, environment: Mapping[str, str]) -> None:
        """Start supervisord under this configuration, or bring a running one to it (programs whose section changed are restarted)."""
        changed = not self._configuration.is_file() or self._configuration.read_text() != text
        write_private(self._configuration, text)
        if not self.alive():
            self._launch(environment)
        elif changed:
            self._run("supervisor.supervisorctl", "update", environment)

    def call(self, method: str, *arguments: object) -> Any:
        """One XML-RPC method. NotRunningError where nobody answers."""
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        with xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport) as proxy:
            try:
                return getattr(proxy.supervisor, method)(*arguments)
            except (OSError, xmlrpc.client.ProtocolError) as error:
                raise NotRunningError(f"No stack runs under {self._home}.", "Start it with `headrace up`.") from error

    def start(self, name: str) -> None:
        """Start a program without waiting for it; nothing happens where it runs."""
        self._tolerant("startProcess", name, wait=False)

    def stop(self, name: str) -> None:
        """Stop a program and wait until it is gone."""
        self._tolerant("stopProcess", name, wait=True)

    def info(self, name: str) -> dict[str, Any]:
        return cast("dict[str, Any]", self.call("getProcessInfo", name))

    def infos(self) -> list[dict[str, Any]]:
        return cast("list[dict[str, Any]]", self.call("getAllProcessInfo"))

    def pid(self) -> int:
        return int(self.call("getPID"))

    def _tolerant(self, method: str, name: str, *, wait: bool) -> None:
        try:
            self.call(method, name, wait)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode not in _TOLERATED:
                raise StackError(
                    f"supervisord refused {method} of {name}: {fault.faultString}.", f"Look into {self._home / 'logs' / 'supervisord.log'}."
                ) from fault

    def _launch(self, environment: Mapping[str, str]) -> None:
        self._socket.unlink(missing_ok=True)
        self._run("supervisor.supervisord", "", environment)
        deadline = time.monotonic() + _START_SECONDS
        while not self.alive():
            if time.monotonic() > deadline:
                raise StackError("supervisord did not start.", f"Look into {self._home / 'logs' / 'supervisord.log'}.")
            time.sleep(0.05)

    def _run(self, module: str, action: str, environment: Mapping[str, str]) -> None:
        words = [sys.executable, "-m", module, "-c", str(self._configuration), *([action] if action else [])]
        result = subprocess.run(words, capture_output=True, text=True, check=False, env=dict(environment))
        if result.returncode != 0:
            raise StackError(f"{module} failed: {(result.stderr or result.stdout).strip()[-400:]}", f"Look into {self._home / 'logs' / 'supervisord.log'}.")
