"""A server of one file, in a process of its own: as fast as it goes, or so many bytes a second on each connection.

    python bench/served.py FILE [--rate BYTES] [--certificate FILE]

It prints its port. It knows ranges; ``GET /-/sent`` gives how many bytes of the file were sent since the last time.
"""

import argparse
import contextlib
import mmap
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

_CHUNK = 1 << 20  # bytes
_BLINK = 0.01  # seconds' worth of bytes that a limited connection sends at once


class Served:
    """The file, and who wants it.

    Args:
        file: the file.
        rate: bytes a second on each connection; 0 for no limit.
        certificate: a file with a certificate and its key, to speak https.
    """

    def __init__(self, file: Path, rate: float, certificate: Path | None) -> None:
        self.file = file.open("rb")
        self.size, self.rate = file.stat().st_size, rate
        self.view = memoryview(mmap.mmap(self.file.fileno(), 0, prot=mmap.PROT_READ))
        self.sent, self.lock = 0, threading.Lock()
        self.context: ssl.SSLContext | None = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)

    def accept(self) -> None:
        """Answer whoever comes, for ever."""
        with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
            print(listening.getsockname()[1], flush=True)
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection: socket.socket) -> None:
        """Answer one request after the other."""
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            with connection:
                while head := _head(connection):
                    if head.startswith("GET /-/sent "):
                        self.tell(connection)
                    else:
                        self.give(connection, head)

    def tell(self, connection: socket.socket) -> None:
        """Say how much was sent, and forget it."""
        with self.lock:
            said, self.sent = str(self.sent).encode(), 0
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(said), said))

    def give(self, connection: socket.socket, head: str) -> None:
        """Send the file, or the part that is asked for."""
        found = re.search(r"^range: *bytes=(\d+)-(\d*)", head, re.IGNORECASE | re.MULTILINE)
        first, last = (int(found[1]), int(found[2] or self.size - 1)) if found else (0, self.size - 1)
        last = min(last, self.size - 1)
        status = "206 Partial Content" if found else "200 OK"
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {last + 1 - first}", 'ETag: "1"', "Accept-Ranges: bytes"]
        lines += [f"Content-Range: bytes {first}-{last}/{self.size}"] if found else []
        connection.sendall("\r\n".join([*lines, "Content-Type: application/octet-stream", "", ""]).encode())
        if not head.startswith("HEAD "):
            self.send(connection, first, last + 1)

    def send(self, connection: socket.socket, first: int, end: int) -> None:
        """Send bytes, by the kernel alone where nothing is limited or encrypted."""
        begun, start = time.monotonic(), first
        while first < end:
            count = min(end - first, int(self.rate * _BLINK) if self.rate else _CHUNK)
            if self.context or self.rate:
                connection.sendall(self.view[first : first + count])
            else:
                count = os.sendfile(connection.fileno(), self.file.fileno(), first, count)
            first += count
            with self.lock:
                self.sent += count
            if self.rate:
                time.sleep(max(0.0, begun + (first - start) / self.rate - time.monotonic()))


def _head(connection: socket.socket) -> str:
    """Read a request's head; empty if there is none."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(1 << 16)
        if not more:
            return ""
        data += more
    return data.decode("latin-1")


@contextlib.contextmanager
def served(file: Path, *, rate: float = 0, certificate: Path | None = None) -> Iterator[str]:
    """Serve a file by a process of its own; give the server's URL without a slash at the end."""
    command = [sys.executable, __file__, str(file), "--rate", str(rate)]
    command += ["--certificate", str(certificate)] if certificate else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield f"{'https' if certificate else 'http'}://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()


def sent(url: str) -> float:
    """Ask a server that speaks plain http how many bytes it has sent since the last time."""
    with urllib.request.urlopen(f"{url}/-/sent", timeout=30) as answer:
        return float(answer.read())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--rate", type=float, default=0)
    parser.add_argument("--certificate", type=Path)
    given = parser.parse_args()
    Served(given.file, given.rate, given.certificate).accept()
