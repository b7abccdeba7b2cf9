"""A file in one go: when it is small, when nobody knows its size, or when it is no server's."""

import hashlib
from collections.abc import Callable

from rehub.world.download.faults import FaultError
from rehub.world.download.limits import Limits, Watch
from rehub.world.download.part import PartFile

_CHUNK = 256 << 10  # bytes


def bring_whole(
    read_into: Callable[[memoryview], int], part: PartFile, expected: int | None, limits: Limits, watch: Watch
) -> tuple[str, int]:
    """Write down all that can be read; give its SHA-256 and its size.

    Raises:
        FaultError: it is more or less than expected, or than may be.
        StoreError: the disk refused.
    """
    total, size, view = hashlib.sha256(), 0, memoryview(bytearray(_CHUNK))
    watch(0, expected)
    while count := read_into(view):
        part.write(view[:count], size)
        total.update(view[:count])
        size += count
        if size > limits.bytes:
            raise too_large(limits)
        watch(size, expected)
    if expected is not None and size != expected:
        raise FaultError(f"the connection ended after {size} of {expected} bytes")
    return total.hexdigest(), size


def too_large(limits: Limits) -> FaultError:
    """Give what is raised for a file of too many bytes."""
    return FaultError(f"it is larger than {limits.bytes} bytes", again=False)
