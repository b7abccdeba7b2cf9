"""What a lock names and the store lacks: found without a network, and told all at once."""

from collections.abc import Iterator
from dataclasses import dataclass

from rehub.verbs.locked import Locks
from rehub.verbs.pinned import find_pinned
from rehub.words.digest import Digest
from rehub.words.errors import DigestMismatchError, OfflineError
from rehub.words.lock import Lock, LockedRepository, LockedWeights
from rehub.words.pin import LfsPointer, Pin
from rehub.world.store import Store

_ADVICE = "Run 'rehub sync' once online: unset REHUB_OFFLINE, or leave out --offline."


@dataclass(frozen=True, slots=True)
class Missing:
    """What is named and not there, or is there and damaged.

    Attributes:
        commits: those without their files.
        lfs: what git LFS keeps for commits whose files are there.
        weights: files, each once.
    """

    commits: tuple[LockedRepository, ...] = ()
    lfs: tuple[tuple[Pin, LfsPointer], ...] = ()
    weights: tuple[LockedWeights, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.commits or self.lfs or self.weights)

    def told(self) -> Iterator[tuple[str, int | None]]:
        """Give each in words, with its bytes; of a commit they may not be known."""
        yield from ((each.pin.short, each.size) for each in self.commits)
        yield from ((f"{pin.short}:{pointer.path}", pointer.size) for pin, pointer in self.lfs)
        yield from ((each.url, each.size) for each in self.weights)


def missing(lock: Lock, store: Store, *, always: bool = False) -> Missing:
    """Look for everything that a lock names.

    Args:
        lock: all of one, or a part.
        store: where to look.
        always: hash every file, also those that nothing seems to have touched.

    Raises:
        DigestMismatchError: a commit has other files than the lock says.
        StoreError: the disk refused.
    """
    commits = {each.pin: each for each in lock.repositories()}
    found = {pin: find_pinned(pin, store, always=always) for pin in commits}
    files = {each.sha256: each for each in lock.files()}
    pointers = ((pin, pointer) for pin, each in found.items() if each for pointer in each.lfs)
    return Missing(
        tuple(commits[pin] for pin, each in found.items() if each is None),
        tuple((pin, each) for pin, each in pointers if not is_there(each.oid, store, always=always)),
        tuple(each for each in files.values() if not is_there(Digest(each.sha256), store, always=always)),
    )


def offline_for(wanted: LockedRepository | LockedWeights, locks: Locks, store: Store) -> OfflineError:
    """Give the error of a load that lacks something: it names also what else the same models lack.

    Args:
        wanted: what was looked for first.
        locks: the lock in use, which names it.
        store: where to look.
    """
    name = wanted.ref if isinstance(wanted, LockedRepository) else wanted.url
    models = tuple(each for each in locks.lock.models if wanted in (*each.repositories, *each.weights))
    found = missing(Lock(models), store)
    return offline(found, f"{locks.shown} names for {name}") if found else OfflineError(name)


def is_there(digest: Digest, store: Store, *, always: bool) -> bool:
    """Say whether a file of weights, or of git LFS, is in the store; a damaged one is not."""
    try:
        return store.blobs.find(digest, always=always) is not None
    except DigestMismatchError:
        return False


def offline(found: Missing, what: str) -> OfflineError:
    """Give the one error that names everything that is missing.

    Args:
        found: what is.
        what: who names it: ``rehub.lock names``, ``acme/toy net needs``.
    """
    return OfflineError(f"some of what {what}", _ADVICE, missing=tuple(found.told()))
