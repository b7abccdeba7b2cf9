"""Loading by a lock: what it knows is answered from it, and, where nothing else may be loaded, nothing else is."""

import hashlib
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import rehub
from tests.locks.conftest import File, said
from tests.world import Repo, World, git

torch = pytest.importorskip("torch")

Machine = Callable[..., rehub.Hub]
Serve = Callable[..., File]


@pytest.fixture
def locked(machine: Machine, lock: Path) -> Callable[..., rehub.Hub]:
    """Give a function that gives a hub of another machine, which loads what the lock says and nothing else."""
    return lambda name="b", **settings: machine(name, lock=lock, locked=True, **settings)


def rewrite(repo: Repo, files: dict[str, str]) -> str:
    """Rewrite a repository's history: branch and tag lead to a commit that has nothing to do with the old one."""
    fresh = repo.commit(files, branch="fresh", fresh=True)
    repo.move("main", fresh)
    repo.ref("refs/tags/v1", fresh)
    git("update-ref", "-d", "refs/heads/fresh", cwd=repo.path)
    return fresh


def test_a_moved_tag_changes_nothing(toy: Repo, machine: Machine, lock: Path, locked: Machine) -> None:
    """Another machine gets the recorded commit, by its id, whatever branch and tag mean by now."""
    recorded = rehub.provenance(machine(lock=lock).load("acme/toy:v1", "net"))
    rewrite(toy, {"hubconf.py": "def net(): raise AssertionError('other code')\n"})
    found = rehub.provenance(locked().load("acme/toy:v1", "net"))
    assert found.pin == recorded.pin
    assert rehub.provenance(machine("c", lock=lock).load("acme/toy:v1", "net")).pin == recorded.pin


def test_the_store_answers_without_a_server(toy: Repo, machine: Machine, lock: Path, world: World, file: Serve) -> None:
    """What the lock names and the store has needs no socket: code, nested code and weights."""
    hub, weights = machine(lock=lock), file()
    for call in (("net",), ("outer",), ("trained", weights.url)):
        hub.load("acme/toy:v1", *call)
    world.hub.stop()
    again = machine(lock=lock, locked=True, offline=True)
    for call in (("net",), ("outer",), ("trained", weights.url)):
        assert again.load("acme/toy:v1", *call)


def test_the_ref_may_be_said_in_any_way(toy: Repo, machine: Machine, lock: Path, locked: Machine) -> None:
    """A ref is the same however it is spelt, and its commit is as good as its name."""
    machine(lock=lock).load("acme/toy:v1", "net")
    for ref in ("acme/toy@v1", "https://github.com/acme/toy.git@v1", f"acme/toy@{toy.rev()}"):
        assert locked().load(ref, "net")


def test_force_does_not_get_round_it(toy: Repo, machine: Machine, lock: Path, caplog: pytest.LogCaptureFixture) -> None:
    """`force_reload` asks for what is newer, and a lock says that nothing is: that is logged."""
    hub = machine(lock=lock)
    commit = toy.rev()
    hub.load("acme/toy", "net")
    toy.commit({"hubconf.py": "def net(): raise AssertionError('other code')\n"})
    pin = rehub.provenance(hub.load("acme/toy", "net", force_reload=True)).pin
    assert pin is not None
    assert pin.commit == commit
    assert "is what the lock says" in caplog.text


UNKNOWN = {
    "another repository": (("acme/inner", "part"), "rehub lock --lock {lock} acme/inner ENTRY"),
    "another revision": (("acme/toy@main", "net"), "rehub lock --lock {lock} acme/toy@main ENTRY"),
    "another entry": (("acme/toy@v1", "outer"), "rehub lock --lock {lock} acme/toy@v1 outer"),
    "other arguments": (("acme/toy@v1", "net", -2), "rehub lock --lock {lock} acme/toy@v1 net -- -2"),
    "a folder": (("./other", "net"), "rehub lock --lock {lock} {lock.parent.parent}/other ENTRY"),
}


@pytest.mark.parametrize("case", ["another repository", "another revision", "another entry", "other arguments"])
def test_what_the_lock_does_not_have(case: str, toy: Repo, machine: Machine, lock: Path, locked: Machine) -> None:
    """It is an error that says what there is, and the command that records it; nobody was asked."""
    machine(lock=lock).load("acme/toy:v1", "net")
    call, command = UNKNOWN[case]
    before = lock.read_bytes()
    with pytest.raises(rehub.NotLockedError) as caught:
        locked().load(*call)
    assert caught.value.command == command.format(lock=lock)
    if case != "another repository":
        assert re.search(r"found +(acme/toy@v1|net\(\))", str(caught.value))
    assert lock.read_bytes() == before


