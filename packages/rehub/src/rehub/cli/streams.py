"""The standard streams: usable whatever state they were handed over in, and without complaint when they are full."""

import errno
import os
import sys
from contextlib import suppress
from typing import IO, Any

# What writing to a stream says when the disk is full, or the terminal gone.
_UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


def prepare() -> None:
    """Make the standard streams usable: open, and taking any character, also where the locale knows ASCII only."""
    # Whoever started us may have closed them. A file opened later would get their numbers, and receive what we print.
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        _open(number)
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - for good
        elif mode == "w" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _open(number: int) -> None:
    try:
        os.fstat(number)
    except OSError:
        # It gets the lowest free number, which is this one; and is handed on, as standard streams are.
        os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # noqa: FBT003 - os has no name for it


def is_unwritten(error: OSError) -> bool:
    """Say whether an error comes from writing to a stream: it names no file, and nobody made it one of ours."""
    return type(error) is OSError and error.filename is None and error.errno in _UNWRITABLE


def unwritten(error: OSError) -> str:
    """Say that standard output takes no more."""
    return f"the result could not be written: {error.strerror or error}"


def finish() -> None:
    """Leave nothing unwritten that cannot be written: the interpreter would complain of it, and end with 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            drop(stream)


def drop(stream: IO[Any]) -> None:
    """Send what a stream still holds nowhere."""
    with suppress(OSError, ValueError):
        handle = os.open(os.devnull, os.O_WRONLY)
        os.dup2(handle, stream.fileno())
        os.close(handle)
