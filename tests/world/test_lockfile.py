"""The lock on disk: two writers, killed writers, full disks, and what people put in its place."""

import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rehub.words import locktext
from rehub.words.errors import LockConflictError, LockFileError, MalformedLockError
from rehub.words.lock import Lock
from rehub.world import lockfile
from tests.words.locks import MODEL

LOCK = Lock((MODEL,))
OTHER = Lock((replace(MODEL, name="other"),))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give the place of a lock in a project that has none yet."""
    (tmp_path / "project").mkdir()
    return tmp_path / "project" / "rehub.lock"


def names(path: Path) -> list[str]:
    """Give what lies beside a lock, and it."""
    return sorted(each.name for each in path.parent.iterdir())


def python(code: str, *args: object) -> "subprocess.Popen[str]":
    """Start a process that knows the lock's path, and how to put a model into it."""
    command = [sys.executable, "-c", IMPORTS + code, *map(str, args)]
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


IMPORTS = f"""
import sys
from dataclasses import replace
from pathlib import Path
from rehub.words import locktext
from rehub.words.errors import LockConflictError
from rehub.world import lockfile
(MODEL,) = locktext.parse({locktext.format(LOCK)!r}).models
path = Path(sys.argv[1])
def put(name):
    while True:
        lock, before = lockfile.read(path)
        try:
            lockfile.write(path, replace(lock, models=(*lock.models, replace(MODEL, name=name))), before)
        except LockConflictError:
            continue
        return
"""


def test_written_and_read(path: Path) -> None:
    """A lock that is written is read again, with its very text, and nothing else is left in the project."""
    assert lockfile.read(path) == (Lock(), "")
    lockfile.write(path, LOCK, "")
    assert lockfile.read(path) == (LOCK, path.read_text())
    assert names(path) == ["rehub.lock"]


def test_a_file_that_has_changed_is_not_written_over(path: Path) -> None:
    """Of two who read the same lock, the first to write it wins, and the second is told."""
    lockfile.write(path, LOCK, "")
    _, before = lockfile.read(path)
    lockfile.write(path, OTHER, before)
    after = path.read_bytes()
    for stale in (before, ""):
        with pytest.raises(LockConflictError, match=r"rehub\.lock was changed by another process") as caught:
            lockfile.write(path, LOCK, stale)
        assert caught.value.path == str(path)
    path.unlink()
    with pytest.raises(LockConflictError):
        lockfile.write(path, LOCK, after.decode())
    assert names(path) == []


def test_an_edit_that_only_adds_a_space_counts(path: Path) -> None:
    """What somebody has typed meanwhile is never lost, however little it is."""
    lockfile.write(path, LOCK, "")
    _, before = lockfile.read(path)
    path.write_text(before + " ")
    with pytest.raises(LockConflictError):
        lockfile.write(path, OTHER, before)
    assert path.read_text() == before + " "


def test_many_processes_lose_nothing(path: Path) -> None:
    """Four processes that each add five models, and begin again when they are told, have all twenty in the end."""
    processes = [python("for i in range(5): put(f'{sys.argv[2]}-{i}')", path, number) for number in range(4)]
    for process in processes:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    lock, _ = lockfile.read(path)
    assert [each.name for each in lock.models] == [f"{number}-{i}" for number in range(4) for i in range(5)]
    assert names(path) == ["rehub.lock"]


@pytest.mark.parametrize("moments", [6, pytest.param(100, marks=pytest.mark.soak)])
def test_killed_at_any_moment(path: Path, moments: int) -> None:
    """Whoever is killed while it writes leaves a whole lock, old or new, and nothing in the next one's way."""
    chance = random.Random(20261124)
    lockfile.write(path, LOCK, "")
    code = "print('began', flush=True)\nfor i in range(10**9): put(f'n{i % 50}') if i % 50 else path.unlink(True)"
    for _ in range(moments):
        process = python(code, path)
        assert process.stdout
        process.stdout.readline()
        time.sleep(chance.random() / 4)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        lock, before = lockfile.read(path)
        lockfile.write(path, OTHER, before)
        assert lockfile.read(path)[0] == OTHER
        assert names(path) == ["rehub.lock"]
        assert {each.name for each in lock.models} <= {"other", *(f"n{number}" for number in range(50))}


