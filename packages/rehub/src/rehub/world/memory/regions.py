"""Parts of files, mapped into memory: each a private copy on write, each given back when its last user goes."""

import ctypes
import mmap
import sys
import weakref
from bisect import bisect_right
from functools import cache
from typing import Any

from rehub.world.memory.files import KeptFile

PAGE = mmap.PAGESIZE
_FAILED = ctypes.c_void_p(-1).value
_LIVE: dict[int, "weakref.ref[Region]"] = {}


def can_map() -> bool:
    """Say whether files are mapped on this system."""
    return sys.platform != "win32" and sys.maxsize > 1 << 32


class Region:
    """Some bytes of a file at some address; unmapped when nobody refers to it any more.

    Attributes:
        file: what they are of.
        offset: of the first one in the file.
        size: how many.
        address: where they are.
    """

    __slots__ = ("__weakref__", "address", "file", "offset", "size")

    def __init__(self, file: KeptFile, offset: int, size: int) -> None:
        """Map them.

        Raises:
            OSError: the file is shorter, or the system refuses.
        """
        self.address, self.file, self.offset, self.size = 0, file, offset, size
        if not 0 < size <= file.size - offset:
            raise OSError(f"{size} bytes at {offset} are not within {file.size}")
        self.address = _map(file.fd, offset, size)
        _LIVE[self.address] = weakref.ref(self)

    def memory(self) -> "ctypes.Array[ctypes.c_char]":
        """Give the bytes as a writable buffer that keeps them mapped."""
        buffer = (ctypes.c_char * self.size).from_address(self.address)
        buffer.region = self  # type: ignore[attr-defined]
        return buffer

    def __del__(self) -> None:
        if self.address and _LIVE is not None:  # at the end of the process the system unmaps what is left
            _LIVE.pop(self.address, None)
            _unmap(self.address, self.size)


class Index:
    """The regions of this moment, found by address; they stay mapped as long as it lasts."""

    def __init__(self) -> None:
        """Take note of them."""
        living = [region for reference in list(_LIVE.values()) if (region := reference())]
        self._regions = sorted(living, key=_address)

    def __bool__(self) -> bool:
        return bool(self._regions)

    def add(self, region: Region) -> None:
        """Take note of one more."""
        self._regions.insert(bisect_right(self._regions, region.address, key=_address), region)

    def find(self, address: int, size: int) -> Region | None:
        """Give the region that so many bytes at an address lie in, all of them."""
        place = bisect_right(self._regions, address, key=_address)
        if not place:
            return None
        region = self._regions[place - 1]
        return region if address + size <= region.address + region.size else None


def release_unused() -> None:
    """Give memory back that was freed between what is still used, where the C library can."""
    if trim := getattr(_libc(), "malloc_trim", None):
        trim(0)


def _address(region: Region) -> int:
    return region.address


def _map(fd: int, offset: int, size: int) -> int:
    lead = offset % PAGE
    start = _libc().mmap(None, size + lead, mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_PRIVATE, fd, offset - lead)
    if start == _FAILED:
        raise OSError(ctypes.get_errno(), "cannot be mapped")
    return int(start) + lead


def _unmap(address: int, size: int) -> None:
    lead = address % PAGE
    _libc().munmap(address - lead, size + lead)


@cache
def _libc() -> Any:
    """Give the C library; Python's own mmap would keep one more descriptor open for each region."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_int64]
    libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    return libc
