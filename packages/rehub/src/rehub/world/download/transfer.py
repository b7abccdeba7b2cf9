"""Bringing a file from a URL: the only place that opens sockets itself (git opens its own).

What arrives is hashed on its way, and has no name until whoever asked for it has looked at it.
"""

import hashlib
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import IO, Any
from urllib import request
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from rehub.words.errors import DownloadError

_CHUNK = 128 << 10  # bytes
_START = 1024  # bytes of a file's beginning that tell what it is
_OK = 200
_DIGITS = 20  # of a size in bytes
_HTTP = {"http", "https"}
Watch = Callable[[int, int | None], None]
"""Told how many bytes have arrived and, if the server says so, of how many: before the first, then now and then."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a transfer may take.

    Attributes:
        timeout: how long a server may stay silent, in seconds.
        bytes: how large a file may be.
        redirects: how often a server may send us elsewhere.
    """

    timeout: float = 30.0
    bytes: int = 1 << 40
    redirects: int = 10


@dataclass(frozen=True, slots=True)
class Received:
    """A whole file that has arrived.

    Attributes:
        file: where it lies, under a name that does not stay.
        sha256: of its bytes, in hex.
        size: in bytes.
        start: its first bytes.
        etag: what the server calls this version of it; empty if it says nothing.
    """

    file: Path
    sha256: str
    size: int
    start: bytes
    etag: str = ""
    kind: str = ""
    resumed: int = 0

    def keep(self, target: Path, *, mode: int | None = None) -> None:
        """Give it its name for good."""
        if mode is not None:
            self.file.chmod(mode)
        self.file.replace(target)


def progress_of(part: Path) -> tuple[int, int | None] | None:
    """Say how far another process is."""
    try:
        return part.stat().st_size, None
    except OSError:
        return None


@contextmanager
def download(
    url: str,
    part: Path,
    *,
    limits: Limits = Limits(),
    watch: Watch = lambda _received, _size: None,
    credentials: object = None,
) -> Iterator[Received]:
    """Bring a file; it gets its name when the block ends, and is gone if the block raises.

    Args:
        url: ``http``, ``https``, ``file`` or ``data``. No credentials are sent.
        target: the name it gets; a file of that name is replaced.
        limits: on time, size and redirects.
        watch: told how far it is.

    Raises:
        DownloadError: the server, or the network, did not give all of it.
        OSError: the target cannot be written.
    """
    # Not by tempfile: its files are for their owner's eyes only, and this one is going to stay.
    try:
        with part.open("wb") as file:
            received = _receive(url, file, part, limits, watch)
            file.flush()
            os.fsync(file.fileno())
        yield received
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


def _receive(url: str, file: IO[bytes], part: Path, limits: Limits, watch: Watch) -> Received:
    """Read a whole answer into a file."""
    total, size, start = hashlib.sha256(), 0, b""
    with closing(_open(url, limits)) as answer:
        _refuse_parts(url, answer)
        expected = _length(url, answer)
        watch(0, expected)
        for chunk in _chunks(url, answer):
            file.write(chunk)
            total.update(chunk)
            size += len(chunk)
            start = (start + chunk)[:_START] if len(start) < _START else start
            if size > limits.bytes:
                raise DownloadError(url, f"it is larger than {limits.bytes} bytes")
            watch(size, expected)
        if expected is not None and size != expected:
            raise DownloadError(url, f"the connection ended after {size} of {expected} bytes")
        return Received(part, total.hexdigest(), size, start, answer.headers.get("ETag") or "")


def _open(url: str, limits: Limits) -> Any:
    """Ask for a URL; give what answers.

    Raises:
        DownloadError: instead of everything that urllib raises, which is its cause.
    """
    try:
        asked = request.Request(url, headers={"User-Agent": "rehub"})  # noqa: S310 - the opener knows four schemes
        return _opener(limits).open(asked, timeout=limits.timeout)
    except HTTPError as error:
        error.close()
        raise DownloadError(url, f"the server answered {error.code} {error.reason}", error.code) from error
    except URLError as error:
        raise DownloadError(url, str(error.reason)) from error
    except (HTTPException, OSError, ValueError) as error:
        raise DownloadError(url, str(error) or type(error).__name__) from error


def _opener(limits: Limits) -> request.OpenerDirector:
    """Make an opener for four schemes: proxies and authorities as the environment says, no credentials, no cookies."""
    opener = request.OpenerDirector()
    redirects = _Redirects(limits.redirects)
    for handler in (
        *(request.ProxyHandler(), request.HTTPHandler(), request.HTTPSHandler(), redirects),
        *(request.FileHandler(), request.DataHandler(), request.UnknownHandler()),
        *(request.HTTPDefaultErrorHandler(), request.HTTPErrorProcessor()),
    ):
        opener.add_handler(handler)
    return opener


class _Redirects(request.HTTPRedirectHandler):
    """Follows a server elsewhere, but never from an encrypted connection to an open one, nor to another scheme."""

    def __init__(self, most: int) -> None:
        self._left = most

    def redirect_request(  # noqa: PLR0913, PLR0917 - urllib's signature
        self, req: request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> request.Request | None:
        scheme = urlsplit(newurl).scheme
        if scheme not in _HTTP or (req.type == "https" and scheme != "https"):
            raise HTTPError(req.full_url, code, f"(to {newurl[:200]}, which is less safe; not followed)", headers, fp)
        self._left -= 1
        if self._left < 0:
            raise HTTPError(req.full_url, code, "(once too often; not followed)", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _refuse_parts(url: str, answer: Any) -> None:
    """Refuse what is not the file itself: a part of it, nothing, or something that would have to be decoded first."""
    status, encoding = getattr(answer, "status", None), answer.headers.get("Content-Encoding", "identity")
    if status not in {None, _OK}:
        raise DownloadError(url, f"the server answered {status}, and only {_OK} is all of it", status)
    if encoding.strip().lower() not in {"", "identity"}:
        raise DownloadError(url, f"the server sent it encoded, unasked: {encoding[:40]!a}")


def _length(url: str, answer: Any) -> int | None:
    said = answer.headers.get("Content-Length")
    if said is None:
        return None
    if not said.strip().isdecimal() or len(said) > _DIGITS:
        raise DownloadError(url, f"the server says that it has {said[:40]!a} bytes")
    return int(said)


def _chunks(url: str, answer: Any) -> Iterator[bytes]:
    while True:
        try:
            chunk = answer.read(_CHUNK)
        except (HTTPException, OSError, ValueError) as error:
            raise DownloadError(url, f"the connection ended early: {str(error) or type(error).__name__}") from error
        if not chunk:
            return
        yield chunk
