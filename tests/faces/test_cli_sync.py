"""``rehub sync`` and ``rehub verify``: what they print, and how they end."""

import hashlib
import json
import os
from pathlib import Path

import pytest

import rehub
from rehub.words.lock import Lock, LockedModel, LockedRepository, LockedWeights
from rehub.world import lockfile
from tests.conftest import RunRehub
from tests.world import Repo, World

DATA = b"weights" * 1000


@pytest.fixture
def project(toy: Repo, world: World, tmp_path: Path) -> Path:
    """Give a folder with a lock that another machine has made: one repository, one file."""
    world.hub.files["/net.pt"] = DATA
    pin = rehub.Hub(dir=tmp_path / "theirs").fetch("acme/toy@v1").pin
    assert pin is not None
    file = LockedWeights(f"{world.hub.url}/net.pt", hashlib.sha256(DATA).hexdigest(), len(DATA))
    model = LockedModel("net", "acme/toy@v1", "net", (), (), (LockedRepository("acme/toy@v1", pin),), (file,))
    folder = tmp_path / "project"
    folder.mkdir()
    lockfile.write(folder / "rehub.lock", Lock((model,)), "")
    return folder


def test_sync_and_verify(project: Path, toy: Repo, world: World, rehub_cli: RunRehub) -> None:
    """The lock of the working folder is meant; what came is a line each, then nothing comes any more."""
    first = rehub_cli("sync", cwd=project)
    assert (first.rc, first.stderr) == (0, "")
    assert first.stdout.splitlines() == [
        f"brought acme/toy@{toy.rev('v1')}",
        f"brought {world.hub.url}/net.pt",
        "1 commit and 1 file of weights, all there",
    ]
    assert rehub_cli("sync", cwd=project).stdout == "1 commit and 1 file of weights, all there\n"
    found = rehub_cli("verify", cwd=project)
    assert (found.rc, found.stdout) == (0, "1 commit and 1 file of weights hashed, all as the lock says\n")
    assert json.loads(rehub_cli("verify", "--json", cwd=project).stdout) == {
        "repositories": 1,
        "weights": 1,
        "wrong": [],
        "missing": [],
    }


def test_which_lock(project: Path, rehub_cli: RunRehub) -> None:
    """``--lock`` goes before ``REHUB_LOCK``, which goes before the one in the working folder; none at all is said."""
    lock = project / "rehub.lock"
    assert rehub_cli("sync", "--lock", "project/rehub.lock").rc == 0
    assert rehub_cli("verify", env={"REHUB_LOCK": str(lock)}).rc == 0
    assert rehub_cli("verify", "--lock", lock, env={"REHUB_LOCK": "nowhere.lock"}).rc == 0
    for command in ("sync", "verify"):
        found = rehub_cli(command)
        assert (found.rc, "there is no lock" in found.stderr) == (1, True)


def test_what_is_missing_or_wrong_ends_with_1(project: Path, world: World, rehub_cli: RunRehub) -> None:
    """Each with what would help; in the JSON document, too."""
    found = rehub_cli("verify", cwd=project)
    assert (found.rc, "missing" in found.stdout, "'rehub sync' brings" in found.stderr) == (1, True, True)
    offline = rehub_cli("sync", "--offline", cwd=project)
    assert (offline.rc, f"missing {world.hub.url}/net.pt, 6.8 KiB" in offline.stderr) == (1, True)
    world.hub.fail("/net.pt", 404)
    failed = rehub_cli("sync", "--json", cwd=project)
    document = json.loads(failed.stdout)
    assert failed.rc == 1
    assert [each["came"] for each in (*document["repositories"], *document["weights"])] == [True, False]
    assert "404" in document["weights"][0]["error"]
    assert "error: " in failed.stderr
    world.hub.heal()
    assert rehub_cli("sync", "-q", cwd=project).rc == 0
    blobs = Path(os.environ["TORCH_HOME"], "hub/rehub/blobs/sha256")
    (blob,) = (each for each in blobs.rglob("*") if each.is_file() and not each.suffix)
    blob.chmod(0o644)
    blob.write_bytes(b"others")
    wrong = rehub_cli("verify", cwd=project)
    assert (wrong.rc, "1 wrong" in wrong.stdout, "cache verify --repair" in wrong.stderr) == (1, True, True)
    (row,) = json.loads(rehub_cli("verify", "--json", cwd=project).stdout)["wrong"]
    assert row["found"] == hashlib.sha256(b"others").hexdigest()


def test_nothing_of_a_repository_is_run(project: Path, rehub_cli: RunRehub, tmp_path: Path) -> None:
    """torch is not imported either, and the repository needs no permission."""
    (tmp_path / "path").mkdir()
    (tmp_path / "path/torch.py").write_text("raise SystemExit('torch was imported')")
    path = os.pathsep.join([str(tmp_path / "path"), os.environ["PYTHONPATH"]])
    for command in ("sync", "verify"):
        assert rehub_cli(command, cwd=project, env={"PYTHONPATH": path, "REHUB_TRUST": "never"}).rc == 0
