"""Every byte in the store that a lock names, hashed again and held against the lock's own digests."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

from rehub.words.digest import Digest
from rehub.words.lock import Lock, LockedRepository, LockedWeights
from rehub.words.pin import Pin
from rehub.world.store import Inventory, Store
from rehub.world.store.files import disk_errors
from rehub.world.store.trees import hash_or_reason


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something that is not what the lock says.

    Attributes:
        what: a commit, a file of it after a colon, or a URL.
        expected: its digest.
        found: the digest of what is there, or in words what is there instead.
    """

    what: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class VerifiedLock:
    """What hashing all that a lock names gave.

    Attributes:
        repositories: how many commits it names.
        weights: how many files, each counted once.
        wrong: what is there and is not what the lock says.
        missing: what is not there: each in words, with its bytes, or ``None`` where the lock does not know them.
    """

    repositories: int
    weights: int
    wrong: tuple[Wrong, ...] = ()
    missing: tuple[tuple[str, int | None], ...] = ()

    @property
    def good(self) -> bool:
        """Whether all of it is there and right."""
        return not self.wrong and not self.missing


def verify_lock(lock: Lock, store: Store) -> VerifiedLock:
    """Hash everything that a lock names, and what git LFS keeps for it. Nothing is changed, and no socket opened.

    Raises:
        StoreError: the disk refused.
    """
    commits = list({each.pin: each for each in lock.repositories()}.values())
    files = list({each.sha256: each for each in lock.files()}.values())
    looking = _Looking(store, [], [])
    for commit in commits:
        looking.commit(commit)
    for file in files:
        looking.weights(file)
    return VerifiedLock(len(commits), len(files), tuple(looking.wrong), tuple(looking.missing))


@dataclass(frozen=True, slots=True)
class _Looking:
    """A store, and what was found in it so far."""

    store: Store
    wrong: list[Wrong]
    missing: list[tuple[str, int | None]]

    def commit(self, each: LockedRepository) -> None:
        """Hash a commit's files, after a look at whether they are this commit's at all."""
        pin = each.pin
        known = self.store.records.find_pin(pin.remote, pin.commit)
        holder = self._holder(known.tree) if known and known.tree else None
        if pin.tree is None or known is None or known.tree is None or holder is None:
            self.missing.append((pin.short, each.size))
        elif known.tree != pin.tree:
            self.wrong.append(Wrong(pin.short, pin.tree.h1, known.tree.h1))
        else:
            self.wrong.extend(_damaged(pin, pin.tree, holder))
            manifest = holder.trees.manifest(pin.tree)
            for pointer in manifest.lfs if manifest else ():
                self._blob(f"{pin.short}:{pointer.path}", pointer.oid, pointer.size)

    def _holder(self, tree: Digest) -> Store | None:
        """Give the store that a tree is taken from: this one, or one beneath it."""
        layers = (self.store.alone, *map(Store, self.store.shared))
        return next((each for each in layers if each.trees.folder(tree).is_dir()), None)

    def weights(self, each: LockedWeights) -> None:
        """Hash a file of weights."""
        self._blob(each.url, Digest(each.sha256), each.size)

    def _blob(self, what: str, digest: Digest, size: int) -> None:
        path = self.store.blobs.path(digest)
        if not os.path.lexists(path):
            self.missing.append((what, size))
            return
        with disk_errors(path):
            found, held = hash_or_reason(path), path.lstat().st_size
        if found != digest.hex:
            self.wrong.append(Wrong(what, digest.hex, found))
        elif held != size:
            self.wrong.append(Wrong(what, f"{size} bytes", f"{held} bytes of this SHA-256: the lock is wrong"))


def _damaged(pin: Pin, tree: Digest, store: Store) -> Iterator[Wrong]:
    for each in Inventory(store).damage(tree):
        where = f"{pin.short}:{each.path}" if each.path else pin.short
        yield Wrong(where, each.expected, each.found)
