"""What can go wrong between us, Kafka Connect and a database: one cause, one cure, no stack trace of theirs. Commands end with exit code 2 on any of them."""

from __future__ import annotations


class ConnectorError(Exception):
    """``cause`` says what is wrong, ``cure`` what a person does about it. Neither holds a secret."""

    def __init__(self, cause: str, cure: str) -> None:
        self.cause = cause
        self.cure = cure
        super().__init__(f"{cause}\n{cure}")


class ConnectUnavailableError(ConnectorError):
    """Kafka Connect does not answer."""


class ConnectRefusedError(ConnectorError):
    """Kafka Connect answered that it will not."""


class DatabaseError(ConnectorError):
    """The source's database cannot be reached, or refuses."""


class KafkaUnavailableError(ConnectorError):
    """No broker answers, or topics cannot be made."""


class RefusedError(ConnectorError):
    """The plan has problems; nothing was changed."""


class TaskFailedError(ConnectorError):
    """The connector's task ended with an error."""


class NotReadyError(ConnectorError):
    """The connector did not come up in time."""
