"""Who listens where the stack wants to: asked before the start, so that a conflict is one message and not a server's dying words."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable

import psutil

from operations.stack.errors import PortInUseError, StackError
from operations.stack.settings import SPAN
from operations.stack.site import LOOPBACK, Site


def check_ports(site: Site, names: Iterable[str]) -> None:
    """PortInUseError for the first of the named ports that another process holds."""
    for name in names:
        port = site.port(name)
        if not is_free(port):
            base = site.settings.port_base
            suggestion = base + SPAN if base + 2 * SPAN <= 65535 else 20000
            raise PortInUseError(
                f"Port {port} ({name}) is in use by {holder(port)}.",
                f"End that process, or move the stack: HEADRACE_STACK_PORT_BASE={suggestion} (it uses {SPAN} ports from there; now {base}).",
            )


def is_free(port: int) -> bool:
    """Whether a server can listen there. A connection in TIME_WAIT does not count, as it does not for the servers."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise StackError(f"Port {port} cannot be used: {error.strerror}.", "Choose another HEADRACE_STACK_PORT_BASE.") from error
    return True


def holder(port: int) -> str:
    """Name and pid of who listens on a port, as far as this user may know."""
    try:
        found = [connection for connection in psutil.net_connections("tcp") if connection.laddr and connection.laddr.port == port and connection.pid]
    except psutil.AccessDenied:
        found = []
    listening = [connection for connection in found if connection.status == psutil.CONN_LISTEN] or found
    if not listening:
        return "a process of another user"
    pid = listening[0].pid
    try:
        return f"{psutil.Process(pid).name()} (pid {pid})"
    except psutil.Error:
        return f"pid {pid}"
