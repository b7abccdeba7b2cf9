"""Asking a server for a file until it is there, or until there is no use in it."""

import time

from rehub.world.download.asking import Asking
from rehub.world.download.faults import FaultError, RestartError
from rehub.world.download.incoming import Incoming
from rehub.world.download.journal import Journal
from rehub.world.download.limits import Clock, Credentials, Limits, Watch
from rehub.world.download.part import PartFile
from rehub.world.download.pieces import Pieces
from rehub.world.download.received import Received
from rehub.world.download.retries import Patience
from rehub.world.download.streams import Streams, Task
from rehub.world.download.versions import PARTIAL, Part, Version, read
from rehub.world.download.whole import bring_whole, check_size, first_bytes

_SMALL = 1 << 20  # bytes of a file that is brought again rather than resumed
_RESTARTS = 3  # of a file that changes while it is brought


class Attempts:
    """One file of a server; the arguments are those of :func:`download`."""

    def __init__(  # noqa: PLR0913, PLR0917 - those of download
        self,
        url: str,
        file: PartFile,
        limits: Limits,
        clock: Clock,
        watch: Watch,
        credentials: Credentials,
        size: int | None,
    ) -> None:
        self._file, self._limits, self._clock, self._watch, self._size = file, limits, clock, watch, size
        self._asking = Asking(url, limits, clock, credentials)
        self._patience = Patience(limits, clock)
        self._ranges = limits.streams > 0
        self._restarts = _RESTARTS
        self._most = limits.bytes if size is None else min(size, limits.bytes)

    def run(self) -> Received:
        """Bring it.

        Raises:
            FaultError, RestartError: it did not come.
            StoreError: the disk refused.
        """
        while True:
            try:
                return self._try()
            except RestartError as again:
                self._restarts -= 1
                if not self._restarts:
                    raise
                self._ranges = self._ranges and again.ranges
                self._file.renew()
            except FaultError as fault:
                time.sleep(self._patience.wait_after(fault, progress=0))
                if not self._file.journal:
                    self._file.renew()
            finally:
                self._asking.connections.abort()

    def _try(self) -> Received:
        self._asking.renew()
        journal = self._file.journal
        pieces = Pieces(journal.size, journal.done) if journal else None
        asked = self._range(pieces)
        answer = self._asking.ask(_headers(asked, journal))
        try:
            version, part = read(answer, asked=asked, known=journal.validator if journal else "")
            check_size(version.size, self._size, self._limits)
            if journal and answer.status == PARTIAL and version.size != journal.size:
                raise RestartError("the file has changed on the server", ranges=True)
            if journal and answer.status != PARTIAL:  # another version, or no ranges: all of it is coming
                self._file.renew()
                journal = None
            if part.start == 0 and part.end == version.size and (version.size or 0) < _SMALL and not journal:
                return self._whole(answer, version)
            if answer.status == PARTIAL and not version.ranges and part.end != version.size:
                raise RestartError("the server does not say which version it has", ranges=False)
            return self._pieces(answer, version, part, pieces if journal else None)
        finally:
            self._asking.connections.give_back(answer)

    def _range(self, pieces: Pieces | None) -> tuple[int, int] | None:
        if not self._ranges:
            return None
        first = pieces.next_range(1) if pieces else (0, self._limits.pieces_from)
        return first or (0, 1)

    def _whole(self, answer: Incoming, version: Version) -> Received:
        sha256, size = bring_whole(answer.read_into, self._file, version.size, self._most, self._watch)
        check_size(size, self._size, self._limits)
        return self._received(sha256, size, version)

    def _pieces(self, answer: Incoming, version: Version, part: Part, known: Pieces | None) -> Received:
        """Bring the rest by streams, beginning with what this answer has."""
        size = version.size or 0
        resumed = known.size - known.missing if known else 0
        pieces = known or Pieces(size)
        if not known:
            self._file.reserve(size)
        span = pieces.claim(part.start, min(part.end or size, size)) if pieces.missing else None
        task = Task(self._asking, self._file, version, self._limits, self._clock, self._patience, self._watch)
        sha256 = Streams(task, pieces).run(answer, span)
        return self._received(sha256, size, version, resumed)

    def _received(self, sha256: str, size: int, version: Version, resumed: int = 0) -> Received:
        start = first_bytes(self._file)
        return Received(self._file.path, sha256, size, start, version.etag, version.kind, resumed, self._file)


def _headers(asked: tuple[int, int] | None, journal: Journal | None) -> dict[str, str]:
    if asked is None:
        return {}
    condition = {"If-Range": journal.validator} if journal else {}
    return {"Range": f"bytes={asked[0]}-{asked[1] - 1}", **condition}
