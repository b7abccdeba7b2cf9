"""Keeping a solution: the PEP 751 file, and the lock's word on which bytes that file has."""

from dataclasses import dataclass, replace
from pathlib import Path

from rehub.verbs.record import change
from rehub.words.needs import Solution
from rehub.world import lockfile, pylock


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
        change(beside, lambda said: replace(said, pylock=file.name, pylock_sha256=digest.hex))
    return Kept(file, digest.hex, beside)
