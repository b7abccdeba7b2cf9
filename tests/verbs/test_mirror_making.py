"""Making static mirrors: of a store or of a lock, again and again, and never of what is damaged."""

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import rehub
from rehub.words.digest import Digest
from rehub.words.errors import MalformedSettingError, NotFoundError, StoreError
from rehub.words.lock import Lock, LockedModel, LockedRepository, LockedWeights
from rehub.world import lockfile
from rehub.world.mirror import MirrorFolder
from tests.client import content
from tests.verbs.mirrors import HEX, WEIGHTS, Mirrored
from tests.world import Link, Submodule, World


@pytest.fixture
def made(world: World, tmp_path: Path) -> Mirrored:
    """Give a mirror of one repository and one file of weights."""
    return Mirrored.make(world, tmp_path)


@pytest.fixture
def origin(made: Mirrored, tmp_path: Path) -> rehub.Hub:
    """Give the machine that it was made on."""
    return made.machine(dir=tmp_path / "origin")


def files(folder: Path) -> dict[str, bytes]:
    """Give a folder's files."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def lock_of(origin: rehub.Hub, *urls: str, ref: str = "acme/toy@v1") -> Lock:
    """Give the lock that names a repository and some URLs of the same file."""
    pin = origin.fetch(ref).pin
    assert pin is not None
    locked = LockedRepository(ref, pin, pin.git_tree)
    weights = tuple(LockedWeights(url, HEX, len(WEIGHTS)) for url in urls)
    return Lock((LockedModel("net", ref, "net", repositories=(locked,), weights=weights),))


def test_a_mirror_is_what_its_layout_says(made: Mirrored) -> None:
    """Every file has its place, can be read by whoever serves it, and nothing else is there."""
    lfs = next(iter(made.world.hub.lfs.objects))
    names = {"/mirror.json", "/.lock", f"/blobs/sha256/{lfs[:2]}/{lfs}"}
    names |= {made.path(what) for what in ("refs", "pin", "proof", "tree", "blob", "url")}
    found = {f"/{name}" for name in files(made.folder)}
    assert names <= found
    assert len(found - names) == 1  # the other URL
    for path in made.folder.rglob("*"):
        assert path.stat().st_mode & 0o044 == 0o044 or path.name == ".lock"
    assert json.loads((made.folder / made.path("refs")[1:]).read_text())["refs"]["v1"]["commit"] == made.commit


def test_a_mirror_that_is_made_again_gets_what_is_new(made: Mirrored, origin: rehub.Hub) -> None:
    """And else stays as it is, byte by byte; what other machines have put there, too."""
    before = files(made.folder)
    assert origin.mirror(made.folder).written == 0
    assert files(made.folder) == before
    made.repo.commit({"hubconf.py": "def net(): return 'newer'"})
    made.repo.tag("v2")
    other = made.machine()
    other.fetch("acme/toy:v2")
    done = other.mirror(made.folder)
    assert done.written == 4  # tree, proof, pin and refs
    after = files(made.folder)
    assert {name: after[name] for name in before if name != made.path("refs")[1:]} | {
        made.path("refs")[1:]: before[made.path("refs")[1:]]
    } == before
    assert set(json.loads(after[made.path("refs")[1:]])["refs"]) == {"v1", "v2", "HEAD"}
    made.world.remove(made.repo)
    for ref, found in {"v1": "a net", "v2": "newer"}.items():
        assert made.machine(made.folder).load(f"acme/toy:{ref}", "net") == found


def test_of_two_answers_the_younger_one_stays(made: Mirrored, origin: rehub.Hub) -> None:
    """A machine that has not asked for long does not turn a branch back."""
    made.repo.commit({"hubconf.py": "def net(): return 'newer'"})
    other = made.machine()
    newer = other.fetch("acme/toy").pin
    assert newer is not None
    other.mirror(made.folder)
    origin.mirror(made.folder)
    assert json.loads((made.folder / made.path("refs")[1:]).read_text())["refs"]["HEAD"]["commit"] == newer.commit


def test_a_mirror_of_a_lock_has_what_it_names(made: Mirrored, origin: rehub.Hub, tmp_path: Path) -> None:
    """And nothing else: neither other refs nor other files."""
    lock = tmp_path / "rehub.lock"
    lockfile.write(lock, lock_of(origin, made.urls[0]), "")
    done = origin.mirror(tmp_path / "locked", lock=lock)
    assert (len(done.pins), len(done.weights), done.urls) == (1, 2, 1)
    found = files(tmp_path / "locked")
    assert set(json.loads(found[made.path("refs")[1:]])["refs"]) == {"v1"}
    assert made.path("url")[1:] not in found
    hub = made.machine(tmp_path / "locked")
    made.world.remove(made.repo)
    made.world.hub.files.clear()
    assert hub.load("acme/toy:v1", "net") == "a net"
    hub.load_state_dict_from_url(made.urls[0])
    by_setting = made.machine(dir=origin.settings.dir, lock=lock)
    assert by_setting.mirror(tmp_path / "again").pins == done.pins
    assert files(tmp_path / "again").keys() == found.keys()


def test_what_a_lock_names_and_the_store_lacks_is_listed(made: Mirrored, origin: rehub.Hub, tmp_path: Path) -> None:
    """All of it, with its size; and nothing is written."""
    lock = tmp_path / "rehub.lock"
    lockfile.write(lock, lock_of(origin, made.urls[0]), "")
    with pytest.raises(NotFoundError, match="rehub sync") as caught:
        made.machine().mirror(tmp_path / "none", lock=lock)
    assert f"acme/toy@{made.commit[:12]}" in str(caught.value)
    assert made.urls[0] in str(caught.value)
    assert "KiB" in str(caught.value)
    assert not (tmp_path / "none").exists()
    with pytest.raises(NotFoundError, match="there is no lock"):
        origin.mirror(tmp_path / "none", lock=tmp_path / "no.lock")


def test_damaged_content_is_left_out_and_said(made: Mirrored, origin: rehub.Hub, tmp_path: Path) -> None:
    """It does not get into a mirror, whatever its size and times say."""
    tree = origin.store.trees.folder(Digest(made.tree)) / "hubconf.py"
    for place in (origin.store.blobs.path(Digest(HEX)), tree):
        before = place.stat()
        place.chmod(0o644)
        place.write_bytes(bytes([place.read_bytes()[0] ^ 1]) + place.read_bytes()[1:])
        place.chmod(0o444)
        os.utime(place, ns=(before.st_atime_ns, before.st_mtime_ns))
    done = origin.mirror(tmp_path / "new")
    assert len(done.left_out) == 2
    assert done.pins == []
    assert HEX not in str(done.weights)
    assert not any(name.startswith(("trees/", "refs/", "pins/", "urls/")) for name in files(tmp_path / "new"))


def test_links_submodules_and_pointers_are_mirrored(world: World, tmp_path: Path) -> None:
    """The tree has the same digest, and the checkout says the same of itself."""
    tree = {"hubconf.py": "def net(): return 1", "a/b.py": Link("../hubconf.py"), "sub": Submodule("1" * 40)}
    repo = world.repo(tree, tag="v1", name="acme/odd")
    here = rehub.Hub(dir=tmp_path / "here", mirrors=world.mirrors)
    before = here.fetch("acme/odd:v1")
    here.mirror(tmp_path / "odd")
    world.remove(repo)
    there = rehub.Hub(dir=tmp_path / "there", mirrors=f"https://=static+{tmp_path / 'odd'}")
    after = there.fetch("acme/odd:v1")
    assert (after.pin, after.submodules, content(after)) == (before.pin, before.submodules, content(before))


def test_who_has_loaded_from_a_mirror_can_make_one(made: Mirrored, tmp_path: Path) -> None:
    """It keeps what proves the commit; where that is damaged, or git's own repository gone, it is left out and said."""
    second = made.machine(made.folder)
    pin = second.fetch("acme/toy:v1").pin
    assert pin is not None
    assert second.mirror(tmp_path / "second").left_out == []
    made.world.remove(made.repo)
    assert made.machine(tmp_path / "second").load("acme/toy:v1", "net") == "a net"
    second.store.records.proof(pin).write_bytes(b"damaged")
    done = second.mirror(tmp_path / "third")
    assert done.pins == []
    assert "--force-reload" in done.left_out[0]
    assert second.mirror(made.folder).left_out == []
    second.store.records.forget_pin(pin)
    assert not second.store.records.proof(pin).exists()


