"""The lock on disk: read whole, replaced whole, and never over what somebody else has written meanwhile."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from rehub.words import locktext
from rehub.words.errors import LockConflictError, LockFileError, MalformedLockError, RehubError
from rehub.words.lock import Lock

_MAX_FILE = 8 << 20  # bytes; a model takes about 2 KiB
_WAIT = 60.0  # seconds for another process, which keeps its turn only while it writes


def read(path: Path, *, most: int = _MAX_FILE) -> tuple[Lock, str]:
    """Give what a lock says, and the text that says it; of a file that is not there, nothing and an empty text.

    Args:
        path: the file.
        most: bytes of it that are read.

    Raises:
        MalformedLockError: it is no lock, is of a newer version, or says two things of one.
        LockFileError: the disk refused.
    """
    with _disk_errors(path, "read"):
        data = _bytes(path, most)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise MalformedLockError(f"{path}, line {line}", "it is not UTF-8") from error
    return _parsed(text, str(path)), text


@lru_cache(maxsize=4)
def _parsed(text: str, where: str) -> Lock:
    """Read a text once: one load asks a lock several times."""
    return locktext.parse(text, where)


def write(path: Path, lock: Lock, before: str, *, wait: float = _WAIT) -> None:
    """Replace a lock, whole or not at all; comments of what was there are kept.

    Args:
        path: the file; a link is followed and stays one.
        lock: what it shall say.
        before: the text that it was read from, as :func:`read` gave it.
        wait: for another process that is writing it, in seconds.

    Raises:
        LockConflictError: it is not what it was any more.
        MalformedLockError: ``before`` is no lock, or what it shall say could not be read again.
        LockFileError: the disk refused, or another process did not end its turn.
    """
    data = locktext.format(lock, before, str(path)).encode()
    target = Path(os.path.realpath(path))
    with _disk_errors(path, "written"):
        if data == before.encode():  # nothing to write, which a folder that is only read allows
            _refuse_changed(path, target, data)
            return
        target.parent.stat()  # filelock would make a folder whose name may be misspelt
        with _turn(target, wait):
            _refuse_changed(path, target, before.encode())
            _replace(target, data)


def _refuse_changed(path: Path, target: Path, before: bytes) -> None:
    if _bytes(target, _MAX_FILE) != before:
        raise LockConflictError(str(path))


@contextmanager
def _disk_errors(path: Path, verb: str) -> Iterator[None]:
    """Turn the operating system's refusals into one of ours.

    Raises:
        LockFileError: instead of any :class:`OSError`.
    """
    try:
        yield
    except RehubError:
        raise
    except OSError as error:
        raise LockFileError(str(path), verb, error.strerror or str(error)) from error


@contextmanager
def _turn(target: Path, wait: float) -> Iterator[None]:
    """Let one process at a time compare and replace.

    What marks the turn is removed before it ends, so that nothing is left in somebody's project: whoever waits for it
    sees that the file has no name any more, and begins anew (filelock does, since 3.24).
    """
    from filelock import FileLock, Timeout

    mark = _beside(target, "turn")
    try:
        with FileLock(mark, timeout=wait):
            try:
                yield
            finally:
                with suppress(OSError):  # Windows keeps what is open
                    mark.unlink()
    except Timeout as error:
        raise LockFileError(str(target), "written", f"another process has held {mark.name} for {wait:g} s") from error


def _bytes(path: Path, most: int) -> bytes:
    """Read a regular file: what lies in its place instead, a FIFO for one, is not waited for."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        return b""
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise MalformedLockError(str(path), "it is no file")
        if found.st_size > most:
            raise MalformedLockError(str(path), f"it has {found.st_size:,} bytes, and a lock at most {most:,}")
        return file.read()


def _replace(target: Path, data: bytes) -> None:
    """Write beside the target, flush, rename; whose turn it is may take what a killed process left there."""
    new = _beside(target, "new")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            _keep_mode(target, new)
            file.flush()
            os.fsync(handle)
        new.replace(target)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise
    with suppress(OSError):  # it is replaced; that a power cut now would undo it is no reason to say that it is not
        _flush_names(target.parent)


def _keep_mode(target: Path, new: Path) -> None:
    """Give a file the permissions of the one that it replaces.

    Raises:
        PermissionError: its owner does not want it to be written, which a rename would get round.
    """
    with suppress(FileNotFoundError):
        os.close(os.open(target, os.O_WRONLY))
        new.chmod(stat.S_IMODE(target.stat().st_mode))


def _flush_names(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _beside(target: Path, kind: str) -> Path:
    return target.with_name(f".{target.name}.{kind}")
