"""``rehub cache prune``: by size, by locks, and never what a running process uses."""

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import rehub
from rehub.words.digest import Digest
from rehub.words.lock import Lock, LockedModel, LockedRepository, LockedWeights
from rehub.world import lockfile
from rehub.world.store import Store, leases
from rehub.world.store.files import read_json, write_json
from tests.conftest import RunRehub
from tests.faces.conftest import TOY
from tests.world import Repo, World

USES = """
import sys, rehub
if sys.argv[1].startswith("http"):
    kept = rehub.load_state_dict_from_url(sys.argv[1], progress=False)
else:
    rehub.load(sys.argv[1], "net", trust_repo=True)
print("holds", flush=True)
sys.stdin.read()
"""
Prune = Callable[..., dict[str, Any]]


@pytest.fixture
def prune(rehub_cli: RunRehub) -> Prune:
    """Give a function that prunes, and gives what was said."""

    def run(*words: str) -> dict[str, Any]:
        leases.end()  # as if another process had looked at what is there
        ran = rehub_cli("cache", "prune", "--json", *words)
        assert ran.rc == 0, ran.stderr
        return json.loads(ran.stdout)  # type: ignore[no-any-return]

    return run


@pytest.fixture
def store(toy: Repo, world: World) -> Store:
    """Give a store with two repositories and two files of weights, each larger than 100 kB, used one after the other.

    acme/n0 was used 40 days ago, the first weights 30 days ago, acme/n1 20 and the second weights 10 days ago.
    """
    found = rehub.Hub().store
    for number in range(2):
        world.repo({**TOY, "data.bin": os.urandom(100_000)}, name=f"acme/n{number}", tag="v1")
        pin = rehub.Hub().fetch(f"acme/n{number}").pin
        file = io.BytesIO()
        torch.save({"w": torch.rand(50_000)}, file)
        world.hub.files[f"/{number}.pt"] = file.getvalue()
        rehub.load_state_dict_from_url(f"{world.hub.url}/{number}.pt", progress=False)
        assert pin is not None
        assert pin.tree is not None
        old(40 - 20 * number, *found.root.glob(f"pins/*/{pin.commit}.json"), *found.root.glob(f"trees/{pin.tree.hex}*"))
        blob = found.blobs.path(Digest.of(file.getvalue()))
        old(30 - 20 * number, blob, blob.with_name(f"{blob.name}.json"))
    for path in found.root.glob("refs/*.json"):
        data = read_json(path) or {}
        data["refs"]["HEAD"]["asked"] = 0.0
        write_json(path, data)
    return found


def old(days: float, *paths: Path) -> None:
    """Let files look as if nobody had used them for some time."""
    then = time.time() - days * 86_400
    for path in paths:
        os.utime(path, (then, then))


def what(done: dict[str, Any]) -> list[str]:
    """Say in short what was removed."""
    return [*(pin.partition("@")[0] for pin in done["pins"]), *("weights" for _ in done["weights"])]


def test_what_was_used_last_goes_last(store: Store, prune: Prune) -> None:
    """``--to-size`` removes no more than it must, however old it is; a dry run says the same."""
    whole = store.size_of()
    assert what(prune("--to-size", f"{whole}")) == []
    for over, gone in ((1, ["acme/n0"]), (1, ["weights"]), (250_000, ["acme/n1", "weights"])):
        size = str(store.size_of() - over)
        told = prune("--to-size", size, "--dry-run")
        done = prune("--to-size", size)
        assert what(done) == gone
        assert done == {**told, "dry_run": False}
        assert store.size_of() <= int(size)
    assert what(prune("--to-size", "0")) == []


def test_what_is_young_stays_however_large_it_is(store: Store, prune: Prune) -> None:
    """Each option leaves more: of what is too much only what is old goes."""
    assert what(prune("--to-size", "0", "--older-than", "25d")) == ["acme/n0", "weights"]
    assert what(prune("--to-size", "0B")) == ["acme/n1", "weights"]


