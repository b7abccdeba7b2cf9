"""``rehub mirror``, and loading from what it wrote."""

import json
import os
from pathlib import Path

import pytest

from rehub.words.lock import Lock, LockedModel, LockedRepository
from rehub.words.ref import Ref, Remote
from rehub.world import lockfile
from rehub.world.store import Store
from tests.conftest import RunRehub
from tests.world import Repo, World


def test_a_mirror_is_made_and_used(toy: Repo, world: World, rehub_cli: RunRehub, tmp_path: Path) -> None:
    """In two lines; what it says is one line, or one document; the repository may be gone by then."""
    assert rehub_cli("list", "acme/toy:v1").rc == 0
    ran = rehub_cli("mirror", tmp_path / "m")
    assert (ran.rc, ran.stderr) == (0, "")
    assert ran.stdout.startswith(
        f"1 commit, 0 files of weights or git LFS, 0 URLs in {tmp_path / 'm'}; 4 files written, "
    )
    again = json.loads(rehub_cli("mirror", tmp_path / "m", "--json").stdout)
    assert again["pins"] == [f"acme/toy@{toy.rev('v1')}"]
    assert (again["written"], again["bytes"], again["left_out"]) == (0, 0, [])
    commit = toy.rev("v1")
    world.remove(toy)
    env = {"REHUB_MIRRORS": f"https://=static+{tmp_path / 'm'} {world.mirrors}", "TORCH_HOME": str(tmp_path / "t")}
    assert "net" in rehub_cli("list", "acme/toy:v1", env=env).stdout.split()
    assert rehub_cli("cache", "list", env=env).stdout.startswith(f"acme/toy@{commit} ")


def test_a_liar_is_named(toy: Repo, world: World, rehub_cli: RunRehub, tmp_path: Path) -> None:
    """As a warning if somebody else has it, and in the error if nobody has."""
    rehub_cli("list", "acme/toy:v1")
    rehub_cli("mirror", tmp_path / "m")
    tar = next((tmp_path / "m/trees").iterdir())
    tar.write_bytes(tar.read_bytes().replace(b"Make a small net", b"Make an evil net"))
    env = {"REHUB_MIRRORS": f"https://=static+{tmp_path / 'm'} {world.mirrors}", "TORCH_HOME": str(tmp_path / "t")}
    ran = rehub_cli("help", "acme/toy:v1", "net", env=env)
    assert ran.rc == 0
    assert "Make a small net" in ran.stdout
    assert f"warning: the mirror file://{tmp_path / 'm'}/ was refused for acme/toy@v1: " in ran.stderr
    world.remove(toy)
    ran = rehub_cli("help", "acme/toy:v1", "net", env={**env, "TORCH_HOME": str(tmp_path / "u")})
    assert ran.rc == 1
    assert f"The mirror file://{tmp_path / 'm'}/ was asked before: " in ran.stderr


def test_a_lock_chooses(toy: Repo, rehub_cli: RunRehub, tmp_path: Path) -> None:
    """What it names must be here; REHUB_LOCK is one, too."""
    rehub_cli("list", "acme/toy:v1")
    toy.commit({"hubconf.py": "def other(): ..."})
    rehub_cli("list", "acme/toy")
    remote = Ref.parse("acme/toy").place
    assert isinstance(remote, Remote)
    pin = Store(Path(os.environ["TORCH_HOME"]) / "hub/rehub").records.find_pin(remote, toy.rev("v1"))
    assert pin is not None
    model = LockedModel("net", "acme/toy@v1", "net", repositories=(LockedRepository("acme/toy@v1", pin),))
    lockfile.write(tmp_path / "rehub.lock", Lock((model,)), "")
    for number, how in enumerate(({"args": ["--lock", "rehub.lock"]}, {"env": {"REHUB_LOCK": "rehub.lock"}})):
        ran = rehub_cli("mirror", tmp_path / f"m{number}", "--json", *how.get("args", ()), env=how.get("env"))
        assert json.loads(ran.stdout)["pins"] == [f"acme/toy@{toy.rev('v1')}"]
    ran = rehub_cli("mirror", tmp_path / "n", "--lock", "rehub.lock", "--dir", tmp_path / "empty")
    assert ran.rc == 1
    assert f"the store lacks 1 of what the lock names\n  acme/toy@{pin.commit[:12]}\n" in ran.stderr
    assert rehub_cli("mirror", tmp_path / "n", "--lock", "no.lock").rc == 1


def test_what_is_damaged_is_found_wanting(toy: Repo, rehub_cli: RunRehub, tmp_path: Path) -> None:
    """The rest is written, and the exit code says that something is missing."""
    del toy
    rehub_cli("list", "acme/toy:v1")
    place = next(Path(os.environ["TORCH_HOME"]).rglob("trees/*/hubconf.py"))
    place.chmod(0o644)
    place.write_text("changed")
    ran = rehub_cli("mirror", tmp_path / "m")
    assert ran.rc == 1
    assert "note: left out: acme/toy@" in ran.stderr


@pytest.mark.parametrize("words", [[], ["a", "b"]])
def test_usage(words: list[str], rehub_cli: RunRehub) -> None:
    """One folder is needed."""
    assert rehub_cli("mirror", *words).rc == 2


def test_a_folder_of_something_else_is_refused(rehub_cli: RunRehub, tmp_path: Path) -> None:
    """A mistyped home does not become a mirror."""
    (tmp_path / "notes.txt").write_text("mine")
    ran = rehub_cli("mirror", tmp_path)
    assert ran.rc == 2
    assert "expected a new or empty folder, or a mirror" in ran.stderr
