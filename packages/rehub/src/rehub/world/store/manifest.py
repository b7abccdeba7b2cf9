"""What a tree's files are, and how each looked when it was hashed last: ``trees/<digest>.json``."""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from rehub.words.digest import Digest, tree_digest
from rehub.words.pin import LfsPointer


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it was when its bytes were last hashed: if all of it still holds, nothing wrote to it since."""

    sha256: str
    size: int  # bytes
    inode: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def at(cls, found: os.stat_result, sha256: str) -> Self:
        """Make it of what the file system says of a file."""
        return cls(sha256, found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns)

    def still(self, found: os.stat_result) -> bool:
        """Say whether a regular file is this one, unchanged."""
        return self == Seen.at(found, self.sha256)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a tree holds: ``trees/<digest>.json``.

    Attributes:
        files: each as it looked when it was hashed last, by its path.
        lfs: those that are git LFS pointers.
        submodules: folders that are other repositories.
        folder: where the tree lies, in this store or one beneath; ``None`` until somebody has looked.
    """

    files: dict[str, Seen]
    lfs: tuple[LfsPointer, ...] = ()
    submodules: tuple[str, ...] = ()
    folder: Path | None = field(default=None, compare=False)

    @property
    def digest(self) -> Digest:
        """The digest of the tree, from its files' digests."""
        return tree_digest((path, Digest(seen.sha256)) for path, seen in self.files.items())

    def as_dict(self) -> dict[str, Any]:
        """Give what is written to disk."""
        rows = {
            path: [seen.sha256, seen.size, seen.inode, seen.mtime_ns, seen.ctime_ns]
            for path, seen in self.files.items()
        }
        lfs = [[each.path, each.oid.hex, each.size] for each in self.lfs]
        return {"files": rows, "lfs": lfs, "submodules": list(self.submodules)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self | None:
        """Read what :meth:`as_dict` gave; ``None`` if it is damaged."""
        try:
            files = {str(path): Seen(str(row[0]), *map(int, row[1:5])) for path, row in data["files"].items()}
            lfs = tuple(LfsPointer(str(path), Digest(str(oid)), int(size)) for path, oid, size in data["lfs"])
            return cls(files, lfs, tuple(map(str, data["submodules"])))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            return None

    def unseen(self) -> Self:
        """Give what the tree's digest proves of it, as if nobody had looked at its files: another's word is not taken.

        What is said to be a git LFS pointer is one if its file has a pointer's bytes.
        """
        files = {path: replace(seen, size=-1, inode=-1) for path, seen in self.files.items()}
        hashes = {path: seen.sha256 for path, seen in files.items()}
        lfs = tuple(each for each in self.lfs if hashes.get(each.path) == Digest.of(each.text).hex)
        return replace(self, files=files, lfs=lfs)
