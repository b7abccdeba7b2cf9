"""Everything that a lock names, into the store: by commit id and digest, several at a time. Nothing of it is run."""

import posixpath
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from urllib.parse import urlsplit

from rehub.verbs.crew import at_once
from rehub.verbs.fetch import Fetching
from rehub.verbs.lfs import complete
from rehub.verbs.missing import is_there, missing, offline
from rehub.verbs.pinned import find_pinned, pinned
from rehub.verbs.weights.bringing import keep_weights
from rehub.verbs.weights.pace import watching
from rehub.verbs.weights.transfer import Transfer
from rehub.words.digest import Digest
from rehub.words.errors import DigestMismatchError, DownloadError, RehubError, WrongHashError
from rehub.words.lock import Lock, LockedWeights
from rehub.words.pin import Checkout, Pin
from rehub.words.ref import Remote
from rehub.words.weights import Promise

JOBS = 4
"""How many repositories and files are brought at a time; a large file comes by several streams besides."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a part of a lock.

    Attributes:
        what: a commit as a ref, or a URL.
        came: it was not there before.
        error: why it is not there now, or not whole; ``None`` if it is.
    """

    what: str
    came: bool = False
    error: RehubError | None = None


@dataclass(frozen=True, slots=True)
class Synced:
    """What became of all parts of a lock.

    Attributes:
        repositories: one for each commit.
        weights: one for each file.
    """

    repositories: tuple[Outcome, ...]
    weights: tuple[Outcome, ...]

    @property
    def failed(self) -> list[Outcome]:
        """Those that are not there."""
        return [each for each in (*self.repositories, *self.weights) if each.error]


class _StoppedError(Exception):
    """Nobody waits for this any more."""


def sync(lock: Lock, world: Fetching, transfer: Transfer, *, jobs: int = JOBS, name: str = "the lock") -> Synced:
    """Bring everything that a lock names into the store; what is there already is not asked for.

    What fails does not keep the rest from coming, and what has come is not asked for again the next time.

    Args:
        lock: what to bring.
        world: settings, store and git.
        transfer: how to bring files.
        jobs: how many repositories and files at a time.
        name: of the lock, in messages.

    Raises:
        OfflineError: something is missing, and no socket may be opened; names all that is.
    """
    done = _brought(lock, world, transfer, jobs)
    if world.settings.offline and done.failed and (found := missing(lock, world.store, always=_always(world))):
        raise offline(found, f"{name} names")
    return done


def _brought(lock: Lock, world: Fetching, transfer: Transfer, jobs: int) -> Synced:
    stop = threading.Event()
    syncing = _Syncing(_stoppable(world, stop), transfer, stop)
    repositories = [partial(syncing.repository, pins) for pins in _by_remote(lock)]
    weights = [partial(syncing.weights, same) for same in _by_bytes(lock)]
    tasks: list[Callable[[], list[Outcome]]] = [*repositories, *weights]
    done = at_once(tasks, most=jobs, stop=stop)
    commits, files = done[: len(repositories)], done[len(repositories) :]
    return Synced(tuple(chain(*commits)), tuple(chain(*files)))


def _by_remote(lock: Lock) -> list[list[Pin]]:
    """Give a lock's commits by repository: of one repository they are fetched one after the other."""
    found: dict[Remote, list[Pin]] = {}
    for pin in dict.fromkeys(each.pin for each in lock.repositories()):
        found.setdefault(pin.remote, []).append(pin)
    return list(found.values())


def _by_bytes(lock: Lock) -> list[list[LockedWeights]]:
    """Give a lock's files by their bytes: any of the URLs that give them will do."""
    found: dict[str, list[LockedWeights]] = {}
    for each in lock.files():
        found.setdefault(each.sha256, []).append(each)
    return list(found.values())


def _stoppable(world: Fetching, stop: threading.Event) -> Fetching:
    """Let git end, and one thread at a time tell of its progress."""
    turn = threading.Lock()

    def progress(text: str) -> None:
        with turn:
            world.progress(text)

    git = replace(world.git, stopped=lambda: "it was interrupted" if stop.is_set() else "")
    return replace(world, git=git, progress=progress)


def _always(world: Fetching) -> bool:
    return world.settings.verify == "always"


def _without_lfs(checkout: Checkout) -> DownloadError | None:
    """Say which of the files that git LFS keeps did not come: a load goes on without them, and warns."""
    if not checkout.lfs:
        return None
    more = f" and {len(checkout.lfs) - 1} more of git LFS" if len(checkout.lfs) > 1 else ""
    return DownloadError(f"{checkout}:{checkout.lfs[0].path}{more}", checkout.missing)


@dataclass(frozen=True, slots=True)
class _Syncing:
    """What all tasks of a sync share."""

    world: Fetching
    transfer: Transfer
    stop: threading.Event

    def repository(self, pins: Iterable[Pin]) -> list[Outcome]:
        """Bring commits of one repository, and what git LFS keeps for them."""
        return [self._commit(pin) for pin in pins if not self.stop.is_set()]

    def _commit(self, pin: Pin) -> Outcome:
        try:
            there = find_pinned(pin, self.world.store, always=_always(self.world))
            checkout = complete(there or pinned(pin, self.world), self.world, self.transfer.environ)
        except RehubError as error:
            return Outcome(str(pin), error=error)
        return Outcome(str(pin), there is None, _without_lfs(checkout))

    def weights(self, same: Sequence[LockedWeights]) -> list[Outcome]:
        """Bring a file from the first of its URLs that gives it."""
        first = same[0]
        try:
            if is_there(Digest(first.sha256), self.world.store, always=_always(self.world)):
                return [Outcome(first.url, error=self._wrong_size(first))]
        except RehubError as error:
            return [Outcome(first.url, error=error)]
        tried = [self._file(first)]
        for each in same[1:]:
            if tried[-1].error:
                tried.append(self._file(each))
        return [tried[0] if tried[-1].error else tried[-1]]

    def _file(self, each: LockedWeights) -> Outcome:
        name = posixpath.basename(urlsplit(each.url).path) or each.sha256
        tell = watching(name, self.world.progress)

        def watch(received: int, size: int | None) -> None:
            if self.stop.is_set():
                raise _StoppedError
            tell(received, size)

        try:
            promise = Promise(each.sha256, asked=True, most=each.size)
            keep_weights(each.url, replace(self.transfer, watch=watch), name=name, promise=promise)
        except WrongHashError as error:
            return Outcome(each.url, error=DigestMismatchError(each.url, error.expected, error.found))
        except RehubError as error:
            return Outcome(each.url, error=error)
        return Outcome(each.url, came=True, error=self._wrong_size(each))

    def _wrong_size(self, each: LockedWeights) -> DigestMismatchError | None:
        """Say that the lock contradicts itself: no bytes of this digest have the size that it names."""
        blob = self.world.store.blobs.find(Digest(each.sha256))
        if blob is None or blob.size == each.size:
            return None
        expected, found = f"{each.size} bytes", f"{blob.size} bytes of the SHA-256 that it names, too"
        return DigestMismatchError(each.url, expected, found, "The lock is wrong: its size has to be corrected.")
