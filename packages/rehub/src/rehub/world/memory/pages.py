"""What the system says about the pages of this process. Only Linux says it; elsewhere nothing is known.

Source: Documentation/admin-guide/mm/pagemap.rst and proc_pid_maps(5) of Linux.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rehub.world.memory.regions import PAGE, Region

_PROC = Path("/proc/self")
_ENTRY = 8  # bytes of /proc/self/pagemap for one page
_CHUNK = 1 << 17  # pages looked at with one read
# Of an entry's highest byte: is in memory, is in swap, belongs to a file.
_PRESENT, _SWAPPED, _OF_FILE = 0x80, 0x40, 0x20


def untouched(address: int, size: int) -> bool:
    """Say whether nobody has written to a part of a private mapping; ``False`` also where it cannot be known.

    The first write to a page gives the process a copy of it, which belongs to no file any more. So this sees every
    writer: an operator of torch, a numpy array, a C extension.

    Args:
        address: of the first byte.
        size: in bytes.
    """
    first, end = address // PAGE, -(-(address + size) // PAGE)
    try:
        with (_PROC / "pagemap").open("rb", buffering=0) as pages:
            return all(
                _of_file(os.pread(pages.fileno(), count * _ENTRY, page * _ENTRY), count)
                for page in range(first, end, _CHUNK)
                for count in (min(_CHUNK, end - page),)
            )
    except OSError:
        return False


def _of_file(entries: bytes, count: int) -> bool:
    """Say whether each entry is of a page that was never read, or belongs to its file still."""
    return len(entries) == count * _ENTRY and not any(
        kind & _SWAPPED or (kind & _PRESENT and not kind & _OF_FILE) for kind in set(entries[_ENTRY - 1 :: _ENTRY])
    )


def file_offset(address: int, region: Region) -> int | None:
    """Give where in a region's file a byte lies that somebody else has mapped; ``None`` if it is none of that file's.

    The two are compared as the system lists both: what it calls a file there is, on some file systems (btrfs,
    overlayfs), not what it calls it elsewhere.

    Args:
        address: of the byte.
        region: any of the file.
    """
    places = _places()
    ours, theirs = _place_of(region.address, places), _place_of(address, places)
    if ours is None or theirs is None or ours.file != theirs.file:
        return None
    return address - theirs.start + theirs.offset


@dataclass(frozen=True, slots=True)
class _Place:
    """A line of /proc/self/maps."""

    start: int
    end: int
    offset: int
    file: tuple[str, str]  # device and inode

    @classmethod
    def parse(cls, line: str) -> Self:
        span, _, offset, device, inode = line.split(maxsplit=5)[:5]
        start, end = (int(part, 16) for part in span.split("-"))
        return cls(start, end, int(offset, 16), (device, inode))


def _places() -> list[_Place]:
    try:
        return [_Place.parse(line) for line in (_PROC / "maps").read_text("utf-8", "replace").splitlines()]
    except OSError:
        return []


def _place_of(address: int, places: list[_Place]) -> _Place | None:
    return next((place for place in places if place.start <= address < place.end and place.file[1] != "0"), None)
