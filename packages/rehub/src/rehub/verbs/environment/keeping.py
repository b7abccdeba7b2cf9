"""Keeping a solution: the PEP 751 file, and the lock's word on which bytes that file has."""

from dataclasses import dataclass, replace
from pathlib import Path

from rehub.words.digest import Digest
from rehub.words.errors import LockConflictError
from rehub.words.needs import Solution
from rehub.world import lockfile, pylock

_TRIES = 20  # to write the lock, while others do, too


@dataclass(frozen=True, slots=True)
class Kept:
    """What was written.

    Attributes:
        file: the PEP 751 file.
        sha256: of its bytes, in hex.
        lock: the lock that names it now; ``None`` if there is none beside it.
    """

    file: Path
    sha256: str
    lock: Path | None


def check(file: Path, lock: Path | None) -> None:
    """Refuse, before anybody waits for a solution, what could not be kept.

    Raises:
        MalformedSettingError: the file's name is none that installers take, or it is somebody else's.
        MalformedLockError: the lock cannot be read.
    """
    pylock.check(file)
    if lock:
        lockfile.read(lock)


def keep(solution: Solution, file: Path, lock: Path | None) -> Kept:
    """Write a solution down; a lock beside it names it from then on.

    Args:
        solution: one that has a ``pylock``.
        file: where to.
        lock: the lock in use, if one is.

    Raises:
        MalformedSettingError: the name is none that installers take, or the file is somebody else's.
        MalformedLockError: the lock cannot be read; nothing was written then.
        LockConflictError: others go on changing the lock.
        WorldError: the disk refused.
    """
    beside = lock if lock and lock.absolute().parent == file.absolute().parent else None
    if beside:
        lockfile.read(beside)
    digest = pylock.write(file, solution.pylock)
    if beside:
        _name(beside, file.name, digest)
    return Kept(file, digest.hex, beside)


def _name(lock: Path, name: str, digest: Digest) -> None:
    """Let a lock name the file; if somebody else has changed it meanwhile, it is read again, and only this added."""
    for left in reversed(range(_TRIES)):
        said, before = lockfile.read(lock)
        try:
            lockfile.write(lock, replace(said, pylock=name, pylock_sha256=digest.hex), before)
        except LockConflictError:
            if not left:
                raise
        else:
            return
