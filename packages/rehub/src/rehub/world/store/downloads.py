"""Files that were downloaded: ``files/<sha256 of the path>.json`` says which URL's bytes a file has, and their SHA-256.

One record a file, which only its lock's holder writes: so no two URLs ever have one file.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rehub.words.digest import Digest
from rehub.world.store.files import read_json, write_json
from rehub.world.store.manifest import Seen


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What a file was when it was hashed last.

    Attributes:
        url: the digest of its URL: a URL may hold secrets, and others may read this.
        seen: its SHA-256, and how it looked.
        etag: what the server called these bytes; empty if it said nothing.
    """

    url: Digest
    seen: Seen
    etag: str = ""

    @classmethod
    def of(cls, url: str, file: Path, sha256: str, etag: str = "") -> Self:
        """Note that a file, as it is now, has a URL's bytes."""
        return cls(_digest(url), Seen.at(file.stat(), sha256), etag)

    def is_of(self, url: str) -> bool:
        """Say whether the file has that URL's bytes."""
        return self.url == _digest(url)

    def is_still(self, file: Path) -> bool:
        """Say whether the file looks as it did when it was hashed."""
        return self.seen.still(file.stat())


class Downloads:
    """The folder ``files/``; a damaged record counts as absent."""

    def __init__(self, root: Path) -> None:
        self._root = root / "files"

    def find(self, file: Path) -> FileRecord | None:
        """Give what is known of a file."""
        data = read_json(self._path(file)) or {}
        try:
            row = data["seen"]
            seen = Seen(str(row[0]), *map(int, row[1:5]))
            return FileRecord(Digest.parse(str(data["url"])), seen, str(data["etag"]))
        except (ArithmeticError, LookupError, TypeError, ValueError):
            return None

    def save(self, file: Path, record: FileRecord) -> None:
        """Remember what a file is; the caller holds its lock.

        Raises:
            StoreError: the disk refused.
        """
        seen = record.seen
        row = [seen.sha256, seen.size, seen.inode, seen.mtime_ns, seen.ctime_ns]
        data = {"file": os.fspath(file), "url": str(record.url), "seen": row, "etag": record.etag}
        write_json(self._path(file), data)

    def _path(self, file: Path) -> Path:
        # However the folder is called: a link to it is the same folder.
        real = os.path.join(os.path.realpath(file.parent), file.name)  # noqa: PTH118 - Path would follow the file, too
        return self._root / f"{_digest(real).hex}.json"


def _digest(text: str) -> Digest:
    return Digest.of(text.encode("utf-8", "surrogateescape"))
