"""What a transfer may take, who is told of it, and the clock that ends it."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from rehub.world.download.faults import FaultError

Watch = Callable[[int, int | None], None]
"""Told how many bytes are there, those of an earlier call included, and, if the server says so, of how many."""

Credentials = Callable[[str], str | None]
"""Asked for the value of ``Authorization`` for an origin, say ``https://example.org``; ``None`` if there is none."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a transfer may take.

    Attributes:
        timeout: how long a server may stay silent (until it is connected, until its first byte, between bytes), and
            the longest wait that it may ask for, in seconds.
        deadline: how long all of it may take, repetitions and waits included, in seconds; ``None`` for any time.
        rate: the least a stream must bring over ``timeout``, in bytes per second; else its rest is asked for anew.
        bytes: how large a file may be.
        redirects: how often a server may send us elsewhere.
        retries: how often in a row something may go wrong without enough bytes in between.
        streams: how many connections to a host, at most.
        pieces_from: the size in bytes from which a file is asked for in pieces.
    """

    timeout: float = 30.0
    deadline: float | None = None
    rate: int = 1 << 10
    bytes: int = 1 << 40
    redirects: int = 10
    retries: int = 5
    streams: int = 8
    pieces_from: int = 32 << 20


class Clock:
    """Counts down to a deadline."""

    def __init__(self, deadline: float | None) -> None:
        self._deadline = deadline
        self._end = None if deadline is None else time.monotonic() + deadline

    def left(self, most: float) -> float:
        """Give how long a wait may take: at most so many seconds.

        Raises:
            FaultError: the time is over.
        """
        if self._end is None:
            return most
        left = self._end - time.monotonic()
        if left <= 0:
            raise FaultError(f"it took longer than the {self._deadline:g} s that were allowed", again=False)
        return min(most, left)


class Pace:
    """Finds out that a stream is silent or crawls."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._began = self._heard = time.monotonic()
        self._bytes = 0

    def patience(self) -> float:
        """Give how long the next read may wait, in seconds."""
        now = time.monotonic()
        silence = self._heard + self._limits.timeout - now
        return max(0.001, min(silence, self._began + self._limits.timeout - now))

    def note(self, count: int) -> None:
        """Note what a read has brought; 0 if its wait is over.

        Raises:
            FaultError: the stream is to be dropped.
        """
        now, limits = time.monotonic(), self._limits
        if count:
            self._heard = now
            self._bytes += count
        elif now - self._heard >= limits.timeout:
            raise FaultError(f"nothing arrived for {limits.timeout:g} s (timed out)")
        if now - self._began >= limits.timeout:
            if self._bytes < limits.rate * limits.timeout:
                raise FaultError(f"only {self._bytes} bytes arrived in {limits.timeout:g} s (timed out)")
            self._began, self._bytes = now, 0
