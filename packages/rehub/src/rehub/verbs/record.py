"""Recording: what was loaded is written into the lock at once, and again when it turns out to need more.

Weights may come with a model's first call, and code may get something past rehub at any time: so what this process has
recorded is looked at again when such a thing comes, when a block of ``recording`` ends, and when the process does.
Any number of threads and processes may record into one lock: each adds to what is there by then.
"""

import atexit
import logging
import os
import random
import time
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from rehub.verbs.locked import is_kept, ref_of
from rehub.words.digest import Digest
from rehub.words.errors import LockConflictError, RehubError
from rehub.words.lock import Lock, LockedModel, LockedRepository, LockedWeights
from rehub.words.recorded import is_lockable, model_of, with_model, with_weights
from rehub.words.unverified import without_secrets
from rehub.world.lockfile import read, write
from rehub.world.store import Store

if TYPE_CHECKING:
    from rehub.verbs.load import Loaded
    from rehub.verbs.provenance import Made

log = logging.getLogger("rehub")
_PATIENCE = 60.0  # seconds for others that record into the same lock
_PAUSE = 0.05  # seconds, at most, before the next try
_MOST = 1_000  # calls of a process that are looked at again; the last ones


@dataclass(frozen=True, slots=True)
class Recorded:
    """A load that this process has recorded.

    Attributes:
        made: knows what it needs by now.
        ref: as the lock has it.
        folders: of the user's own that took part.
    """

    made: "Made"
    ref: str
    folders: tuple[str, ...]

    def model(self, name: str = "") -> LockedModel:
        """Give what a lock says of it by now."""
        return model_of(self.made.now(), self.ref, folders=self.folders, name=name)


VARIABLE = "REHUB_LOCK"
_TOLD: list[Path] = []  # the blocks of recording that this process is in, in whichever thread; the last one counts
_BEFORE: list[str | None] = []  # what was said outside of them
_BLOCKS: list[Path] = []  # those of every hub
_RECORDED: dict[tuple[Path, object], Recorded] = {}


def record(loaded: "Loaded", path: Path, store: Store, *, name: str = "") -> LockedModel:
    """Write what was loaded into a lock.

    Args:
        loaded: what was loaded.
        path: the lock.
        store: where checkouts are.
        name: what the lock shall call it; the entry's, if that is empty.

    Returns:
        What the lock says of it now.

    Raises:
        DigestMismatchError: the lock has other bytes under the same ref or URL.
        MalformedLockError, MalformedSettingError, LockFileError: as they say.
    """
    ref = ref_of(loaded.checkout, path.parent)
    recorded = Recorded(loaded.made, ref, tuple(_folders(loaded, ref, store.root)))
    model = _sized(recorded.model(name), store)
    lock = change(path, partial(with_model, model=model))
    _look_again_at(path, model.call, recorded)
    found = lock.model(model.call)
    assert found is not None  # noqa: S101 - it was written just now
    return found


def _sized(model: LockedModel, store: Store) -> LockedModel:
    """Say how large the files of its repositories are, where the store knows."""

    def size(each: LockedRepository) -> int | None:
        manifest = store.trees.manifest(each.pin.tree) if each.pin.tree else None
        return sum(seen.size for seen in manifest.files.values()) if manifest else None

    return replace(model, repositories=tuple(replace(each, size=size(each)) for each in model.repositories))


def record_weights(path: Path, url: str, digest: Digest, size: int) -> None:
    """Write a file into a lock that no call under way has asked for: the program did, or what was made before.

    Raises:
        DigestMismatchError: the lock has other bytes of that URL.
        MalformedLockError, LockFileError: as they say.
    """
    if not is_lockable(url):
        return
    change(path, partial(with_weights, weights=LockedWeights(without_secrets(url), digest.hex, size)))


def renew(path: Path) -> None:
    """Write down what has been recorded in a lock, as it is known by now; what was taken out of it stays out.

    Raises:
        RehubError: as :func:`record`.
    """
    models = [each.model() for (where, _), each in list(_RECORDED.items()) if where == path]

    def renewed(lock: Lock) -> Lock:
        for model in models:
            lock = with_model(lock, model) if lock.model(model.call) else lock
        return lock

    if models:
        change(path, renewed)


def change(path: Path, changed: Callable[[Lock], Lock], *, patience: float = _PATIENCE) -> Lock:
    """Change a lock, on top of whatever others have written into it by then.

    Args:
        path: the lock.
        changed: gives what it shall say.
        patience: how long to try again when somebody else was faster, in seconds.

    Returns:
        What it says now.

    Raises:
        LockConflictError: others were faster all the time.
        MalformedLockError, LockFileError: as they say.
    """
    end = time.monotonic() + patience
    while True:
        lock, before = read(path)
        after = changed(lock)
        if after == lock:
            return lock
        try:
            write(path, after, before)
        except LockConflictError:
            if time.monotonic() > end:
                raise
            time.sleep(random.uniform(0, _PAUSE))  # noqa: S311 - so that not all come back at once
        else:
            return after


@contextmanager
def told(path: Path, environ: MutableMapping[str, str] = os.environ) -> Iterator[None]:
    """Let every hub that has no lock of its own, and every process that is started meanwhile, record into a lock."""
    if not _TOLD:
        _BEFORE[:] = [environ.get(VARIABLE)]
    _TOLD.append(path)
    environ[VARIABLE] = str(path)
    try:
        yield
    finally:
        _TOLD.remove(path)
        now = str(_TOLD[-1]) if _TOLD else _BEFORE[0]
        if now is None:
            environ.pop(VARIABLE, None)
        else:
            environ[VARIABLE] = now


@contextmanager
def until_end(path: Path) -> Iterator[None]:
    """Write down at a block's end what is known then; if the block has failed, its own error is what matters."""
    _BLOCKS.append(path)
    try:
        yield
    except BaseException:
        _renew_or_say(path)
        raise
    else:
        renew(path)
    finally:
        _BLOCKS.remove(path)
        if path not in _BLOCKS:
            for key in [key for key in list(_RECORDED) if key[0] == path]:
                _RECORDED.pop(key, None)


def _look_again_at(path: Path, call: object, recorded: Recorded) -> None:
    atexit.unregister(_at_exit)
    atexit.register(_at_exit)  # once
    _RECORDED.pop((path, call), None)
    _RECORDED[path, call] = recorded
    while len(_RECORDED) > _MOST:
        _RECORDED.pop(next(iter(_RECORDED)), None)


def _at_exit() -> None:
    for path in {path for path, _ in list(_RECORDED)}:
        _renew_or_say(path)


def _renew_or_say(path: Path) -> None:
    try:
        renew(path)
    except (RehubError, OSError) as error:
        log.error("what came last is not in %s: %s", path, error)  # noqa: TRY400 - its words say it all


def _folders(loaded: "Loaded", ref: str, store: Path) -> Iterator[str]:
    """Name the folders of the user's own that took part."""
    if loaded.checkout.pin is None and not is_kept(loaded.checkout.root, store):
        yield ref
    for each in islice(loaded.provenance.walk(), 1, None):
        if each.pin is None and not is_kept(Path(each.place).expanduser().resolve(), store):
            yield each.place
