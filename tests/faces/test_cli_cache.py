"""``rehub cache``, ``dir`` and ``completion``: what is in the store, making room, hashing it again."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from rehub.verbs.pruning import prune
from rehub.words.ref import Ref, Remote
from rehub.world.store import Store, leases
from rehub.world.store.files import read_json, write_json
from tests.conftest import RunRehub
from tests.faces.conftest import TOY
from tests.world import Repo, World

TreeAndFile = tuple[Path, Path]


@pytest.fixture
def store(toy: Repo, rehub_cli: RunRehub) -> Path:
    """Give a store with one commit in it."""
    assert rehub_cli("list", "acme/toy:v1").rc == 0
    return Path(rehub_cli("cache", "dir").stdout.strip())


def document(rehub_cli: RunRehub, *words: str) -> Any:
    """Give what a command says, as data."""
    return json.loads(rehub_cli("cache", *words, "--json").stdout)


def grow_old(store: Path, days: float) -> None:
    """Let everything in a store look as if nobody had used it for some time."""
    then = time.time() - days * 86_400
    for path in sorted(store.rglob("*"), reverse=True):
        if path.parent == store / "refs":
            data = read_json(path)
            assert data is not None
            for ref in data["refs"].values():
                ref["asked"] = then
            write_json(path, data)
        os.utime(path, (then, then))


def test_dirs(rehub_cli: RunRehub, tmp_path: Path) -> None:
    """``rehub dir`` is torch.hub's folder, ``rehub cache dir`` the store in it; ``--dir`` changes both."""
    assert rehub_cli("dir").stdout == f"{os.environ['TORCH_HOME']}/hub\n"
    assert document(rehub_cli, "dir") == {"dir": f"{os.environ['TORCH_HOME']}/hub/rehub"}
    assert rehub_cli("cache", "dir", "--dir", "x").stdout == f"{tmp_path}/x/rehub\n"
    assert not (tmp_path / "x").exists()


def test_list(store: Path, toy: Repo, rehub_cli: RunRehub) -> None:
    """Each commit is a line that starts with its ref; the document has refs, commits, bytes and times."""
    (line,) = rehub_cli("cache", "list").stdout.splitlines()
    assert line.startswith(f"acme/toy@{toy.rev('v1')} ")
    assert line.endswith("asked for as v1")
    (remote,) = document(rehub_cli, "list")["remotes"]
    assert set(remote) == {"name", "remote", "refs", "pins", "repositories"}
    assert set(remote["refs"][0]) == {"rev", "commit", "name", "asked"}
    assert set(remote["pins"][0]) == {"commit", "tree", "bytes", "fetched", "used"}
    assert remote["pins"][0]["bytes"] == sum(path.stat().st_size for path in (store / "trees").glob("*/**/*.py"))
    assert abs(remote["pins"][0]["fetched"] - time.time()) < 60


def test_empty_store(rehub_cli: RunRehub) -> None:
    """Where nothing is, nothing is made."""
    for words in (["list"], ["size"], ["prune"], ["verify"]):
        assert rehub_cli("cache", *words).rc == 0
    assert not Path(os.environ["TORCH_HOME"]).exists()


def test_size(store: Path, rehub_cli: RunRehub) -> None:
    """The parts add up."""
    found = document(rehub_cli, "size")
    assert found["bytes"] == sum(found["parts"].values()) > 0
    assert {"trees", "git", "pins", "refs"} <= set(found["parts"])
    assert rehub_cli("cache", "size").stdout.splitlines()[-1].startswith("total")


def test_prune_keeps_what_is_used(store: Path, rehub_cli: RunRehub) -> None:
    """By default only what was not used for 30 days goes."""
    grow_old(store, 29)
    assert document(rehub_cli, "prune")["pins"] == []
    assert rehub_cli("list", "acme/toy:v1", "--offline").rc == 0


