"""A store over others, which are only read: a lab's, or one in a container's image."""

import io
import logging
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import rehub
from rehub.world.git import Git
from rehub.world.store import Store
from rehub.world.store.files import read_json, write_json
from tests.client import listing
from tests.world import Repo, World, lfs_pointer

SOURCE = """
import torch
class Net(torch.nn.Linear): pass
def net(url=None):
    made = Net(2, 2)
    if url: made.load_state_dict(torch.hub.load_state_dict_from_url(url))
    return made
def who(): return __file__
"""
LFS = """
from pathlib import Path
def net(): return Path(__file__).with_name("w.pt").read_bytes(), __file__
"""
Make = Callable[..., rehub.Hub]


@pytest.fixture
def repo(world: World) -> Repo:
    """Give a repository, and weights on the same server."""
    file = io.BytesIO()
    torch.save(torch.nn.Linear(2, 2).state_dict(), file)
    world.hub.files["/net.pt"] = file.getvalue()
    # No two tests share a tree: a process that has opened one goes on with it.
    return world.repo({"hubconf.py": SOURCE, "test.txt": str(world.folder)}, tag="v1")


@pytest.fixture
def make(world: World, tmp_path: Path) -> Make:
    """Give a function that makes a hub with a store of its own, over the shared one."""

    def make(name: str = "own", **settings: object) -> rehub.Hub:
        given = {"dir": tmp_path / name, "shared": [tmp_path / "lab"], "mirrors": world.mirrors, "trust": "always"}
        return rehub.Hub(**{**given, **settings})  # type: ignore[arg-type]

    return make


@pytest.fixture
def lab(repo: Repo, world: World, make: Make) -> Store:
    """Give a shared store with the repository and its weights."""
    hub = make("lab", shared=[])
    hub.load("acme/toy:v1", "net", f"{world.hub.url}/net.pt")
    return hub.store


def test_what_it_has_is_used_where_it_lies(lab: Store, world: World, make: Make) -> None:
    """Without a socket, and nothing of it is changed; nothing is copied."""
    before = listing(lab.root)
    world.hub.stop()
    hub = make(offline=True)
    assert hub.load("acme/toy:v1", "who").startswith(str(lab.root))
    net = hub.load("acme/toy:v1", "net", f"{world.hub.url}/net.pt")
    (weights,) = rehub.provenance(net).weights
    assert weights.sha256 == lab.blobs.digests()[0].hex
    assert listing(lab.root) == before
    assert not list(hub.store.root.glob("trees/*"))
    assert not list(hub.store.root.glob("blobs/*"))
    with pytest.raises(rehub.OfflineError):
        make(offline=True, shared=[]).load("acme/toy:v1", "who")


def test_each_user_hashes_it_once(lab: Store, make: Make) -> None:
    """What is noted is noted in one's own store, and believed as long as the files look the same."""
    hub = make(offline=True)
    root = hub.fetch("acme/toy:v1").root
    (note,) = hub.store.root.glob("shared/*/trees/*.json")
    assert note.name == f"{root.name}.json"
    row = (read_json(note) or {})["files"]["hubconf.py"]
    found = (root / "hubconf.py").stat()
    assert row[1:] == [found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns]
    times = note.stat().st_mtime_ns
    hub.fetch("acme/toy:v1")
    assert note.stat().st_mtime_ns == times


def test_another_users_word_is_not_taken(lab: Store, make: Make) -> None:
    """A file that was changed together with the shared store's record is noticed."""
    root = make(offline=True).fetch("acme/toy:v1").root
    (root / "hubconf.py").chmod(0o644)
    (root / "hubconf.py").write_text("def who(): return 'evil'\n")
    record = root.with_name(f"{root.name}.json")
    data, found = read_json(record), (root / "hubconf.py").stat()
    assert data is not None
    data["files"]["hubconf.py"][1:] = [found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns]
    write_json(record, data)
    for name in ("own", "fresh"):
        with pytest.raises(rehub.DigestMismatchError):
            make(name, offline=True).fetch("acme/toy:v1")
        assert make(name).fetch("acme/toy:v1").root.is_relative_to(make(name).store.root)


def test_a_file_is_no_pointer_because_another_says_so(lab: Store, make: Make) -> None:
    """What a shared store's record calls a git LFS pointer must have a pointer's bytes."""
    root = lab.root / "trees" / make(offline=True, shared=[lab.root.parent]).fetch("acme/toy:v1").root.name
    shutil.rmtree(make().store.root / "shared")
    evil = lab.root / "blobs/sha256" / "ab" / ("ab" * 32)
    evil.parent.mkdir(exist_ok=True)
    evil.write_bytes(b"evil")
    root.chmod(0o755)
    (root / "test.txt").unlink()
    (root / "test.txt").symlink_to(os.path.relpath(evil, root))
    record = root.with_name(f"{root.name}.json")
    write_json(record, {**(read_json(record) or {}), "lfs": [["test.txt", evil.name, 4]]})
    with pytest.raises(rehub.DigestMismatchError):
        make(offline=True).fetch("acme/toy:v1")
    assert make().fetch("acme/toy:v1").root.is_relative_to(make().store.root)


