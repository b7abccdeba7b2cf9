"""One process brings a file, and the others wait: they watch how far it is, and go on when it dies or stands still.

The lock saves work and no more: whoever does not get it, on a read-only or strange disk, brings the file for itself,
and what is published is right all the same.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rehub.words.digest import Digest

if TYPE_CHECKING:  # who does not wait needs no lock
    from filelock import FileLock

    from rehub.world.download import Watch
    from rehub.world.store import Store

log = logging.getLogger("rehub")
_PAUSE, _LONGEST_PAUSE = 0.02, 0.25  # seconds between two looks at a lock
_TURNS = 4  # locks that are tried one after the other, as long as their holders stand still


@dataclass(frozen=True, slots=True)
class Waiting:
    """How a process waits for another one.

    Attributes:
        what: is brought, for whoever reads the log; without secrets.
        patience: how long the other one may stand still, in seconds: a stopped process holds its lock for ever.
        watch: told how far it is.
        done: whether the file is there; then nobody waits any longer.
    """

    what: str
    patience: float
    watch: Watch
    done: Callable[[], bool]


@contextmanager
def turn(key: str, part: Path, store: Store, waiting: Waiting) -> Iterator[Path]:
    """Wait until it is this process's turn to bring a file; the block looks again before it does.

    Args:
        key: the file's, in hex.
        part: where whoever comes first lets the file arrive.
        store: has the locks.
        waiting: for how long, and who is told.

    Yields:
        Where to let it arrive.
    """
    here, lock = _lock(key, part, store, waiting)
    try:
        yield here
    finally:
        if lock is not None:
            lock.release()


def _lock(key: str, part: Path, store: Store, waiting: Waiting) -> tuple[Path, FileLock | None]:
    """Take one of a file's locks, each with a part of its own; none where there can be none, or all stand still."""
    from filelock import FileLock

    for number in range(_TURNS):
        here = part.with_name(f"{part.name.removesuffix('.partial')}.{number}.partial") if number else part
        path = store.lock_path(f"{key}.{number}" if number else key)
        lock = FileLock(path, thread_local=False) if path else None
        if lock is None or _waited(lock, here, waiting) or waiting.done():
            return here, lock
        log.warning("the process that brings %s stands still; this one brings it, too", waiting.what)
    return part, None


def _waited(lock: FileLock, part: Path, waiting: Waiting) -> bool:
    """Wait for a lock; ``False`` if its holder stands still for too long, or there is no need for it any more."""
    from rehub.world.download import progress_of

    pause, last, since = _PAUSE, progress_of(part), time.monotonic()
    while not _taken(lock):
        if pause == _PAUSE:
            log.info("waiting for another process that brings %s", waiting.what)
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)
        if (now := progress_of(part)) != last:
            last, since = now, time.monotonic()
        if now is not None and now[1] is not None:
            waiting.watch(*now)
        if time.monotonic() - since > waiting.patience or waiting.done():
            return False
    return True


def _taken(lock: FileLock) -> bool:
    from filelock import Timeout

    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    except OSError as error:  # a disk without locks: then nobody waits
        log.debug("there is no lock %s: %s", lock.lock_file, error)
    return True


def key_of(*texts: str) -> str:
    """Give the name of a lock."""
    return Digest.of("\0".join(texts).encode("utf-8", "surrogateescape")).hex