def test_prune_removes_what_is_old(store: Path, toy: Repo, rehub_cli: RunRehub) -> None:
    """Commits that are old go, with their files, descriptions and git repositories; then they can be had again."""
    grow_old(store, 31)
    told = document(rehub_cli, "prune", "--dry-run")
    assert (told["dry_run"], told["pins"]) == (True, [f"acme/toy@{toy.rev('v1')}"])
    assert len(list((store / "trees").iterdir())) == 2
    done = document(rehub_cli, "prune")
    assert set(done) == {
        *("pins", "trees", "repositories", "weights", "leftovers"),
        *("bytecode", "bytes", "busy", "dry_run"),
    }
    assert done == {**told, "dry_run": False}
    for part in ("trees", "git", "pins", "refs", "described"):
        assert [path for path in (store / part).rglob("*") if path.is_file()] == [], part
    assert rehub_cli("list", "acme/toy:v1", "--offline").rc == 1
    assert rehub_cli("list", "acme/toy:v1").rc == 0


def test_prune_by_age(store: Path, rehub_cli: RunRehub) -> None:
    """``--older-than`` takes days, hours, weeks and minutes."""
    grow_old(store, 1)
    assert document(rehub_cli, "prune", "--older-than", "2w")["pins"] == []
    assert len(document(rehub_cli, "prune", "--older-than", "12h")["pins"]) == 1


def test_a_use_counts(store: Path, rehub_cli: RunRehub) -> None:
    """What is old but was looked at is kept, where the file system keeps access times."""
    grow_old(store, 31)
    (manifest,) = (store / "trees").glob("*.json")
    os.utime(manifest, (time.time(), manifest.stat().st_mtime))
    assert document(rehub_cli, "prune")["pins"] == []


def test_a_shared_tree_stays_while_somebody_needs_it(store: Path, toy: Repo, world: World, rehub_cli: RunRehub) -> None:
    """Two repositories with equal files share a tree; removing one leaves it to the other."""
    grow_old(store, 31)
    world.repo(TOY, name="acme/twin")
    assert rehub_cli("list", "acme/twin").rc == 0
    (manifest,) = (store / "trees").glob("*.json")
    then = time.time() - 31 * 86_400
    os.utime(manifest, (then, then))
    done = document(rehub_cli, "prune")
    assert (len(done["pins"]), done["trees"]) == (1, [])
    assert rehub_cli("list", "acme/twin", "--offline").rc == 0


def test_what_another_process_fetches_is_left_alone(store: Path, rehub_cli: RunRehub) -> None:
    """A repository whose lock is held is not touched, and named; nobody waits."""
    remote = Ref.parse("acme/toy").place
    assert isinstance(remote, Remote)
    with Store(store).locked(remote):
        start = time.monotonic()
        ran = rehub_cli("cache", "prune", "--all", "--json")
        assert time.monotonic() - start < 20
        assert json.loads(ran.stdout)["busy"] == ["acme/toy"]
        assert "another process is using it" in ran.stderr
    assert rehub_cli("list", "acme/toy:v1", "--offline").rc == 0
    assert rehub_cli("cache", "prune", "--all").rc == 0
    assert rehub_cli("list", "acme/toy:v1", "--offline").rc == 1


def test_prune_removes_what_crashes_left(store: Path, rehub_cli: RunRehub) -> None:
    """Repositories that no record names, byte-code and old temporary files go too."""
    assert rehub_cli("load", "--trust", "acme/toy:v1", "echo", env={"PYTHONDONTWRITEBYTECODE": ""}).rc == 0
    assert list((store / "pyc").rglob("*.pyc"))
    lost, stale = store / "git" / ("0" * 64), store / "tmp" / "tree-x"
    lost.mkdir(parents=True)
    (lost / "HEAD").write_text("x")
    stale.mkdir()
    grow_old(store, 31)
    assert prune(Store(store), older_than=0.0).bytecode == 2
    assert not lost.exists()
    assert not stale.exists()
    assert not list((store / "pyc").rglob("*.pyc"))


@pytest.fixture
def damaged(store: Path) -> TreeAndFile:
    """Give a tree with one file whose bytes were changed, without a trace in size or time."""
    (tree,) = (path for path in (store / "trees").iterdir() if path.is_dir())
    path = tree / "parts/net.py"
    before = path.stat()
    path.chmod(0o644)
    text = path.read_bytes()
    path.write_bytes(b"#" + text[1:])
    path.chmod(0o444)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    return tree, path