def test_leftovers_of_a_killed_process(path: Path) -> None:
    """A half-written file, and the mark of a turn, that a killed process left are in nobody's way."""
    (path.parent / ".rehub.lock.new").write_text("version = 1\n\n[[mod")
    (path.parent / ".rehub.lock.turn").touch()
    lockfile.write(path, LOCK, "")
    assert lockfile.read(path)[0] == LOCK
    assert names(path) == ["rehub.lock"]


def test_a_process_that_keeps_its_turn(path: Path) -> None:
    """A process that stands still in its turn is waited for, but not for ever."""
    from filelock import FileLock

    with FileLock(path.parent / ".rehub.lock.turn"), pytest.raises(LockFileError, match=r"has held .* for 0\.1 s"):
        lockfile.write(path, LOCK, "", wait=0.1)
    assert not path.exists()


@pytest.mark.parametrize("size", [0, 100])
def test_a_quota_that_is_used_up(path: Path, size: int) -> None:
    """Where no more can be written, the lock is what it was, and nothing is left beside it."""
    lockfile.write(path, LOCK, "")
    before = path.read_bytes()
    code = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size})); put('more')"
    process = python(code, path)
    _, said = process.communicate(timeout=60)
    assert "LockFileError" in said
    assert "could not be written: File too large\nIt was not changed." in said
    assert path.read_bytes() == before
    assert names(path) == ["rehub.lock"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_a_full_disk(path: Path) -> None:
    """On a disk without room the lock is what it was; with room again it is written."""
    options = ["-t", "tmpfs", "-o", "size=16k", "none", path.parent]
    if subprocess.run(["mount", *options], capture_output=True, timeout=30, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        lockfile.write(path, LOCK, "")
        before = path.read_text()
        (path.parent / "full").write_bytes(b"0" * shutil.disk_usage(path.parent).free)
        with pytest.raises(LockFileError, match="No space left on device"):
            lockfile.write(path, OTHER, before)
        assert path.read_text() == before
        assert names(path) == ["full", "rehub.lock"]
        (path.parent / "full").unlink()
        lockfile.write(path, OTHER, before)
        assert lockfile.read(path)[0] == OTHER
    finally:
        subprocess.run(["umount", "-l", path.parent], check=True, timeout=30)


def test_a_folder_that_is_only_read(path: Path) -> None:
    """In a folder that cannot be written a lock is read, and is written where nothing would change; else it is told."""
    code = "lock, text = lockfile.read(path); lockfile.write(path, lock, text); print('same'); put('more')"
    lockfile.write(path, LOCK, "")
    path.parent.chmod(0o555)
    try:
        done = without_powers(code, path)
    finally:
        path.parent.chmod(0o755)
    assert done.stdout == "same\n"
    assert "could not be written: Permission denied\nIt was not changed." in done.stderr
    assert lockfile.read(path)[0] == LOCK


def test_a_file_that_its_owner_has_closed(path: Path) -> None:
    """A lock that its owner does not want to be written is not replaced either; one that none may read is told."""
    lockfile.write(path, LOCK, "")
    path.chmod(0o444)
    assert "could not be written: Permission denied" in without_powers("put('more')", path).stderr
    path.chmod(0)
    assert "could not be read: Permission denied" in without_powers("put('more')", path).stderr
    path.chmod(0o644)
    assert lockfile.read(path)[0] == LOCK
    assert names(path) == ["rehub.lock"]


def without_powers(code: str, *args: object) -> "subprocess.CompletedProcess[str]":
    """Run Python without root's power to write anywhere."""
    command = [sys.executable, "-c", IMPORTS + code, *map(str, args)]
    if os.geteuid() == 0:
        if not Path("/usr/bin/setpriv").exists():
            pytest.skip("needs setpriv to give up root's rights")
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", *command]
    return subprocess.run(command, text=True, capture_output=True, timeout=60, check=False)


def test_permissions_stay(path: Path) -> None:
    """A new lock has the permissions of any new file, and one that is replaced keeps its own."""
    mask = os.umask(0o027)
    try:
        lockfile.write(path, LOCK, "")
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        path.chmod(0o604)
        lockfile.write(path, OTHER, path.read_text())
        assert stat.S_IMODE(path.stat().st_mode) == 0o604
    finally:
        os.umask(mask)


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_one(path: Path, there: bool) -> None:
    """A lock that is a link is written where it leads, also if nothing is there yet, and stays a link."""
    target = path.parent / "shared" / "team.lock"
    target.parent.mkdir()
    path.symlink_to("shared/team.lock")
    if there:
        lockfile.write(target, OTHER, "")
    lockfile.write(path, LOCK, lockfile.read(path)[1])
    assert path.is_symlink()
    assert lockfile.read(target)[0] == LOCK
    assert names(path) == ["rehub.lock", "shared"]
    assert names(target) == ["team.lock"]


def test_links_in_a_circle(path: Path) -> None:
    """A link that leads nowhere for ever is told as the system tells it."""
    path.symlink_to(path.name)
    with pytest.raises(LockFileError, match="could not be read: Too many levels"):
        lockfile.read(path)
    with pytest.raises(LockFileError, match="could not be written: Too many levels"):
        lockfile.write(path, LOCK, "")


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["FIFO", "folder"])
def test_something_else_in_its_place(path: Path, make: Callable[[Path], None]) -> None:
    """What is no file is not waited for, and not replaced."""
    make(path)
    with pytest.raises((MalformedLockError, LockFileError)):
        lockfile.read(path)
    with pytest.raises((MalformedLockError, LockFileError)):
        lockfile.write(path, LOCK, "")
    assert not path.is_file()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """A lock in a folder that is not there is an empty one, and cannot be written: the name may be misspelt."""
    path = tmp_path / "projcet" / "rehub.lock"
    assert lockfile.read(path) == (Lock(), "")
    with pytest.raises(LockFileError, match="No such file or directory"):
        lockfile.write(path, LOCK, "")


def test_ten_megabytes_of_garbage(path: Path) -> None:
    """A file that is too large for a lock is not read; nor is one that is of no use."""
    path.write_bytes(random.Random(1).randbytes(10 << 20))
    with pytest.raises(MalformedLockError, match="it has 10,485,760 bytes, and a lock at most 8,388,608"):
        lockfile.read(path)
    path.write_bytes(b"version = 1\n# \xe4\xf6\xfc\n")
    with pytest.raises(MalformedLockError, match=r"rehub\.lock, line 2 cannot be read: it is not UTF-8"):
        lockfile.read(path)
    with pytest.raises(LockConflictError):
        lockfile.write(path, LOCK, "")


def test_what_windows_makes_of_it(path: Path) -> None:
    """Ends of lines as on Windows stay so, and the mark that its editors put first is read over."""
    lockfile.write(path, LOCK, "")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    lock, before = lockfile.read(path)
    assert lock == LOCK
    lockfile.write(path, OTHER, before)
    data = path.read_bytes()
    assert data.count(b"\n") == data.count(b"\r\n") > 10
    assert lockfile.read(path)[0] == OTHER


def test_a_newer_lock_is_left_alone(path: Path) -> None:
    """A lock of a newer rehub is refused, with what to do, and not a byte of it is touched."""
    text = locktext.format(LOCK).replace("version = 1", "version = 2")
    path.write_text(text)
    times = path.stat()
    with pytest.raises(MalformedLockError, match="pip install --upgrade rehub"):
        lockfile.read(path)
    with pytest.raises(MalformedLockError):
        lockfile.write(path, LOCK, text)
    with pytest.raises(LockConflictError):
        lockfile.write(path, LOCK, "")
    assert path.read_text() == text
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (times.st_mtime_ns, times.st_ino)


def test_what_says_the_same_is_not_written(path: Path) -> None:
    """A lock that says already what it should is not touched, whatever its layout."""
    path.write_text(locktext.format(LOCK).replace('"', "'").replace("\n\n", "\n\n\n"))
    times = path.stat()
    lock, before = lockfile.read(path)
    lockfile.write(path, lock, before)
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (times.st_mtime_ns, times.st_ino)
