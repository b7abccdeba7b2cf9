"""Which bytes of a file are there, which are on their way, and which nobody has asked for yet.

Nothing here waits, locks or opens anything: whoever shares it between threads holds a lock.
"""

from collections.abc import Iterable
from dataclasses import dataclass

_SMALLEST = 1 << 20  # bytes of a request; less is not worth its round trip
_LARGEST = 32 << 20  # bytes
_SPLIT = 4 << 20  # bytes that a stream must still have to bring for another to take half of them


@dataclass(slots=True, eq=False)
class Span:
    """Bytes that one stream brings: those up to ``at`` are there, those up to ``end`` are still to come."""

    at: int
    end: int


class Pieces:
    """The bytes of one file.

    Args:
        size: of the file.
        done: ranges that are there already, each ``(start, end)``.
    """

    def __init__(self, size: int, done: Iterable[tuple[int, int]] = ()) -> None:
        self.size = size
        self._free: list[tuple[int, int]] = []
        self._busy: list[Span] = []
        at = 0
        for start, end in sorted(done):
            if start > at:
                self._free.append((at, start))
            at = max(at, end)
        if at < size:
            self._free.append((at, size))

    @property
    def missing(self) -> int:
        """How many bytes are not there."""
        return sum(end - start for start, end in self._free) + sum(span.end - span.at for span in self._busy)

    @property
    def frontier(self) -> int:
        """The first byte that is not there."""
        ahead = [span.at for span in self._busy if span.at < span.end] + [start for start, _ in self._free[:1]]
        return min(ahead, default=self.size)

    @property
    def wanting(self) -> bool:
        """Whether there is anything for one more stream."""
        return bool(self._free) or any(span.end - span.at >= _SPLIT for span in self._busy)

    def done(self) -> list[tuple[int, int]]:
        """Give the ranges that are there."""
        holes = sorted([*self._free, *((span.at, span.end) for span in self._busy)])
        edges = [0, *(edge for hole in holes for edge in hole), self.size]
        return [(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if start < end]

    def next_range(self, streams: int, most: int = _LARGEST) -> tuple[int, int] | None:
        """Give what :meth:`take` would take, without taking it."""
        if not self._free:
            return None
        start, end = self._free[0]
        # Smaller towards the end, so that all streams end at about the same time.
        fair = max(_SMALLEST, min(most, self.missing // (2 * max(1, streams))))
        return (start, end) if end - start <= fair + _SMALLEST else (start, start + fair)

    def take(self, streams: int) -> Span | None:
        """Give a stream something to bring: what nobody brings, else half of what another is slow to bring."""
        if (found := self.next_range(streams)) is not None:
            return self.claim(*found)
        slowest = max(self._busy, key=lambda span: span.end - span.at, default=None)
        if slowest is None or slowest.end - slowest.at < _SPLIT:
            return None
        middle = (slowest.at + slowest.end) // 2
        span = Span(middle, slowest.end)
        slowest.end = middle
        self._busy.append(span)
        return span

    def claim(self, start: int, end: int) -> Span:
        """Give a stream the first bytes of the first free range."""
        _, last = self._free.pop(0)
        if end < last:
            self._free.insert(0, (end, last))
        span = Span(start, end)
        self._busy.append(span)
        return span

    def release(self, span: Span) -> None:
        """Take back what a stream did not bring."""
        self._busy.remove(span)
        if span.at < span.end:
            self._free.append((span.at, span.end))
            self._free.sort()
