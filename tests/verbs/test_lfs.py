"""Files that git LFS keeps elsewhere, fetched from a real server by its batch API before an entry runs."""

import hashlib
import io
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

import rehub
from tests.world import Repo, World, lfs_pointer

WEIGHTS = {"a.pt": b"weights" * 100, "deep/b.pt": b"more" * 50}
SOURCE = (
    "import os\n"
    "def net(name='a.pt'):\n"
    "    with open(os.path.join(os.path.dirname(__file__), name), 'rb') as file: return file.read()\n"
)
Make = Callable[..., rehub.Hub]


@pytest.fixture
def repo(world: World) -> Repo:
    """Give a repository with pointers to two objects that its server has."""
    for data in WEIGHTS.values():
        world.hub.lfs.add(data)
    pointers = {name: lfs_pointer(data) for name, data in WEIGHTS.items()}
    return world.repo({"hubconf.py": SOURCE, **pointers}, tag="v1")


@pytest.fixture
def make(world: World, tmp_path: Path) -> Make:
    """Give a function that makes a hub with one store, to which github.com is the world's own server."""
    return lambda **settings: rehub.Hub(
        **{"dir": tmp_path / "hub", "mirrors": world.mirrors, "trust": "always", **settings}
    )


def test_an_entry_finds_the_files_themselves(repo: Repo, world: World, make: Make) -> None:
    """All of a checkout's objects are asked for at once, and come once; the tree keeps its digest."""
    hub = make()
    before = hub.fetch("acme/toy:v1")
    assert hub.load("acme/toy:v1", "net") == WEIGHTS["a.pt"]
    assert hub.load("acme/toy:v1", "net", "deep/b.pt") == WEIGHTS["deep/b.pt"]
    assert world.hub.lfs.batches == [2]
    assert world.hub.lfs.types == ["application/vnd.git-lfs+json"]
    assert len([each for each in world.hub.log if "lfs-objects" in each.path]) == 2
    assert hub.fetch("acme/toy:v1").pin == before.pin
    assert make(offline=True, verify="always").load("acme/toy:v1", "net") == WEIGHTS["a.pt"]


def test_a_link_that_was_turned_is_noticed(repo: Repo, world: World, make: Make, tmp_path: Path) -> None:
    """A link to another place is no part of the tree: it is made again."""
    hub = make()
    hub.load("acme/toy:v1", "net")
    place = hub.fetch("acme/toy:v1").root / "a.pt"
    (tmp_path / "evil").write_bytes(b"evil")
    place.parent.chmod(0o755)
    place.unlink()
    place.symlink_to(tmp_path / "evil")
    with pytest.raises(rehub.DigestMismatchError):
        make(offline=True).load("acme/toy:v1", "net")
    assert hub.load("acme/toy:v1", "net") == WEIGHTS["a.pt"]


def test_a_damaged_object_comes_anew(repo: Repo, world: World, make: Make) -> None:
    """As any other file of weights does."""
    hub = make()
    hub.load("acme/toy:v1", "net")
    blob = (hub.fetch("acme/toy:v1").root / "a.pt").resolve()
    blob.chmod(0o644)
    blob.write_bytes(b"x" * len(WEIGHTS["a.pt"]))
    assert hub.load("acme/toy:v1", "net") == WEIGHTS["a.pt"]


@pytest.mark.parametrize("wrong", ["bytes", "quota", "offline", "down"])
def test_what_cannot_be_had_stays_a_pointer(
    repo: Repo, world: World, make: Make, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The load goes on with a warning that says why; a load that fails has it as a note."""
    oid = hashlib.sha256(WEIGHTS["a.pt"]).hexdigest()
    hub = make()
    hub.fetch("acme/toy:v1")
    match wrong:
        case "bytes":
            world.hub.lfs.objects[oid] = b"others " * 100
        case "quota":
            world.hub.lfs.errors[oid] = (507, "over its data quota")
        case "offline":
            hub = make(offline=True)
        case "down":
            world.hub.fail("info/lfs", 422)
    with caplog.at_level(logging.WARNING, "rehub"):
        assert hub.load("acme/toy:v1", "net") == lfs_pointer(WEIGHTS["a.pt"])
    said = {"bytes": "other bytes", "quota": "507 over its data quota", "offline": "offline", "down": "422"}[wrong]
    assert said in caplog.text
    with pytest.raises(FileNotFoundError) as caught:
        hub.load("acme/toy:v1", "net", "nothing")
    assert any("a.pt" in note and said in note for note in caught.value.__notes__)


def test_credentials_go_to_the_repositorys_own_server(
    repo: Repo, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the batch API says that an object's place wants goes there, and the user's own login does not."""
    elsewhere = world.server()
    elsewhere.lfs.objects = world.hub.lfs.objects
    world.hub.lfs.place, world.hub.lfs.header = elsewhere.url, {"Authorization": "Bearer for-this-object"}
    world.hub.private("acme/toy", "me", "secret")
    (Path.home() / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    hub = rehub.Hub(dir=tmp_path / "hub", trust="always")
    assert hub.load(f"{world.hub.url}/acme/toy@v1", "net") == WEIGHTS["a.pt"]
    assert {said for _, said in elsewhere.authorizations} == {"Bearer for-this-object"}
    assert any("info/lfs" in path for path, _ in world.hub.authorizations)


def test_a_repositorys_lfsconfig_is_not_followed(world: World, make: Make) -> None:
    """It could send us anywhere."""
    other = world.server()
    world.hub.lfs.add(b"weights")
    config = f"[lfs]\n\turl = {other.url}/evil/info/lfs\n"
    world.repo({"hubconf.py": SOURCE, "a.pt": lfs_pointer(b"weights"), ".lfsconfig": config}, tag="v1")
    assert make().load("acme/toy:v1", "net") == b"weights"
    assert other.log == []


def test_weights_that_lfs_keeps_are_part_of_the_commit(world: World, make: Make) -> None:
    """Their digest is in the commit, by their pointer: ``torch.load`` of them is nothing that went past rehub."""
    torch = pytest.importorskip("torch")
    torch.save({"w": torch.ones(2)}, file := io.BytesIO())
    world.hub.lfs.add(file.getvalue())
    source = (
        "import os, torch\nclass Net:\n    pass\ndef net():\n"
        "    Net.state = torch.load(os.path.join(os.path.dirname(__file__), 'a.pt'))\n    return Net()\n"
    )
    world.repo({"hubconf.py": source, "a.pt": lfs_pointer(file.getvalue())}, tag="v1")
    net = make().load("acme/toy:v1", "net")
    assert torch.equal(net.state["w"], torch.ones(2))
    assert rehub.provenance(net).complete