def test_verify_names_the_wrong_file(damaged: TreeAndFile, rehub_cli: RunRehub) -> None:
    """A changed, a missing and an added file are named, with expected and found; the exit code is 1."""
    tree, path = damaged
    for folder in (tree, path.parent):
        folder.chmod(0o755)
    (tree / "hubconf.py").unlink()
    (path.parent / "extra.py").write_text("x")
    ran = rehub_cli("cache", "verify")
    assert ran.rc == 1
    assert f"{path}\n  expected " in ran.stdout
    told = json.loads(rehub_cli("cache", "verify", "--json").stdout)
    assert set(told) == {"trees", "damage", "weights", "damaged_weights", "broken", "removed"}
    assert [each["path"] for each in told["damage"]] == ["hubconf.py", "parts/net.py", "parts/extra.py"]
    assert set(told["damage"][0]) == {"tree", "path", "expected", "found"}
    assert (told["trees"], told["removed"]) == (1, [])


def test_verify_of_a_whole_store(store: Path, rehub_cli: RunRehub) -> None:
    """Where nothing is wrong, that is said, with 0."""
    ran = rehub_cli("cache", "verify")
    assert (ran.rc, ran.stdout) == (0, "1 tree hashed, all as they should be\n")


def test_repair_lets_the_next_use_make_it_again(damaged: TreeAndFile, rehub_cli: RunRehub) -> None:
    """``--repair`` removes a damaged tree; its commit stays known, so what is fetched must be the same."""
    tree, _ = damaged
    told = json.loads(rehub_cli("cache", "verify", "--repair", "--json").stdout)
    assert told["removed"] == [f"sha256:{tree.name}"]
    assert not tree.exists()
    assert rehub_cli("list", "acme/toy:v1").rc == 0
    assert tree.exists()
    assert rehub_cli("cache", "verify").rc == 0


def test_a_lost_manifest_is_damage(store: Path, rehub_cli: RunRehub) -> None:
    """A tree that nothing vouches for is not taken for whole."""
    (manifest,) = (store / "trees").glob("*.json")
    manifest.write_text("{}")
    ran = rehub_cli("cache", "verify")
    assert ran.rc == 1
    assert "manifest is missing or damaged" in ran.stdout


@pytest.fixture
def weights(store: Path, world: World) -> Path:
    """Give a file of weights in the store, to which ``checkpoints/net.pt`` leads."""
    import io

    import torch

    from rehub import compat

    file = io.BytesIO()
    torch.save({"w": torch.ones(1)}, file)
    world.hub.files["/net.pt"] = file.getvalue()
    compat.load_state_dict_from_url(f"{world.hub.url}/net.pt", progress=False)
    leases.end()  # as if another process had loaded it
    return (store.parent / "checkpoints/net.pt").resolve()


def test_weights_are_listed(weights: Path, rehub_cli: RunRehub) -> None:
    """By digest, with the names under which they came; of a URL nothing else is known."""
    (told,) = document(rehub_cli, "list")["weights"]
    assert set(told) == {"digest", "bytes", "used", "urls"}
    assert (told["digest"], told["bytes"]) == (f"sha256:{weights.name}", weights.stat().st_size)
    assert set(told["urls"][0]) == {"host", "name", "fetched"}
    assert (told["urls"][0]["host"], told["urls"][0]["name"]) == ("127.0.0.1", "net.pt")
    assert "net.pt from 127.0.0.1" in rehub_cli("cache", "list").stdout
    assert {"blobs", "urls", "parts"} <= set(document(rehub_cli, "size")["parts"])


@pytest.mark.parametrize("fetched", ["1e300", "-1e300", "1e999", "NaN", "null"])
def test_a_record_with_an_impossible_time_hides_nothing(
    fetched: str, weights: Path, store: Path, rehub_cli: RunRehub
) -> None:
    """What is in the store is listed all the same, and the document is JSON."""
    (record,) = (store / "urls").glob("*.json")
    data = {**json.loads(record.read_text()), "fetched": 0}
    record.write_text(json.dumps(data).replace('"fetched": 0', f'"fetched": {fetched}'))
    assert f"sha256:{weights.name} " in rehub_cli("cache", "list").stdout
    told = rehub_cli("cache", "list", "--json").stdout
    assert not {"NaN", "Infinity"} & set(told.replace(",", " ").split())


