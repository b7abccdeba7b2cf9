"""Checkouts on disk: written once, proved by their digest, and looked at again before each use."""

import logging
import os
import re
import shutil
import stat
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from rehub.words.digest import Digest
from rehub.words.errors import DigestMismatchError, RefusedTreeError
from rehub.words.pin import LfsPointer
from rehub.world.store.files import disk_errors, flush, flush_names, hashed, read_json, write_json
from rehub.world.store.filled import fill, is_filled
from rehub.world.store.layers import first_sound
from rehub.world.store.leases import hold_place
from rehub.world.store.manifest import Manifest, Seen

log = logging.getLogger("rehub")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_READ_ONLY, _WRITABLE = 0o555, 0o755
_DAY = 86_400.0  # seconds
_CHUNK = 1 << 20  # bytes


class Trees:
    """The folder ``trees/``: each tree under its digest, with a manifest beside it.

    Trees of the stores beneath are found as well, where they lie. How their files looked when this user's rehub hashed
    them is noted in this user's store.
    """

    def __init__(self, store: Path, beneath: Sequence["Trees"] = (), noted: Path | None = None) -> None:
        """Look at the trees of a store.

        Args:
            store: its folder.
            beneath: those of other stores, in which is found what this one lacks.
            noted: where to write what was seen, if this store is only read.
        """
        self._root = store / "trees"
        self._scratch = store / "tmp"
        self._damaged = store / "damaged"
        self._beneath = tuple(beneath)
        self._noted = noted

    def folder(self, digest: Digest) -> Path:
        """Where a tree lies, or would lie, in this very store; :attr:`Manifest.folder` is where one was found."""
        return self._root / digest.hex

    def named(self, prefix: str) -> list[Digest]:
        """Give the trees whose digest starts with some hex digits."""
        return [Digest(path.name) for path in sorted(self._root.glob(f"{prefix}*")) if _DIGEST.fullmatch(path.name)]

    def manifest(self, digest: Digest) -> Manifest | None:
        """Give a tree's manifest, if the tree is there and the manifest is the tree's own."""
        found = self._manifest(digest)
        return found or next(filter(None, (each.manifest(digest) for each in self._beneath)), None)

    def _manifest(self, digest: Digest) -> Manifest | None:
        found = self._read(digest, self._record(digest))
        if found is None and self._noted:
            found = self._read(digest, self._root / f"{digest.hex}.json")
            found = found.unseen() if found else None
        folder = self.folder(digest)
        return replace(found, folder=folder) if found and folder.is_dir() else None

    @staticmethod
    def _read(digest: Digest, record: Path) -> Manifest | None:
        data = read_json(record)
        found = Manifest.from_dict(data) if data else None
        return found if found and found.digest == digest else None

    def _record(self, digest: Digest) -> Path:
        """Where what was seen of a tree is written down."""
        return (self._noted or self._root) / f"{digest.hex}.json"

    def fill(self, digest: Digest, pointers: Sequence[LfsPointer]) -> Path:
        """Let the store's blobs lie in a tree where its git LFS pointers are, as links: the digest is the pointers'.

        A tree of a store beneath that lacks them is copied first: that store is only read.

        Returns:
            The folder of the tree that has them.

        Raises:
            StoreError: the disk refused.
        """
        known = self.manifest(digest)
        if known and known.folder and all(is_filled(known.folder / e.path, self.blob(e)) for e in pointers):
            return known.folder
        folder = self.folder(digest)
        if known and known.folder != folder:
            self._copy(digest, known)
        with disk_errors(folder):
            for pointer in pointers:
                self._fill(folder / pointer.path, self.blob(pointer))
        return folder

    def _fill(self, place: Path, blob: Path) -> None:
        if is_filled(place, blob):
            return
        self._scratch.mkdir(parents=True, exist_ok=True)
        place.parent.chmod(_WRITABLE)
        try:
            fill(place, blob, self._scratch)
        finally:
            place.parent.chmod(_READ_ONLY)

    def _copy(self, digest: Digest, known: Manifest) -> None:
        """Copy a tree of a store beneath into this one, with its pointers as git has them."""
        assert known.folder is not None  # noqa: S101 - it was found somewhere
        pointers = {each.path: each for each in known.lfs}
        files = ((path, _pieces(known.folder / path, pointers.get(path))) for path in known.files)
        self.add(files, submodules=known.submodules, expected=digest, what=f"the tree {digest.short}")

    def blob(self, pointer: LfsPointer) -> Path:
        """Where the file lies that a pointer stands for, in this store or one beneath."""
        places = self._blobs(pointer)
        return next(filter(os.path.lexists, places), places[0])

    def _blobs(self, pointer: LfsPointer) -> list[Path]:
        place = self._root.parent / "blobs" / "sha256" / pointer.oid.hex[:2] / pointer.oid.hex
        return [place, *(each for beneath in self._beneath for each in beneath._blobs(pointer))]  # noqa: SLF001

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
        """Give a tree's manifest after looking at every file of it; this process holds the tree from then on.

        Args:
            digest: which one.
            always: hash every file, also those that nothing seems to have touched.

        Raises:
            DigestMismatchError: a file has other bytes, is missing, or is no regular file any more, and no store
                beneath has the tree.
            StoreError: the disk refused.
        """
        layers = (self, *self._beneath)
        found = first_sound(layers, lambda layer: layer._find(digest, always=always))  # noqa: SLF001
        return found[0] if found else None

    def _find(self, digest: Digest, *, always: bool) -> Manifest | None:
        folder = self.folder(digest)
        hold_place(folder)  # before anything is looked at: from now on nobody removes it
        known = self._manifest(digest)
        if known is None:
            return None
        with disk_errors(folder):
            looked = self._look(folder, known, always=always)
        if looked == known.files:
            self._note_use(digest)
            return known
        # Copied by rsync, restored from a backup: the bytes are right, only the times are new.
        fresh = replace(known, files=looked)
        self._remember(digest, fresh)
        return fresh

    def _note_use(self, digest: Digest) -> None:
        """Let the record's access time say that the tree was used, once a day: not all disks note what is read."""
        with suppress(OSError):
            found = (record := self._record(digest)).stat()
            if time.time() - found.st_atime > _DAY:
                os.utime(record, ns=(time.time_ns(), found.st_mtime_ns))

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
        folder = self.folder(digest)
        return {e.path for e in manifest.lfs if any(is_filled(folder / e.path, blob) for blob in self._blobs(e))}

    def _remember(self, digest: Digest, manifest: Manifest) -> None:
        try:
            write_json(self._record(digest), manifest.as_dict())
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
        from rehub.world.store.written import write  # reading needs nothing of it

        with disk_errors(self._root):
            self._root.mkdir(parents=True, exist_ok=True)
            self._scratch.mkdir(parents=True, exist_ok=True)
            fresh = Path(tempfile.mkdtemp(prefix="tree-", dir=self._scratch))
            try:
                if alike and is_caseless(self._scratch):
                    raise RefusedTreeError(what, alike[0][1], f"its name and {alike[0][0]!a} are the same on this disk")
                manifest = write(fresh, files, submodules)
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
        self._quarantine(target)
        write_json(self._root / f"{digest.hex}.json", manifest.as_dict())
        try:
            fresh.rename(target)
        except OSError:
            if not target.is_dir():
                raise
            return  # another process was faster, with the same bytes
        target.chmod(_READ_ONLY)
        flush_names(self._root)

    def _quarantine(self, target: Path) -> None:
        """Take a damaged tree out of the way, whatever it is by now, to where nobody looks for it."""
        if os.path.lexists(target):
            self._damaged.mkdir(parents=True, exist_ok=True)
            _move(target, self._damaged / f"{target.name}.{uuid.uuid4().hex}")

    def _put_away(self, target: Path) -> None:
        """Take a tree out of the way, all at once, and delete it."""
        if os.path.lexists(target):
            self._scratch.mkdir(parents=True, exist_ok=True)
            old = Path(tempfile.mkdtemp(prefix="old-", dir=self._scratch))
            _move(target, old / "tree")
            remove_tree(old)

    def _intact(self, digest: Digest) -> bool:
        try:
            return self._find(digest, always=True) is not None  # its record may agree with what damaged it
        except DigestMismatchError:
            return False

    def remove(self, digest: Digest) -> None:
        """Delete a tree and its manifest: out of its place first, all at once, so that nobody reads half of it."""
        (self._root / f"{digest.hex}.json").unlink(missing_ok=True)
        self._put_away(self.folder(digest))


def _move(target: Path, place: Path) -> None:
    if target.is_dir() and not target.is_symlink():
        target.chmod(_WRITABLE)  # a folder that changes its parent is itself written to
    target.rename(place)


def _pieces(place: Path, pointer: LfsPointer | None) -> Iterator[bytes]:
    """Give a file's bytes; or, where a blob lies in a pointer's place, the pointer's."""
    if pointer and place.is_symlink():
        yield pointer.text
        return
    with place.open("rb") as file:
        while piece := file.read(_CHUNK):
            yield piece


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
