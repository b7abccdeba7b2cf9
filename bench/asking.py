"""What a question is: the sides that answer it, each as a process, and what each answer costs."""

import contextlib
import json
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
PEERS = ROOT / ".bench/bin/python"  # made by `make bench`: other tools' environment
_BLINK = 0.02  # seconds between two looks at a process's memory
_PASSED_ON = ("PATH", "LANG", "TMPDIR", "LD_LIBRARY_PATH")

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Side:
    """One way to answer a question: a process.

    A program of ours prints, as its last line, a JSON object of its own figures: ``seconds`` around the call alone,
    ``memory`` in bytes above what it had before the call. What prints none is measured as a whole process.

    Attributes:
        name: of the tool.
        command: the process.
        env: its environment, but for PATH and the like.
        before: makes everything as it was, before each round.
        after: gives more figures after each round, say bytes on the wire.
        missing: why it cannot be asked here; empty if it can.
    """

    name: str
    command: list[str]
    env: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[], object] = lambda: None
    after: Callable[[], Figures] = dict
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes:
        name: of the block of rows, and what ``--only`` looks for.
        sides: who answers; the first is rehub.
        figures: what is compared.
        goals: for a figure and a peer, how many times rehub's the peer's is to be at least.
        limits: for a figure of rehub's own, the most that it is to be.
        rounds: no more than so many, as each is long.
        note: what one has to know to read it.
    """

    name: str
    sides: list[Side]
    figures: tuple[str, ...] = ("seconds",)
    goals: Mapping[tuple[str, str], float] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    rounds: int = 100
    note: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where questions are asked.

    Attributes:
        folder: for everything that they write, and nothing else is in it.
        size: of a large file, in bytes.
        stack: ends what a question has started.
        long: whether figures that take minutes are taken of whole size, too.
    """

    folder: Path
    size: int
    stack: ExitStack
    long: bool = False

    def fresh(self) -> Path:
        """Make a new folder."""
        return Path(tempfile.mkdtemp(dir=self.folder))


Asking = Callable[[Stage], Iterator[Question]]


def measured(side: Side) -> Figures:
    """Run a side's process to its end; a failure ends the measurement.

    Returns:
        ``process``: wall seconds of the whole process; ``cpu``: user and system; ``peak``: its largest resident size
        in bytes; and whatever it says of itself. ``seconds`` are the process's if it says none.
    """
    side.before()
    env = {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | dict(side.env)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.perf_counter()
        process = subprocess.Popen(side.command, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        watched = _watched(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        said, complaints = out.read().decode(errors="replace"), err.read().decode(errors="replace")
    if process.returncode:
        raise SystemExit(f"{side.name} ended with {process.returncode}:\n{complaints[-3000:]}{said[-1000:]}")
    found = {"process": wall, "cpu": usage.ru_utime + usage.ru_stime, "peak": watched()}
    return {**found, "seconds": wall, "memory": found["peak"], **_own(said), **side.after()}


def _watched(pid: int) -> Callable[[], float]:
    """Look at a process's largest resident size while it runs; give a function that says it afterwards.

    The kernel's own answer (``ru_maxrss``) is no good here: it begins with the size of whoever started the process.
    """
    peak, over = 0.0, threading.Event()

    def look() -> None:
        nonlocal peak
        while not over.wait(_BLINK):
            with contextlib.suppress(OSError, LookupError, ValueError):
                peak = (
                    float(Path(f"/proc/{pid}/status").read_text(encoding="ascii").split("VmHWM:")[1].split()[0]) * 1024
                )

    watching = threading.Thread(target=look, daemon=True)
    watching.start()

    def said() -> float:
        over.set()
        watching.join()
        return peak

    return said


def _own(said: str) -> Figures:
    """Read what a program says of itself."""
    last = said.strip().rpartition("\n")[2]
    return {name: float(value) for name, value in json.loads(last).items()} if last.startswith("{") else {}
