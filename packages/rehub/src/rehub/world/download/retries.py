"""How often something may go wrong, and how long to wait before another try.

The waits are drawn at random between nothing and a bound that doubles ("full jitter"), so that many who failed at the
same moment do not come back at the same moment. Source: aws.amazon.com/blogs/architecture, "Exponential Backoff And
Jitter".
"""

import random
import time
from email.utils import parsedate_to_datetime
from http.client import HTTPMessage

from rehub.world.download.faults import FaultError
from rehub.world.download.limits import Clock, Limits

_FIRST = 0.2  # seconds: the bound of the first wait
_LONGEST = 8.0  # seconds: the bound of the last
_ENOUGH = 64 << 10  # bytes between two faults without which the second counts: a server that crawls for ever is left
_DIGITS = 9  # of a number of seconds; more are as good as for ever


class Patience:
    """Counts what goes wrong in a row."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits, self._clock = limits, clock
        self._failed = 0

    def wait_after(self, fault: FaultError, *, progress: int) -> float:
        """Give how long to wait until the next try, in seconds.

        Args:
            fault: what went wrong.
            progress: bytes that have arrived since the last time; if they are enough, that is forgotten.

        Raises:
            FaultError: this one, if there is no next try.
        """
        if not fault.again:
            raise fault
        if progress >= max(_ENOUGH, self._limits.rate * self._limits.timeout):
            self._failed = 0
        self._failed += 1
        if self._failed > self._limits.retries:
            raise fault
        if fault.wait is None and progress and not fault.busy:
            return 0.0
        bound = min(_LONGEST, _FIRST * 2.0 ** (self._failed - 1))
        wait = random.uniform(0, bound) if fault.wait is None else min(fault.wait, self._limits.timeout)  # noqa: S311 - no secret
        if self._clock.left(wait) < wait:
            raise fault
        return wait


def retry_after(headers: HTTPMessage) -> float | None:
    """Give how long a server asks us to wait, in seconds; ``None`` if it does not, or nobody can read it."""
    said = (headers.get("Retry-After") or "").strip()
    if said.isascii() and said.isdecimal():
        return float(said[:_DIGITS]) if len(said) <= _DIGITS else float("inf")
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
