"""Files that were downloaded: ``urls/<sha256 of the URL>.json`` says where a URL's bytes are, and their SHA-256."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rehub.words.digest import Digest
from rehub.world.store.files import read_json, write_json
from rehub.world.store.trees import Seen


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file that has a URL's bytes.

    Attributes:
        url: the whole of it, of which only the digest is kept, and the part before any query: that may hold secrets.
        file: where it is.
        seen: its SHA-256, and how it looked when that was computed.
        etag: what the server called these bytes; empty if it said nothing.
    """

    url: str
    file: Path
    seen: Seen
    etag: str = ""

    @classmethod
    def of(cls, url: str, file: Path, sha256: str, etag: str = "") -> Self:
        """Note that a file, as it is now, has a URL's bytes."""
        return cls(url, file, Seen.at(file.stat(), sha256), etag)

    def still(self) -> bool:
        """Say whether the file looks as it did when it was hashed."""
        try:
            return self.seen.still(self.file.stat())
        except OSError:
            return False


class Urls:
    """The folder ``urls/``; a damaged record counts as absent."""

    def __init__(self, root: Path) -> None:
        self._root = root / "urls"

    def find(self, url: str) -> FileRecord | None:
        """Give the file that has a URL's bytes, if that was written down."""
        return _read(self._path(url))

    def is_taken(self, file: Path, url: str) -> bool:
        """Say whether a file is known to have another URL's bytes."""
        return any(found and found.file == file for path, found in self._all() if path != self._path(url))

    def save(self, record: FileRecord) -> None:
        """Remember which file has a URL's bytes; it was another URL's no longer. The caller holds the file's lock.

        Raises:
            StoreError: the disk refused.
        """
        for path, other in self._all():
            if other and other.file == record.file and path != self._path(record.url):
                path.unlink(missing_ok=True)
        seen = record.seen
        row = [seen.sha256, seen.size, seen.inode, seen.mtime_ns, seen.ctime_ns]
        data = {"url": record.url.partition("?")[0], "file": os.fspath(record.file), "seen": row, "etag": record.etag}
        write_json(self._path(record.url), data)

    def _all(self) -> list[tuple[Path, FileRecord | None]]:
        return [(path, _read(path)) for path in sorted(self._root.glob("*.json"))]

    def _path(self, url: str) -> Path:
        return self._root / f"{Digest.of(url.encode('utf-8', 'surrogatepass')).hex}.json"


def _read(path: Path) -> FileRecord | None:
    data = read_json(path) or {}
    try:
        row = data["seen"]
        seen = Seen(str(row[0]), *map(int, row[1:5]))
        return FileRecord(str(data["url"]), Path(str(data["file"])), seen, str(data["etag"]))
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return None
