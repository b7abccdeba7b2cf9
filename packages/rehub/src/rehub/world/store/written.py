"""A tree as it is written for the first time: read-only, every file hashed on its way, git LFS pointers noticed."""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from rehub.words.digest import Digest
from rehub.words.pin import LfsPointer
from rehub.world.store.manifest import Manifest, Seen

_MAX_POINTER = 1024  # bytes; the specification's own limit
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:.*\n)*?oid sha256:([0-9a-f]{64})\n(?:.*\n)*?size (\d{1,18})\n"
)
_READ_ONLY = 0o555


def write(fresh: Path, files: Iterable[tuple[str, Iterator[bytes]]], submodules: tuple[str, ...]) -> Manifest:
    """Write files into a new folder, hashing them on their way; give what it holds.

    Raises:
        OSError: the disk refused.
    """
    seen: dict[str, Seen] = {}
    lfs: list[LfsPointer] = []
    folders: set[Path] = set()
    for path, pieces in files:
        place = fresh / path
        if place.parent not in folders:
            place.parent.mkdir(parents=True, exist_ok=True)
            folders.update({place.parent, *place.parent.parents} - {fresh, *fresh.parents})
        sha256, start = _write_file(place, pieces)
        seen[path] = Seen.at(place.lstat(), sha256)
        if pointer := _POINTER.fullmatch(start):
            lfs.append(LfsPointer(path, Digest(pointer[1].decode()), int(pointer[2])))
    for folder in folders:
        folder.chmod(_READ_ONLY)
    return Manifest(seen, tuple(lfs), submodules)


def _write_file(place: Path, pieces: Iterator[bytes]) -> tuple[str, bytes]:
    """Write one file; give its SHA-256 and, if it is short enough to be a git LFS pointer, its content."""
    total, size, start = hashlib.sha256(), 0, b""
    # O_EXCL and O_NOFOLLOW: the folder is new and ours, so anything in the way was put there.
    handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o444)
    with os.fdopen(handle, "wb") as file:
        for piece in pieces:
            file.write(piece)
            total.update(piece)
            start = piece if not size else b""
            size += len(piece)
    return total.hexdigest(), start if size <= _MAX_POINTER else b""
