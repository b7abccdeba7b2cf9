"""A file of weights, opened once: what is looked at, hashed and read afterwards is this very file."""

import errno
import hashlib
import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from rehub.words.digest import Digest
from rehub.words.errors import DigestMismatchError, MalformedWeightsError
from rehub.words.weightfiles import Source

_CHUNK = 1 << 20  # bytes
_FOLDERS = ("/proc/self/fd", "/dev/fd")  # where a process finds its own open files by name


class Opened:
    """A file of weights that is open.

    Attributes:
        name: what it is called in messages.
        handle: its descriptor, or its bytes if it never was a file.
    """

    def __init__(self, name: str, handle: int | bytes) -> None:
        self.name, self.handle = name, handle

    @cached_property
    def source(self) -> Source:
        """Its bytes, to be looked at."""
        if isinstance(self.handle, bytes):
            return Source.of(self.handle)
        fd = self.handle
        return Source(os.fstat(fd).st_size, lambda offset, length: os.pread(fd, length, offset))

    @cached_property
    def digest(self) -> Digest:
        """The digest of its bytes, as they are at the first time of asking."""
        total = hashlib.sha256()
        for at in range(0, self.source.size, _CHUNK):
            total.update(self.source.pread(at, _CHUNK))
        return Digest(total.hexdigest())

    @property
    def place(self) -> Any:
        """What torch opens to read this very file: the descriptor's own name, or the bytes."""
        if isinstance(self.handle, bytes):
            return io.BytesIO(self.handle)
        for folder in _FOLDERS:
            if os.path.exists(f"{folder}/{self.handle}"):  # noqa: PTH110 - a Path would be made for nothing
                return f"{folder}/{self.handle}"
        return self._checked_path()

    @property
    def real_path(self) -> str | None:
        """Where the open file lies, without links; ``None`` if it never was a file, or has lost its name."""
        if isinstance(self.handle, bytes):
            return None
        try:
            path = os.readlink(f"{_FOLDERS[0]}/{self.handle}")  # noqa: PTH115 - of Linux: whatever was renamed meanwhile
        except OSError:
            path = os.path.realpath(self.name)
        try:
            there, here = os.stat(path), os.fstat(self.handle)  # noqa: PTH116
        except OSError:
            return None
        return path if (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino) else None

    def _checked_path(self) -> str:
        """Give the path, where descriptors have no names, if it still leads to the file that is open."""
        there, here = os.stat(self.name), os.fstat(int(self.handle))  # noqa: PTH116
        if (there.st_dev, there.st_ino) != (here.st_dev, here.st_ino):
            raise DigestMismatchError(self.name, "the file that was opened", "another one under its name")
        return self.name

    def prove(self, expected: Digest) -> None:
        """See that its bytes are the promised ones.

        Raises:
            DigestMismatchError: they are not.
        """
        if self.digest != expected:
            raise DigestMismatchError(self.name, expected.hex, self.digest.hex, "Nothing of it was read.")


@contextmanager
def opened(place: Path, *, name: str = "", is_link: bool = True) -> Iterator[Opened]:
    """Open a regular file; a FIFO, a device or a folder is none, and is not waited for.

    Args:
        place: where it is.
        name: what it is called in messages; else its path.
        is_link: it may be reached by a symbolic link.

    Raises:
        MalformedWeightsError: it is no regular file.
        OSError: it cannot be opened.
    """
    called = name or str(place)
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    try:
        fd = os.open(place, flags if is_link else flags | getattr(os, "O_NOFOLLOW", 0))
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO, errno.EISDIR}:  # a link, a socket, a folder
            raise MalformedWeightsError(called, "it is no regular file") from error
        raise
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise MalformedWeightsError(called, "it is no regular file")
        yield Opened(called, fd)
    finally:
        os.close(fd)


@contextmanager
def opened_object(file: IO[bytes], *, name: str = "") -> Iterator[Opened]:
    """Take over an open file, or something that reads like one, from where it stands.

    Args:
        file: as :func:`torch.load` takes it.
        name: what it is called in messages.
    """
    fd = _descriptor(file)
    if fd is None:
        yield Opened(name or "what was given", bytes(file.read()))
        return
    own = os.dup(fd)
    try:
        yield Opened(name or str(getattr(file, "name", "an open file")), own)
    finally:
        os.close(own)


def _descriptor(file: IO[bytes]) -> int | None:
    """Give the descriptor of a regular file that stands at its start; ``None`` of anything else."""
    try:
        fd = file.fileno() if isinstance(file, io.BufferedReader | io.FileIO | io.BufferedRandom) else -1
        return fd if fd >= 0 and file.tell() == 0 and stat.S_ISREG(os.fstat(fd).st_mode) else None
    except (OSError, ValueError):
        return None
