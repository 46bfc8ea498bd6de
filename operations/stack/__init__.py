"""The local stack: real servers and the project's workers as plain processes on loopback, no Docker needed.

    from pathlib import Path
    from operations.stack import Stack, StackSettings

    stack = Stack(Path("/tmp/mine"), StackSettings(port_base=21000), programs=("postgres", "kafka", "connect", "weaviate"))
    stack.up()                          # returns when all of them are ready; raises StackError with cause and cure
    stack.kill("kafka")                 # -9; supervisord starts it again
    stack.wait_ready(("kafka",))
    stack.down()

While it is up, ``<home>/stack.env`` holds the addresses and secrets as HEADRACE_… variables (contracts.settings.read finds them when HEADRACE_HOME names
the home), among them HEADRACE_DEMO_DSN, a superuser's, of the empty database `company`. Weaviate wants the key HEADRACE_WEAVIATE_API_KEY: its gRPC port cannot be bound to loopback.
A Connect configuration names the database password as ``${file:<home>/stack.env:HEADRACE_DEMO_PASSWORD}`` or ``${env:HEADRACE_DEMO_PASSWORD}``.
"""

from operations.stack.errors import StackError
from operations.stack.processes import ProcessState
from operations.stack.programs import PROGRAM_NAMES, SERVER_NAMES
from operations.stack.settings import StackSettings
from operations.stack.stack import Progress, Stack

__all__ = ["PROGRAM_NAMES", "SERVER_NAMES", "ProcessState", "Progress", "Stack", "StackError", "StackSettings"]
