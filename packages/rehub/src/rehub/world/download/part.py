"""The temporary that a file arrives in, and why two writers can never put wrong bytes under a final name.

A part lies beside its target under a name that everybody who brings the same URL agrees on, so that the next call can
go on where a killed one has stopped. These rules keep it sound, and none of them waits for anybody:

- Whoever writes to a part holds ``flock`` on that very inode, and has looked, after getting it, that the name still
  leads there. Who does not get the lock, or is on a file system that has none, writes to a new file with a name of its
  own: that costs bandwidth, and no more.
- Bytes are written at absolute offsets, never appended. Where a lock is not what it says (some network file systems
  across machines), two writers of one version put the same bytes at the same places.
- To begin again is to make a new inode. What another may still be writing is unlinked, never truncated.
- What gets the final name is the inode whose bytes were hashed, proved by its number just before the rename; else its
  bytes are copied into a new file, and that gets the name. The lock is held until after the rename, so that nobody who
  waits for the inode under its old name can take it for a part.
- Only a regular file with one name is ever taken over, and only from this user or the folder's: no link, no FIFO,
  nothing that is also a file elsewhere, or that anybody could have left in a folder for all.
"""

import errno
import os
import shutil
import stat
import uuid
from contextlib import suppress
from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, flock
from pathlib import Path
from typing import Self

from rehub.words.text import name_start
from rehub.world.download.disk import disk_errors
from rehub.world.download.journal import Journal, can_be_believed, path_of

_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
_FLAGS |= getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_TRIES = 8  # to get a file that nobody takes away meanwhile
_NOT_OURS = {errno.ELOOP, errno.ENXIO, errno.EISDIR, errno.EACCES, errno.EPERM}
_UNSUPPORTED = {errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}


class PartFile:
    """A part that is ours alone.

    Attributes:
        path: where it lies; the name that was asked for, or one of its own.
        journal: what is in it for the next call to go on from, if anything is.
    """

    def __init__(self, path: Path, handle: int, *, asked: Path | None = None, journal: Journal | None = None) -> None:
        self.path, self.journal = path, journal
        self._asked, self._handle, self._over = asked or path, handle, False
        self._process = os.getpid()
        self._needed: int | None = None

    @classmethod
    def claim(cls, path: Path) -> Self:
        """Take over a part, or make a new one.

        Raises:
            StoreError: the disk refused.
            FileNotFoundError, NotADirectoryError: there is no such folder.
        """
        with disk_errors(path):
            handle = opened(path)
            if handle is None:
                if not _is_file(path):  # what a journal says of a part is not about this
                    path_of(path).unlink(missing_ok=True)
                return cls(*_fresh(_own(path)), asked=path)
            journal, size = Journal.read(path), os.fstat(handle).st_size
            if journal and journal.validator and journal.done and journal.size == size:
                return cls(path, handle, journal=journal)
            part = cls(path, handle)
            if size:
                part.renew()
            return part

    # Writing and reading.

    def reserve(self, size: int) -> None:
        """Take the room that the file needs, so that a full disk is known at once.

        Raises:
            StoreError: there is not so much.
        """
        self._needed = size
        with disk_errors(self.path, needed=size):
            try:
                os.posix_fallocate(self._handle, 0, size)
            except (AttributeError, OSError) as error:
                if isinstance(error, OSError) and error.errno not in _UNSUPPORTED:
                    raise
                os.ftruncate(self._handle, size)

    def write(self, data: memoryview, at: int) -> None:
        """Write all of some bytes at their place.

        Raises:
            StoreError: the disk refused.
        """
        with disk_errors(self.path, needed=self._needed):
            while data:
                count = os.pwrite(self._handle, data, at)
                data, at = data[count:], at + count

    def read_into(self, view: memoryview, at: int) -> int:
        """Read back what was written.

        Raises:
            StoreError: the disk refused.
        """
        with disk_errors(self.path):
            return os.preadv(self._handle, [view], at)

    def flush(self) -> None:
        """Bring what was written to the disk.

        Raises:
            StoreError: the disk refused.
        """
        with disk_errors(self.path, needed=self._needed):
            getattr(os, "fdatasync", os.fsync)(self._handle)

    # Beginnings and ends.

    def renew(self) -> None:
        """Begin again, with a new inode: the old one may still be somebody else's to write.

        Raises:
            StoreError: the disk refused.
        """
        with disk_errors(self.path):
            self._forget()
            path, handle = _fresh(self.path)
            _close(self._handle)
            self.path, self._handle, self.journal = path, handle, None

    def note(self, journal: Journal) -> None:
        """Write down what is there; the caller has flushed it.

        Raises:
            StoreError: the disk refused.
        """
        with disk_errors(self.path), suppress(FileNotFoundError):
            journal.write(self.path)
        self.journal = journal if journal.validator and journal.done else None

    def keep(self, target: Path, mode: int | None) -> None:
        """Give the file its name for good: flushed, with its mode, and the folder flushed after it.

        Raises:
            StoreError: the disk refused.
            IsADirectoryError, FileNotFoundError: that cannot be its name.
        """
        with disk_errors(target):
            if mode is not None:
                os.fchmod(self._handle, mode)
            os.fsync(self._handle)
            if not self._is_there():
                self._copy(mode)
            self.path.replace(target)
            path_of(self.path).unlink(missing_ok=True)
            self._end()
            _flush_names(target.parent)

    def leave(self) -> None:
        """Stop here; the part stays if the next call can go on from it, and finds it by its name."""
        if self.journal and self.path == self._asked:
            self._end()
        self.drop()

    def drop(self) -> None:
        """Remove it, unless it was kept; what a fork inherits is its parent's to remove."""
        if self._is_ours:
            with suppress(OSError):
                self._forget()
            self._end()

    def _forget(self) -> None:
        if self._is_there():
            self.path.unlink(missing_ok=True)
            path_of(self.path).unlink(missing_ok=True)

    def _is_there(self) -> bool:
        """Say whether the name still leads to what we have written."""
        return _is(self.path, self._handle)

    def _copy(self, mode: int | None) -> None:
        """Give our bytes a name again, as somebody took it away."""
        path, handle = _fresh(_own(self.path))
        with os.fdopen(os.dup(self._handle), "rb") as ours, os.fdopen(os.dup(handle), "wb") as new:
            ours.seek(0)
            shutil.copyfileobj(ours, new, 1 << 20)
        if mode is not None:
            os.fchmod(handle, mode)
        os.fsync(handle)
        _close(self._handle)
        self.path, self._handle = path, handle

    @property
    def _is_ours(self) -> bool:
        return not self._over and self._process == os.getpid()

    def _end(self) -> None:
        if self._is_ours:
            self._over = True
            _close(self._handle)