def test_damaged_weights_beneath_come_anew(
    lab: Store, world: World, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """Into one's own store; what is damaged is left to its owner."""
    (digest,) = lab.blobs.digests()
    lab.blobs.path(digest).chmod(0o644)
    lab.blobs.path(digest).write_bytes(b"other")
    url = f"{world.hub.url}/net.pt"
    with pytest.raises(rehub.DigestMismatchError, match="another's"):
        make(offline=True).load("acme/toy:v1", "net", url)
    make().load("acme/toy:v1", "net", url)
    assert make().store.blobs.digests() == [digest]
    assert lab.blobs.path(digest).read_bytes() == b"other"


def test_what_is_damaged_in_ones_own_is_taken_from_beneath(
    repo: Repo, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """Offline, too, with a warning."""
    own = make(shared=[]).fetch("acme/toy:v1").root
    make("lab", shared=[]).fetch("acme/toy:v1")
    (own / "hubconf.py").chmod(0o644)
    (own / "hubconf.py").write_text("evil")
    with caplog.at_level(logging.WARNING, "rehub"):
        assert "/lab/" in make(offline=True).load("acme/toy:v1", "who")
    assert "another store's copy is used" in caplog.text


def test_a_ref_that_moved_is_ones_own(lab: Store, repo: Repo, make: Make) -> None:
    """Asking anew writes to one's own store; from then on that counts."""
    old = make().fetch("acme/toy")
    repo.commit({"more.py": "x = 1"})
    assert make().fetch("acme/toy").pin == old.pin
    new = make().fetch("acme/toy", force_reload=True)
    assert new.pin != old.pin
    assert make(offline=True).fetch("acme/toy").pin == new.pin


def test_a_worker_finds_the_shared_store(lab: Store, make: Make, tmp_path: Path) -> None:
    """Also if only the program, and not the environment, named it."""
    (tmp_path / "net.pkl").write_bytes(pickle.dumps(make(offline=True).load("acme/toy:v1", "net")))
    code = "import pickle, sys\nprint(type(pickle.load(open(sys.argv[1], 'rb'))).__name__)"
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "net.pkl"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, "Net\n"), done.stderr


def test_the_environment_names_stores(lab: Store, world: World, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """First match wins; what is not there, or is no folder, has nothing."""
    world.folder.mkdir(exist_ok=True)
    (world.folder / "file").write_text("no folder")
    folders = [world.folder / "nothing", world.folder / "file", lab.root.parent, make().settings.dir]
    monkeypatch.setenv("REHUB_SHARED", os.pathsep.join(map(str, folders)))
    monkeypatch.setenv("REHUB_OFFLINE", "1")
    hub = rehub.Hub(dir=make().settings.dir)
    assert hub.store.shared == tuple(each / "rehub" for each in folders[:3])
    assert hub.fetch("acme/toy:v1").root.is_relative_to(lab.root)


def test_a_store_of_ones_own_that_is_read_only_too(lab: Store, make: Make) -> None:
    """Works, and is hashed each time, as nothing can be noted."""
    hub = make(offline=True)
    hub.settings.dir.write_text("in the way")
    assert hub.load("acme/toy:v1", "who").startswith(str(lab.root))


def test_names_lead_to_what_lies_beneath(lab: Store, world: World, make: Make) -> None:
    """torch.hub's names in ``checkpoints`` are links to it, made once; they are no files of the user's."""
    hub = make(offline=True)
    url = f"{world.hub.url}/net.pt"
    for _ in "12":
        hub.load_state_dict_from_url(url, progress=False)
        with hub.transferring("net.pt", shown=False) as transfer:
            from rehub.verbs.weights import fetch_weights

            fetch_weights(url, transfer, name="net.pt", linked=True)
    names = list((hub.settings.dir / "checkpoints").iterdir())
    assert [each.resolve() for each in names] == [lab.blobs.path(lab.blobs.digests()[0])]


def test_pruning_leaves_it_alone(lab: Store, make: Make) -> None:
    """Only one's own is pruned and verified: of the other's there are notes, which go."""
    from rehub.verbs.cache import verify
    from rehub.verbs.pruning import prune

    hub = make(offline=True)
    hub.fetch("acme/toy:v1")
    before = listing(lab.root)
    assert verify(hub.store, Git(dict(os.environ), 20.0)).trees == 0
    done = prune(hub.store, older_than=-1.0)
    assert (done.pins, done.trees, done.weights, done.bytecode) == ([], [], [], 1)
    assert listing(lab.root) == before
    assert hub.fetch("acme/toy:v1").root.is_relative_to(lab.root)


@pytest.mark.parametrize("filled", [False, True])
def test_git_lfs_over_a_shared_tree(world: World, make: Make, tmp_path: Path, *, filled: bool) -> None:
    """What a shared tree lacks of it lies in a copy of one's own; what it has is used where it lies."""
    world.hub.lfs.add(b"weights")
    files = {"hubconf.py": LFS, "w.pt": lfs_pointer(b"weights"), "test.txt": str(tmp_path)}
    world.repo(files, tag="v1")
    lab = make("lab", shared=[])
    lab.load("acme/toy:v1", "net") if filled else lab.fetch("acme/toy:v1")
    before = listing(lab.store.root)
    data, place = make().load("acme/toy:v1", "net")
    assert data == b"weights"
    assert place.startswith(str((lab if filled else make()).store.root))
    assert listing(lab.store.root) == before
    assert make(offline=True, verify="always").load("acme/toy:v1", "net") == (data, place)
    if filled:  # a tree of one's own over a shared blob
        shutil.copytree(lab.store.root / "trees", tmp_path / "own/rehub/trees", dirs_exist_ok=True)
        for path in (tmp_path / "own/rehub/trees").rglob("w.pt"):
            path.unlink()
            path.write_bytes(lfs_pointer(b"weights"))
        hub = make(offline=True)
        root = hub.complete(hub.fetch("acme/toy:v1")).root
        assert root.is_relative_to(tmp_path / "own")
        assert (root / "w.pt").read_bytes() == b"weights"
