"""ClickHouse's engine behind HTTP in a process of its own, which can be killed and started again."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import clickhouse_connect
from clickhouse_connect.driver.client import Client

PASSWORD = "a made-up password"  # of a server that lives as long as the tests
VARIABLE = "HEADRACE_CLICKHOUSE_PASSWORD"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@dataclass
class Server:
    """The server's process; its data outlives it."""

    path: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {**os.environ, VARIABLE: PASSWORD}
        command = [sys.executable, "-m", "examples.vendors.clickhouse", "--port", str(self.port), "--path", str(self.path)]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("the server did not start")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def client(self) -> Client:
        return clickhouse_connect.get_client(host="127.0.0.1", port=self.port, password=PASSWORD, compress=False, autogenerate_session_id=False)
