"""Keeping a solution: the PEP 751 file, and the lock's word on which bytes that file has."""

from dataclasses import dataclass, replace
from pathlib import Path

from rehub.words.digest import Digest
from rehub.words.errors import DigestMismatchError, LockConflictError
from rehub.words.lock import Lock
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


def named_by(lock: Lock, path: Path) -> Path | None:
    """Give the file that a lock names, if it has the bytes that the lock says.

    Args:
        lock: what the lock says.
        path: where it lies.

    Returns:
        The file; ``None`` if the lock names none.

    Raises:
        DigestMismatchError: it is another one, or is not there.
        StoreError: it cannot be read.
    """
    if not lock.pylock:
        return None
    file = path.parent / Path(lock.pylock).name  # beside the lock, whatever the lock says
    found = pylock.digest(file)
    if found is None or found.hex != lock.pylock_sha256:
        told = f"sha256:{found.hex}" if found else "no such file"
        advice = f"It was not touched. Put it back, or solve it again: rehub env REF --as-of commit --lock {path}"
        raise DigestMismatchError(str(file), f"sha256:{lock.pylock_sha256}", told, advice)
    return file
