"""One answer of a server: its head within limits of time and size, its body straight from the socket.

http.client reads heads and chunked bodies. A body whose length is known is received into the caller's memory by the
socket itself: after the first read nothing is left in http.client's buffer, and each read ends with what one
``recv`` gave, so that a stream that crawls is seen to crawl.
"""

import io
import socket
import time
from http.client import HTTPException, HTTPMessage, HTTPResponse
from typing import Any

from rehub.world.download.faults import FaultError
from rehub.world.download.limits import Clock, Limits, Pace

_BUFFER = 8 << 10  # bytes that http.client may read ahead
_HEAD = 256 << 10  # bytes of a head, all "100 Continue" before it included
_DIGITS = 20  # of a size in bytes
_TOGETHER = 0.005  # seconds for which small reads are gathered before they are handed on


class _Wire(io.RawIOBase):
    """What http.client reads from: until the head is complete, only so much and only for so long."""

    def __init__(self, sock: Any, raw: io.RawIOBase, patience: float) -> None:
        self._sock, self._raw = sock, raw
        self.until, self.left = time.monotonic() + patience, _HEAD

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        wait = self.until - time.monotonic()
        if wait <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(wait)
        count = int(self._sock.recv_into(into))  # not by raw, which is of no more use after a time-out
        self.left -= count
        if self.left < 0:
            raise HTTPException(f"got more than {_HEAD} bytes before the file")
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class Head(HTTPResponse):
    """http.client's response, whose head is bounded; ``patience`` in seconds."""

    def __init__(self, sock: socket.socket, *args: Any, patience: float = 30.0, **more: Any) -> None:
        super().__init__(sock, *args, **more)
        self.wire = _Wire(sock, self.fp.detach(), patience)
        self.fp = io.BufferedReader(self.wire, _BUFFER)


class Incoming:
    """A server's answer.

    Attributes:
        url: who answered, in the end.
        status: as the server says.
        headers: as the server says.
        length: of the body in bytes; ``None`` if the server does not say.
        left: what is still to come of it.
    """

    def __init__(self, url: str, head: Head, sock: Any, limits: Limits, clock: Clock) -> None:
        self.url, self.status, self.headers = url, head.status, head.headers
        self._head, self._sock, self._clock, self._limits = head, sock, clock, limits
        self._buffered = True
        self._pace, self._later = Pace(limits), FaultError("")
        self.length = None if head.chunked else stated_length(head.headers)
        self.left = self.length

    @property
    def reusable(self) -> bool:
        """Whether the connection may be asked for something else."""
        return self.left == 0 and not self._head.will_close

    def read_into(self, view: memoryview) -> int:
        """Receive some bytes: as many as arrive at once, a few milliseconds' worth; 0 at the end.

        Raises:
            FaultError: the stream broke, fell silent, or crawls.
        """
        if self._later.said:
            raise self._later
        view = view if self.left is None else view[: self.left]
        count = self._some(view) if view else 0
        until = time.monotonic() + _TOGETHER
        while 0 < count < len(view) and time.monotonic() < until:
            try:
                more = self._some(view[count:])
            except FaultError as fault:  # what came before it is still good
                self._later = fault
                break
            if not more:
                break
            count += more
        if self.left is not None:
            self.left -= count
        return count

    def _some(self, view: memoryview) -> int:
        while True:
            try:
                count = self._receive(view)
            except TimeoutError:
                self._pace.note(0)
                continue
            except (HTTPException, OSError, ValueError) as error:
                raise FaultError(f"the connection ended early: {str(error) or type(error).__name__}") from error
            if count:
                self._pace.note(count)
            return count

    def _receive(self, view: memoryview) -> int:
        if self.length is not None and not self._buffered:
            self._sock.settimeout(self._clock.left(self._pace.patience()))
            return int(self._sock.recv_into(view))
        self._head.wire.until = time.monotonic() + self._clock.left(self._limits.timeout)
        self._head.wire.left = _HEAD + len(view)
        data = self._head.read1(min(len(view), _BUFFER if self.length is not None else len(view)))
        self._buffered = self._buffered and 0 < len(data) == len(view) < _BUFFER
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Give up what http.client holds of it; the connection has its own end."""
        self._head.close()


def stated_length(headers: HTTPMessage) -> int | None:
    """Read Content-Length.

    Raises:
        FaultError: what is there is no number of bytes, or several.
    """
    said = {each.strip() for each in headers.get_all("Content-Length", ())}
    if not said:
        return None
    text = said.pop()
    if said or not (text.isascii() and text.isdecimal()) or len(text) > _DIGITS:
        raise FaultError(f"the server says that it has {text[:40]!a} bytes", again=False)
    return int(text)
