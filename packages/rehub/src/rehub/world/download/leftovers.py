"""What others have begun: how far they are, and what of it nobody will finish."""

import os
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from rehub.world.download.journal import Journal
from rehub.world.download.part import PartFile


def progress_of(part: Path) -> tuple[int, int | None] | None:
    """Give how many bytes of a part are there and, if it is known, of how many; ``None`` if there is none."""
    try:
        size = part.lstat().st_size
    except OSError:
        return None
    journal = Journal.read(part)
    return (journal.bytes, journal.size) if journal and journal.size == size else (size, None)


def sweep(folder: Path, older_than: float, only: Callable[[str], bool] = lambda _: True) -> None:
    """Remove the parts in a folder that nobody writes to, and has not for a while, with their journals.

    Args:
        folder: not those below it.
        older_than: age in seconds, by the last change.
        only: says of a name whether it may be removed.
    """
    before = time.time() - older_than
    for path in list(folder.glob("*.partial")):
        with suppress(OSError):
            if only(path.name) and path.lstat().st_mtime < before:
                _remove(path)
    for journal in list(folder.glob("*.partial.json")):
        with suppress(OSError):
            part = journal.with_name(journal.name.removesuffix(".json"))
            if only(journal.name) and journal.lstat().st_mtime < before and not part.exists():
                journal.unlink()


def _remove(path: Path) -> None:
    """Remove a part, unless somebody holds its lock; where there are no locks, its age has to do."""
    # To read only: a process that was killed just before it would have given a blob its name has left it read-only.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    if stat.S_ISREG(os.fstat(handle).st_mode) and _is_idle(handle):
        PartFile(path, handle).drop()
    else:
        os.close(handle)


def _is_idle(handle: int) -> bool:
    try:
        flock(handle, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
