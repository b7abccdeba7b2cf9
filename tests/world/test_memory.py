"""Memory that is a file's: where it is, that it is private, and whether it was written to."""

import ctypes
import gc
import mmap
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehub.world.memory import Index, KeptFile, Region, can_map, file_offset, is_remote, pages, read_ahead, untouched

PAGE = mmap.PAGESIZE

pytestmark = pytest.mark.skipif(not can_map(), reason="files are not mapped on this system")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Give a file of eight pages, each with its number in it."""
    place = tmp_path / "pages"
    place.write_bytes(b"".join(bytes([number]) * PAGE for number in range(8)))
    return place


@pytest.fixture
def file(place: Path) -> Iterator[KeptFile]:
    """Give it opened, by whoever has closed it again."""
    fd = os.open(place, os.O_RDONLY)
    kept = KeptFile(fd)
    os.close(fd)
    return kept


def test_a_region_is_those_bytes(file: KeptFile) -> None:
    """It begins and ends at any byte."""
    region = Region(file, PAGE - 3, 2 * PAGE)
    assert bytes(region.memory()) == b"\0" * 3 + b"\1" * PAGE + b"\2" * (PAGE - 3)


def test_writing_is_private(file: KeptFile, place: Path) -> None:
    """Neither the file nor a second region of it changes, and the system tells which pages were written to."""
    before, one, two = place.read_bytes(), Region(file, 0, file.size), Region(file, 0, file.size)
    assert bytes(one.memory()) == before
    assert untouched(one.address, one.size)
    one.memory()[5 * PAGE + 7] = b"x"
    assert place.read_bytes() == bytes(two.memory()) == before
    assert [untouched(one.address + number * PAGE, PAGE) for number in range(8)] == [n != 5 for n in range(8)]
    assert [untouched(one.address, size) for size in (5 * PAGE, 5 * PAGE + 1)] == [True, False]
    assert untouched(two.address, two.size)


def test_pages_that_nobody_has_read_are_untouched(file: KeptFile) -> None:
    """A page that is not in memory was not written to."""
    region = Region(file, 0, file.size)
    assert untouched(region.address, region.size)


def test_memory_of_no_file_counts_as_written_to() -> None:
    """Ordinary memory belongs to no file."""
    buffer = ctypes.create_string_buffer(b"x" * PAGE)
    assert not untouched(ctypes.addressof(buffer), PAGE)


def test_where_the_system_does_not_tell_all_is_written_to(file: KeptFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without /proc nothing is known to be untouched, nor whose a mapping is."""
    region = Region(file, 0, file.size)
    monkeypatch.setattr(pages, "_PROC", Path("/nowhere"))
    assert not untouched(region.address, region.size)
    assert file_offset(region.address, region) is None


def test_a_mapping_of_somebody_else_is_told(file: KeptFile, place: Path, tmp_path: Path) -> None:
    """Where in the file another mapping's bytes lie is known; of another file's it is known that they are not."""
    (tmp_path / "other").write_bytes(bytes(4 * PAGE))
    region = Region(file, 3 * PAGE + 9, PAGE)
    for name, expected in ((place, 2 * PAGE + 100), (tmp_path / "other", None)):
        with name.open("rb") as opened:
            theirs = mmap.mmap(opened.fileno(), 2 * PAGE, access=mmap.ACCESS_COPY, offset=2 * PAGE)
        address = ctypes.addressof(ctypes.c_char.from_buffer(theirs)) + 100
        assert file_offset(address, region) == expected
    buffer = ctypes.create_string_buffer(PAGE)
    assert file_offset(ctypes.addressof(buffer), region) is None


@pytest.mark.parametrize(("offset", "size"), [(0, 8 * PAGE + 1), (8 * PAGE, 1), (0, 0), (5, -1)])
def test_nothing_beyond_the_file_is_mapped(offset: int, size: int, file: KeptFile) -> None:
    """A page beyond the end would kill whoever reads it."""
    with pytest.raises(OSError, match="not within"):
        Region(file, offset, size)


def test_the_index_knows_living_regions(file: KeptFile) -> None:
    """Bytes are found if they lie in one region as a whole; one that is gone is not found."""
    before = len(Index()._regions)
    one, two = Region(file, 0, 3 * PAGE), Region(file, PAGE, 10)
    index = Index()
    assert index.find(one.address + 5, 3 * PAGE - 5) is one
    assert index.find(one.address + 5, 3 * PAGE) is None
    assert index.find(two.address, 10) is two
    assert index.find(two.address - 1, 2) is None
    assert index.find(1, 1) is None
    later = Region(file, 0, 7)
    assert index.find(later.address, 7) is None
    index.add(later)
    assert index.find(later.address, 7) is later
    del one, two, later, index
    gc.collect()
    assert len(Index()._regions) == before


def test_memory_outlives_the_name_of_its_region(file: KeptFile) -> None:
    """Whoever has the buffer keeps the bytes mapped, and the file open."""
    memory = Region(file, 0, PAGE).memory()
    fd = file.fd
    del file
    gc.collect()
    assert bytes(memory) == bytes(PAGE)
    os.fstat(fd)


def test_a_kept_file_notices_changes(file: KeptFile, place: Path) -> None:
    """A file that was written to, or replaced in its place, is not what it was; one that is read is."""
    place.read_bytes()
    assert file.is_still()
    with place.open("ab") as opened:
        opened.write(b"more")
    assert not file.is_still()


def test_a_kept_file_is_closed_when_nobody_needs_it(place: Path) -> None:
    """Its descriptor is its own, and goes with it."""
    with place.open("rb") as opened:
        kept = KeptFile(opened.fileno())
        fd = kept.fd
        assert fd != opened.fileno()
        del kept
        gc.collect()
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(fd)
    with pytest.raises(OSError, match="Bad file descriptor"):
        KeptFile(fd)


def test_a_local_file_is_not_remote(file: KeptFile) -> None:
    """This machine's own disk is mapped; a wish to bring a file nearer harms nothing."""
    assert not is_remote(file.fd)
    read_ahead(file.fd)
