"""SIGTERM and SIGHUP as an orderly end: what rehub started is ended too, and nothing half done is left."""

import os
import signal
import threading
from types import FrameType

_SIGNAL = 128  # what shells add to a signal's number


class Ended(BaseException):
    """The process was asked to end: no ``Exception``, so that only ``finally`` blocks run on the way out.

    Attributes:
        name: of the signal.
        code: the exit code that says so.
    """

    def __init__(self, number: int) -> None:
        self.name, self.code = signal.Signals(number).name, _SIGNAL + number
        super().__init__(self.name)


def prepare() -> None:
    """Turn SIGTERM and SIGHUP into an orderly end: by default Python would leave the processes that it started."""
    if threading.current_thread() is not threading.main_thread():
        return
    process = os.getpid()

    def end_orderly(number: int, _: FrameType | None) -> None:
        if os.getpid() != process:  # a worker that the repository forked: for it everything is as Python has it
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        # A terminal that closes may say so twice; the second must not cut short what the first one started, nor meet
        # an interpreter that has put its handlers away already.
        for each in _numbers():
            signal.signal(each, signal.SIG_IGN)
        raise Ended(number)

    for number in _numbers():
        if signal.getsignal(number) == signal.SIG_DFL:  # nohup ignores it, on purpose
            signal.signal(number, end_orderly)


def _numbers() -> list[int]:
    found = (getattr(signal, name, None) for name in ("SIGTERM", "SIGHUP"))  # Windows has no SIGHUP
    return [number for number in found if number is not None]
