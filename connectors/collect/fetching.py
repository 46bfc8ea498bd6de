"""One object's fetch, from a hint to what is to be written, every way in which a vendor can fail included."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import orjson
import structlog

from connectors.collect.hint_queue import Pending
from connectors.collect.outcome import Outcome, forbidden, outcome_of, passes_on, refused
from contracts.failures import frames_of
from contracts.fetched import FetchedState
from contracts.telemetry import CREDENTIALS_REFUSED, FETCH_SECONDS, FETCHES
from rest_sources.api import ApiError, ApiRefusedError, ForbiddenError
from rest_sources.source import Fetched, Reader, RecognisesContent

_REFUSED_SECONDS: Final = 30.0
"""Between two tries while our credentials are not taken: a person has to act."""
_FIRST_DELAY_SECONDS: Final = 2.0
_LONGEST_DELAY_SECONDS: Final = 60.0
MOST_ATTEMPTS: Final = 8
"""So often a fetch is tried, each time with the HTTP client's own patience, before the hint is a dead letter, if other fetches succeed meanwhile."""
_log = structlog.get_logger()


def recognised(fetched: Fetched, pending: Pending, before: FetchedState | None) -> Fetched:
    """An object that helps to decide who reads others is asked for again whenever something above it changes: what still shows the same is not written again. Pure."""
    if fetched.content or not fetched.access or not fetched.records:
        return fetched
    shown = orjson.dumps([fetched.records, fetched.refused, fetched.changed_us], option=orjson.OPT_SORT_KEYS, default=dict)
    content = hashlib.blake2b(shown, digest_size=16).hexdigest()
    return replace(fetched, content=content, same=before is not None and before.content == content and not pending.again)


@dataclass(frozen=True, slots=True)
class Later:
    """To be tried again after so many seconds."""

    seconds: float


@dataclass(slots=True)
class Fetching:
    """Of one source; shared by its partitions. ``succeeded`` is when a fetch last worked: one object's trouble is told apart from the vendor's."""

    source: str
    reader: Reader
    moved_delay_ms: int = 0
    succeeded: float = field(default=float("-inf"))
    _held_until: float = 0.0

    async def fetch(self, pending: Pending, known: Mapping[str, FetchedState]) -> Outcome | Later:
        """Never raises for what a vendor does."""
        await self._while_refused()
        began = time.monotonic()
        try:
            outcome = await self._fetch(pending, known.get(pending.native))
        except ApiRefusedError as error:
            return self._credentials_refused(error)
        except ForbiddenError as error:
            self._counted(pending, type(error).__name__)
            return forbidden(pending, known.get(pending.native), str(error))
        except ApiError as error:
            return self._unavailable(pending, error)
        except KeyError:
            self._counted(pending, "UnknownIdError")
            return refused(pending, "UnknownIdError", f"{pending.native} is no id of this source; if a custom webhook made it, its 'kind' is wrong")
        except Exception as error:  # noqa: BLE001  # our own code failed on one object: a dead letter with the error's name, so that it cannot stop its partition
            _log.error(
                "fetch failed", source=self.source, id=pending.native, error=type(error).__name__, frames=frames_of(error)
            )  # the error's own text may hold content
            self._counted(pending, type(error).__name__)
            return refused(pending, "UnforeseenFetchError", f"{type(error).__name__} while {pending.native} was fetched")
        self._worked(pending, outcome, began)
        return outcome

    async def _fetch(self, pending: Pending, before: FetchedState | None) -> Outcome:
        fetched = recognised(await self._fetched(pending, before), pending, before)
        below = [native async for native in self.reader.below(pending.native)] if passes_on(pending, fetched, before) else []
        return outcome_of(pending, fetched, before, below, self.moved_delay_ms)

    async def _fetched(self, pending: Pending, before: FetchedState | None) -> Fetched:
        if before is not None and before.content and not pending.again and isinstance(self.reader, RecognisesContent):
            return await self.reader.fetch_unless(pending.native, before.stamp, before.content)
        return await self.reader.fetch(pending.native)

    async def _while_refused(self) -> None:
        while (wait := self._held_until - time.monotonic()) > 0:  # noqa: ASYNC110  # a time is awaited, which others may put off meanwhile
            await asyncio.sleep(wait)

    def _worked(self, pending: Pending, outcome: Outcome, began: float) -> None:
        self.succeeded = time.monotonic()
        self._held_until = 0.0
        CREDENTIALS_REFUSED.labels(self.source).set(0)
        FETCH_SECONDS.labels(self.source).observe(self.succeeded - began)
        self._counted(pending, "gone" if outcome.state is not None and outcome.state.gone else "found")

    def _credentials_refused(self, error: ApiRefusedError) -> Later:
        """Nothing is lost: every hint waits until somebody gives us credentials that are taken."""
        CREDENTIALS_REFUSED.labels(self.source).set(1)
        self._held_until = time.monotonic() + _REFUSED_SECONDS
        _log.error("credentials refused", source=self.source, cause=error.cause, cure=error.cure, again_seconds=_REFUSED_SECONDS)
        return Later(_REFUSED_SECONDS)

    def _unavailable(self, pending: Pending, error: ApiError) -> Outcome | Later:
        seconds = min(_FIRST_DELAY_SECONDS * 2**pending.attempts, _LONGEST_DELAY_SECONDS)
        if pending.attempts + 1 >= MOST_ATTEMPTS and time.monotonic() - self.succeeded < _LONGEST_DELAY_SECONDS:
            self._counted(pending, type(error).__name__)
            return refused(pending, type(error).__name__, str(error))
        self._counted(pending, "delayed")
        _log.warning(
            "fetch delayed", source=self.source, id=pending.native, cause=error.cause, cure=error.cure, attempt=pending.attempts + 1, again_seconds=seconds
        )
        return Later(seconds)

    def _counted(self, pending: Pending, outcome: str) -> None:
        FETCHES.labels(self.source, pending.found_by, outcome).inc()
