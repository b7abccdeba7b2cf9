"""A file of another program's, copied to where it can get its name in the store, and hashed once on its way."""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BufferedRandom, BufferedReader
from pathlib import Path

_CHUNK = 1 << 20  # bytes
_CLONE = 0x40049409  # FICLONE: the copy shares the disk's blocks, where it can. Source: linux/fs.h
_OPEN = os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0)


@dataclass(frozen=True, slots=True)
class Copied:
    """A whole copy that has no name yet.

    Attributes:
        file: where it lies.
        sha256: of its bytes, in hex.
        size: in bytes.
    """

    file: Path
    sha256: str
    size: int

    def keep(self, target: Path, *, mode: int | None = None) -> None:
        """Give it its name."""
        if mode is not None:
            self.file.chmod(mode)
        self.file.replace(target)


@contextmanager
def copied(source: Path, part: Path) -> Iterator[Copied | None]:
    """Copy a file; ``None`` if it is no regular one. What gets no name in the block is removed.

    Args:
        source: which; it may be reached by a link.
        part: where the copy goes; nobody else writes there.

    Raises:
        OSError: it cannot be read, or not be written down.
    """
    try:
        with os.fdopen(os.open(source, _OPEN), "rb") as old:
            found = os.fstat(old.fileno())
            if not stat.S_ISREG(found.st_mode):
                yield None
                return
            with part.open("w+b") as new:
                sha256, size = _cloned(old, new) or _written(old, new)
                os.fsync(new.fileno())
        yield Copied(part, sha256, size)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


def _cloned(old: BufferedReader, new: BufferedRandom) -> tuple[str, int] | None:
    """Let the copy share the other's blocks, and hash what it has then; ``None`` where that cannot be."""
    try:
        from fcntl import ioctl

        ioctl(new.fileno(), _CLONE, old.fileno())
    except (ImportError, OSError):
        return None
    return hashlib.file_digest(new, "sha256").hexdigest(), os.fstat(new.fileno()).st_size


def _written(old: BufferedReader, new: BufferedRandom) -> tuple[str, int]:
    total, size = hashlib.sha256(), 0
    while piece := old.read(_CHUNK):
        new.write(piece)
        total.update(piece)
        size += len(piece)
    new.flush()
    return total.hexdigest(), size
