"""Weights in the store: each file once, read-only, and never used when it is not what its name says."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from rehub.words.digest import Digest
from rehub.words.errors import DigestMismatchError
from rehub.world.store import Blob, Store
from rehub.world.store.files import write_json

DATA = b"weights" * 1000


@dataclass(frozen=True)
class File:
    """A file that has arrived."""

    file: Path
    sha256: str

    def keep(self, target: Path, *, mode: int | None = None) -> None:
        """Give it its name."""
        assert mode is not None
        self.file.chmod(mode)
        self.file.replace(target)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Give an empty store."""
    return Store(tmp_path / "rehub")


def add(store: Store, data: bytes = DATA) -> Blob:
    """Put bytes into a store."""
    part = store.part("p")
    part.write_bytes(data)
    return store.blobs.add(File(part, Digest.of(data).hex))


def test_a_blob_is_kept_under_its_digest(store: Store) -> None:
    """Nobody may write to it, and a second one of these bytes changes nothing."""
    blob = add(store)
    assert blob.file == store.root / "blobs/sha256" / blob.digest.hex[:2] / blob.digest.hex
    assert blob.file.stat().st_mode & 0o777 == 0o444
    inode = blob.file.stat().st_ino
    assert add(store) == blob
    assert blob.file.stat().st_ino == inode
    assert store.blobs.find(blob.digest) == blob
    assert store.blobs.digests() == [blob.digest]
    assert store.blobs.find(Digest.of(b"")) is None
    with pytest.raises(FileNotFoundError):
        store.blobs.open(Digest.of(b""))


def test_the_open_file_is_the_one_that_was_looked_at(store: Store) -> None:
    """It can be read from its beginning, also after it was hashed."""
    blob = add(store)
    for always in (False, True):
        with os.fdopen(store.blobs.open(blob.digest, always=always), "rb") as file:
            assert file.read() == DATA


def flip(path: Path) -> None:
    """Change one bit."""
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.write(bytes([DATA[0] ^ 1]))


def shorten(path: Path) -> None:
    """Cut a file off."""
    path.chmod(0o644)
    os.truncate(path, 10)


def to_link(path: Path) -> None:
    """Replace a file by a link to a file with the same bytes."""
    other = path.with_name("other")
    path.rename(other)
    path.symlink_to(other)


def to_fifo(path: Path) -> None:
    """Replace a file by a FIFO, which nobody writes to."""
    path.unlink()
    os.mkfifo(path)


def to_folder(path: Path) -> None:
    """Replace a file by a folder."""
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [flip, shorten, to_link, to_fifo, to_folder])
def test_what_is_damaged_is_put_away(store: Store, damage: Callable[[Path], None]) -> None:
    """It is said once, and lies where nobody looks for it; then the bytes can come again."""
    blob = add(store)
    damage(blob.file)
    with pytest.raises(DigestMismatchError, match="put out of the way"):
        store.blobs.find(blob.digest)
    assert store.blobs.find(blob.digest) is None
    assert not os.path.lexists(blob.file)
    assert len(list((store.root / "damaged").iterdir())) == 1
    assert add(store) == blob
    assert store.blobs.find(blob.digest, always=True) == blob


def test_a_change_that_leaves_no_trace_is_found_by_hashing(store: Store) -> None:
    """``always`` does that; the record is the one thing that says a file is unchanged."""
    blob = add(store)
    flip(blob.file)
    record = blob.file.with_name(f"{blob.digest.hex}.json")
    found = blob.file.stat()
    row = [blob.digest.hex, found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns]
    write_json(record, {"seen": row})
    assert store.blobs.find(blob.digest) == blob
    with pytest.raises(DigestMismatchError):
        store.blobs.find(blob.digest, always=True)


@pytest.mark.parametrize("record", ["", "[]", '{"seen": [1]}', '{"seen": ["x", "y", 1, 1, 1]}'])
def test_without_a_record_a_blob_is_hashed(store: Store, record: str) -> None:
    """And the record is made again."""
    blob = add(store)
    path = blob.file.with_name(f"{blob.digest.hex}.json")
    path.write_text(record)
    assert store.blobs.find(blob.digest) == blob
    assert blob.digest.hex in path.read_text()


def test_a_copied_store_works(store: Store, tmp_path: Path) -> None:
    """Other inodes and times mean that each file is hashed once."""
    import shutil

    blob = add(store)
    shutil.copytree(store.root, tmp_path / "copy")
    found = Store(tmp_path / "copy").blobs.find(blob.digest)
    assert found is not None
    assert found.file.read_bytes() == DATA


def test_reading_goes_on_while_a_blob_is_removed(store: Store) -> None:
    """Whoever has it open keeps it."""
    blob = add(store)
    with os.fdopen(store.blobs.open(blob.digest), "rb") as file:
        store.blobs.remove(blob.digest)
        assert file.read() == DATA
    assert store.blobs.digests() == []
    assert store.blobs.find(blob.digest) is None
