"""Locks that two branches of a project have changed, merged by git itself."""

import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from rehub.words.errors import MalformedLockError
from rehub.words.lock import Lock, LockedModel, LockedRepository
from rehub.words.pin import Pin
from rehub.words.ref import Remote
from rehub.world import lockfile
from tests.words.locks import MODEL, REPOSITORY
from tests.world.repo import git


class Project:
    """A git repository with a lock."""

    def __init__(self, folder: Path, *models: LockedModel) -> None:
        folder.mkdir()
        self.folder, self.lock = folder, folder / "rehub.lock"
        git("init", "-q", "-b", "main", cwd=folder)
        self.put(*models)

    def put(self, *models: LockedModel) -> None:
        """Commit a lock of these models."""
        lockfile.write(self.lock, Lock(models), lockfile.read(self.lock)[1])
        self.commit()

    def commit(self) -> None:
        """Commit the lock as it is."""
        git("add", "rehub.lock", cwd=self.folder)
        git("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-qm", "lock", cwd=self.folder)

    def branch(self, name: str, start: str = "main") -> None:
        """Go on in a branch."""
        git("checkout", "-q", "-B", name, start, cwd=self.folder)

    def merge(self, name: str) -> bool:
        """Merge a branch into this one; say whether git could do it alone."""
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        try:
            git(*who, "merge", "-q", "-m", "merge", name, cwd=self.folder)
        except RuntimeError:
            return False
        return True

    @property
    def models(self) -> list[LockedModel]:
        """What the lock says now."""
        return list(lockfile.read(self.lock)[0].models)


def model(name: str, commit: str = "a") -> LockedModel:
    """Give a model of a repository of its own."""
    pin = Pin(Remote("https", "github.com", f"acme/{name}"), commit * 40, REPOSITORY.pin.tree)
    ref = f"acme/{name}"
    return replace(MODEL, name=name, ref=ref, entry=name, repositories=(LockedRepository(ref, pin),), weights=())


B, D, F, H = map(model, "bdfh")


def test_models_at_different_places(tmp_path: Path) -> None:
    """Models that two branches add between others are merged without a question."""
    project = Project(tmp_path / "project", B, D, F)
    project.branch("left")
    project.put(model("a"), B, D, F)
    project.branch("right")
    project.put(B, D, model("e"), F)
    assert project.merge("left")
    assert project.models == [model("a"), B, D, model("e"), F]


def test_changes_of_different_models(tmp_path: Path) -> None:
    """One branch brings a model up to date while another one removes its neighbour and adds a comment."""
    project = Project(tmp_path / "project", B, D, F)
    project.branch("left")
    project.put(model("b", "c"), D, F)
    project.branch("right")
    project.put(B, D)
    project.lock.write_text(project.lock.read_text().replace('name = "d"', 'name = "d"  # for table 2'))
    project.commit()
    assert project.merge("left")
    assert project.models == [model("b", "c"), D]
    assert 'name = "d"  # for table 2' in project.lock.read_text()


def test_the_same_model_in_both(tmp_path: Path) -> None:
    """A model that both branches add alike is there once."""
    project = Project(tmp_path / "project", B, F)
    for branch in ("left", "right"):
        project.branch(branch)
        project.put(B, D, F)
    assert project.merge("left")
    assert project.models == [B, D, F]


def test_models_at_one_place(tmp_path: Path) -> None:
    """Models that two branches add at one place are a conflict; with the tables of both sides it is a lock again."""
    project = Project(tmp_path / "project", B, H)
    project.branch("left")
    project.put(B, D, H)
    project.branch("right")
    project.put(B, F, H)
    assert not project.merge("left")
    with pytest.raises(MalformedLockError, match="git has left a conflict there") as caught:
        lockfile.read(project.lock)
    before = project.lock.read_text().partition("<<<<<<<")[0]
    assert caught.value.where == f"{project.lock}, line {before.count(chr(10)) + 1}"
    *_, command = str(caught.value).split("\n")
    git(*shlex.split(command)[1:], cwd=project.folder)
    project.lock.write_text(resolved(project.lock.read_text()))
    assert project.models == [B, D, F, H]


def resolved(text: str) -> str:
    """Keep both sides of a conflict, without what both had before, as its reader would."""
    text = re.sub(r"^\|{7}.*?^={7}$", "=======", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"^(<{7} .*|={7}|>{7} .*)\n", "", text, flags=re.MULTILINE)


def test_one_ref_at_two_commits(tmp_path: Path) -> None:
    """Branches that lock one ref at two commits in two models merge, and the lock says which lines contradict."""
    project = Project(tmp_path / "project", B, H)
    project.branch("left")
    project.put(replace(D, ref="acme/z", repositories=model("z", "1").repositories), B, H)
    project.branch("right")
    project.put(B, H, replace(model("z"), ref="acme/z", repositories=model("z", "2").repositories))
    assert project.merge("left")
    with pytest.raises(MalformedLockError, match="'acme/z' has another gitCommit here than in line"):
        lockfile.read(project.lock)
