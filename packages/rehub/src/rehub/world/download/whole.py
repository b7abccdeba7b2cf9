"""A file in one go: when it is small, when nobody knows its size, or when it is no server's."""

import hashlib
import time
from collections.abc import Callable

from rehub.world.download.faults import FaultError
from rehub.world.download.limits import Watch
from rehub.world.download.part import PartFile

_CHUNK = 128 << 10  # bytes; as many as torch.hub reads, and tells, at a time
_TELL = 0.5  # seconds after which fewer are told, too


def bring_whole(
    read_into: Callable[[memoryview], int],
    part: PartFile,
    expected: int | None,
    most: int,
    watch: Watch,
) -> tuple[str, int]:
    """Write down all that can be read; give its SHA-256 and its size.

    Args:
        read_into: gives the next bytes; 0 at the end.
        part: where they are written.
        expected: how many there will be, if that is known.
        most: how many there may be.
        watch: told how far it is.

    Raises:
        FaultError: it is more or less than expected, or than may be.
        StoreError: the disk refused.
    """
    total, size, view = hashlib.sha256(), 0, memoryview(bytearray(_CHUNK))
    watch(0, expected)
    while count := _filled(read_into, view):
        part.write(view[:count], size)
        total.update(view[:count])
        size += count
        if size > most:
            raise too_large(most)
        watch(size, expected)
    if expected is not None and size != expected:
        raise FaultError(f"the connection ended after {size} of {expected} bytes")
    return total.hexdigest(), size


def _filled(read_into: Callable[[memoryview], int], view: memoryview) -> int:
    """Read until a buffer is full, its time is over, or there is no more."""
    filled, until = 0, time.monotonic() + _TELL
    while filled < len(view) and time.monotonic() < until and (count := read_into(view[filled:])):
        filled += count
    return filled


def too_large(most: int) -> FaultError:
    """Give what is raised for a file of too many bytes."""
    return FaultError(f"it is larger than {most} bytes", again=False)
