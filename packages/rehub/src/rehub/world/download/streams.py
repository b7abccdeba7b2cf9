"""Several streams for one file: threads that ask for pieces, write them to their places, and hand on what they leave.

The thread that called oversees them: it alone calls ``watch``, starts more streams, keeps the deadline, and can be
interrupted. When it leaves, every connection is cut and every thread that could still write has ended.
"""

import threading
import time
from dataclasses import dataclass

from rehub.world.download.asking import Asking
from rehub.world.download.faults import FaultError, RestartError
from rehub.world.download.frontier import CHUNK, Hasher
from rehub.world.download.growth import Growth
from rehub.world.download.incoming import Incoming
from rehub.world.download.journal import Journal
from rehub.world.download.limits import Clock, Limits, Watch
from rehub.world.download.part import PartFile
from rehub.world.download.pieces import Pieces, Span
from rehub.world.download.retries import Patience
from rehub.world.download.versions import PARTIAL, Version, read

_LOOK = 0.05  # seconds between two looks at the streams
_FLUSH_AFTER = 1.0  # seconds after which what has arrived is flushed and written into the journal …
_FLUSH_BYTES = 64 << 20  # … or sooner, after so many bytes


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be brought, and how."""

    asking: Asking
    part: PartFile
    version: Version
    limits: Limits
    clock: Clock
    patience: Patience
    watch: Watch


class Streams:
    """Brings the missing pieces of a file of a known size."""

    def __init__(self, task: Task, pieces: Pieces) -> None:
        self._task, self._pieces = task, pieces
        self._changed = threading.Condition()
        self._growth = Growth(task.limits.streams if task.version.ranges and _is_large(task, pieces) else 1)
        self._hasher = Hasher(task.part, pieces.size, self._hashed)
        self._threads: set[threading.Thread] = set()
        self._bringing: set[threading.Thread] = set()  # those that have brought something
        self._error: BaseException | None = None
        self._over = False
        self._round, self._not_before = 0, 0.0
        self._first = self._before = self._there  # bytes that were there when something went wrong last

    @property
    def _there(self) -> int:
        return self._pieces.size - self._pieces.missing

    def run(self, answer: Incoming, span: Span | None) -> str:
        """Bring all that is missing, beginning with an answer that has come already; give the SHA-256 of the whole.

        Raises:
            FaultError: it did not come; what did is there.
            RestartError: what is there is of no use.
            StoreError: the disk refused.
        """
        self._note()
        self._task.watch(self._there, self._pieces.size)
        flusher = threading.Thread(target=self._flush_now_and_then, name="rehub-flush", daemon=True)
        self._hasher.start(self._pieces.frontier)
        try:
            flusher.start()
            if span is not None:
                self._start(answer, span)
            self._oversee()
        except BaseException:
            self._stop(flusher)
            if self._task.version.ranges:
                self.flush()
            raise
        self._stop(flusher)
        return self._hasher.hexdigest()

    # The thread that called.

    def _oversee(self) -> None:
        task, seen = self._task, self._there
        while True:
            with self._changed:
                if self._error is None and not self._hasher.finished:
                    self._changed.wait(task.clock.left(_LOOK))
                if self._error is not None:
                    raise self._error
                # Asked in this order: whoever watches is told of the last byte, too.
                finished, there = self._hasher.finished, self._there
                self._grow(there)
            if there != seen:
                seen = there
                task.watch(there, self._pieces.size)
            if finished:
                return

    def _grow(self, there: int) -> None:
        ready = len(self._bringing) >= min(self._growth.target, len(self._threads))
        self._growth.step(time.monotonic(), there - self._first, ready=ready, wanted=not self._hasher.is_the_limit)
        while len(self._threads) < self._growth.target and self._pieces.missing:
            if not self._pieces.wanting:
                return
            self._start()

    def _start(self, answer: Incoming | None = None, span: Span | None = None) -> None:
        thread = threading.Thread(target=self._work, args=(answer, span), name="rehub-stream", daemon=True)
        with self._changed:
            self._threads.add(thread)
        thread.start()

    def _stop(self, flusher: threading.Thread) -> None:
        with self._changed:
            self._over = True
            self._changed.notify_all()
            threads = list(self._threads)
        self._task.asking.connections.abort()
        for thread in threads:
            # Who still waits for a connection can neither get one nor write any more, and is not waited for.
            while thread.is_alive() and thread not in self._task.asking.connections.connecting:
                thread.join(_LOOK)
        self._hasher.stop()
        flusher.join()

    # A stream.

    def _work(self, answer: Incoming | None, span: Span | None) -> None:
        buffer = bytearray(CHUNK)
        try:
            while span is not None or (span := self._next()) is not None:
                buffer = self._bring(answer, span, buffer)
                answer = span = None
        except BaseException as error:  # noqa: BLE001 - raised by the thread that oversees
            self._fail(error)
        finally:
            with self._changed:
                self._threads.discard(threading.current_thread())
                self._bringing.discard(threading.current_thread())
                self._changed.notify_all()

    def _next(self) -> Span | None:
        """Give the next piece to a stream, or ``None`` if it is not needed any more."""
        with self._changed:
            while not self._over and self._error is None and len(self._threads) <= self._growth.target:
                wait = self._not_before - time.monotonic()
                if wait <= 0:
                    return self._pieces.take(self._growth.target)
                self._changed.wait(wait)
            return None

    def _bring(self, answer: Incoming | None, span: Span, buffer: bytearray) -> bytearray:
        before = self._round
        try:
            answer = answer or self._ask(span)
            while span.at < span.end and answer.left != 0 and not self._over:
                count = self._read(answer, memoryview(buffer)[: span.end - span.at])
                self._task.part.write(memoryview(buffer)[:count], span.at)
                buffer = self._arrived(span, buffer, count)
        except FaultError as fault:
            self._put_up_with(fault, before)
        finally:
            with self._changed:
                self._pieces.release(span)
            if answer is not None:
                self._task.asking.connections.give_back(answer)
        return buffer

    def _read(self, answer: Incoming, view: memoryview) -> int:
        if count := answer.read_into(view):
            return count
        raise FaultError(f"the connection ended after {self._there} of {self._pieces.size} bytes")

    def _ask(self, span: Span) -> Incoming:
        """Ask for a piece, and for nothing else."""
        version, asked = self._task.version, (span.at, span.end)
        headers = {"Range": f"bytes={span.at}-{span.end - 1}", "If-Range": version.validator}
        answer = self._task.asking.ask(headers)
        try:
            found, _ = read(answer, asked=asked, known=version.validator)
            _check_same(found, version, answer.status)
        except BaseException:
            self._task.asking.connections.give_back(answer)
            raise
        return answer

    def _arrived(self, span: Span, buffer: bytearray, count: int) -> bytearray:
        with self._changed:
            at, span.at = span.at, span.at + count
            self._bringing.add(threading.current_thread())
            frontier, alone = self._pieces.frontier, len(self._threads) == 1
        return self._hasher.arrived(at, buffer, count, frontier, alone=alone)

    def _put_up_with(self, fault: FaultError, before: int) -> None:
        """Let the rest be asked for again; streams that fail together count as one."""
        with self._changed:
            if self._over:
                return
            if fault.busy:
                self._growth.shrink()
            if not fault.again or not self._task.version.ranges:
                raise fault
            if before == self._round:
                wait = self._task.patience.wait_after(fault, progress=self._there - self._before)
                self._round, self._before = self._round + 1, self._there
                self._not_before = time.monotonic() + wait

    # What the others tell.

    def _fail(self, error: BaseException) -> None:
        with self._changed:
            self._error = self._error or error
            self._changed.notify_all()

    def _hashed(self, error: BaseException | None) -> None:
        with self._changed:
            self._error = self._error or error
            self._changed.notify_all()

    # The journal.

    def _flush_now_and_then(self) -> None:
        last, written = time.monotonic(), self._there
        try:
            while not self._over:
                with self._changed:
                    self._changed.wait(_LOOK)
                    there = self._there
                due = there > written and time.monotonic() - last > _FLUSH_AFTER
                if due or there - written > _FLUSH_BYTES:
                    self.flush()
                    last, written = time.monotonic(), there
        except BaseException as error:  # noqa: BLE001 - raised by the thread that oversees
            self._fail(error)

    def flush(self) -> None:
        """Bring what has arrived to the disk, and only then say so in the journal."""
        with self._changed:
            done = self._pieces.done()
        self._task.part.flush()
        self._note(done)

    def _note(self, done: list[tuple[int, int]] | None = None) -> None:
        version = self._task.version
        there = self._pieces.done() if done is None else done
        self._task.part.note(Journal(self._pieces.size, version.validator if version.ranges else "", there))


def _check_same(found: Version, version: Version, status: int) -> None:
    if found.size != version.size or found.validator not in {"", version.validator}:
        raise RestartError("the file has changed on the server", ranges=True)
    if status != PARTIAL:
        raise RestartError("the server does not keep to ranges", ranges=False)


def _is_large(task: Task, pieces: Pieces) -> bool:
    return pieces.size >= task.limits.pieces_from
