"""The store as a whole: which part lies where, and the locks that save work (never the ones that keep bytes right)."""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rehub.words.digest import Digest
from rehub.words.errors import StoreError
from rehub.words.ref import Remote
from rehub.world.store.blobs import Blobs
from rehub.world.store.files import disk_errors
from rehub.world.store.urls import Urls

if TYPE_CHECKING:
    from rehub.world.store.downloads import Downloads
    from rehub.world.store.names import Names
    from rehub.world.store.records import Records
    from rehub.world.store.trees import Trees

log = logging.getLogger("rehub")
_LOCK_WAIT = 3600.0  # seconds; as long as the longest fetch
_STALE = 86_400.0  # seconds after which what a killed process left in tmp/ is removed
_UNFINISHED = ("tmp/*", "parts/*", "*/.new-*", "pins/*/.new-*", "blobs/sha256/*/.new-*")
_README = """This is a cache of rehub, made of content under its own digest; any part of it can be fetched again.
'rehub cache list' shows what is in it, 'rehub cache prune' makes room, and removing the whole folder is safe.
"""
# Source: bford.info/cachedir, so that backups leave the folder out.
_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# This folder is a cache of rehub.\n"


@dataclass(frozen=True)
class Store:
    """rehub's part of torch.hub's folder.

    Attributes:
        root: the folder; made when something is first written.
        shared: those of stores beneath, first match wins: what this one lacks is found there, and nothing is written.
    """

    root: Path
    shared: tuple[Path, ...] = ()

    @property
    def alone(self) -> "Store":
        """This store without those beneath: what is looked after is one's own."""
        return Store(self.root) if self.shared else self

    @cached_property
    def records(self) -> "Records":
        """refs, pins and descriptions."""
        from rehub.world.store.records import Records

        return Records(self.root, [Records(each) for each in self.shared])

    @cached_property
    def trees(self) -> "Trees":
        """Checkouts."""
        from rehub.world.store.trees import Trees

        return Trees(self.root, [Trees(each, noted=self._noted(each) / "trees") for each in self.shared])

    @cached_property
    def names(self) -> "Names":
        """Whose torch.hub's names are."""
        from rehub.world.store.names import Names

        return Names(self.root)

    @cached_property
    def downloads(self) -> "Downloads":
        """Which URL's bytes files have."""
        from rehub.world.store.downloads import Downloads

        return Downloads(self.root)

    @cached_property
    def blobs(self) -> Blobs:
        """Weights, each file once."""
        return Blobs(self.root, [Blobs(each, noted=self._noted(each) / "blobs") for each in self.shared])

    @cached_property
    def urls(self) -> Urls:
        """Which bytes URLs gave."""
        return Urls(self.root, [Urls(each) for each in self.shared])

    def _noted(self, shared: Path) -> Path:
        """Where is written down how the files of a store beneath looked when they were hashed here."""
        return self.root / "shared" / Digest.of(os.fsencode(shared)).hex

    def holds(self, place: Path) -> bool:
        """Say whether a path without links is one of this store's, or of one beneath."""
        return any(place.is_relative_to(os.path.realpath(each)) for each in (self.root, *self.shared))

    def part(self, key: str) -> Path:
        """Give the place at which a file arrives before it has a name; the next process goes on there.

        Raises:
            StoreError: the disk refused.
        """
        folder = self.root / "parts"
        self._prepare()
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{key}.partial"

    def lock_path(self, key: str) -> Path | None:
        """Give the file of a lock; ``None`` where the store cannot be written, so that nobody can wait for anybody."""
        path = self.root / "locks" / f"{key}.lock"
        try:
            self._prepare()
            path.parent.mkdir(exist_ok=True)
        except OSError as error:  # StoreError is one, too
            log.debug("there is no lock %s: %s", path, error)
            return None
        return path

    def git_dir(self, remote: Remote) -> Path:
        """The bare repository of a remote's content."""
        return self.root / "git" / _key(remote)

    def commits_dir(self, remote: Remote) -> Path:
        """The bare repository of a remote's history, without files; never mixed with content."""
        return self.root / "commits" / _key(remote)

    def bytecode_dir(self, tag: str) -> Path:
        """Byte-code of one Python, keyed by the source's SHA-256: never in a tree, and never taken from one."""
        return self.root / "pyc" / tag

    def locked(self, remote: Remote, *, wait: float = _LOCK_WAIT) -> AbstractContextManager[None]:
        """Let one process at a time ask and fetch a remote; the others find its work when they come in.

        Args:
            remote: whose lock.
            wait: for another process, in seconds.

        Raises:
            StoreError: the disk refused, or another process held the lock for too long.
        """
        return self.locked_key(_key(remote), what=str(remote), wait=wait)

    @contextmanager
    def locked_key(self, key: str, *, what: str, wait: float = _LOCK_WAIT) -> Iterator[None]:
        """Take a remote's lock by the name that its files have.

        Raises:
            StoreError: the disk refused, or another process held the lock for too long.
        """
        from filelock import FileLock, Timeout

        self._prepare()
        path = self.root / "locks" / f"{key}.lock"
        with disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(path, thread_local=False)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                log.info("waiting for another process that is fetching %s", what)
                try:
                    lock.acquire(timeout=wait)
                except Timeout as error:
                    raise StoreError(str(path), f"another process has held the lock for {wait:g} s") from error
        try:
            yield
        finally:
            lock.release()

    def _prepare(self) -> None:
        """Make the folder, say in it what it is, and sweep up after killed processes."""
        with disk_errors(self.root):
            (self.root / "tmp").mkdir(parents=True, exist_ok=True)
            for name, text in (("README", _README), ("CACHEDIR.TAG", _TAG)):
                if not (self.root / name).exists():
                    (self.root / name).write_text(text, "utf-8")
        self.sweep(older_than=_STALE)

    def sweep(self, *, older_than: float) -> None:
        """Remove what nobody will finish: from ``tmp/``, and files that did not get their final name.

        Args:
            older_than: age in seconds, by the last change of the folder.
        """
        from rehub.world.store.trees import remove_tree

        for path in (each for pattern in _UNFINISHED for each in self.root.glob(pattern)):
            try:
                if time.time() - os.lstat(path).st_mtime > older_than:
                    remove_tree(path)
            except OSError as error:  # somebody else's, or gone meanwhile
                log.debug("%s was not swept up: %s", path, error)

    def size_of(self, *parts: str) -> int:
        """Add up the files below a part of the store, in bytes; what others remove meanwhile counts for nothing."""
        top, total = self.root.joinpath(*parts), 0
        if top.is_symlink() or top.is_file():
            return _size(top)
        for place, _, names in os.walk(top):
            total += sum(_size(Path(place, name)) for name in names)
        return total


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return 0


def _key(remote: Remote) -> str:
    """The name of a remote's files: a digest, so that no two remotes can ever share one."""
    return Digest.of(remote.url.encode()).hex
