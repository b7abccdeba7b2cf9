"""One file from its URL, from the first request to the last byte."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from rehub.words.errors import DownloadError, StoreError
from rehub.world.download.asking import Asking
from rehub.world.download.faults import FaultError, RestartError
from rehub.world.download.incoming import Incoming
from rehub.world.download.journal import Journal
from rehub.world.download.limits import Clock, Credentials, Limits, Watch
from rehub.world.download.part import PartFile
from rehub.world.download.pieces import Pieces
from rehub.world.download.received import Received
from rehub.world.download.retries import Patience
from rehub.world.download.schemes import copy
from rehub.world.download.streams import Streams, Task
from rehub.world.download.versions import PARTIAL, Part, Version, read
from rehub.world.download.whole import bring_whole, too_large

_LIMITS = Limits()
_START = 1024  # bytes of a file's beginning that tell what it is
_SMALL = 1 << 20  # bytes of a file that is brought again rather than resumed
_RESTARTS = 3  # of a file that changes while it is brought


@contextmanager
def download(  # noqa: PLR0913
    url: str,
    part: Path,
    *,
    limits: Limits = _LIMITS,
    watch: Watch = lambda _received, _size: None,
    credentials: Credentials = lambda _origin: None,
    size: int | None = None,
) -> Iterator[Received]:
    """Bring a file; :meth:`Received.keep` gives it its name, and without that it is gone when the block ends.

    Args:
        url: ``http``, ``https``, ``file`` or ``data``.
        part: what it is called until then, beside its target; its journal is ``<part>.json``. If the transfer breaks,
            both stay where the next call can go on from them, and else nothing does.
        limits: on time, size, redirects, retries and streams.
        watch: told how far it is, by this thread.
        credentials: asked once, for the URL's own origin; nobody else gets what it gives.
        size: how many bytes it must have.

    Raises:
        DownloadError: the server, or the network, did not give all of it.
        StoreError: the disk refused.
        FileNotFoundError: there is no folder for it.
    """
    file = PartFile.claim(part)
    try:
        received = _receive(url, file, limits, watch, credentials, size)
    except (FaultError, RestartError) as fault:
        kept = file.journal.bytes if file.journal else 0
        file.leave()
        raise DownloadError(url, fault.said, getattr(fault, "status", None), kept=kept) from fault
    except StoreError:
        file.drop()
        raise
    except BaseException:
        file.leave()
        raise
    try:
        yield received
    finally:
        file.drop()


def _receive(  # noqa: PLR0913, PLR0917 - those of download
    url: str, file: PartFile, limits: Limits, watch: Watch, credentials: Credentials, size: int | None
) -> Received:
    clock = Clock(limits.deadline)
    if _scheme(url) in {"http", "https"}:
        return _Transfer(url, file, limits, clock, watch, credentials, size).run()
    sha256, found = copy(url, file, limits.bytes if size is None else min(size, limits.bytes), clock, watch)
    _check_size(found, size, limits)
    return Received(file.path, sha256, found, _first_bytes(file), _part=file)


def _scheme(url: str) -> str:
    try:
        return urlsplit(url).scheme
    except ValueError as error:
        raise FaultError(f"that is no URL: {error}", again=False) from error


class _Transfer:
    """Asks until the file is there, or until there is no use in it."""

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
            _check_size(version.size, self._size, self._limits)
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
        _check_size(size, self._size, self._limits)
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
        start = _first_bytes(self._file)
        return Received(self._file.path, sha256, size, start, version.etag, version.kind, resumed, self._file)


def _headers(asked: tuple[int, int] | None, journal: Journal | None) -> dict[str, str]:
    if asked is None:
        return {}
    condition = {"If-Range": journal.validator} if journal else {}
    return {"Range": f"bytes={asked[0]}-{asked[1] - 1}", **condition}


def _check_size(found: int | None, promised: int | None, limits: Limits) -> None:
    if found is not None and found > limits.bytes:
        raise too_large(limits.bytes)
    if None not in {found, promised} and found != promised:
        raise FaultError(f"it has {found} bytes, and {promised} were promised", again=False)


def _first_bytes(file: PartFile) -> bytes:
    view = memoryview(bytearray(_START))
    return bytes(view[: file.read_into(view, 0)])
