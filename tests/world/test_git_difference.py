"""How two folders differ, and what a history tells: within limits, and outside of any repository."""

from pathlib import Path

import pytest

from rehub.words.errors import StoreError
from rehub.words.update import Code
from rehub.world.git import BareRepository, Git
from rehub.world.git.difference import difference
from rehub.world.git.history import History
from tests.world import World


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Give two folders that differ in a line and in a file."""
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
        (folder / "same.py").write_text("x = 1\n")
        (folder / "other.py").write_text(f"'''{folder.name}'''\n")
    (new / "sub").mkdir()
    (new / "sub/more.py").write_text("y = 2\n" * 1000)
    return old, new


def test_it_is_counted_and_shown(folders: tuple[Path, Path]) -> None:
    """Files and lines are counted; the text names files as they are inside of the folders."""
    assert difference(Git(), *folders, text=False) == Code(2, 1001, 1)
    shown = difference(Git(), *folders, text=True).text
    assert "--- a/other.py\n+++ b/other.py\n@@ -1 +1 @@\n-'''old'''\n+'''new'''\n" in shown
    assert "+++ b/sub/more.py\n" in shown
    assert str(folders[0].parent).lstrip("/") not in shown


def test_folders_that_are_alike(folders: tuple[Path, Path]) -> None:
    """Nothing is counted, and nothing shown, where nothing differs."""
    assert difference(Git(), folders[0], folders[0], text=True) == Code()


def test_limits(folders: tuple[Path, Path]) -> None:
    """What is longer than it may be is an error, and not cut somewhere."""
    with pytest.raises(StoreError, match="printed more than 1000 bytes"):
        difference(Git(), *folders, text=True, max_bytes=1000)


def test_folder_that_is_gone(folders: tuple[Path, Path], tmp_path: Path) -> None:
    """A folder that is not there, as another process has pruned it, is an error, and no difference."""
    with pytest.raises(StoreError, match="could not compare"):
        difference(Git(), folders[0], tmp_path / "nowhere", text=False)


def test_a_history_that_takes_too_long_is_no_answer(world: World) -> None:
    """Git that was ended early has not said that two commits have nothing in common, or that one is gone."""
    repo = world.repo({"x": "1"})
    old, new = repo.commit({"x": "2"}), repo.commit({"x": "3"})
    assert History(BareRepository(Git(), repo.path)).base(old, new) == old
    ended = History(BareRepository(Git(stopped=lambda: "it took longer than 60 s"), repo.path))
    for ask in (lambda: ended.has(old), lambda: ended.base(old, new), lambda: ended.log(old, new)):
        with pytest.raises(StoreError, match="it took longer than 60 s"):
            ask()
