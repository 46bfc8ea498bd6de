"""What can go wrong for an operator, told as one message with cause and cure. Anything that is not foreseen here is ours to mend, and passes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import typer
from aiokafka.errors import KafkaError
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from weaviate.exceptions import WeaviateBaseError

from connectors.debezium import ConnectorError
from contracts.events import describe_validation
from contracts.settings import KafkaSettings, read
from contracts.sources import SourcesError
from contracts.topic_admin import KafkaUnavailableError
from index.collections import EmbeddingSpaceMismatchError
from index.embedding import EmbeddingUnavailableError, ModelNotFoundError
from index.store import StoreUnavailableError
from operations.stack import StackError
from streams.producer import BrokerUnavailableError

UNAVAILABLE: Final = 2
"""Exit code for misuse, and for a server that does not answer."""
DIFFERENT: Final = 1
"""Exit code for "all ran well, and something is not as it should be"."""


class OperationError(Exception):
    """An operator's command cannot do what was asked. Neither text holds a secret."""

    def __init__(self, cause: str, cure: str) -> None:
        self.cause = cause
        self.cure = cure
        super().__init__(f"{cause}\n{cure}")


@contextmanager
def one_message() -> Iterator[None]:
    """A foreseen error on stderr and exit code 2."""
    try:
        yield
    except (ConnectorError, StackError, OperationError) as error:
        _tell(error.cause, error.cure)
        raise typer.Exit(UNAVAILABLE) from error
    except (SourcesError, EmbeddingSpaceMismatchError, ModelNotFoundError, EmbeddingUnavailableError, KafkaUnavailableError) as error:
        _tell(str(error), "")
        raise typer.Exit(UNAVAILABLE) from error
    except ValidationError as error:
        _tell(f"A setting is invalid: {describe_validation(error)}", "'headrace settings' shows each with its meaning and where it comes from.")
        raise typer.Exit(UNAVAILABLE) from None
    except (StoreUnavailableError, WeaviateBaseError) as error:
        _tell(f"The index cannot be read: {_line(error)}", "Is Weaviate running ('headrace status'), and are HEADRACE_WEAVIATE_… right?")
        raise typer.Exit(UNAVAILABLE) from error
    except (KafkaError, BrokerUnavailableError) as error:
        servers = read(KafkaSettings).bootstrap_servers
        _tell(
            f"Kafka at {servers} does not do what was asked: {_line(error)}",
            "Is it running ('headrace status'), and is HEADRACE_KAFKA_BOOTSTRAP_SERVERS right?",
        )
        raise typer.Exit(UNAVAILABLE) from error


def _tell(cause: str, cure: str) -> None:
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(f"[red]{escape(cause)}[/red]" + (f"\n{escape(cure)}" if cure else ""))


def _line(error: Exception) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:300]
