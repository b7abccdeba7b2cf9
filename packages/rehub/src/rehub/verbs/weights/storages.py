"""Storages over a file's pages: torch's objects, with a private mapping of ours below them.

torch's own ``UntypedStorage.from_file``, which ``torch.load(mmap=True)`` uses, gives storages that say of themselves
that they are shared between processes. What ``share_memory_()`` promises would then be silently untrue of them, and of
a model that has them. One over a buffer is as any other, except that it cannot grow in place.
"""

from typing import Any

from rehub.words.weightfiles import Source
from rehub.world.memory import KeptFile, Region

ALIGNMENT = 64  # bytes; what torch's own allocator gives, so that kernels round the same. Source: c10/core/alignment.h
_CHUNK = 1 << 20  # bytes that are read at once
LEAST = 64 << 10  # bytes; less than that is copied, which takes no longer than mapping it


class MappedFile:
    """A whole file, mapped once for all the storages that are cut from it."""

    def __init__(self, fd: int) -> None:
        """Map it; the descriptor stays the caller's.

        Raises:
            OSError: it cannot be mapped.
        """
        self.file = KeptFile(fd)
        self.region = Region(self.file, 0, self.file.size)

    def storage(self, offset: int, size: int, *, alignment: int = ALIGNMENT) -> Any:
        """Give a storage of some of its bytes; ``None`` if they are better copied.

        Args:
            offset: of the first byte.
            size: in bytes.
            alignment: in bytes; an offset that is no multiple of it is not mapped.
        """
        if size < LEAST or offset % alignment or offset + size > self.file.size:
            return None
        return over(self.region, offset, size)


def over(region: Region, offset: int, size: int) -> Any:
    """Give a storage of some of a region's bytes; the region stays mapped as long as it lives.

    Args:
        region: where the bytes are.
        offset: of the first one, from the region's own first.
        size: in bytes.
    """
    import torch

    return torch.frombuffer(region.memory(), dtype=torch.uint8, offset=offset, count=size).untyped_storage()


def read_storage(source: Source, offset: int, size: int) -> Any:
    """Give an ordinary storage with some bytes of a file.

    Raises:
        Unsound: there are fewer.
    """
    import torch

    storage = torch.empty(size, dtype=torch.uint8)
    for at in range(0, size, _CHUNK):
        count = min(_CHUNK, size - at)
        storage[at : at + count] = torch.frombuffer(bytearray(source.read(offset + at, count)), dtype=torch.uint8)
    return storage.untyped_storage()