def test_weights_that_nobody_uses_are_pruned(weights: Path, store: Path, rehub_cli: RunRehub) -> None:
    """With the links that led to them, and with what transfers have left; those in use stay."""
    part = store / "parts" / ("0" * 64 + ".partial")
    part.write_bytes(b"x")
    assert document(rehub_cli, "prune")["weights"] == []
    grow_old(store, 31)
    told = document(rehub_cli, "prune", "--dry-run")
    assert (told["weights"], told["leftovers"]) == ([f"sha256:{weights.name}"], 1)
    assert weights.exists()
    assert document(rehub_cli, "prune")["weights"] == told["weights"]
    assert not weights.exists()
    assert not part.exists()
    assert list((store.parent / "checkpoints").iterdir()) == []
    assert list((store / "urls").iterdir()) == []


def test_what_git_lfs_keeps_stays_with_its_tree(
    world: World, monkeypatch: pytest.MonkeyPatch, rehub_cli: RunRehub
) -> None:
    """As long as the tree is used."""
    from tests.world import lfs_pointer

    monkeypatch.setenv("REHUB_MIRRORS", world.mirrors)
    world.hub.lfs.add(b"weights")
    source = "def net():\n import os\n return open(os.path.join(os.path.dirname(__file__), 'w.pt')).read()"
    world.repo({"hubconf.py": source, "w.pt": lfs_pointer(b"weights")}, tag="v1")
    assert "weights" in rehub_cli("load", "--trust", "acme/toy:v1", "net").stdout
    store = Path(rehub_cli("cache", "dir").stdout.strip())
    grow_old(store / "blobs", 31)
    assert document(rehub_cli, "prune")["weights"] == []
    assert "of git LFS" in rehub_cli("cache", "list").stdout
    assert rehub_cli("cache", "verify").rc == 0
    done = document(rehub_cli, "prune", "--all")
    assert len(done["weights"]) == len(done["trees"]) == 1


def test_damaged_weights_are_named(weights: Path, rehub_cli: RunRehub) -> None:
    """And removed by ``--repair``."""
    weights.chmod(0o644)
    weights.write_bytes(b"other")
    ran = rehub_cli("cache", "verify")
    assert ran.rc == 1
    assert weights.name in ran.stdout
    told = document(rehub_cli, "verify", "--repair")
    assert told["weights"] == 1
    assert [each["digest"] for each in told["damaged_weights"]] == told["removed"] == [f"sha256:{weights.name}"]
    assert not weights.exists()
    assert rehub_cli("cache", "verify").stdout == "1 tree hashed, all as they should be\n"


def complete(*words: str) -> list[str]:
    """Give what a shell would be offered for the last word."""
    env = {"_REHUB_COMPLETE": "zsh_complete", "COMP_WORDS": " ".join(["rehub", *words]), "COMP_CWORD": str(len(words))}
    command = [sys.executable, "-m", "rehub"]
    done = subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, timeout=30, check=True)
    assert done.stderr == ""
    return done.stdout.splitlines()[1::3]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str, rehub_cli: RunRehub) -> None:
    """Each shell gets a script of its own that calls rehub."""
    text = rehub_cli("completion", shell).stdout
    assert f"_REHUB_COMPLETE={shell}_complete" in text
    assert json.loads(rehub_cli("completion", shell, "--json").stdout)["shell"] == shell


def test_completion_from_the_store(store: Path, world: World, rehub_cli: RunRehub) -> None:
    """Commands, refs that were asked for and entries that were read are offered, and no server is asked."""
    world.hub.reset()
    assert "inspect" in complete("ins")
    assert complete("list", "acme") == ["acme/toy@v1"]
    assert complete("list", "acme/toy:") == ["acme/toy:v1"]
    assert complete("load", "acme/toy:v1", "f") == ["fails"]
    assert complete("help", "acme/toy:v1", "ne") == ["needs", "net"]
    assert complete("load", "acme/other", "f") == []
    assert complete("load", "!!", "f") == []
    assert world.hub.log == []
