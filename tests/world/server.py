"""A small smart-HTTP git server on loopback: ``git http-backend`` behind Python's own HTTP server.

It answers as GitHub does (protocol v2, filters, any commit by its id), as older or stricter servers do, or badly in the
ways that networks are bad; and it remembers what it was asked and how many bytes that took.
"""

import base64
import contextlib
import http
import os
import socket
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Literal
from urllib.parse import unquote, urlsplit

from tests.world.lfs import MEDIA_TYPE, LfsStore
from tests.world.repo import git_env

_SERVICES = ("info/refs", "git-upload-pack", "git-receive-pack", "HEAD")
_CHUNK = 64 * 1024  # bytes
_BODY_AT_MOST = 256 * 1024 * 1024  # bytes

Suffix = Literal["both", "git", "bare"]


@dataclass(slots=True)
class Request:
    """One request, from the moment it arrives: the bytes are those of the bodies, as they go over the wire.

    Everything is counted before it is sent, so a client that has its answer finds it in the log.
    """

    method: str
    path: str  # with the query
    protocol: str = ""  # the Git-Protocol header
    status: int = 0  # 0: not answered yet, or never
    bytes_in: int = 0
    bytes_out: int = 0


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user and password as they arrived; neither is ever shown."""

    path: str
    user: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(slots=True)
class _Rule:
    """What to do wrong with requests whose path holds a text, so many times."""

    part: str
    kind: str
    status: int = 0
    target: str = ""
    after: int = 0
    times: int = -1

    def takes(self, path: str) -> bool:
        if self.times == 0 or self.part not in path:
            return False
        self.times -= 1
        return True


@dataclass
class GitServer:
    """A server over all bare repositories below a folder; ``/owner/repo`` is ``<root>/owner/repo.git``.

    Attributes:
        allow_filter: partial clones are possible (``uploadpack.allowFilter``).
        any_commit: a commit can be asked for by its id, reachable or not; GitHub does so.
        suffix: whether ``/owner/repo``, ``/owner/repo.git`` or both exist.
        protocol: the highest that is spoken: 2, 1 or 0.
        files: other paths and their bytes, say weights: ``server.files["/toy.pt"] = b"..."``.
        certificate: a file with a certificate and its key, to speak https.
        lfs: what git LFS keeps here, for every repository.
        authorizations: what requests have said in that header, in order, with their paths.
        below: a path that all repositories are below, as with GitLab's relative root: ``/gitlab``.
    """

    root: Path
    allow_filter: bool = True
    any_commit: bool = True
    suffix: Suffix = "both"
    protocol: int = 2
    files: dict[str, bytes] = field(default_factory=dict)
    log: list[Request] = field(default_factory=list)
    credentials: list[Credentials] = field(default_factory=list)
    port: int = 0
    certificate: Path | None = None
    below: str = ""
    lfs: LfsStore = field(default_factory=LfsStore)
    authorizations: list[tuple[str, str]] = field(default_factory=list, repr=False)
    _private: dict[str, tuple[str, str]] = field(default_factory=dict, repr=False)
    _strangers: dict[str, int] = field(default_factory=dict, repr=False)
    _weak: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict, repr=False)
    _rules: list[_Rule] = field(default_factory=list, repr=False)
    _http: "_Server | None" = field(default=None, repr=False)
    _thread: threading.Thread | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """The server's address, without a slash at the end."""
        return f"{'https' if self.certificate else 'http'}://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen: on a free port at first, on the same port later."""
        if self._http is None:
            self._http = _Server(self)
            self.port = self._http.server_address[1]
            self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop listening and cut every connection; the log stays."""
        if self._http is not None and self._thread is not None:
            self._http.shutdown()
            self._thread.join(10)
            self._http.server_close()
            self._http.cut()
            self._http = None

    def reset(self) -> None:
        """Forget the log and the credentials."""
        self.log.clear()
        self.credentials.clear()

    def bytes_out(self) -> int:
        """How many bytes of bodies were sent since the last reset."""
        return sum(request.bytes_out for request in list(self.log))

    def bytes_in(self) -> int:
        """How many bytes of bodies arrived since the last reset."""
        return sum(request.bytes_in for request in list(self.log))

    # What goes wrong. ``part`` is any part of the path and query: "acme/toy", "git-upload-pack", "" for everything.

    def private(self, part: str, user: str, password: str, *, strangers: int = 401) -> None:
        """Want this user and password; without them the answer is 401, or whatever strangers get here."""
        self._private[part] = (user, password)
        self._strangers[part] = strangers

    def weak(self, user: str, password: str, status: int = 403, words: str = "") -> None:
        """Know a user who may not read what is private; also what the server says to that."""
        self._weak[user, password] = (status, words)

    def fail(self, part: str, status: int, *, times: int = -1) -> None:
        """Answer with a status instead, always or so many times."""
        self._rules.append(_Rule(part, "fail", status=status, times=times))

    def redirect(self, part: str, target: str, *, status: int = 301, times: int = -1) -> None:
        """Send the client elsewhere: ``part`` and all before it are replaced by the target."""
        self._rules.append(_Rule(part, "redirect", status=status, target=target, times=times))

    def stall(self, part: str, *, times: int = -1) -> None:
        """Take the request and never answer."""
        self._rules.append(_Rule(part, "stall", times=times))

    def truncate(self, part: str, after: int, *, times: int = -1) -> None:
        """Cut the connection after so many bytes of the answer's body."""
        self._rules.append(_Rule(part, "truncate", after=after, times=times))

    def heal(self) -> None:
        """Undo whatever was set to go wrong, but leave private what is private."""
        self._rules.clear()

    def _git_config(self) -> dict[str, str]:
        def yes(value: object) -> str:
            return "true" if value else "false"

        pairs = {
            "uploadpack.allowFilter": yes(self.allow_filter),
            "uploadpack.allowAnySHA1InWant": yes(self.any_commit),
            "http.getanyfile": "false",
            "safe.directory": "*",
        }
        numbered = list(enumerate(pairs.items()))
        keys = {f"GIT_CONFIG_KEY_{i}": key for i, (key, _) in numbered}
        return {
            **keys,
            **{f"GIT_CONFIG_VALUE_{i}": value for i, (_, value) in numbered},
            "GIT_CONFIG_COUNT": str(len(pairs)),
        }


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, owner: GitServer) -> None:
        self.owner = owner
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.open: set[socket.socket] = set()
        self.running: set[subprocess.Popen[bytes]] = set()
        self.threads: set[threading.Thread] = set()
        super().__init__(("127.0.0.1", owner.port), _Handler)
        if owner.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(owner.certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def process_request_thread(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        with self.lock:
            self.open.add(request)
            self.threads.add(threading.current_thread())
        try:
            super().process_request_thread(request, client_address)  # type: ignore[arg-type]
        finally:
            with self.lock:
                self.open.discard(request)
                self.threads.discard(threading.current_thread())

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no error; anything else shows in the test's output."""
        import sys

        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def cut(self) -> None:
        """End what is still being answered."""
        self.stopping.set()
        with self.lock:
            connections, processes, threads = set(self.open), set(self.running), set(self.threads)
        for process in processes:
            process.kill()
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(10)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    noted: Request

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name is the standard library's
        """Keep quiet: the log is ``GitServer.log``."""

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_HEAD = do_PUT = do_GET  # noqa: N815 -- the names are the standard library's

    def _answer(self) -> None:
        self.noted = Request(self.command, self.path, self.headers.get("Git-Protocol", ""))
        self.limit: int | None = None
        self.server.owner.log.append(self.noted)
        with tempfile.TemporaryFile() as body:
            self._receive(body)
            self._obey_rules_or_serve(body)

    # Receiving.

    def _receive(self, body: IO[bytes]) -> None:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            for chunk in self._chunks():
                body.write(chunk)
        else:
            self._copy_in(int(self.headers.get("Content-Length") or 0), body)
        body.seek(0)

    def _copy_in(self, size: int, body: IO[bytes]) -> None:
        while size > 0 and (data := self.rfile.read(min(size, _CHUNK))):
            self._count_in(data)
            body.write(data)
            size -= len(data)

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            data = self.rfile.read(size)
            self._count_in(data)
            yield data
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass

    def _count_in(self, data: bytes) -> None:
        self.noted.bytes_in += len(data)
        if self.noted.bytes_in > _BODY_AT_MOST:
            msg = "the request is too large for a test"
            raise ConnectionError(msg)

    # Deciding.

    def _obey_rules_or_serve(self, body: IO[bytes]) -> None:
        owner = self.server.owner
        self._note_credentials()
        with self.server.lock:
            rule = next((rule for rule in list(owner._rules) if rule.takes(self.path)), None)
        if rule is None or rule.kind == "truncate":
            self.limit = rule.after if rule else None
            self._serve(body)
        elif rule.kind == "fail":
            self._plain(rule.status)
        elif rule.kind == "redirect":
            self._plain(rule.status, {"Location": rule.target + self.path.partition(rule.part)[2]})
        else:
            self.server.stopping.wait()
            self.close_connection = True

    def _credentials(self) -> tuple[str, str] | None:
        scheme, _, text = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        user, _, password = base64.b64decode(text).decode().partition(":")
        return user, password

    def _note_credentials(self) -> None:
        if said := self.headers.get("Authorization"):
            self.server.owner.authorizations.append((self.path, said))
        if found := self._credentials():
            self.server.owner.credentials.append(Credentials(self.path, *found))

    def _serve(self, body: IO[bytes]) -> None:
        owner = self.server.owner
        wanted = {part: pair for part, pair in list(owner._private.items()) if part in self.path}
        path = unquote(urlsplit(self.path).path)
        if wanted and self._credentials() not in wanted.values():
            self._refuse(owner._strangers[next(iter(wanted))])
        elif path in owner.files:
            self._whole(200, owner.files[path])
        elif path.endswith("/info/lfs/objects/batch"):
            said = owner.lfs.answer(body.read(), self.headers.get("Content-Type", ""), owner.url)
            self._whole(200, said, {"Content-Type": MEDIA_TYPE})
        elif path.startswith("/lfs-objects/") and path.rpartition("/")[2] in owner.lfs.objects:
            self._whole(200, owner.lfs.objects[path.rpartition("/")[2]])
        elif (found := self._find(path)) is None:
            self._plain(404)
        else:
            self._run_git(*found, body)

    def _refuse(self, strangers: int) -> None:
        given = self._credentials()
        if given is None and strangers != 401:
            self._plain(strangers)
        elif given in self.server.owner._weak:
            self._plain(*self.server.owner._weak[given][:1], words=self.server.owner._weak[given][1])
        else:
            self._plain(401, {"WWW-Authenticate": 'Basic realm="the fake world"'})

    def _find(self, path: str) -> tuple[Path, str] | None:
        """Split a path into a repository's folder and git's part."""
        owner = self.server.owner
        for service in _SERVICES:
            if path.endswith("/" + service):
                name = path.removesuffix("/" + service).removeprefix(owner.below).strip("/")
                dotted = name.endswith(".git")
                wrong = (owner.suffix == "git" and not dotted) or (owner.suffix == "bare" and dotted)
                folder = owner.root / (name.removesuffix(".git") + ".git")
                inside = ".." not in name.split("/") and folder.is_dir() and path.startswith(owner.below + "/")
                return (folder, service) if inside and not wrong else None
        return None

    # Answering.

    def _run_git(self, folder: Path, service: str, body: IO[bytes]) -> None:
        env = self._cgi_env(folder, service)
        with subprocess.Popen(
            ["git", "http-backend"], env=env, stdin=body, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            with self.server.lock:
                self.server.running.add(process)
            try:
                assert process.stdout is not None
                self._relay(process.stdout)
            finally:
                process.kill()
                with self.server.lock:
                    self.server.running.discard(process)

    def _cgi_env(self, folder: Path, service: str) -> dict[str, str]:
        owner = self.server.owner
        env = {
            **git_env(),
            **owner._git_config(),
            "GIT_PROJECT_ROOT": os.fspath(folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GATEWAY_INTERFACE": "CGI/1.1",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": "/" + service,
            "QUERY_STRING": urlsplit(self.path).query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(self.noted.bytes_in),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "REMOTE_ADDR": "127.0.0.1",
        }
        spoken = self.noted.protocol
        if owner.protocol and spoken:
            env["GIT_PROTOCOL"] = spoken if owner.protocol >= 2 else "version=1"
        return env

    def _relay(self, answer: IO[bytes]) -> None:
        headers: dict[str, str] = {}
        while (line := answer.readline().strip()) and b":" in line:
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip()] = value.strip()
        status = int(headers.pop("Status", "200").split()[0])
        self._head(status, {**headers, "Transfer-Encoding": "chunked"})
        while data := answer.read1(_CHUNK):  # type: ignore[attr-defined]
            self._send(data, chunked=True)
        if self.command != "HEAD":
            self.wfile.write(b"0\r\n\r\n")

    def _plain(self, status: int, headers: Mapping[str, str] | None = None, *, words: str = "") -> None:
        text = f"{words or f'{status} {http.HTTPStatus(status).phrase}'}\n".encode()
        self._whole(status, text, {"Content-Type": "text/plain", **(headers or {})})

    def _whole(self, status: int, data: bytes, headers: Mapping[str, str] | None = None) -> None:
        self._head(
            status, {"Content-Type": "application/octet-stream", **(headers or {}), "Content-Length": str(len(data))}
        )
        self._send(data, chunked=False)

    def _head(self, status: int, headers: Mapping[str, str]) -> None:
        self.noted.status = status
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _send(self, data: bytes, *, chunked: bool) -> None:
        if self.command == "HEAD":
            return
        cut = self.limit is not None and self.noted.bytes_out + len(data) > self.limit
        if cut:
            data = data[: self.limit - self.noted.bytes_out]
        self.noted.bytes_out += len(data)
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data) if chunked and data else data)
        if cut:
            self.close_connection = True
            msg = "cut, as asked"
            raise ConnectionAbortedError(msg)
