"""One fault, tried: the call ends in time, in the right bytes or in one of rehub's errors, and leaves no half file."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rehub.words.errors import RehubError
from tests.faults.table import NOTHING, PART, RIGHT, Row

SEED = int(os.environ.get("FAULTS_SEED", "20261124"))  # of everything that is left to chance
DEADLINE = 10.0  # seconds, for one call under one fault
_NOTE = 4096  # bytes; a note of the store has less
_RECORDS = {"urls", "files", "refs", "pins", "records", "locks", "git", "trees"}
_SAYS_WHAT_IT_IS = {"README", "CACHEDIR.TAG"}


class HungError(BaseException):
    """A call went on beyond its deadline: no ``except Exception`` of anybody's keeps it going."""


@contextlib.contextmanager
def deadline(seconds: float = DEADLINE) -> Iterator[None]:
    """End whatever runs longer, even in the middle of a system call."""

    def end(*_: object) -> None:
        raise HungError(f"it went on for more than {seconds} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def is_temporary(path: Path) -> bool:
    """Say whether a file's name does not stay."""
    return ".partial" in path.name or "tmp" in path.parts[-3:-1]


def is_record(path: Path, folder: Path) -> bool:
    """Say whether a file is the store's own note."""
    parts = path.relative_to(folder).parts
    inside = parts[parts.index("rehub") + 1 :] if "rehub" in parts else ()
    written = path.name.startswith(".new-") and path.lstat().st_size <= _NOTE  # when its writer was killed
    noted = inside[:1] == ("blobs",) and (path.suffix == ".json" or written)
    return noted or (bool(inside) and (inside[0] in _RECORDS or inside[-1] in _SAYS_WHAT_IT_IS))


def files(folder: Path) -> list[Path]:
    """Give every file below a folder, and every link."""
    return [Path(top) / name for top, _, names in os.walk(folder) for name in names]


def left(folder: Path) -> int:
    """Count the bytes that a call has left under names that do not stay."""
    return sum(path.lstat().st_size for path in files(folder) if is_temporary(path) and not path.is_symlink())


def kept(folder: Path) -> dict[str, bytes]:
    """Give what has a name that stays, without the store's own notes."""
    paths = [path for path in files(folder) if not is_temporary(path) and not is_record(path, folder)]
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b"" for path in paths}


class Trial:
    """What is known of one fault while its test runs.

    Attributes:
        fault, way: as the table names them.
        row: how it ended.
        said: the error's message.
    """

    def __init__(self, fault: str, way: str, note: Callable[[Row], None]) -> None:
        self.fault, self.way, self._note = fault, way, note
        self.row: Row | None = None
        self.said = ""

    def run(
        self, act: Callable[[], object], folder: Path, *, right: object, within: float = DEADLINE, alone: bool = True
    ) -> str:
        """Do something under a fault; say how it ended.

        Args:
            act: the call; it gives what must be ``right``, or raises one of rehub's errors.
            folder: everything that it may leave something in.
            right: the only thing that it may give.
            within: how long it may take, in seconds.
            alone: nobody else brings the same file; so nothing may be left of what went well.
        """
        began, ends = time.perf_counter(), RIGHT
        with deadline(within):
            try:
                assert act() == right, f"{self.fault}: other bytes were taken for the right ones"
            except RehubError as error:
                ends = type(error).__name__
                self.said = str(error)
        self.ended(ends, folder, time.perf_counter() - began)
        assert not (alone and ends == RIGHT and left(folder)), f"{left(folder)} bytes are left of what went well"
        return ends

    def ended(self, ends: str, folder: Path, seconds: float) -> None:
        """Note how it ended."""
        count = left(folder)
        self.row = Row(self.fault, self.way, ends, PART if count else NOTHING, seconds, count)
        self._note(self.row)
