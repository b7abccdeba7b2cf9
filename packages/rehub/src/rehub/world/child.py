"""A Python of our own beside this one, for code that is run only to be looked at: its end is certain, whatever it does.

Its standard output is the answer and nothing else; what it says on standard error is kept apart. Both are limited, and
so is its time. It has no terminal, no input, and a process group of its own, which is ended with it.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO

from rehub.words.errors import RehubError, StoreError

_GRACE = 2.0  # seconds between asking a process to end and ending it


@dataclass(frozen=True, slots=True)
class Ended:
    """A child that ended, or was ended.

    Attributes:
        code: its exit status; negative for a signal.
        out: its answer.
        said: the end of what it said beside that.
        stopped: why it was ended; empty if it ended by itself.
    """

    code: int
    out: bytes
    said: str
    stopped: str = ""

    @property
    def how(self) -> str:
        """How it ended, in words."""
        if self.code >= 0:
            return f"the process ended with status {self.code}"
        with suppress(ValueError):
            return f"the process was ended by {signal.Signals(-self.code).name}"
        return f"the process was ended by signal {-self.code}"


def run_module(  # noqa: PLR0913 - each is a limit or a place
    module: str,
    args: Sequence[str],
    *,
    environ: Mapping[str, str],
    limit: float,  # seconds
    max_answer: int = 32 << 20,  # bytes
    max_said: int = 4 << 20,  # bytes
) -> Ended:
    """Run a module of ours in a fresh interpreter, to its end or to a limit.

    Args:
        module: what follows ``python -m``; the current folder is not on its path.
        args: its arguments.
        environ: its environment.
        limit: how long it may take.
        max_answer: how much it may answer.
        max_said: how much it may say beside that.

    Raises:
        StoreError: there is no room for temporary files, or no process can be started.
    """
    command = [sys.executable, "-P", "-X", "faulthandler", "-m", module, *args]
    try:
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            with _started(command, environ, out, err) as process:
                stopped = _wait(process, limit, {out.fileno(): max_answer, err.fileno(): max_said})
            return Ended(process.returncode, _read(out.fileno(), max_answer), _end_of(err.fileno()), stopped)
    except OSError as error:
        if isinstance(error, RehubError):
            raise
        raise StoreError(
            str(error.filename or sys.executable), f"no child could be run: {error.strerror or error}"
        ) from error


@contextmanager
def _started(
    command: Sequence[str], environ: Mapping[str, str], out: IO[bytes], err: IO[bytes]
) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=dict(environ), start_new_session=True
    )
    try:
        yield process
    finally:
        _end(process)


def _wait(process: subprocess.Popen[bytes], limit: float, most: Mapping[int, int]) -> str:
    """Wait for the end, looking now and then; give the reason for an early one."""
    deadline, pause = time.monotonic() + limit, 0.005
    while True:
        with suppress(subprocess.TimeoutExpired):
            process.wait(pause)
        if any(os.fstat(file).st_size > size for file, size in most.items()):
            return f"it wrote more than {max(most.values()):,} bytes"
        if process.returncode is not None:
            return ""
        if time.monotonic() > deadline:
            return f"it took longer than {limit:g} s"
        pause = min(pause * 1.5, 0.05)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the child and whatever it started: a download in a thread of its own, a worker, a server."""
    if process.poll() is None:
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(_GRACE)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _read(file: int, most: int) -> bytes:
    return os.pread(file, most, 0)


def _end_of(file: int, most: int = 16 << 10) -> str:
    return os.pread(file, most, max(0, os.fstat(file).st_size - most)).decode("utf-8", "replace")
