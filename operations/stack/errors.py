"""What can go wrong with the local stack. Each error is one message with its cause and its cure; commands end with exit code 2 on any of them."""

from __future__ import annotations


class StackError(Exception):
    """The local stack cannot do what was asked. ``cure`` says what a person does about it."""

    def __init__(self, cause: str, cure: str) -> None:
        self.cause = cause
        self.cure = cure
        super().__init__(f"{cause}\n{cure}")


class MissingBinaryError(StackError):
    """A server's binary is not installed."""


class PortInUseError(StackError):
    """Another process listens where a server of the stack must."""


class LeftoverError(StackError):
    """Processes of this home run on without their supervisor."""


class HomeError(StackError):
    """The home folder cannot be used."""


class NotReadyError(StackError):
    """A program did not become ready in time; ``log_lines`` are its last words."""

    def __init__(self, cause: str, cure: str, log_lines: tuple[str, ...] = ()) -> None:
        self.log_lines = log_lines
        super().__init__(cause, cure)


class NotRunningError(StackError):
    """There is no stack under this home."""


class UnknownProgramError(StackError):
    """No program of that name."""