def opened(path: Path) -> int | None:
    """Open the file of a name, and lock it; ``None`` if it is somebody else's, or nothing that we may write to."""
    for _ in range(_TRIES):
        try:
            handle = os.open(path, _FLAGS, 0o666)
        except OSError as error:
            if error.errno in _NOT_OURS:
                return None
            raise
        found = os.fstat(handle)
        ours = stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and can_be_believed(handle, path.parent)
        if not (ours and _lock(handle, path)):
            os.close(handle)
            return None
        if _is(path, handle):
            return handle
        _close(handle)  # it got its final name, or was removed, while it was opened
    return None


def _fresh(path: Path) -> tuple[Path, int]:
    """Make a new file that is ours alone; under another name, if somebody is faster or nothing can be locked."""
    with suppress(FileExistsError):
        handle = os.open(path, _FLAGS | os.O_EXCL, 0o666)
        if _lock(handle, path) and _is(path, handle):
            return path, handle
        os.close(handle)
    path = _own(path)
    handle = os.open(path, _FLAGS | os.O_EXCL, 0o666)
    with suppress(OSError):
        flock(handle, LOCK_EX | LOCK_NB)
    return path, handle


def _lock(handle: int, path: Path) -> bool:
    try:
        flock(handle, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # there are no locks here, and what was just made under that name is of no use to anybody
        if os.fstat(handle).st_size == 0:
            path.unlink(missing_ok=True)
        return False
    return True


def _close(handle: int) -> None:
    # Said aloud, as a fork may hold the same lock by a copy of the handle.
    with suppress(OSError):
        flock(handle, LOCK_UN)
    os.close(handle)


def _is(path: Path, handle: int) -> bool:
    try:
        found, ours = path.lstat(), os.fstat(handle)
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == (ours.st_dev, ours.st_ino)


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat(follow_symlinks=False).st_mode)
    except OSError:
        return False


def _own(path: Path) -> Path:
    """Give a name that nobody else has."""
    return path.with_name(f"{name_start(path.name.removesuffix('.partial'))}.{uuid.uuid4().hex}.partial")


def _flush_names(folder: Path) -> None:
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:  # one may write to it, and not list it
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
    finally:
        os.close(handle)
