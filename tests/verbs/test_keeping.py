"""Keeping a solution: the file is whole or not there, and a lock knows its bytes."""

import os
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest

from rehub.verbs.checklock import check_lock
from rehub.verbs.environment import keep
from rehub.words.errors import MalformedSettingError, StoreError
from rehub.words.needs import Solution
from rehub.world import lockfile, pylock

TEXT = 'lock-version = "1.0"\n\n[tool.rehub]\npython = "3.11"\n'
SOLUTION = Solution("2021-03-01T12:00:00Z", "3.11", TEXT)


def named(lock: Path) -> tuple[str, str]:
    """Give what a lock says of its environment: the file's name and digest."""
    said = lockfile.read(lock)[0]
    return said.pylock, said.pylock_sha256


def test_the_lock_knows_the_bytes(tmp_path: Path) -> None:
    """The lock names the file and its SHA-256, and checking the lock finds it changed or gone."""
    lock, file = tmp_path / "rehub.lock", tmp_path / "pylock.toml"
    kept = keep(SOLUTION, file, lock)
    assert (kept.lock, named(lock)) == (lock, ("pylock.toml", sha256(TEXT.encode()).hexdigest()))
    said = lockfile.read(lock)[0]
    assert check_lock(said, lock) == []
    file.write_text(TEXT + "# more\n")
    assert [each.kind for each in check_lock(said, lock)] == ["pylock"]
    keep(SOLUTION, file, lock)
    assert check_lock(said, lock) == []


def test_a_lock_that_is_not_beside_the_file_says_nothing_of_it(tmp_path: Path) -> None:
    """A lock is copied with its folder: what lies elsewhere it does not name."""
    (tmp_path / "other").mkdir()
    kept = keep(SOLUTION, tmp_path / "other/pylock.toml", tmp_path / "rehub.lock")
    assert (kept.lock, (tmp_path / "rehub.lock").exists()) == (None, False)


@pytest.mark.parametrize("name", ["pylock.toml", "pylock.june.toml"])
def test_names_that_installers_take(name: str, tmp_path: Path) -> None:
    """PEP 751 says which they are."""
    pylock.write(tmp_path / name, TEXT)
    assert (tmp_path / name).read_text() == TEXT


@pytest.mark.parametrize("name", ["requirements.txt", "pylock.a.b.toml", "pylock", "my.toml", "xpylock.toml"])
def test_names_that_installers_do_not_take(name: str, tmp_path: Path) -> None:
    """Others are refused, and nothing is written."""
    with pytest.raises(MalformedSettingError):
        pylock.write(tmp_path / name, TEXT)
    assert list(tmp_path.glob("*.toml")) == []


def test_what_lies_in_the_files_place(tmp_path: Path) -> None:
    """A link is followed and stays one; a FIFO, a folder and somebody else's file are refused without waiting."""
    target, link = tmp_path / "real.toml", tmp_path / "pylock.toml"
    target.write_text(TEXT)
    target.chmod(0o600)
    link.symlink_to(target)
    pylock.write(link, TEXT + "# new\n")
    assert (link.is_symlink(), target.read_text(), target.stat().st_mode & 0o777) == (True, TEXT + "# new\n", 0o600)
    os.mkfifo(tmp_path / "pylock.fifo.toml")
    (tmp_path / "pylock.folder.toml").mkdir()
    theirs = {"theirs": "lock-version = '1.0'\n", "other": "tool = 3\n", "deep": "x = " + "[" * 100_000}
    for name, text in theirs.items():
        (tmp_path / f"pylock.{name}.toml").write_text(text)
    for name in ("fifo", "folder", *theirs):
        with pytest.raises(MalformedSettingError):
            pylock.write(tmp_path / f"pylock.{name}.toml", TEXT)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """The disk's refusal is an error of the world, and nothing is left behind."""
    with pytest.raises(StoreError, match="No such file"):
        pylock.write(tmp_path / "none/pylock.toml", TEXT)
    assert list(tmp_path.iterdir()) == [tmp_path / "home"]


def test_many_at_once(tmp_path: Path) -> None:
    """Ten keep their own file beside one lock; the lock is never torn, and names one of them with its bytes."""
    lock = tmp_path / "rehub.lock"
    with ThreadPoolExecutor(10) as pool:
        done = [pool.submit(keep, SOLUTION, tmp_path / f"pylock.n{number}.toml", lock) for number in range(10)]
    assert all(each.result().lock == lock for each in done)
    name, digest = named(lock)
    assert digest == sha256((tmp_path / name).read_bytes()).hexdigest()
