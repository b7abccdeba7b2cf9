"""The lock on disk: read whole, replaced whole, and never over what somebody else has written meanwhile."""

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from rehub.words import locktext
from rehub.words.errors import LockConflictError, MalformedLockError, RehubError, StoreError
from rehub.words.lock import Lock

_MAX_FILE = 8 << 20  # bytes; a model takes about 2 KiB
_WAIT = 60.0  # seconds for another process, which holds it for as long as a file is written


def read(path: Path) -> tuple[Lock, str]:
    """Give what a lock says, and the text that says it; of a file that is not there, nothing and an empty text.

    Raises:
        MalformedLockError: it is no lock, is of a newer version, or says two things of one.
        StoreError: the disk refused.
    """
    try:
        data = _bytes(path)
    except FileNotFoundError:
        return Lock(), ""
    except OSError as error:
        raise _refused(path, error) from error
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise MalformedLockError(f"{path}, line {line}", "it is not UTF-8") from error
    return locktext.parse(text, str(path)), text


def write(path: Path, lock: Lock, before: str, *, wait: float = _WAIT) -> None:
    """Replace a lock, whole or not at all; comments of what was there are kept.

    Args:
        path: the file; a link is followed and stays one.
        lock: what it shall say.
        before: the text that it was read from, as :func:`read` gave it.
        wait: for another process that is writing it, in seconds.

    Raises:
        LockConflictError: it is not what it was any more.
        MalformedLockError: what was there is no lock, or what shall be there is none.
        StoreError: the disk refused, or another process held the lock for too long.
    """
    from filelock import FileLock, Timeout

    text = locktext.format(lock, before)
    target = path.resolve()
    try:
        with FileLock(f"{target}.lock", timeout=wait):
            if _now(target) != before:
                raise LockConflictError(str(path))
            _replace(target, text)
    except Timeout as error:
        raise StoreError(f"{target}.lock", f"another process has held it for {wait:g} s") from error
    except RehubError:
        raise
    except OSError as error:
        raise _refused(path, error) from error


def _now(path: Path) -> str:
    try:
        return _bytes(path).decode("utf-8", "replace")
    except FileNotFoundError:
        return ""


def _bytes(path: Path) -> bytes:
    """Read a regular file: what lies in its place instead, a FIFO for one, is not waited for."""
    with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise MalformedLockError(str(path), "it is no file")
        if found.st_size > _MAX_FILE:
            raise MalformedLockError(str(path), f"it has {found.st_size:,} bytes, more than {_MAX_FILE:,}")
        return file.read()


def _replace(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(prefix=".rehub.lock-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(_mode(path))
        Path(name).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise


def _mode(path: Path) -> int:
    """Give a file's permissions, or those that a new one gets."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _refused(path: Path, error: OSError) -> StoreError:
    return StoreError(str(error.filename or path), error.strerror or str(error), "The lock was not changed.")