def test_what_locks_name_stays(store: Store, world: World, prune: Prune, tmp_path: Path) -> None:
    """``--keep`` removes what is in none of the locks, of any age; several count together."""
    pin = rehub.Hub().fetch("acme/n0").pin
    assert pin is not None
    kept = Digest.of(world.hub.files["/1.pt"])
    repository = LockedRepository("acme/n0", pin)
    lockfile.write(tmp_path / "a.lock", Lock((LockedModel("n0", "acme/n0", "net", repositories=(repository,)),)), "")
    file = LockedWeights(f"{world.hub.url}/1.pt", kept.hex, store.blobs.size(kept))
    lockfile.write(tmp_path / "b.lock", Lock(weights=(file,)), "")
    words = ["--keep", str(tmp_path / "a.lock"), "--keep", str(tmp_path / "b.lock")]
    assert what(prune(*words, "--older-than", "35d")) == []
    assert what(prune(*words)) == ["acme/n1", "weights"]
    assert store.blobs.digests() == [kept]
    assert rehub.Hub(offline=True).fetch("acme/n0").pin == pin
    assert what(prune("--all", "--keep", str(tmp_path / "b.lock"))) == ["acme/n0"]


def test_a_lock_that_cannot_be_read_stops_it(store: Store, rehub_cli: RunRehub, tmp_path: Path) -> None:
    """Before anything is removed."""
    (tmp_path / "rehub.lock").write_text("version = 1\n[[model")
    ran = rehub_cli("cache", "prune", "--keep", str(tmp_path / "rehub.lock"))
    assert ran.rc == 1
    assert "rehub.lock" in ran.stderr
    assert rehub_cli("cache", "prune", "--keep", str(tmp_path / "nothing.lock")).rc == 2
    assert rehub_cli("cache", "prune", "--to-size", "much").rc == 2
    assert len(store.blobs.digests()) == 2


@pytest.mark.parametrize("kind", ["code", "weights"])
def test_what_a_running_process_uses_stays(kind: str, store: Store, world: World, prune: Prune) -> None:
    """Whatever was asked for, as long as it runs; it is named."""
    used = "acme/n0" if kind == "code" else f"{world.hub.url}/0.pt"
    process = subprocess.Popen([sys.executable, "-c", USES, used], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    while process.stdout.readline() not in {b"holds\n", b""}:  # the repository prints as well
        pass
    told, done = prune("--all", "--dry-run"), prune("--all")
    assert (told["busy"], told["bytes"]) == (done["busy"], done["bytes"])
    (busy,) = done["busy"]
    if kind == "code":
        assert busy.startswith("acme/n0@")
        assert what(done) == ["acme/n1", "weights", "weights"]
        assert rehub.Hub(offline=True).fetch("acme/n0").root.is_dir()
    else:
        assert busy == str(Digest.of(world.hub.files["/0.pt"]))
        assert what(done) == ["acme/n0", "acme/n1", "weights"]
    process.communicate()
    assert len(what(prune("--all"))) == 1
    assert not list(store.root.glob("trees/*"))
    assert not list(store.root.glob("blobs/*/*/*"))


def test_what_it_says(world: World, rehub_cli: RunRehub) -> None:
    """What there is nothing of is not counted; that there is nothing at all is said."""
    repo = world.repo(TOY, tag="v1")
    ran = rehub_cli("cache", "prune", "--all", "--dry-run")
    assert (ran.rc, ran.stdout) == (0, "there is nothing to remove\n")
    assert rehub_cli("list", f"{repo.file_url}@v1").rc == 0
    leases.end()
    last = rehub_cli("cache", "prune", "--all", "--dry-run").stdout.splitlines()[-1]
    assert last.startswith("would remove ")
    assert last.endswith(" in all: 1 commit, 1 tree")
