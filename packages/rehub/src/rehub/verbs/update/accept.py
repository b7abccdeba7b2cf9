"""Taking what is upstream: each call whose code has moved is loaded once at the new commits, and locked as it was then.

All of it becomes the lock, or nothing: one call that fails, or a lock that somebody else has changed meanwhile, leaves
the file as it is. The calls that share a ref move together, as one ref means one commit in all of a lock.
"""

import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from rehub.words.errors import LockFileError, NotLockedError
from rehub.words.lock import Lock, LockedModel, LockedRepository
from rehub.words.pin import Pin
from rehub.words.update import Update
from rehub.world import lockfile

# How words.provenance.literal writes what is no literal of Python.
_NO_LITERAL = re.compile(r"<[\w.]+( of \d+)?>")
_PINS = "./.upstream"
"""Stands in the lock that is loaded with, for all that its refs mean; nothing is called so."""

Load = Callable[[LockedModel, Path], None]
"""Loads a model once, with a lock that answers its refs and records it."""


@dataclass(frozen=True, slots=True)
class Taking:
    """What is to be loaded anew, and with what.

    Attributes:
        models: whose code has moved; their new state is not known before they were loaded.
        lock: answers their refs with what is upstream now, and everything else as before.
    """

    models: tuple[LockedModel, ...]
    lock: Lock


def taking(lock: Lock, found: Update) -> Taking:
    """Say what taking an update means.

    Raises:
        NotLockedError: a call was given something that a lock cannot hold, so that nobody can repeat it.
    """
    pins = {each.moved.ref: each.moved.new for each in found.moved if each.moved.new}
    models = tuple(each for each in lock.models if any(known.ref in pins for known in each.repositories))
    for each in models:
        _check_repeatable(each, found.lock)
    meant = {known.ref: _at(known, pins.get(known.ref)) for each in models for known in each.repositories}
    others = tuple(each for each in lock.models if each not in models)
    holder = LockedModel(_PINS, _PINS, _PINS, repositories=tuple(meant.values()))
    return Taking(models, replace(lock, models=(*others, *([holder] if meant else ()))))


def _at(known: LockedRepository, pin: Pin | None) -> LockedRepository:
    return LockedRepository(known.ref, pin) if pin else known


def _check_repeatable(model: LockedModel, where: str) -> None:
    for value in (*model.args, *(value for _, value in model.kwargs)):
        if isinstance(value, str) and _NO_LITERAL.fullmatch(value):
            what = f"the value {value} that {model.name} was called with"
            how = f"take {model.name} out of it, 'rehub update --accept', then: rehub run --lock {where} SCRIPT"
            raise NotLockedError(what, where, how, "only its class")


def accept(path: Path, lock: Lock, before: str, take: Taking, load: Load) -> None:
    """Load what has moved, and write the lock.

    Args:
        path: the lock.
        lock: what it says.
        before: the text that says it.
        take: what :func:`taking` gave.
        load: loads one model.

    Raises:
        LockConflictError: another process has changed the lock meanwhile.
        LockFileError: the disk refused.
        Exception: whatever a model's code raises arrives as it is.
    """
    with _beside(path, take.lock) as other:
        for model in take.models:
            load(model, other)
        seen = lockfile.read(other)[0]
    fresh = {each.name: _recorded(each, seen, path) for each in take.models}
    models = tuple(fresh.get(each.name, each) for each in lock.models)
    lockfile.write(path, replace(lock, models=models, weights=seen.weights), before)


def _recorded(model: LockedModel, seen: Lock, path: Path) -> LockedModel:
    found = seen.model(model.call)
    if found is None:
        raise LockFileError(str(path), "written", f"loading {model.name} was not recorded")
    return replace(found, name=model.name)


@contextmanager
def _beside(path: Path, lock: Lock) -> Iterator[Path]:
    """Write a lock for a while; it lies in the same folder, as what it says of folders is said from there.

    Raises:
        LockFileError: the disk refused.
    """
    folder = path.resolve().parent
    try:
        handle, name = tempfile.mkstemp(prefix=".rehub.lock-update-", dir=folder)
    except OSError as error:
        raise LockFileError(str(path), "written", error.strerror or str(error)) from error
    os.close(handle)
    try:
        lockfile.write(Path(name), lock, "")
        yield Path(name)
    finally:
        for each in folder.glob(f"{Path(name).name}*"):
            each.unlink(missing_ok=True)
