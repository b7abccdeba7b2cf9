"""What is known of a loaded object: what was asked for, which bytes that meant, and in what it was loaded."""

import os
import subprocess
from pathlib import Path

import rehub
from tests.scope.conftest import Folder
from tests.world import World

FILES = {"hubconf.py": "class Net: pass\n\ndef net(n=1):\n    return Net()\n"}


def _git_tree(store: str | os.PathLike[str], commit: str) -> str:
    """Ask git itself which tree a commit has."""
    bare = next(Path(store).glob("rehub/git/*"))
    done = subprocess.run(
        ["git", "--git-dir", bare, "rev-parse", f"{commit}^{{tree}}"], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_ref_as_asked_and_gits_own_tree(world: World, tmp_path: Path) -> None:
    """Fetched or from the store: the ref names its host, and the tree is the one that git says the commit has."""
    world.repo(FILES, name="acme/toy", tag="v1")
    hub = rehub.Hub(dir=tmp_path / "hub", mirrors=world.mirrors, trust="always")
    for ref in ("acme/toy:v1", "https://github.com/acme/toy.git@v1", "acme/toy@v1"):
        found = rehub.provenance(hub.load(ref, "net"))
        assert found.pin is not None
        assert found.ref == "acme/toy@v1"
        assert found.git_tree == _git_tree(tmp_path / "hub", found.pin.commit)


def test_the_default_branch_has_no_rev(world: World, tmp_path: Path) -> None:
    """A ref without a revision stays one: what it meant, the pin says."""
    world.repo(FILES, name="acme/toy")
    hub = rehub.Hub(dir=tmp_path / "hub", mirrors=world.mirrors, trust="always")
    assert rehub.provenance(hub.load("acme/toy", "net")).ref == "acme/toy"


def test_a_folder_of_the_users_own(folder: Folder, hub: rehub.Hub) -> None:
    """A folder is asked for by its path, and has no tree of git's."""
    root = folder(FILES)
    found = rehub.provenance(hub.load(str(root), "net", source="local"))
    assert (found.ref, found.git_tree) == (str(root), "")


def test_what_was_asked_for_makes_no_other_checkout(world: World, tmp_path: Path) -> None:
    """Two refs that mean one commit give equal checkouts and pins."""
    repo = world.repo(FILES, name="acme/toy", tag="v1")
    hub = rehub.Hub(dir=tmp_path / "hub", mirrors=world.mirrors, trust="always")
    one, other = hub.fetch("acme/toy:v1"), hub.fetch(f"acme/toy@{repo.rev()}")
    assert one == other
    assert one.ref != other.ref
