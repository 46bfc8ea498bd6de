"""``python -m streams normalize|index --lane live|backfill``: one worker in the foreground, until SIGTERM."""

from __future__ import annotations

import argparse
import sys

import faust

from contracts.settings import TelemetrySettings, read
from contracts.sources import SourcesError
from contracts.topic_admin import KafkaUnavailableError, TopicMismatchError
from index.embedding import EmbeddingUnavailableError, ModelNotFoundError
from index.telemetry_setup import configure_logging, configure_tracing
from streams.worker import ConfigurationError, Lane

MISCONFIGURED = 2


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m streams", description="Run one stream worker in the foreground. Settings: 'headrace settings'.")
    parser.add_argument("step", choices=("normalize", "index"), help="normalize: raw records to documents; index: documents to the index")
    parser.add_argument("--lane", choices=("live", "backfill"), default="live", help="live: changes as they happen; backfill: snapshot rows and sweeps")
    arguments = parser.parse_args()
    telemetry = read(TelemetrySettings)
    configure_logging(telemetry)
    configure_tracing(telemetry, f"headrace-{arguments.step}-{arguments.lane}")
    try:
        app = _app(arguments.step, arguments.lane)
    except (ConfigurationError, SourcesError, ModelNotFoundError, EmbeddingUnavailableError, KafkaUnavailableError, TopicMismatchError) as error:
        print(error, file=sys.stderr)  # noqa: T201  # the one message to whoever started it by hand
        return MISCONFIGURED
    faust.Worker(app, loglevel="WARNING", redirect_stdouts=False, quiet=True).execute_from_commandline()
    return 0


def _app(step: str, lane: Lane) -> faust.App:
    """Each worker imports what it needs alone: the normalizer no model, the indexer no recognisers."""
    if step == "normalize":
        from streams.normalize_app import normalize_app  # noqa: PLC0415  # see above

        return normalize_app(lane)
    from streams.index_app import index_app  # noqa: PLC0415  # see above

    return index_app(lane)


if __name__ == "__main__":
    sys.exit(main())
