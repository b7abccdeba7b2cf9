"""Writing to the store: beside the target, flushed to the disk, then renamed; and what the disk says when it cannot."""

import ctypes
import errno
import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from rehub.words.errors import RehubError, StoreError

_MAX_RECORD = 256 << 20  # bytes of a JSON file that is read back
_HEAD = re.compile(rb'\{"check": "([0-9a-f]{64})",?\n')  # what a record begins with: see _check


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn the operating system's refusals into one of ours that names the place.

    Raises:
        StoreError: instead of any :class:`OSError`.
    """
    try:
        yield
    except RehubError:  # TrustError is an OSError too
        raise
    except OSError as error:
        advice = {
            13: "Is the cache somebody else's? TORCH_HOME=<folder> uses another one.",
            28: "The disk is full: 'rehub cache prune' removes what is not in use. What was begun is removed.",
            30: "The cache is read-only: what is in it works, no more can be added. TORCH_HOME=<folder> uses another.",
        }.get(error.errno or 0, "")
        raise StoreError(str(error.filename or path), error.strerror or str(error), advice) from error


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Replace a JSON file, whole or not at all; it says itself what its bytes are.

    Raises:
        StoreError: the disk refused.
    """
    write_bytes(path, [_record(path.name, value)])


def write_bytes(path: Path, pieces: Iterable[bytes]) -> None:
    """Replace a file, whole or not at all.

    Raises:
        StoreError: the disk refused.
    """
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".new-", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.writelines(pieces)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o644)
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)  # nothing of ours: it would be in the way for ever
            Path(name).replace(path)
        except BaseException:
            with suppress(FileNotFoundError):
                Path(name).unlink()
            raise


def _record(name: str, value: dict[str, Any]) -> bytes:
    rest = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=True).encode()[1:].lstrip()
    comma = b"," if value else b""
    return b'{"check": "%s"%s\n%s' % (_check(name, rest), comma, rest)


def _check(name: str, rest: bytes | memoryview) -> bytes:
    """Give what a record says of itself: no other one can be put in its place, and no byte of it changed, unnoticed."""
    total = hashlib.sha256(os.fsencode(name) + b"\n")
    total.update(rest)
    return total.hexdigest().encode()


def read_json(path: Path) -> dict[str, Any] | None:
    """Read a JSON object; ``None`` if there is none, or a byte of it has changed: a record can always be made again."""
    try:
        data = _read_regular(path, _MAX_RECORD)
        head = _HEAD.match(data)
        if head is None or _check(path.name, memoryview(data)[head.end() :]) != head[1]:
            return None
        found = json.loads(data)
    except (OSError, ValueError, RecursionError):
        return None
    found.pop("check")
    return found  # type: ignore[no-any-return]


def _read_regular(path: Path, most: int) -> bytes:
    """Read a file, if it is one: what lies in its place instead, a FIFO for one, is not waited for."""
    with open(path, "rb", opener=_unwaiting) as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_size > most:
            msg = f"{path} is no file of at most {most} bytes"
            raise ValueError(msg)
        return file.read()


def _unwaiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def hashed(place: Path, *, follow: bool = False) -> str | None:
    """Give a regular file's SHA-256, in hex; ``None`` of anything else: a FIFO that lies there is not waited for.

    Args:
        place: where it is.
        follow: it may be reached by a link.

    Raises:
        OSError: it is not there, or cannot be read.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | (0 if follow else getattr(os, "O_NOFOLLOW", 0))
    try:
        handle = os.open(place, flags)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO}:  # a link, a socket
            return None
        raise
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        with os.fdopen(handle, "rb", closefd=False) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    finally:
        os.close(handle)


def flush(folder: Path) -> None:
    """Bring everything written to the folder's file system to the disk: once for a tree, not once for each file."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)  # Linux; macOS has none
        if syncfs is None:
            os.sync()
        elif syncfs(handle) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(folder))
    finally:
        os.close(handle)


def flush_names(folder: Path) -> None:
    """Bring a folder's own entries to the disk, after a rename in it."""
    flush_file(folder)


def flush_file(path: Path) -> None:
    """Bring what was written to a file to the disk, before it gets a name that says it is whole."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
