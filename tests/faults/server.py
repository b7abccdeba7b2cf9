"""A server that answers as it is told: plain sockets and TLS, a thread for each connection.

How it answers is one function, ``server.does``; those of :mod:`tests.faults.behaviours` are wrong in one way each. It
remembers what it was asked and how many bytes of bodies it sent. Healing it means letting it be honest again.
"""

import contextlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Self

CHUNK = 16 << 10  # bytes
_HEAD_AT_MOST = 64 << 10  # bytes of a request's head
REASONS = {200: "OK", 206: "Partial Content", 302: "Found", 416: "Range Not Satisfiable", 429: "Too Many Requests"}


class OverError(Exception):
    """The conversation is over: the client went away, or the server was stopped."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request; the names of its headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]

    @property
    def range(self) -> tuple[int, int | None] | None:
        """The first and the last byte that are asked for; ``None`` for the whole file."""
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("range", ""))
        return (int(found[1]), int(found[2]) if found[2] else None) if found else None


@dataclass(slots=True)
class Talk:
    """One request, and the connection on which it is answered.

    Attributes:
        asked: the request.
        number: how many came before it, on whatever connection.
        keep: whether the connection stays open for the next request.
    """

    server: "FaultServer"
    connection: socket.socket
    asked: Asked
    number: int
    keep: bool = True

    @property
    def data(self) -> bytes:
        """The file."""
        return self.server.data

    def send(self, data: bytes) -> None:
        """Send bytes as they are; those of a body are counted by :meth:`body`."""
        try:
            self.connection.sendall(data)
        except OSError as error:
            raise OverError from error

    def head(self, status: int, headers: Mapping[str, object]) -> None:
        """Send a status line and headers."""
        lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Because')}", *(f"{k}: {v}" for k, v in headers.items())]
        self.send("\r\n".join([*lines, "", ""]).encode("latin-1"))

    def body(self, data: bytes) -> None:
        """Send bytes of a body, as fast as ``server.rate`` lets it."""
        for start in range(0, len(data), CHUNK):
            part = data[start : start + CHUNK]
            self.server.count(len(part))
            self.send(part)
            if self.server.rate:
                self.wait(len(part) / self.server.rate)

    def answer(self, status: int, body: bytes = b"", **headers: object) -> None:
        """Answer as it should be done; an underscore of a header's name stands for a dash."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.head(status, {"Content-Length": len(body), **named})
        if self.asked.method != "HEAD":
            self.body(body)

    def wait(self, seconds: float) -> None:
        """Say nothing for a while, or until the client hangs up or the server is stopped."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self.server.stopping.wait(min(left, 0.05)) or self._gone():
                raise OverError

    def _gone(self) -> bool:
        if isinstance(self.connection, ssl.SSLSocket):
            return False  # its bytes cannot be peeked at
        try:
            return self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def reset(self) -> None:
        """Cut the connection so that the client's system says so (RST), as a router does that lost its memory."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        raise OverError


Behaviour = Callable[[Talk], None]


def honest(talk: Talk) -> None:
    """Answer as RFC 9110 has it: ranges, ``If-Range``, ``ETag``, 416."""
    data, wanted, size = talk.data, talk.asked.range, len(talk.data)
    common = {"ETag": talk.server.etag, "Accept-Ranges": "bytes", "Content-Type": "application/octet-stream"}
    if wanted is None or talk.asked.headers.get("if-range", talk.server.etag) != talk.server.etag:
        return talk.answer(200, data, **common)
    first, last = wanted[0], min(size - 1 if wanted[1] is None else wanted[1], size - 1)
    if first >= size or last < first:
        return talk.answer(416, **{**common, "Content-Range": f"bytes */{size}"})
    return talk.answer(206, data[first : last + 1], **{**common, "Content-Range": f"bytes {first}-{last}/{size}"})


@dataclass
class FaultServer:
    """A server with one file, at every path.

    Attributes:
        data: the file.
        does: how a request is answered.
        rate: bytes a second on each connection; 0 for as fast as it goes.
        certificate: a file with a certificate and its key, to speak https.
        name: the last part of the file's URL.
        mute: whether it accepts connections, and then neither reads nor says anything.
    """

    data: bytes = b""
    does: Behaviour = honest
    rate: float = 0
    certificate: Path | None = None
    name: str = "weights.pth"
    mute: bool = False
    asked: list[Asked] = field(default_factory=list)
    bytes_out: int = 0
    connections: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)
    _marks: list[tuple[int, Callable[[], object]]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._context: ssl.SSLContext | None = None
        if self.certificate:
            self.certify(self.certificate)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listening.getsockname()[1])

    @property
    def origin(self) -> str:
        """Its URL, without a slash at the end."""
        return f"{'https' if self.certificate else 'http'}://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The file's URL."""
        return f"{self.origin}/{self.name}"

    @property
    def etag(self) -> str:
        """What it calls this version of the file."""
        return f'"{sha256(self.data).hexdigest()[:16]}"'

    def certify(self, certificate: Path) -> None:
        """Prove by another certificate who it is, from the next connection on."""
        self.certificate, self._context = certificate, ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)

    def heal(self) -> None:
        """Be honest from here on, and forget what was asked."""
        self.does, self.rate, self.mute = honest, 0, False
        self.reset()

    def reset(self) -> None:
        """Forget what was asked and sent."""
        with self._lock:
            self.asked, self.bytes_out, self.connections, self._marks = [], 0, 0, []

    def cut(self) -> None:
        """Cut every connection."""
        with self._lock:
            connections = set(self._open)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def at(self, count: int, act: Callable[[], object]) -> None:
        """Do something, once, when so many bytes of bodies are about to have been sent."""
        with self._lock:
            self._marks.append((count, act))

    def count(self, size: int) -> None:
        """Note bytes that are about to be sent."""
        with self._lock:
            self.bytes_out += size
            due = [act for at, act in self._marks if at <= self.bytes_out]
            self._marks = [(at, act) for at, act in self._marks if at > self.bytes_out]
        for act in due:
            act()

    def _accept(self) -> None:
        while not self.stopping.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        """Answer one request after the other."""
        with self._noted(connection), contextlib.suppress(OverError, OSError):
            if self.mute:
                self.stopping.wait(60)
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            with connection:
                keep = True
                while keep and (asked := _read(connection)):
                    with self._lock:
                        number = len(self.asked)
                        self.asked.append(asked)
                    talk = Talk(self, connection, asked, number)
                    self.does(talk)
                    keep = talk.keep

    @contextlib.contextmanager
    def _noted(self, connection: socket.socket) -> Iterator[None]:
        with self._lock:
            self._open.add(connection)
            self.connections += 1
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()


def _read(connection: socket.socket) -> Asked | None:
    """Read a request's head; nobody sends this server a body."""
    head = b""
    while b"\r\n\r\n" not in head:
        data = connection.recv(CHUNK)
        head += data
        if not data or len(head) > _HEAD_AT_MOST:
            return None
    first, *lines = head.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    pairs = (line.partition(":") for line in lines)
    return Asked(method, path, {name.strip().lower(): value.strip() for name, _, value in pairs})
