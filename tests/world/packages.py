"""An index of Python packages on loopback: PEP 691's JSON with PEP 700's times of upload, PEP 658's metadata.

Its wheels are made here, a few hundred bytes each, and hold a module that does nothing.
"""

import hashlib
import io
import json
import re
import threading
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import unquote

_JSON = "application/vnd.pypi.simple.v1+json"


@dataclass(frozen=True, slots=True)
class Package:
    """A file of the index.

    Attributes:
        name: of the distribution.
        file: its name.
        content: its bytes.
        uploaded: when, as ISO 8601; empty: the index does not say it.
        metadata: what the wheel says of itself; empty for what is no wheel.
        python: which Pythons it is for.
    """

    name: str
    file: str
    content: bytes
    uploaded: str
    metadata: bytes = b""
    python: str = ""


@dataclass
class PackageIndex:
    """The server; ``with PackageIndex() as index: index.wheel("toy", "1.0", uploaded="2021-03-01")``.

    Attributes:
        packages: what it has.
        log: the paths that were asked for, in order.
    """

    packages: list[Package] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        owner = self

        class Handler(_Handler):
            index = owner

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    @property
    def url(self) -> str:
        """The index's address, as ``UV_DEFAULT_INDEX`` takes it."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/simple"

    def wheel(
        self,
        name: str,
        version: str,
        *,
        uploaded: str = "2020-01-01",
        needs: Sequence[str] = (),
        tag: str = "py3-none-any",
        python: str = "",
    ) -> Package:
        """Add a wheel.

        Args:
            name: of the distribution; its module is called alike.
            version: its version.
            uploaded: the day.
            needs: its own requirements.
            tag: for which Python, ABI and platform it is.
            python: what it says of ``Requires-Python``.
        """
        lines = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"]
        lines += [f"Requires-Dist: {each}\n" for each in needs] + ([f"Requires-Python: {python}\n"] if python else [])
        metadata = "".join(lines).encode()
        word = re.sub(r"[-_.]+", "_", name)
        made = Package(
            name,
            f"{word}-{version}-{tag}.whl",
            _wheel(word, version, tag, metadata),
            uploaded and f"{uploaded}T12:00:00.000000Z",
            metadata,
            python,
        )
        self.packages.append(made)
        return made

    def source(self, name: str, version: str, *, uploaded: str = "2020-01-01") -> Package:
        """Add a source distribution, which must never be opened."""
        made = Package(name, f"{name}-{version}.tar.gz", b"not to be read", f"{uploaded}T12:00:00.000000Z")
        self.packages.append(made)
        return made

    def page(self, name: str) -> dict[str, Any]:
        """Give the JSON of a project."""
        found = [each for each in self.packages if _normal(each.name) == name]
        versions = dict.fromkeys(_version(each.file) for each in found)
        return {
            "meta": {"api-version": "1.1"},
            "name": name,
            "versions": list(versions),
            "files": [_file(each) for each in found],
        }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    index: PackageIndex

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name is the standard library's
        """Keep quiet: the log is ``PackageIndex.log``."""

    def do_GET(self) -> None:
        path = unquote(self.path)
        self.index.log.append(path)
        parts = path.strip("/").split("/")
        if parts[0] == "simple" and len(parts) == 2 and (page := self.index.page(parts[1]))["files"]:
            self._send(200, json.dumps(page).encode(), _JSON)
        elif parts[0] == "files" and (found := self._file(parts[-1].removesuffix(".metadata"))):
            self._send(200, found.metadata if parts[-1].endswith(".metadata") else found.content)
        else:
            self._send(404, b"not found")

    do_HEAD = do_GET  # noqa: N815 -- the names are the standard library's

    def _file(self, name: str) -> Package | None:
        return next((each for each in self.index.packages if each.file == name), None)

    def _send(self, status: int, data: bytes, kind: str = "application/octet-stream") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


def _file(package: Package) -> dict[str, Any]:
    told: dict[str, Any] = {
        "filename": package.file,
        "url": f"/files/{package.file}",
        "hashes": {"sha256": hashlib.sha256(package.content).hexdigest()},
        "size": len(package.content),
    }
    if package.uploaded:
        told["upload-time"] = package.uploaded
    if package.python:
        told["requires-python"] = package.python
    if package.metadata:
        told["core-metadata"] = {"sha256": hashlib.sha256(package.metadata).hexdigest()}
    return told


def _wheel(name: str, version: str, tag: str, metadata: bytes) -> bytes:
    into = io.BytesIO()
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": b"",
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
        f"{info}/RECORD": b"",
    }
    with zipfile.ZipFile(into, "w") as archive:
        for path, content in files.items():
            archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), content)
    return into.getvalue()


def _version(file: str) -> str:
    return file.removesuffix(".tar.gz").split("-")[1]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
