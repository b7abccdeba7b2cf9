"""Weights on disk: each file once, under its SHA-256, read-only, and looked at again before each use.

``blobs/sha256/<aa>/<hex>`` and, beside it, ``<hex>.json``: what the file was when it was hashed last. What is not what
its name says is put into ``damaged/``, where nobody looks for it. Files of the stores beneath are found as well, where
they lie; nothing of them is changed, and what was seen of them is noted in this user's store.
"""

import errno
import logging
import os
import stat
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Protocol

from rehub.words.digest import Digest
from rehub.words.errors import DigestMismatchError, StoreError
from rehub.world.store.files import disk_errors, flush_names, read_json, write_json
from rehub.world.store.layers import first_sound
from rehub.world.store.leases import hold, hold_place
from rehub.world.store.manifest import Seen

log = logging.getLogger("rehub")
_READ_ONLY = 0o444
_DAY = 86_400.0  # seconds
_ARRIVING = 60.0  # seconds between the name of a blob and its record, at most
# O_NONBLOCK: a FIFO in a blob's place must not be waited for.
_OPEN = os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_NO_FILE = "no regular file"


class Arrived(Protocol):
    """A whole file that was hashed on its way, and has no name yet."""

    @property
    def sha256(self) -> str:
        """Its SHA-256, in hex."""
        ...

    def keep(self, target: Path, *, mode: int | None = None) -> None:
        """Give it its name."""
        ...


@dataclass(frozen=True, slots=True)
class Blob:
    """A file whose bytes were proved.

    Attributes:
        digest: their SHA-256.
        size: in bytes.
        file: where they lie.
    """

    digest: Digest
    size: int
    file: Path


