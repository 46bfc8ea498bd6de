"""When a webhook is sent again. https://developer.zendesk.com/api-reference/webhooks/introduction/#webhook-retries

409 up to three times; no answer in time (12 seconds) up to five; 429 and 503 only if ``Retry-After`` says less than 60 seconds. Anything else is not sent again. Of that
page only the first lines were to be had, its numbers come from others who read it. Not verified: the pauses after 409 and after a timeout, that a refused connection
counts as a timeout, and the five tries at most after 429 and 503. The circuit breaker (70 % errors or 1,000 errors in five minutes) is left out.
"""

from __future__ import annotations

import asyncio
from typing import Final

import aiohttp

from examples.vendors.deliveries import Deliverer, Delivery, RetryRule, Sent

TIMEOUT_SECONDS: Final = 12.0
_LONGEST_RETRY_AFTER_SECONDS: Final = 60.0
_MOST_RETRIES: Final = {409: 3, 0: 5, 429: 5, 503: 5}
_PAUSES_SECONDS: Final = (1.0, 2.0, 4.0, 8.0, 16.0)

RULE: Final = RetryRule(frozenset(_MOST_RETRIES), _PAUSES_SECONDS, TIMEOUT_SECONDS)


def pause_seconds(statuses: list[int], retry_after: float | None) -> float | None:
    """Before the next try, given the answers so far (0: none); None when there is no further one."""
    last = statuses[-1]
    tried = statuses.count(last)
    if tried > _MOST_RETRIES.get(last, 0):
        return None
    if last in (429, 503):
        return retry_after if retry_after is not None and retry_after < _LONGEST_RETRY_AFTER_SECONDS else None
    return _PAUSES_SECONDS[tried - 1]


class RetryingDeliverer(Deliverer):
    """A deliverer that reads ``Retry-After``, which the rule of statuses and pauses alone cannot say."""

    async def _deliver(self, delivery: Delivery, record: Sent, pause: float) -> None:
        statuses: list[int] = []
        wait: float | None = pause * self._speed
        while wait is not None:
            await asyncio.sleep(wait / self._speed)
            status, retry_after = await self._answer(delivery, len(statuses))
            statuses.append(status)
            record.statuses.append(status)
            wait = pause_seconds(statuses, retry_after)
        record.finished = True

    async def _answer(self, delivery: Delivery, attempt: int) -> tuple[int, float | None]:
        assert self._session is not None, "start() comes first"  # noqa: S101  # a mistake in the server itself
        try:
            async with self._session.post(delivery.url, data=delivery.body, headers=dict(delivery.headers(attempt))) as response:
                return response.status, _seconds(response.headers.get("Retry-After"))
        except (aiohttp.ClientError, TimeoutError):
            return 0, None


def _seconds(header: str | None) -> float | None:
    try:
        return float(header) if header is not None else None
    except ValueError:  # a date; the vendor's page speaks of seconds
        return None
