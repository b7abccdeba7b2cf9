"""What has become of a locked ref: asked of the remote, and of its history, which is fetched without any files."""

import logging

from rehub.verbs.fetch import Fetching
from rehub.verbs.resolve import HistoryLimits, Resolved, resolve
from rehub.words.errors import (
    AuthenticationError,
    HostKeyError,
    RefNotFoundError,
    RemoteRefusedError,
    RepositoryNotFoundError,
    StoreError,
    UnreachableError,
)
from rehub.words.lock import LockedRepository
from rehub.words.pin import Pin
from rehub.words.ref import Ref
from rehub.words.update import Move, Moved
from rehub.world.git import BareRepository, Source
from rehub.world.git.history import History

log = logging.getLogger("rehub")
# Each is about one remote; those about git or the disk are about all of them, and end everything.
_LIMITS = HistoryLimits()
REMOTES_OWN = (AuthenticationError, HostKeyError, RemoteRefusedError, UnreachableError)


def moved(locked: LockedRepository, world: Fetching, *, limits: HistoryLimits = _LIMITS) -> Moved:
    """Ask where a locked ref points now, and how that came to be.

    Args:
        locked: the ref, and where it pointed.
        world: settings, store and git.
        limits: how much of a history may be asked for.

    Raises:
        StoreError, GitMissingError: the disk or git failed.
    """
    ref, pin = Ref.parse(locked.ref), locked.pin
    source = world.source(pin.remote)
    world.progress(f"asking for {ref}")
    try:
        with world.store.locked(pin.remote):
            if ref.maybe_commit and pin.commit.startswith(ref.maybe_commit):
                return _fixed(locked, source, world, limits)
            found = resolve(ref, source, store=world.store, git=world.git, limits=limits)
            return _compared(locked, found, source, world, limits)
    except (RefNotFoundError, RepositoryNotFoundError) as error:
        return Moved(locked.ref, pin, None, Move.GONE, note=_first_line(error))
    except REMOTES_OWN as error:
        return Moved(locked.ref, pin, None, Move.UNKNOWN, note=_first_line(error))


def _fixed(locked: LockedRepository, source: Source, world: Fetching, limits: HistoryLimits) -> Moved:
    """Look after a ref that is a commit: it cannot move, but everything that led to it can be taken away."""
    pin = locked.pin
    if pin.commit in source.advertised("refs/heads/*", "refs/tags/*").refs.values():
        return Moved(locked.ref, pin, None, Move.NONE)
    try:
        history = _history(pin, source, world, limits)
    except RemoteRefusedError as error:
        return Moved(locked.ref, pin, None, Move.NONE, note=_first_line(error))
    if history.repository.reached_by(pin.commit):
        return Moved(locked.ref, pin, None, Move.NONE)
    return Moved(locked.ref, pin, None, Move.REWRITTEN, note="no branch or tag reaches this commit any more")


def _compared(
    locked: LockedRepository, found: Resolved, source: Source, world: Fetching, limits: HistoryLimits
) -> Moved:
    """Say how a ref got from one commit to another: only of a branch, and only forward, is what one expects."""
    pin = locked.pin
    if found.commit == pin.commit:
        return Moved(locked.ref, pin, None, Move.NONE, found.name)
    new = world.store.records.find_pin(pin.remote, found.commit) or Pin(pin.remote, found.commit)
    is_tag = found.name.startswith("refs/tags/")
    try:
        history = _history(pin, source, world, limits)
    except RemoteRefusedError as error:
        move = Move.TAG if is_tag else Move.UNKNOWN
        return Moved(locked.ref, pin, new, move, found.name, note=_first_line(error))
    if not history.has(pin.commit):
        move, note = Move.TAG if is_tag else Move.REWRITTEN, "its server does not give out the old commit any more"
        return Moved(locked.ref, pin, new, move, found.name, added=history.log("", new.commit), note=note)
    base = history.base(pin.commit, new.commit)
    move = Move.TAG if is_tag else Move.FORWARD if base == pin.commit else Move.REWRITTEN
    added, lost = history.log(pin.commit, new.commit), history.log(new.commit, pin.commit)
    note = "" if base else "they have no commit in common: it may be another repository under the same name"
    return Moved(locked.ref, pin, new, move, found.name, base, added, lost, note)


def _history(pin: Pin, source: Source, world: Fetching, limits: HistoryLimits) -> History:
    """Fetch all commits as they are now, and the locked one, if it is given out though nothing leads to it any more."""
    repository = BareRepository(world.git, world.store.commits_dir(pin.remote))
    world.progress(f"reading the history of {pin.remote}")
    try:
        _fetch(repository, source, limits)
    except (StoreError, UnreachableError):
        if not (repository.path / "HEAD").is_file() or not repository.unsound():
            raise
        log.warning("the history kept for %s was damaged; it is fetched anew", pin.remote)
        repository.remove()
        _fetch(repository, source, limits)
    history = History(repository)
    if not history.has(pin.commit):
        try:
            _fetch(repository, source, limits, commit=pin.commit)
        except (RefNotFoundError, *REMOTES_OWN) as error:
            log.info("%s is not given out any more: %s", pin.short, _first_line(error))
    return history


def _fetch(repository: BareRepository, source: Source, limits: HistoryLimits, *, commit: str = "") -> None:
    with repository.or_as_before():
        source.fetch_history(repository.path, max_bytes=limits.bytes, limit=limits.seconds, commit=commit)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
