"""Which bytes a URL gave: ``urls/<sha256 of the URL>.json``.

Of the URL itself only the host and the file's name are kept: it may hold secrets, in its path too, and others may read
this.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from rehub.words.digest import Digest
from rehub.words.errors import MalformedError
from rehub.world.store.files import disk_errors, read_json, write_json


@dataclass(frozen=True, slots=True)
class UrlRecord:
    """What a URL gave when it was asked last.

    Attributes:
        digest: of the bytes.
        size: in bytes.
        etag: what the server called them; empty if it said nothing.
        host: the URL's.
        name: how the file is called.
        fetched: in seconds since 1970.
    """

    digest: Digest
    size: int
    etag: str = ""
    host: str = ""
    name: str = ""
    fetched: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Give what is written to disk."""
        told = {"etag": self.etag, "host": self.host, "name": self.name, "fetched": self.fetched}
        return {"sha256": self.digest.hex, "size": self.size, **told}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self | None:
        """Read what :meth:`as_dict` gave; ``None`` if it is damaged."""
        try:
            told = (str(data["etag"]), str(data["host"]), str(data["name"]), float(data["fetched"]))
            found = cls(Digest(str(data["sha256"])), int(data["size"]), *told)
        except (ArithmeticError, LookupError, MalformedError, TypeError, ValueError):
            return None
        return found if math.isfinite(found.fetched) else None


class Urls:
    """The folder ``urls/``; a damaged record counts as absent, and what is, is looked for in the stores beneath."""

    def __init__(self, root: Path, beneath: Sequence["Urls"] = ()) -> None:
        self._root = root / "urls"
        self._beneath = tuple(beneath)

    def find(self, identity: str) -> UrlRecord | None:
        """Give what a URL gave, as far as it is known.

        Args:
            identity: the URL without what only says who asks.
        """
        data = read_json(self._path(identity))
        found = UrlRecord.from_dict(data) if data else None
        return found or next(filter(None, (each.find(identity) for each in self._beneath)), None)

    def save(self, identity: str, record: UrlRecord) -> None:
        """Remember what a URL gave.

        Raises:
            StoreError: the disk refused.
        """
        write_json(self._path(identity), record.as_dict())

    def all(self) -> Iterator[tuple[str, UrlRecord]]:
        """Give every record, with the name of its file."""
        for path in sorted(self._root.glob("*.json")):
            if (data := read_json(path)) and (record := UrlRecord.from_dict(data)):
                yield path.stem, record

    def forget(self, name: str) -> None:
        """Remove a record, by the name of its file.

        Raises:
            StoreError: the disk refused.
        """
        with disk_errors(self._root):
            (self._root / f"{name}.json").unlink(missing_ok=True)

    def _path(self, identity: str) -> Path:
        return self._root / f"{key(identity)}.json"


def key(identity: str) -> str:
    """Give the name that a URL's files have in the store."""
    return Digest.of(identity.encode("utf-8", "surrogateescape")).hex