class Blobs:
    """The folder ``blobs/``."""

    def __init__(self, root: Path, beneath: Sequence["Blobs"] = (), noted: Path | None = None) -> None:
        """Look at the blobs of a store.

        Args:
            root: its folder.
            beneath: those of other stores, in which is found what this one lacks.
            noted: where to write what was seen, if this store is only read.
        """
        self._root = root / "blobs" / "sha256"
        self._damaged = root / "damaged"
        self._beneath = tuple(beneath)
        self._noted = noted

    def path(self, digest: Digest) -> Path:
        """Where a blob lies, in this store or one beneath; or would lie, in this one."""
        own = self._path(digest)
        if not self._beneath or os.path.lexists(own):
            return own
        return next(filter(os.path.lexists, (each.path(digest) for each in self._beneath)), own)

    def _path(self, digest: Digest) -> Path:
        return self._root / digest.hex[:2] / digest.hex

    def _record(self, digest: Digest) -> Path:
        """Where what was seen of a blob is written down."""
        return (self._noted or self._path(digest).parent) / f"{digest.hex}.json"

    def digests(self) -> list[Digest]:
        """Give the digests of all blobs, whatever lies there by now."""
        names = (path.name for path in self._root.glob("[0-9a-f][0-9a-f]/*") if not path.name.endswith(".json"))
        return [Digest(name) for name in sorted(names) if len(name) == 64 and not set(name) - set("0123456789abcdef")]  # noqa: PLR2004

    def find(self, digest: Digest, *, always: bool = False) -> Blob | None:
        """Give a blob after looking at it.

        Args:
            digest: which one.
            always: hash it, also if nothing seems to have touched it.

        Raises:
            DigestMismatchError: it was damaged, and is out of the way now.
            StoreError: the disk refused.
        """
        try:
            handle, layer = self._found(digest, always=always)
        except FileNotFoundError:
            return None
        try:
            return Blob(digest, os.fstat(handle).st_size, layer._path(digest))  # noqa: SLF001
        finally:
            os.close(handle)

    def open(self, digest: Digest, *, always: bool = False) -> int:
        """Open a blob for reading; give the descriptor of the very file that was looked at.

        Args:
            digest: which one.
            always: hash it, also if nothing seems to have touched it.

        Raises:
            FileNotFoundError: it is not there.
            DigestMismatchError: it was damaged, and is out of the way now.
            StoreError: the disk refused.
        """
        return self._found(digest, always=always)[0]

    def _found(self, digest: Digest, *, always: bool) -> tuple[int, "Blobs"]:
        """Open a blob in the first store that has it as it should be; give that store's blobs, too."""
        layers = (self, *self._beneath)
        found = first_sound(layers, lambda layer: layer._open(digest, always=always))  # noqa: SLF001
        if found is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self._path(digest)))
        return found

    def _open(self, digest: Digest, *, always: bool) -> int | None:
        try:
            handle = self._opened(self._path(digest), digest)
        except FileNotFoundError:
            return None
        try:
            hold(handle)  # before anything is looked at: from now on nobody removes it
            if not os.fstat(handle).st_nlink:  # somebody did, just before
                os.close(handle)
                return None
            self._look(handle, digest, always=always)
        except BaseException:
            os.close(handle)
            raise
        self._note_use(digest)
        return handle

    def _note_use(self, digest: Digest) -> None:
        """Let the record's time say that the blob was used, once a day: not all file systems keep access times."""
        with suppress(OSError):
            if time.time() - (record := self._record(digest)).stat().st_mtime > _DAY:
                os.utime(record)

    def _look(self, handle: int, digest: Digest, *, always: bool) -> None:
        found, known = os.fstat(handle), self._seen(digest)
        if not stat.S_ISREG(found.st_mode):
            raise self._refused(digest, found, _NO_FILE)
        if always or known is None or known.sha256 != digest.hex or not known.still(found):
            self._prove(handle, digest)

    def _opened(self, path: Path, digest: Digest) -> int:
        with self._missing_or(path):
            try:
                return os.open(path, _OPEN)
            except OSError:
                if stat.S_ISREG((found := path.lstat()).st_mode):
                    raise
                raise self._refused(digest, found, _NO_FILE) from None  # a link, or a socket

    @staticmethod
    @contextmanager
    def _missing_or(path: Path) -> Iterator[None]:
        """Let what is not there be not there; everything else that the disk says is an error of the store."""
        with disk_errors(path):
            try:
                yield
            except (FileNotFoundError, NotADirectoryError) as error:
                missing = error
            else:
                return
        raise FileNotFoundError(missing.errno, missing.strerror, str(path))

    def is_proved(self, digest: Digest, found: os.stat_result) -> bool:
        """Say whether an open file, as it looks, is the blob that was hashed, with nothing written to it since."""
        records = (each._seen(digest) for each in (self, *self._beneath))  # noqa: SLF001
        return any(known is not None and known.sha256 == digest.hex and known.still(found) for known in records)

    def _prove(self, handle: int, digest: Digest) -> None:
        """Hash an open file, and remember what it was; one with other bytes is put away."""
        with disk_errors(self._path(digest)):
            before = os.fstat(handle)
            with os.fdopen(os.dup(handle), "rb") as file:
                sha256 = file_digest(file, "sha256").hexdigest()
            os.lseek(handle, 0, os.SEEK_SET)
            after = os.fstat(handle)
        if sha256 != digest.hex:
            raise self._refused(digest, after, sha256)
        if Seen.at(before, sha256) == Seen.at(after, sha256):  # not while somebody writes to it
            self._remember(digest, Seen.at(after, sha256))

    def _refused(self, digest: Digest, found: os.stat_result, what: str) -> DigestMismatchError:
        """Put something away that is not the blob, and say so."""
        path = self._path(digest)
        if self._noted:
            return DigestMismatchError(str(path), digest.hex, what, "It was not used. Its store is another's.")
        try:
            there = path.lstat()
            if (there.st_dev, there.st_ino) == (found.st_dev, found.st_ino):  # not what another process put there since
                self._put_away(path)
            done = "It was put out of the way, and was not used."
        except OSError as error:  # a store that others own
            done = f"It was not used. It could not be put out of the way: {error.strerror or error}"
        return DigestMismatchError(str(path), digest.hex, what, done)

    def _put_away(self, path: Path) -> None:
        self._damaged.mkdir(parents=True, exist_ok=True)
        path.with_name(f"{path.name}.json").unlink(missing_ok=True)
        path.rename(self._damaged / f"{path.name}.{uuid.uuid4().hex}")

    def add(self, received: Arrived) -> Blob:
        """Keep a file that has arrived; where its bytes are already, nothing changes.

        Raises:
            StoreError: the disk refused.
        """
        digest = Digest(received.sha256)
        with suppress(DigestMismatchError):
            if found := self.find(digest, always=True):  # its record may agree with what damaged it
                return found
        path = self._path(digest)
        with disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            received.keep(path, mode=_READ_ONLY)
            hold_place(path)
            found_now = path.lstat()
            self._remember(digest, Seen.at(found_now, digest.hex))
        return Blob(digest, found_now.st_size, path)

    def _seen(self, digest: Digest) -> Seen | None:
        data = read_json(self._record(digest)) or {}
        try:
            row = data["seen"]
            return Seen(str(row[0]), *map(int, row[1:5]))
        except (ArithmeticError, LookupError, TypeError, ValueError):
            return None

    def _remember(self, digest: Digest, seen: Seen) -> None:
        row = [seen.sha256, seen.size, seen.inode, seen.mtime_ns, seen.ctime_ns]
        try:
            write_json(self._record(digest), {"seen": row})
        except StoreError as error:  # a store that is read-only still works; it is only slower
            log.debug("the record of %s was not renewed: %s", digest.short, error)

    def used(self, digest: Digest) -> float:
        """Give when a blob was used last, to a day, in seconds since 1970."""
        times = [0.0]
        for path in (self._path(digest), self._record(digest)):
            with suppress(OSError):
                found = path.lstat()
                times += [found.st_atime, found.st_mtime]
        return max(times)

    def is_arriving(self, digest: Digest) -> bool:
        """Say whether a blob may have its name since just now: its record comes after whoever brings it holds it."""
        try:
            return not self._record(digest).exists() and time.time() - self._path(digest).lstat().st_ctime < _ARRIVING
        except OSError:
            return False

    def size(self, digest: Digest) -> int:
        """Give a blob's bytes, as the file system counts them; 0 if it is not there."""
        try:
            return self._path(digest).lstat().st_size
        except OSError:
            return 0

    def remove(self, digest: Digest) -> None:
        """Delete a blob and its record; whoever reads it goes on reading.

        Raises:
            StoreError: the disk refused.
        """
        path = self._path(digest)
        with disk_errors(path):
            path.with_name(f"{path.name}.json").unlink(missing_ok=True)
            if path.is_dir() and not path.is_symlink():
                from rehub.world.store.trees import remove_tree

                remove_tree(path)
            else:
                path.unlink(missing_ok=True)
            flush_names(path.parent)
