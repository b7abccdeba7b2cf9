"""Checkouts on disk: written once, proved by their digest, and looked at again before each use."""

import hashlib
import logging
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from rehub.words.digest import Digest, tree_digest
from rehub.words.errors import DigestMismatchError, RefusedTreeError
from rehub.words.pin import LfsPointer
from rehub.world.store.files import disk_errors, flush, flush_names, hashed, read_json, write_json
from rehub.world.store.filled import fill, is_filled

log = logging.getLogger("rehub")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_MAX_POINTER = 1024  # bytes; the specification's own limit
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:.*\n)*?oid sha256:([0-9a-f]{64})\n(?:.*\n)*?size (\d{1,18})\n"
)
_READ_ONLY, _WRITABLE = 0o555, 0o755


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
    """What a tree holds: ``trees/<digest>.json``."""

    files: dict[str, Seen]
    lfs: tuple[LfsPointer, ...] = ()
    submodules: tuple[str, ...] = ()

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


class Trees:
    """The folder ``trees/``: each tree under its digest, with a manifest beside it."""

    def __init__(self, root: Path, scratch: Path) -> None:
        self._root = root
        self._scratch = scratch

    def folder(self, digest: Digest) -> Path:
        """Where a tree lies, or would lie."""
        return self._root / digest.hex

    def named(self, prefix: str) -> list[Digest]:
        """Give the trees whose digest starts with some hex digits."""
        return [Digest(path.name) for path in sorted(self._root.glob(f"{prefix}*")) if _DIGEST.fullmatch(path.name)]

    def manifest(self, digest: Digest) -> Manifest | None:
        """Give a tree's manifest, if the tree is there and the manifest is the tree's own."""
        data = read_json(self._root / f"{digest.hex}.json")
        found = Manifest.from_dict(data) if data else None
        return found if found and self.folder(digest).is_dir() and found.digest == digest else None

    def fill(self, digest: Digest, pointers: Iterable[LfsPointer]) -> None:
        """Let the store's blobs lie in a tree where its git LFS pointers are, as links: the digest is the pointers'.

        Raises:
            StoreError: the disk refused.
        """
        folder = self.folder(digest)
        with disk_errors(folder):
            for pointer in pointers:
                place = folder / pointer.path
                if is_filled(place, self._blob(pointer)):
                    continue
                self._scratch.mkdir(parents=True, exist_ok=True)
                place.parent.chmod(_WRITABLE)
                try:
                    fill(place, self._blob(pointer), self._scratch)
                finally:
                    place.parent.chmod(_READ_ONLY)

    def _blob(self, pointer: LfsPointer) -> Path:
        return self._root.parent / "blobs" / "sha256" / pointer.oid.hex[:2] / pointer.oid.hex

    def kept_by_lfs(self, digest: Digest) -> set[Digest]:
        """Give the digests of the files that a tree's git LFS pointers stand for; that is no use of the tree."""
        path = self._root / f"{digest.hex}.json"
        try:
            before = path.stat()
            known = self.manifest(digest)
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        except OSError:
            known = self.manifest(digest)
        return {each.oid for each in known.lfs} if known else set()

    def find(self, digest: Digest, *, always: bool = False) -> Manifest | None:
        """Give a tree's manifest after looking at every file of it.

        Args:
            always: hash every file, also those that nothing seems to have touched.

        Raises:
            DigestMismatchError: a file has other bytes, is missing, or is no regular file any more.
            StoreError: the disk refused.
        """
        known = self.manifest(digest)
        if known is None:
            return None
        with disk_errors(self.folder(digest)):
            looked = self._look(self.folder(digest), known, always=always)
        if looked == known.files:
            return known
        # Copied by rsync, restored from a backup: the bytes are right, only the times are new.
        fresh = Manifest(looked, known.lfs, known.submodules)
        self._remember(digest, fresh)
        return fresh

    def _look(self, folder: Path, known: Manifest, *, always: bool) -> dict[str, Seen]:
        """Look at everything in a tree's folder: what was added counts as much as what was changed."""
        there = dict(_walk(str(folder)))
        folders = {parent for path in known.files for parent in _parents(path)}
        filled = self.filled(known.digest, known) if known.lfs else set()
        for path in there.keys() - known.files.keys() - folders:
            raise _changed(folder / path, "nothing", "something that was put there later")
        return {
            path: seen if path in filled else _seen(folder, path, there.get(path), seen, always=always)
            for path, seen in known.files.items()
        }

    def filled(self, digest: Digest, manifest: Manifest) -> set[str]:
        """Give the paths of a tree that lead to the blobs that its pointers name."""
        return {each.path for each in manifest.lfs if is_filled(self.folder(digest) / each.path, self._blob(each))}

    def _remember(self, digest: Digest, manifest: Manifest) -> None:
        try:
            write_json(self._root / f"{digest.hex}.json", manifest.as_dict())
        except OSError as error:  # a store that is read-only still works; it is only slower
            log.debug("the manifest of %s was not renewed: %s", digest.short, error)

    def add(
        self,
        files: Iterable[tuple[str, Iterator[bytes]]],
        *,
        submodules: tuple[str, ...],
        expected: Digest | None,
        what: str,
        alike: Sequence[tuple[str, str]] = (),
    ) -> Digest:
        """Write a tree, and give it its final name only if it is the one expected.

        Args:
            files: paths, already checked, and their content.
            submodules: paths at which other repositories would be.
            expected: the digest promised, if there was a promise.
            what: the pin, for messages.
            alike: pairs of paths that are one on a disk where the case of letters does not count.

        Raises:
            RefusedTreeError: this disk cannot hold both of such a pair.
            DigestMismatchError: the files are other ones; none of them is kept.
            StoreError: the disk refused; nothing is left behind.
        """
        with disk_errors(self._root):
            self._root.mkdir(parents=True, exist_ok=True)
            self._scratch.mkdir(parents=True, exist_ok=True)
            fresh = Path(tempfile.mkdtemp(prefix="tree-", dir=self._scratch))
            try:
                if alike and is_caseless(self._scratch):
                    raise RefusedTreeError(what, alike[0][1], f"its name and {alike[0][0]!a} are the same on this disk")
                manifest = _write(fresh, files, submodules)
                digest = manifest.digest
                if expected is not None and digest != expected:
                    raise DigestMismatchError(f"the tree of {what}", expected.h1, digest.h1)
                flush(fresh)
                self._publish(fresh, digest, manifest)
            finally:
                remove_tree(fresh)
            return digest

    def _publish(self, fresh: Path, digest: Digest, manifest: Manifest) -> None:
        """Give a finished tree its name: manifest first, so that a folder is never there without one."""
        target = self.folder(digest)
        if self._intact(digest):  # another remote's, or another process's; somebody may be reading it
            return
        self._put_away(target)
        write_json(self._root / f"{digest.hex}.json", manifest.as_dict())
        try:
            fresh.rename(target)
        except OSError:
            if not target.is_dir():
                raise
            return  # another process was faster, with the same bytes
        target.chmod(_READ_ONLY)
        flush_names(self._root)

    def _put_away(self, target: Path) -> None:
        """Take a damaged tree out of the way, whatever it is by now, and delete it."""
        if not os.path.lexists(target):
            return
        self._scratch.mkdir(parents=True, exist_ok=True)
        old = Path(tempfile.mkdtemp(prefix="old-", dir=self._scratch))
        if target.is_dir() and not target.is_symlink():
            target.chmod(_WRITABLE)  # a folder that changes its parent is itself written to
        target.rename(old / "tree")
        remove_tree(old)

    def _intact(self, digest: Digest) -> bool:
        try:
            return self.find(digest, always=True) is not None  # its record may agree with what damaged it
        except DigestMismatchError:
            return False

    def remove(self, digest: Digest) -> None:
        """Delete a tree and its manifest: out of its place first, all at once, so that nobody reads half of it."""
        (self._root / f"{digest.hex}.json").unlink(missing_ok=True)
        self._put_away(self.folder(digest))


