"""One file from its URL: what it is called until it has its name, and what stays if it does not come."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from rehub.words.errors import DownloadError, StoreError
from rehub.world.download.faults import FaultError, RestartError
from rehub.world.download.limits import Clock, Credentials, Limits, Watch
from rehub.world.download.part import PartFile
from rehub.world.download.received import Received

_LIMITS = Limits()


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
    # Here, as what is in the store already needs none of http.client, ssl and urllib3.
    from rehub.world.download.attempts import Attempts
    from rehub.world.download.schemes import copy
    from rehub.world.download.whole import check_size, first_bytes

    clock = Clock(limits.deadline)
    if _scheme(url) in {"http", "https"}:
        return Attempts(url, file, limits, clock, watch, credentials, size).run()
    sha256, found = copy(url, file, limits.bytes if size is None else min(size, limits.bytes), clock, watch)
    check_size(found, size, limits)
    return Received(file.path, sha256, found, first_bytes(file), _part=file)


def _scheme(url: str) -> str:
    try:
        return urlsplit(url).scheme
    except ValueError as error:
        raise FaultError(f"that is no URL: {error}", again=False) from error