def test_a_mirror_of_a_lock_takes_from_stores_beneath(made: Mirrored, origin: rehub.Hub, tmp_path: Path) -> None:
    """Of all that a store holds, only its own is taken."""
    lock = tmp_path / "rehub.lock"
    lockfile.write(lock, lock_of(origin, made.urls[0]), "")
    above = made.machine(shared=[origin.settings.dir])
    done = above.mirror(tmp_path / "locked", lock=lock)
    assert (len(done.pins), len(done.weights), done.left_out) == (1, 2, [])
    made.world.remove(made.repo)
    assert made.machine(tmp_path / "locked").load("acme/toy:v1", "net") == "a net"
    assert above.mirror(tmp_path / "own").pins == []


@pytest.mark.parametrize("kind", ["other files", "a newer mirror", "a file"])
def test_a_folder_that_is_no_mirror_is_left_alone(kind: str, origin: rehub.Hub, tmp_path: Path) -> None:
    """Somebody's home, say, or the mirror of a newer rehub."""
    folder = tmp_path / "theirs"
    if kind == "a file":
        folder.write_text("mine")
    else:
        folder.mkdir()
        (folder / ("mirror.json" if kind == "a newer mirror" else "mine.txt")).write_text('{"format": 2}')
    with pytest.raises(MalformedSettingError, match="DIR"):
        origin.mirror(folder)
    if folder.is_dir():
        assert {path.name for path in folder.iterdir()} <= {"mirror.json", "mine.txt"}