def is_caseless(folder: Path) -> bool:
    """Say whether the case of letters does not count in names on a folder's disk: on most of macOS and Windows."""
    with tempfile.NamedTemporaryFile(prefix="case-", dir=folder) as file:
        return Path(file.name).with_name(Path(file.name).name.upper()).exists()


def remove_tree(folder: Path) -> None:
    """Delete a folder whose parts are read-only."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
        return
    if folder.is_dir():
        with suppress(PermissionError):  # somebody else's: what can be deleted is
            folder.chmod(_WRITABLE)
    for place, folders, _ in os.walk(folder):
        for inner in (Path(place, name) for name in folders):
            if not inner.is_symlink():
                with suppress(PermissionError):
                    inner.chmod(_WRITABLE)
    shutil.rmtree(folder, ignore_errors=True)


def _write(fresh: Path, files: Iterable[tuple[str, Iterator[bytes]]], submodules: tuple[str, ...]) -> Manifest:
    """Write files into a new folder, hashing them on their way."""
    seen: dict[str, Seen] = {}
    lfs: list[LfsPointer] = []
    folders: set[Path] = set()
    for path, pieces in files:
        place = fresh / path
        if place.parent not in folders:
            place.parent.mkdir(parents=True, exist_ok=True)
            folders.update({place.parent, *place.parent.parents} - {fresh, *fresh.parents})
        sha256, start = _write_file(place, pieces)
        seen[path] = Seen.at(place.lstat(), sha256)
        if pointer := _POINTER.fullmatch(start):
            lfs.append(LfsPointer(path, Digest(pointer[1].decode()), int(pointer[2])))
    for folder in folders:
        folder.chmod(_READ_ONLY)
    return Manifest(seen, tuple(lfs), submodules)


def _write_file(place: Path, pieces: Iterator[bytes]) -> tuple[str, bytes]:
    """Write one file; give its SHA-256 and, if it is short enough to be a git LFS pointer, its content."""
    total, size, start = hashlib.sha256(), 0, b""
    # O_EXCL and O_NOFOLLOW: the folder is new and ours, so anything in the way was put there.
    handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o444)
    with os.fdopen(handle, "wb") as file:
        for piece in pieces:
            file.write(piece)
            total.update(piece)
            start = piece if not size else b""
            size += len(piece)
    return total.hexdigest(), start if size <= _MAX_POINTER else b""


def _walk(folder: str, inside: str = "") -> Iterator[tuple[str, os.stat_result]]:
    """Give everything in a folder, by its path, without following a link."""
    with os.scandir(folder) as entries:
        for entry in entries:
            path = inside + entry.name
            yield path, entry.stat(follow_symlinks=False)
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(entry.path, path + "/")


def _parents(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path


def _seen(folder: Path, path: str, found: os.stat_result | None, seen: Seen, *, always: bool) -> Seen:
    """Compare a file with what it was, by its bytes if anything else about it is new."""
    if found is None:
        raise _changed(folder / path, seen.sha256, "nothing: it is missing")
    regular = stat.S_ISREG(found.st_mode)
    if regular and not always and seen.still(found):
        return seen
    place = folder / path  # only here: a path for each of thousands of untouched files takes longer than all the rest
    if not regular:
        raise _changed(place, seen.sha256, "no regular file")
    if (sha256 := hash_or_reason(place)) != seen.sha256:
        raise _changed(place, seen.sha256, sha256)
    return Seen.at(found, sha256)


def _changed(place: Path, expected: str, found: str) -> DigestMismatchError:
    return DigestMismatchError(
        str(place), expected, found, "Nothing of the tree was used. 'rehub cache verify' says more."
    )


def hash_or_reason(place: Path) -> str:
    """Give a file's SHA-256, or in words what is there instead."""
    try:
        return hashed(place) or "no regular file"
    except FileNotFoundError:
        return "nothing: it is missing"
