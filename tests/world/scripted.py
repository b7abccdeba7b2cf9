"""A server on loopback whose every answer a test writes itself, byte by byte: ``Scripted(lambda asked: [b"HTTP/1.1 …"])``."""

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    number: int  # of all requests to this server, from 0

    @property
    def range(self) -> tuple[int, int] | None:
        """The range it asks for: from, and up to."""
        found = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("range", ""))
        return (int(found[1]), int(found[2]) + 1) if found else None


Script = Callable[[Asked], Iterable[bytes]]


@dataclass
class Scripted:
    """Answers as its script says; the connection stays open where the script ends, and is cut where it raises."""

    script: Script
    certificate: Path | None = None
    log: list[Asked] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._listening.getsockname()[1])
        self.connections = 0
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        with self._lock:
            open_now = [self._listening, *self._open]
        for each in open_now:
            for end in (lambda each=each: each.shutdown(socket.SHUT_RDWR), each.close):
                with suppress(OSError):
                    end()

    @property
    def url(self) -> str:
        """The server's address, without a slash at the end."""
        return f"{'https' if self.certificate else 'http'}://127.0.0.1:{self.port}"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.add(connection)
        try:
            if self.certificate:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(self.certificate)
                connection = context.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as reader:
                while asked := self._read(reader):  # type: ignore[arg-type]
                    for data in self.script(asked):
                        connection.sendall(data)
        except (OSError, EOFError, ssl.SSLError):
            pass
        finally:
            connection.close()
            with self._lock:
                self._open.discard(connection)

    def _read(self, reader: object) -> Asked | None:
        lines = []
        while (line := reader.readline().rstrip(b"\r\n")) or not lines:  # type: ignore[attr-defined]
            if not line:
                return None
            lines.append(line.decode("latin-1"))
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (each.partition(":") for each in lines[1:])
        }
        body = reader.read(int(headers.get("content-length", 0)))  # type: ignore[attr-defined]
        method, target, _ = lines[0].split()
        with self._lock:
            asked = Asked(method, target, headers, body, len(self.log))
            self.log.append(asked)
        return asked


def head(status: str, *headers: str) -> bytes:
    """Give the head of an answer."""
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode()


def part(asked: Asked, data: bytes, etag: str = '"1"') -> list[bytes]:
    """Answer as a good server does: the range that is asked for, if its condition holds, else all of it."""
    known = asked.headers.get("if-range", etag) == etag
    if asked.range is None or not known:
        return [head("200 OK", f"Content-Length: {len(data)}", "Accept-Ranges: bytes", f"ETag: {etag}"), data]
    start, end = asked.range
    end = min(end, len(data))
    if start >= end:
        return [head("416 Range Not Satisfiable", "Content-Length: 0")]
    said = f"Content-Range: bytes {start}-{end - 1}/{len(data)}"
    return [head("206 Partial Content", f"Content-Length: {end - start}", said, f"ETag: {etag}"), data[start:end]]
