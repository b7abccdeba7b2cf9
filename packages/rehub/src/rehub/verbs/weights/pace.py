"""How far a transfer is, in one line: the file, its bytes, the rate, the time left."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from rehub.words.telling.transfer import told

if TYPE_CHECKING:
    from rehub.world.download import Watch

_EVERY = 0.2  # seconds between two lines
_WINDOW = 5.0  # seconds over which the rate is measured


class Pace:
    """Measures one file's transfer, whichever process or streams bring it.

    Args:
        name: of the file.
        every: how long a line holds, in seconds.
    """

    def __init__(self, name: str, *, every: float = _EVERY) -> None:
        self._name, self._every = name, every
        self._said = 0.0
        self._marks: list[tuple[float, int]] = []

    def line(self, received: int, size: int | None) -> str | None:
        """Give the line for now; ``None`` if the last one is too young."""
        now = time.monotonic()
        last = size is not None and received >= size
        if not self._marks:
            self._marks.append((now, received))  # what an earlier call has brought is no rate
        if now - self._said < self._every and not last:
            return None
        self._said = now
        return told(self._name, received, size, self.rate(now, received))

    def rate(self, now: float, received: int) -> float:
        """Give bytes per second, over the last few seconds."""
        self._marks = [each for each in self._marks if now - each[0] <= _WINDOW] or self._marks[-1:]
        since, before = self._marks[0]
        self._marks.append((now, received))
        return (received - before) / (now - since) if now > since and received > before else 0.0


def watching(name: str, tell: Callable[[str], object]) -> Watch:
    """Give a watch that tells, in one line, how far a file is; a few times a second at most."""
    pace = Pace(name)

    def watch(received: int, size: int | None) -> None:
        if line := pace.line(received, size):
            tell(line)

    return watch