def test_several_may_write_one_mirror(made: Mirrored, tmp_path: Path) -> None:
    """One after the other: nothing that one of them knows is lost."""
    hubs = []
    for number in range(4):
        made.repo.commit({"hubconf.py": f"def net(): return {number}"})
        made.repo.tag(f"t{number}")
        hubs.append(made.machine())
        hubs[-1].fetch(f"acme/toy:t{number}")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda hub: hub.mirror(tmp_path / "shared"), hubs))
    refs = json.loads((tmp_path / "shared" / made.path("refs")[1:]).read_text())["refs"]
    assert sorted(refs) == ["t0", "t1", "t2", "t3"]


def test_who_waits_for_too_long_is_told(tmp_path: Path) -> None:
    """By whom the folder is held, nobody knows, but where the lock is."""
    mirror = MirrorFolder(tmp_path / "m")
    with mirror.opened(), pytest.raises(StoreError, match="another process"), mirror.opened(wait=0.01):
        pass


def test_a_killed_writer_leaves_no_half_file(made: Mirrored, origin: rehub.Hub, tmp_path: Path) -> None:
    """Under a name that anybody asks for; what it was writing, the next one sweeps up."""
    folder = tmp_path / "killed"
    script = (
        "import sys, time; from pathlib import Path; from rehub.world.mirror import MirrorFolder\n"
        "def pieces():\n"
        "    yield b'half'; print('here', flush=True); time.sleep(60)\n"
        "mirror = MirrorFolder(Path(sys.argv[1]))\n"
        "with mirror.opened(): mirror.write('trees/x.tar', pieces())\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, folder], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        child.send_signal(signal.SIGKILL)
    assert not (folder / "trees/x.tar").exists()
    assert list(folder.rglob(".new-*"))
    origin.mirror(folder)
    assert not list(folder.rglob(".new-*"))
    assert made.machine(folder).load("acme/toy:v1", "net") == "a net"


def test_a_file_of_a_mirror_that_was_cut_is_written_again(made: Mirrored, origin: rehub.Hub) -> None:
    """A tree, a blob, or a record."""
    before = files(made.folder)
    for what in ("tree", "blob", "refs", "pin", "url"):
        place = made.folder / made.path(what)[1:]
        place.write_bytes(place.read_bytes()[:-2])
    assert origin.mirror(made.folder).written == 5
    assert files(made.folder) == before


def test_names_of_a_mirror_say_nothing_secret(made: Mirrored, origin: rehub.Hub, tmp_path: Path) -> None:
    """Of a URL there is only a digest, without what signs it."""
    url = made.urls[1].replace("://", "://ada:s3cret@") + "?Signature=s3cret&Expires=1"
    origin.load_state_dict_from_url(url)
    origin.mirror(tmp_path / "new")
    found = files(tmp_path / "new")
    assert not any("s3cret" in name or b"s3cret" in data for name, data in found.items())