def test_a_folder_must_be_known(machine: Machine, lock: Path, locked: Machine) -> None:
    """A folder of the user's own is loaded if the lock has it, and not otherwise."""
    for name in ("one", "other"):
        (lock.parent / name).mkdir()
        (lock.parent / name / "hubconf.py").write_text("def net(): return [1]\n")
    machine(lock=lock).load(str(lock.parent / "one"), "net")
    assert locked().load(str(lock.parent / "one"), "net")
    with pytest.raises(rehub.NotLockedError, match=r"net\(\) of ./other"):
        locked().load(str(lock.parent / "other"), "net")


def test_without_a_lock_nothing_is_known(
    toy: Repo, machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`locked` alone means the working folder's lock; that it is not there makes nothing right."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(rehub.NotLockedError) as caught:
        machine(locked=True).load("acme/toy:v1", "net")
    assert caught.value.command == "rehub lock acme/toy@v1 ENTRY"
    machine(lock="rehub.lock").load("acme/toy:v1", "net")
    assert machine(locked=True).load("acme/toy:v1", "net")


def test_locked_records_nothing(toy: Repo, machine: Machine, lock: Path, locked: Machine, file: Serve) -> None:
    """Not even what a model does later, or in a block of recording."""
    weights = file()
    machine(lock=lock).load("acme/toy:v1", "net")
    before = lock.read_bytes()
    hub = locked()
    with hub.recording(lock):
        model = hub.load("acme/toy:v1", "net")
        with pytest.raises(rehub.NotLockedError):
            model.fetch(weights.url)
    assert lock.read_bytes() == before


def test_other_bytes_of_weights_are_refused(
    toy: Repo, machine: Machine, lock: Path, locked: Machine, file: Serve
) -> None:
    """Expected, found and the command are named, and nothing of them is kept."""
    weights = file(1.0)
    machine(lock=lock).load("acme/toy:v1", "trained", weights.url)
    other = file(2.0)
    with pytest.raises(rehub.WrongHashError) as caught:
        locked().load("acme/toy:v1", "trained", weights.url)
    assert (caught.value.expected, caught.value.found) == (weights.sha256, other.sha256)
    assert f"rehub update --lock {lock} trained" in caught.value.__notes__[0]
    with pytest.raises(rehub.WrongHashError):
        machine("c", lock=lock).load_state_dict_from_url(weights.url)


def test_the_lock_is_over_a_stale_store(toy: Repo, machine: Machine, lock: Path, file: Serve) -> None:
    """Where the store knows a URL's older bytes, those that the lock names are brought."""
    old = file(1.0)
    stale = machine("b")
    stale.load_state_dict_from_url(old.url)
    new = file(2.0)
    machine("a", lock=lock).load_state_dict_from_url(new.url)
    state = machine("b", lock=lock, locked=True).load_state_dict_from_url(new.url)
    assert state["w"].tolist() == [2.0]


def test_a_name_that_contradicts_the_lock(machine: Machine, lock: Path, locked: Machine, file: Serve) -> None:
    """A hash that the caller wants must be that of the lock."""
    weights = file()
    machine(lock=lock).load_state_dict_from_url(weights.url)
    with pytest.raises(rehub.DigestMismatchError):
        locked().download_url_to_file(weights.url, lock.parent / "x", hash_prefix="00000000")
    assert not (lock.parent / "x").exists()


@pytest.mark.parametrize("way", ["checkpoints", "a folder", "a file"])
def test_the_store_is_enough_for_every_way_to_ask(
    way: str, machine: Machine, lock: Path, world: World, file: Serve, tmp_path: Path
) -> None:
    """By whichever function, to whichever place: what the lock names and the store has comes without a socket."""
    weights, hub = file(), machine(lock=lock)
    hub.load_state_dict_from_url(weights.url)
    for record in (tmp_path / "a/rehub/urls").iterdir():
        record.unlink()
    world.hub.stop()
    again, place = machine(lock=lock, locked=True, offline=True), tmp_path / "own"
    if way == "a file":
        again.download_url_to_file(weights.url, place)
        assert hashlib.sha256(place.read_bytes()).hexdigest() == weights.sha256
    else:
        state = again.load_state_dict_from_url(weights.url, place if way == "a folder" else None)
        assert state["w"].tolist() == [1.0]


def test_what_a_repository_downloads_by_itself_is_refused(
    toy: Repo, machine: Machine, lock: Path, locked: Machine, world: World
) -> None:
    """Nobody can know what that would bring: it is refused as offline, without rehub's own being refused."""
    url = "http://198.51.100.7/net.pt"
    folder = lock.parent / "model"
    folder.mkdir()
    (folder / "hubconf.py").write_text(
        "import urllib.request\ndef net(url=None): return [url and urllib.request.urlopen(url, timeout=1)]\n"
    )
    hub = machine(lock=lock)
    hub.load(str(folder), "net")
    text = lock.read_text()
    lock.write_text(text.replace("arguments = []", f"arguments = [\"'{url}'\"]"))
    with pytest.raises(rehub.OfflineError, match="REHUB_LOCKED"):
        locked().load(str(folder), "net", url)


def test_the_digest_of_the_tree_must_be_the_locks(
    toy: Repo, machine: Machine, lock: Path, locked: Machine, tmp_path: Path
) -> None:
    """A lock whose digest is not that of the commit's files is refused, fetched or not, with the command."""
    machine(lock=lock).load("acme/toy:v1", "net")
    (repository,) = said(lock).models[0].repositories
    assert repository.pin.tree is not None
    lock.write_text(lock.read_text().replace(repository.pin.tree.h1, "h1:" + "A" * 43 + "="))
    for name in ("a", "b"):
        with pytest.raises(rehub.DigestMismatchError) as caught:
            locked(name).load("acme/toy:v1", "net")
        assert caught.value.found == repository.pin.tree.h1 or repository.pin.tree.hex in caught.value.found
        assert f"rehub update --lock {lock} net" in str(caught.value.__notes__)


def test_a_lock_does_not_lend_a_grant_to_other_code(toy: Repo, machine: Machine, lock: Path, world: World) -> None:
    """A tree that lies in the store is not taken for that of a commit which the store never had."""
    world.repo({"hubconf.py": "def net(): return 'evil'\n"}, name="evil/toy", tag="v1")
    hub = machine(lock=lock)
    hub.load("acme/toy:v1", "net")
    evil = hub.fetch("evil/toy:v1").pin
    (good,) = said(lock).models[0].repositories
    assert evil is not None
    assert evil.tree is not None
    assert good.pin.tree is not None
    lock.write_text(lock.read_text().replace(good.pin.tree.h1, evil.tree.h1))
    with pytest.raises(rehub.DigestMismatchError):
        machine(lock=lock, locked=True).load("acme/toy:v1", "net")


def test_a_ref_is_at_its_own_repository(toy: Repo, machine: Machine, lock: Path, locked: Machine) -> None:
    """A lock cannot say that a ref means a commit of somebody else's."""
    machine(lock=lock).load("acme/toy:v1", "net")
    lock.write_text(
        lock.read_text().replace('remote = "https://github.com/acme/toy"', 'remote = "https://github.com/x/y"')
    )
    with pytest.raises(rehub.MalformedLockError, match=r"github\.com/x/y"):
        locked().load("acme/toy:v1", "net")


def test_a_nested_repository_must_be_known(toy: Repo, machine: Machine, lock: Path, locked: Machine) -> None:
    """What an entry loads is held to the lock as well."""
    machine(lock=lock).load("acme/toy:v1", "outer")
    kept = lock.read_text()
    start = kept.rindex("[[model.repository]]")
    lock.write_text(kept[:start])
    with pytest.raises(rehub.NotLockedError, match="acme/inner"):
        locked().load("acme/toy:v1", "outer")


UNPICKLES = "import pickle, sys\npickle.load(open(sys.argv[1], 'rb'))\n"


def test_an_object_that_is_unpickled_needs_locked_code(
    toy: Repo, machine: Machine, lock: Path, tmp_path: Path, world: World
) -> None:
    """Code that comes by way of a pickle is held to the lock, too."""
    hub = machine(lock=lock)
    (tmp_path / "net.pickle").write_bytes(pickle.dumps(hub.load("acme/toy:v1", "net")))
    script = tmp_path / "script.py"
    script.write_text(UNPICKLES)
    env = world.env(REHUB_TRUST="always", REHUB_CONFIG=str(tmp_path / "config.toml"))
    (tmp_path / "config.toml").write_text(f'dir = "{tmp_path / "a"}"\n')

    def run(**more: str) -> str:
        done = subprocess.run(
            [sys.executable, script, tmp_path / "net.pickle"],
            env={name: value for name, value in {**env, **more}.items() if name != "REHUB_OPENED"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.stderr

    assert run(REHUB_LOCK=str(lock), REHUB_LOCKED="1") == ""
    assert "NotLockedError" in run(REHUB_LOCK=os.devnull.replace("null", "nothing"), REHUB_LOCKED="1")
