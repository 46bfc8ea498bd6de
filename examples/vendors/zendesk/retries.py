"""When a webhook is sent again. https://developer.zendesk.com/api-reference/webhooks/introduction/#webhook-retries

409 up to three times; no answer in time (12 seconds) up to five; 429 and 503 only if ``Retry-After`` says less than 60 seconds. Anything else is not sent again. Of that
page only the first lines were to be had, its numbers come from others who read it. Not verified: the pauses after 409 and after a timeout, that a refused connection
counts as a timeout, and the five tries at most after 429 and 503. The circuit breaker (70 % errors or 1,000 errors in five minutes) is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

TIMEOUT_SECONDS: Final = 12.0
_LONGEST_RETRY_AFTER_SECONDS: Final = 60.0
_MOST_RETRIES: Final = {409: 3, 0: 5, 429: 5, 503: 5}
_PAUSES_SECONDS: Final = (1.0, 2.0, 4.0, 8.0, 16.0)


class ZendeskRetries:
    """As a deliverer asks for it."""

    timeout_seconds = TIMEOUT_SECONDS

    def pause_seconds(self, statuses: Sequence[int], retry_after: float | None) -> float | None:
        """Before the next try, given the answers so far (0: none); None when there is no further one."""
        last = statuses[-1]
        tried = statuses.count(last)
        if tried > _MOST_RETRIES.get(last, 0):
            return None
        if last in (429, 503):
            return retry_after if retry_after is not None and retry_after < _LONGEST_RETRY_AFTER_SECONDS else None
        return _PAUSES_SECONDS[tried - 1]
