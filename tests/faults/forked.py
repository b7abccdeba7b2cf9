"""A call in a process of its own, which can be killed and stopped; forked, so that torch is imported once only."""

import os
import select
import signal
import time
import warnings
from collections.abc import Callable
from typing import Self

_NOBODY = 65534


class Forked:
    """A process that makes one call; its answer is a word, ``right`` or the class of an error with its message.

    Args:
        act: the call.
        right: what it must give.
        user: whom it belongs to; this process's user by default.
    """

    def __init__(self, act: Callable[[], object], right: object, *, user: int | None = None) -> None:
        into, out = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # the server's threads hold nothing that a child needs
            self.pid = os.fork()
        if self.pid == 0:
            _answer(out, act, right, user)
        os.close(out)
        self._answers = into
        self._reaped = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._reap()
        os.close(self._answers)

    def answer(self, within: float = 30.0) -> str:
        """Wait for the answer; empty if the process ended without one.

        Raises:
            TimeoutError: there is none in time, in seconds.
        """
        said, end = b"", time.monotonic() + within
        while select.select([self._answers], [], [], max(0.0, end - time.monotonic()))[0]:
            data = os.read(self._answers, 4096)
            said += data
            if not data:
                return said.decode()
        raise TimeoutError(f"process {self.pid} did not answer within {within} s")

    def kill(self) -> None:
        """End it as the kernel does that lacks memory; any thread may do so."""
        if not self._reaped:
            os.kill(self.pid, signal.SIGKILL)  # it is there, dead or alive, until it is reaped

    def stop(self) -> None:
        """Let it do nothing until it goes on."""
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def _reap(self) -> None:
        if not self._reaped:
            os.waitpid(self.pid, 0)
            self._reaped = True


def _answer(out: int, act: Callable[[], object], right: object, user: int | None) -> None:
    """Make the call, say how it ended, and leave without whatever else this process would do at its end."""
    said = "wrong"
    try:
        if user is not None:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
        said = "right" if act() == right else "wrong"
    except BaseException as error:  # noqa: BLE001 - all of it is the answer
        said = f"{type(error).__name__}: {error}"
    os.write(out, said.encode(errors="replace"))
    os._exit(0)


def as_nobody(act: Callable[[], object], right: object) -> Forked:
    """Make a call as a user who owns nothing."""
    return Forked(act, right, user=_NOBODY)
