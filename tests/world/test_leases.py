"""Leases: what a process uses is held by it as long as it lives, by nothing that stays behind."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehub.world.store import leases, taken
from rehub.world.store.leases import end, hold, hold_place

HOLDS = "import sys; from pathlib import Path; from rehub.world.store.leases import hold_place; hold_place(Path(sys.argv[1]))"
WAITS = "; print('held', flush=True); sys.stdin.read()"
# The forked child has the pipe of the lease's owner, which is killed; it ends by itself when nobody writes to it.
FORKS = "; import os; os.fork() or (sys.stdin.read(), os._exit(0)); print('held', flush=True); os.kill(os.getpid(), 9)"


@pytest.fixture(autouse=True)
def _ended() -> Iterator[None]:
    end()
    yield
    end()


@pytest.fixture(params=["file", "folder"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Give a file, and a folder."""
    found = tmp_path / "thing"
    found.mkdir() if request.param == "folder" else found.write_bytes(b"x")
    return found


def started(place: Path, then: str = WAITS) -> "subprocess.Popen[bytes]":
    """Start a process that holds something; it has it by now."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS + then, str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def is_free(place: Path) -> bool:
    """Say whether nobody holds something."""
    with taken(place) as free:
        return free


def comes_free(place: Path) -> bool:
    """Say whether something is free before long."""
    last = time.monotonic() + 20
    while not is_free(place) and time.monotonic() < last:
        time.sleep(0.02)
    return is_free(place)


def test_it_lasts_as_long_as_the_process(place: Path) -> None:
    """However it ends; and nothing is written anywhere."""
    before = sorted(place.parent.iterdir())
    process = started(place)
    assert not is_free(place)
    assert sorted(place.parent.iterdir()) == before
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert comes_free(place)
    assert sorted(place.parent.iterdir()) == before


def test_a_fork_has_it_as_well(place: Path) -> None:
    """When the process that took it is gone, its child still holds it."""
    process = started(place, FORKS)
    assert process.wait(20) == -signal.SIGKILL
    assert not is_free(place)
    process.communicate()
    assert comes_free(place)


def test_this_process_holds_things_too(place: Path) -> None:
    """Twice is once; what is closed afterwards stays held."""
    handle = os.open(place, os.O_RDONLY)
    hold(handle)
    hold(handle)
    os.close(handle)
    assert not is_free(place)
    end()
    assert is_free(place)


def test_whoever_comes_while_it_is_removed_waits(place: Path, tmp_path: Path) -> None:
    """For moments, and then goes on without a lease: it is not there any more."""
    with taken(place) as free:
        assert free
        place.rename(tmp_path / "gone")
        hold_place(tmp_path / "gone")
        assert not leases._held


def test_where_there_are_no_locks_nobody_holds(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some network file systems say so; all else works."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr("fcntl.flock", refuse)
    hold_place(place)
    assert is_free(place)


def test_what_is_not_there_is_not_held(tmp_path: Path) -> None:
    """Neither are links, and nobody waits for a FIFO."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to(tmp_path)
    for name in ("nothing", "fifo", "link"):
        hold_place(tmp_path / name)
    assert is_free(tmp_path / "nothing")
    assert is_free(tmp_path)


def test_they_are_not_too_many(tmp_path: Path) -> None:
    """A process may have few files open: what was used last is held."""
    places = [tmp_path / str(number) for number in range(140)]
    for each in places:
        each.mkdir()
        hold_place(each)
        hold_place(places[0])
    assert len(leases._held) == 128
    assert not is_free(places[0])
    assert is_free(places[1])
    assert not is_free(places[-1])


def test_a_program_that_closes_all_files(place: Path, tmp_path: Path) -> None:
    """Numbers of leases may be another file's by then: that one is not closed, and the lease is taken again."""
    hold_place(place)
    (number,) = leases._held.values()
    other = os.open(tmp_path, os.O_RDONLY)
    os.dup2(other, number)
    assert is_free(place)
    hold_place(place)
    assert not is_free(place)
    end()
    os.fstat(number)
    os.close(number)
    os.close(other)
