"""Leases: what a process uses is held by it, so that nobody makes room by removing it meanwhile.

A lease is a shared ``flock`` of the very folder or file, and nothing is written for it: it works where only reading is
allowed, lasts as long as the process or a fork of it, and leaves nothing behind. Where a disk knows no such locks,
nobody holds anything, and all else works.
"""

import errno
import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

log = logging.getLogger("rehub")
_MOST = 128  # leases of a process, the ones used last: each is an open file, of which a process may have 1024
_PATIENCE = 1.0  # seconds; who makes room takes a thing for moments
_PAUSE = 0.01  # seconds
_OPEN = os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_HELD_BY_OTHERS = {errno.EWOULDBLOCK, errno.EAGAIN}

_Thing = tuple[int, int]  # device and inode
_held: OrderedDict[_Thing, int] = OrderedDict()  # descriptors, the ones used last at the end
_lock = threading.Lock()


def _after_fork() -> None:
    """Go on in a forked child, which has the leases as well, also if another thread was just taking one."""
    global _lock  # noqa: PLW0603 - the old one may be locked for ever
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def hold_place(place: Path) -> None:
    """Hold a folder, if it is there."""
    with suppress(OSError):
        handle = os.open(place, _OPEN)
        try:
            hold(handle)
        finally:
            os.close(handle)


def hold(handle: int) -> None:
    """Hold what is open, until this process ends, or has used many other things since.

    Args:
        handle: its descriptor, which may be closed afterwards.
    """
    thing = _thing(handle)
    with _lock:
        if _is_open(thing):
            _held.move_to_end(thing)
            return
    try:
        own = os.dup(handle)
    except OSError as error:  # too many are open: the program needs them more
        log.debug("there is no lease: %s", error)
        return
    if not _locked(own, exclusive=False, patience=_PATIENCE):
        os.close(own)
        return
    with _lock:
        _let_go(thing)
        _held[thing] = own
        while len(_held) > _MOST:
            _let_go(next(iter(_held)))


@contextmanager
def taken(place: Path) -> Iterator[bool]:
    """Take what no process holds, for as long as the block lasts; gives whether that is so.

    Whoever has it may remove it: a process that comes meanwhile waits, and then does not find it.
    """
    try:
        handle = os.open(place, _OPEN)
    except OSError:  # a link, or gone: there is nothing to hold
        handle = -1
    try:
        yield handle < 0 or _locked(handle, exclusive=True)
    finally:
        if handle >= 0:
            os.close(handle)


def end() -> None:
    """Hold nothing any more, as if this process had ended."""
    with _lock:
        for thing in list(_held):
            _let_go(thing)


def _thing(handle: int) -> _Thing:
    found = os.fstat(handle)
    return found.st_dev, found.st_ino


def _is_open(thing: _Thing) -> bool:
    """Say whether a lease is still what it was: some programs close every file, and their numbers are given anew."""
    try:
        return _thing(_held[thing]) == thing
    except (KeyError, OSError):
        return False


def _let_go(thing: _Thing) -> None:
    if _is_open(thing):
        os.close(_held[thing])
    _held.pop(thing, None)


def _locked(handle: int, *, exclusive: bool, patience: float = 0.0) -> bool:
    """Lock what is open; ``False`` if others have it, ``True`` also where there are no locks."""
    try:
        from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock
    except ImportError:  # Windows: there nothing that is open can be removed
        return True
    last = time.monotonic() + patience
    while True:
        try:
            flock(handle, (LOCK_EX if exclusive else LOCK_SH) | LOCK_NB)
        except OSError as error:
            if error.errno not in _HELD_BY_OTHERS:
                log.debug("this disk has no locks: %s", error)
                return True
            if time.monotonic() >= last:
                return False
            time.sleep(_PAUSE)
        else:
            return True
