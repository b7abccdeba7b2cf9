"""SHA-256 that rides along: a thread follows the first byte that is not there yet, and is done when the file is.

What a stream brings right at the frontier is handed over in memory. What came out of order, or faster than it can be
hashed, is read back, from the page cache as a rule. A single stream waits for the hash when that is far behind: it
would only take the processor from it. Several never do.
"""

import hashlib
import threading
import time
from collections import deque
from collections.abc import Callable

from rehub.words.errors import StoreError
from rehub.world.download.part import PartFile

CHUNK = 1 << 20  # bytes of a buffer; what is written in large parts is in large pages, which are quicker to map
_QUEUE = 8  # buffers that wait to be hashed
_BEHIND = 16 << 20  # bytes
_LATELY = 0.2  # seconds


class Hasher:
    """Hashes a part while it is written.

    Args:
        part: what is read back.
        size: of the whole.
        told: called when all is hashed, or with what went wrong.
    """

    def __init__(self, part: PartFile, size: int, told: Callable[[BaseException | None], None]) -> None:
        self._part, self._size, self._told = part, size, told
        self._total = hashlib.sha256()
        self._at = self._frontier = 0
        self._fed: deque[tuple[int, bytearray, int]] = deque()
        self._spare: list[bytearray] = []
        self._moved, self._over = threading.Condition(), False
        self._waited = 0.0  # when a stream has waited last
        self._thread = threading.Thread(target=self._run, name="rehub-sha256", daemon=True)

    @property
    def is_the_limit(self) -> bool:
        """Whether bytes come faster than they can be hashed."""
        return self._frontier - self._at > _BEHIND or time.monotonic() - self._waited < _LATELY

    @property
    def finished(self) -> bool:
        """Whether all of it is hashed."""
        return self._at >= self._size

    def hexdigest(self) -> str:
        """Give the digest of what was hashed."""
        return self._total.hexdigest()

    def start(self, frontier: int) -> None:
        """Begin; so many bytes are there already."""
        self._frontier = frontier
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        with self._moved:
            self._over = True
            self._moved.notify_all()
        self._thread.join()

    def arrived(self, at: int, buffer: bytearray, count: int, frontier: int, *, alone: bool) -> bytearray:
        """Take note of bytes that were written, and of the frontier now; give a buffer for the next ones.

        Args:
            at: where they begin.
            buffer: has them.
            count: of them.
            frontier: the first byte that is not there.
            alone: no other stream brings anything.
        """
        with self._moved:
            while alone and len(self._fed) >= _QUEUE and not self._over:
                self._waited = time.monotonic()
                self._moved.wait()
            in_order = at == (self._fed[-1][0] + self._fed[-1][2] if self._fed else self._frontier)
            taken = in_order and at == self._frontier and len(self._fed) < _QUEUE
            if taken:
                self._fed.append((at, buffer, count))
            self._frontier = max(self._frontier, frontier)
            self._moved.notify_all()
            if not taken:
                return buffer
            return self._spare.pop() if self._spare else bytearray(CHUNK)

    def _run(self) -> None:
        back = memoryview(bytearray(CHUNK))
        try:
            while not self.finished and self._wait():
                self._step(back)
        except BaseException as error:  # noqa: BLE001 - told to whoever waits, in another thread
            with self._moved:
                self._over = True
                self._moved.notify_all()
            self._told(error)
        else:
            self._told(None)

    def _wait(self) -> bool:
        """Wait until there is something to hash; ``False`` if there will not be."""
        with self._moved:
            while not self._over and self._at >= self._frontier:
                self._moved.wait()
            return not self._over

    def _step(self, back: memoryview) -> None:
        with self._moved:
            ours = self._fed.popleft() if self._fed and self._fed[0][0] == self._at else None
            end = self._fed[0][0] if self._fed else self._frontier
        if ours is not None:
            _, buffer, count = ours
            self._total.update(memoryview(buffer)[:count])
            with self._moved:
                self._spare.append(buffer)
                self._moved.notify_all()
        else:
            count = self._part.read_into(back[: end - self._at], self._at)
            if not count:
                raise StoreError(str(self._part.path), "somebody has made it shorter while it was written")
            self._total.update(back[:count])
        self._at += count
