"""``rehub sync`` and ``rehub verify``: all that a lock names, brought from real servers and hashed again."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

import rehub
from rehub.verbs.crew import at_once
from rehub.words.lock import Lock, LockedModel, LockedRepository, LockedWeights
from rehub.words.pin import Pin
from rehub.world import lockfile
from tests.world import GitServer, World, git, lfs_pointer

SOURCE = "def net():\n    raise SystemExit('nothing of a repository is run')\n"
DATA = [bytes([number]) * 5000 for number in range(3)]
Machine = Callable[..., rehub.Hub]


@pytest.fixture
def server(world: World) -> GitServer:
    """Give a server with stock settings: no filters, no unreachable commits by older protocols."""
    found = world.server(allow_filter=False, any_commit=False)
    found.files.update({f"/{number}.pt": data for number, data in enumerate(DATA)})
    return found


@pytest.fixture
def machine(server: GitServer, tmp_path: Path) -> Machine:
    """Give a function that makes machines, each with a store of its own; github.com is the server."""

    def make(name: str = "b", **settings: object) -> rehub.Hub:
        given = {"dir": tmp_path / name, "mirrors": {"https://github.com/": f"{server.url}/"}, "timeout": 10.0}
        return rehub.Hub(**{**given, **settings})  # type: ignore[arg-type]

    return make


def locked(hub: rehub.Hub, *refs: str) -> list[LockedRepository]:
    """Give what refs mean on a machine, as a lock has it; the size of the last one is not known."""
    found = [(ref, hub.fetch(ref)) for ref in refs]
    sizes = [sum(each.stat().st_size for each in checkout.root.rglob("*.py")) for _, checkout in found[:-1]]
    return [
        LockedRepository(ref, it.pin, "", size) for (ref, it), size in zip(found, [*sizes, None], strict=True) if it.pin
    ]


def weights(server: GitServer, *numbers: int) -> list[LockedWeights]:
    """Give files of the server, as a lock has them."""
    digests = [(number, hashlib.sha256(DATA[number]).hexdigest()) for number in numbers]
    return [LockedWeights(f"{server.url}/{number}.pt", sha256, len(DATA[number])) for number, sha256 in digests]


def written(folder: Path, repositories: Iterable[LockedRepository] = (), files: Iterable[LockedWeights] = ()) -> Path:
    """Write a lock of one model that needs all of it."""
    repositories = tuple(repositories)
    ref = repositories[0].ref if repositories else "./here"
    model = LockedModel("net", ref, "net", repositories=repositories, weights=tuple(files))
    path = folder / "rehub.lock"
    lockfile.write(path, Lock((model,)), path.read_text() if path.exists() else "")
    return path


@pytest.fixture
def lock(world: World, server: GitServer, machine: Machine, tmp_path: Path) -> Path:
    """Give a lock with two repositories and three files."""
    world.repo({"hubconf.py": SOURCE}, tag="v1")
    world.repo({"hubconf.py": SOURCE, "deep/er.py": ""}, tag="v2", name="acme/other")
    return written(tmp_path, locked(machine("a"), "acme/toy@v1", "acme/other@v2"), weights(server, 0, 1, 2))


def test_all_of_a_lock_comes_once(lock: Path, machine: Machine, server: GitServer) -> None:
    """Another machine has all of it afterwards, verified; a second time nobody is asked for anything."""
    hub = machine()
    done = hub.sync(lock)
    assert [each.came for each in (*done.repositories, *done.weights)] == [True] * 5
    assert not done.failed
    found = hub.verify(lock)
    assert (found.good, found.repositories, found.weights) == (True, 2, 3)
    server.stop()
    assert not any(each.came for each in hub.sync(lock).weights)
    assert machine(offline=True).sync(lock).failed == []


def test_offline_one_error_names_all_that_is_missing(lock: Path, machine: Machine, server: GitServer) -> None:
    """Commits, files and what git LFS keeps, with their sizes; and nothing of it was asked for."""
    server.log.clear()
    with pytest.raises(
        rehub.OfflineError, match=r"(?s)rehub\.lock names is not in the store.*'rehub sync' once"
    ) as caught:
        machine(offline=True).sync(lock)
    commits, files = caught.value.missing[:2], caught.value.missing[2:]
    assert [(name.partition("@")[0], size) for name, size in commits] == [
        ("acme/toy", len(SOURCE)),
        ("acme/other", None),
    ]
    assert files == tuple((f"{server.url}/{number}.pt", 5000) for number in range(3))
    assert all(name in str(caught.value) for name, _ in caught.value.missing)
    assert "in all 14.7 KiB and 1 commit whose size is not known" in str(caught.value)
    assert server.log == []


def test_offline_a_mirror_in_a_folder_has_it(lock: Path, machine: Machine, server: GitServer, tmp_path: Path) -> None:
    """What a machine without a network was given as files comes from there; what the folder lacks is still one error."""
    author = machine("b")
    author.sync(lock)
    author.mirror(tmp_path / "usb", lock=lock)
    server.stop()
    mirrors = f"https://=static+{tmp_path}/usb/ http://=static+{tmp_path}/usb/"
    hub = machine("c", mirrors=mirrors, offline=True)
    assert not hub.sync(lock).failed
    assert hub.verify(lock).good
    for each in (tmp_path / "usb/blobs").rglob("*"):
        if each.is_file():
            each.unlink()
    with pytest.raises(rehub.OfflineError) as caught:
        machine("d", mirrors=mirrors, offline=True).sync(lock)
    assert [size for _, size in caught.value.missing] == [5000] * 3


def test_what_fails_keeps_nothing_else_from_coming(lock: Path, machine: Machine, server: GitServer) -> None:
    """Each failure is told with its own reason; the next sync brings only what is missing."""
    hub = machine()
    server.files["/1.pt"] = b"other bytes"
    server.fail("acme/other", 404)
    done = hub.sync(lock)
    errors = {each.what.rpartition("/")[2]: each.error for each in done.failed}
    assert isinstance(errors.pop("1.pt"), rehub.DigestMismatchError)
    (error,) = errors.values()
    assert isinstance(error, rehub.RepositoryNotFoundError)
    assert "REHUB_MIRRORS" in error.__notes__[0]
    found = hub.verify(lock)
    assert not found.good
    assert len(found.missing) == 2
    server.heal()
    server.files["/1.pt"] = DATA[1]
    again = hub.sync(lock)
    assert [each.came for each in (*again.repositories, *again.weights)] == [False, True, False, True, False]
    assert hub.verify(lock).good


def test_a_commit_that_nothing_reaches_comes_by_its_id(
    world: World, machine: Machine, server: GitServer, tmp_path: Path
) -> None:
    """Stock servers give it out as long as they have it; then it is told to be gone upstream, and a mirror has it."""
    repo = world.repo({"hubconf.py": SOURCE}, tag="v1")
    path = written(tmp_path, locked(machine("a"), "acme/toy@v1"))
    git("clone", "--quiet", "--mirror", repo.path, tmp_path / "mirror/acme/toy.git")
    repo.commit({"hubconf.py": "# other\n"}, branch="fresh", fresh=True)
    repo.head("fresh")
    repo.move("v1", "fresh")
    repo.delete("refs/heads/main")
    hub = machine()
    assert not hub.sync(path).failed
    git("gc", "--quiet", "--prune=now", cwd=repo.path)
    (gone,) = machine("c").sync(path).failed
    assert isinstance(gone.error, rehub.GoneUpstreamError)
    assert "gone upstream" in str(gone.error)
    mirrored = machine("c", mirrors={"https://github.com/": f"{(tmp_path / 'mirror').as_uri()}/"})
    assert not mirrored.sync(path).failed
    assert mirrored.verify(path).good


def test_a_tree_under_another_repositorys_name_is_not_taken(world: World, machine: Machine, tmp_path: Path) -> None:
    """A lock cannot let files that are in the store pass for those of a repository that has others."""
    world.repo({"hubconf.py": SOURCE}, tag="v1")
    world.repo({"hubconf.py": "# evil\n"}, tag="v1", name="evil/toy")
    hub = machine()
    toy, evil = locked(hub, "acme/toy@v1", "evil/toy@v1")
    path = written(tmp_path, [LockedRepository(toy.ref, Pin(toy.pin.remote, toy.pin.commit, evil.pin.tree))])
    for each in (hub, machine("fresh")):
        (failed,) = each.sync(path).failed
        assert isinstance(failed.error, rehub.DigestMismatchError)
        assert failed.error.expected == evil.pin.tree.h1 if evil.pin.tree else False
    (wrong,) = hub.verify(path).wrong
    assert wrong.what.startswith("acme/toy@")


def test_what_git_lfs_keeps_comes_too(world: World, machine: Machine, server: GitServer, tmp_path: Path) -> None:
    """It is named when it is missing, hashed by verify, and its absence is a failure."""
    world.repo({"hubconf.py": SOURCE, "a.bin": lfs_pointer(DATA[0])}, tag="v1")
    path = written(tmp_path, locked(machine("a"), "acme/toy@v1"))
    hub = machine()
    (without,) = hub.sync(path).failed
    assert "a.bin" in str(without.error)
    with pytest.raises(rehub.OfflineError) as caught:
        machine(offline=True).sync(path)
    ((name, size),) = caught.value.missing
    assert (name.endswith(":a.bin"), size) == (True, 5000)
    assert hub.verify(path).missing == caught.value.missing
    server.lfs.add(DATA[0])
    assert not hub.sync(path).failed
    assert hub.verify(path).good
    blob = hub.store.root / "blobs/sha256"
    (kept,) = (each for each in blob.rglob("*") if each.is_file() and not each.suffix)
    kept.chmod(0o644)
    kept.write_bytes(b"x" * 5000)
    assert [each.what for each in hub.verify(path).wrong] == [name]


def test_what_lies_in_a_store_beneath_is_there(lock: Path, machine: Machine, tmp_path: Path) -> None:
    """It is not brought a second time, and hashed where it lies."""
    beneath = machine("lab")
    beneath.sync(lock)
    hub = machine("own", shared=[tmp_path / "lab"], offline=True)
    assert not any(each.came for each in (*hub.sync(lock).repositories, *hub.sync(lock).weights))
    assert hub.verify(lock).good
    (tree,) = beneath.store.root.glob("trees/*/deep/er.py")
    tree.chmod(0o644)
    tree.write_text("evil")
    (wrong,) = hub.verify(lock).wrong
    assert wrong.what.endswith(":deep/er.py")
    with pytest.raises(rehub.OfflineError):
        hub.sync(lock)


def flip(path: Path) -> None:
    """Change a byte, and let size and times be what they were."""
    before = path.stat()
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("part", ["trees/*/hubconf.py", "trees/*/deep/er.py", "blobs/sha256/*/*[0-9a-f]"])
def test_every_byte_is_hashed(lock: Path, machine: Machine, part: str) -> None:
    """A flipped bit is named with its digest; sync brings the file again where the disk tells that it was changed."""
    hub = machine()
    hub.sync(lock)
    files = [each for each in hub.store.root.glob(part) if each.is_file() and not each.name.endswith(".json")]
    for each in files:
        if each.stat().st_size:
            flip(each)
        else:
            each.chmod(0o644)
            each.write_bytes(b"x")
    found = hub.verify(lock)
    assert len(found.wrong) == len(files) > 0
    assert all(len(each.found.removeprefix("sha256:")) == 64 for each in found.wrong)
    assert not hub.sync(lock).failed
    assert hub.verify(lock).good


def test_files_that_are_missing_or_too_many_are_named(lock: Path, machine: Machine) -> None:
    """A tree has exactly its files; what is gone altogether is missing, not wrong."""
    hub = machine()
    hub.sync(lock)
    toy, other = (hub.store.root / "trees" / (each.pin.tree.hex if each.pin.tree else "") for each in _pins(lock))
    for folder in (toy, other, other / "deep"):
        folder.chmod(0o755)
    (toy / "more.py").write_text("evil")
    (other / "deep/er.py").unlink()
    assert [each.what.partition(":")[2] for each in hub.verify(lock).wrong] == ["more.py", "deep/er.py"]
    shutil.rmtree(other)
    assert [name.partition("@")[0] for name, _ in hub.verify(lock).missing] == ["acme/other"]


def _pins(lock: Path) -> list[LockedRepository]:
    return list(lockfile.read(lock)[0].repositories())


def test_a_size_that_is_not_the_files_is_the_locks_fault(server: GitServer, machine: Machine, tmp_path: Path) -> None:
    """The digest decides which bytes are right; verify names what else the lock says of them wrongly."""
    (each,) = weights(server, 0)
    path = written(tmp_path, files=[LockedWeights(each.url, each.sha256, 5001)])
    machine().sync(path)
    (wrong,) = machine().verify(path).wrong
    assert (wrong.expected, "the lock is wrong" in wrong.found) == ("5001 bytes", True)


@pytest.mark.parametrize("off", [-1, 1])
def test_sync_and_verify_agree_about_a_wrong_size(
    server: GitServer, machine: Machine, tmp_path: Path, off: int
) -> None:
    """Bytes that are there, and are the lock's by their digest, are not "all there" for one of them alone."""
    (right,) = weights(server, 0)
    hub = machine()
    assert not hub.sync(written(tmp_path, files=[right])).failed
    (tmp_path / "rehub.lock").unlink()
    path = written(tmp_path, files=[LockedWeights(right.url, right.sha256, right.size + off)])
    (failed,) = hub.sync(path).failed
    assert "The lock is wrong" in str(failed.error)
    assert not hub.verify(path).good


def test_no_more_is_taken_than_the_lock_says(server: GitServer, machine: Machine, tmp_path: Path) -> None:
    """A server that sends without end cannot fill the disk."""
    path = written(tmp_path, files=weights(server, 0))
    server.files["/0.pt"] = DATA[0] * 1000
    (failed,) = machine().sync(path).failed
    assert "larger than 5000 bytes" in str(failed.error)
    assert [each for each in machine().store.root.rglob("*") if each.is_file() and each.stat().st_size >= 5000] == []


def test_any_url_of_the_same_bytes_will_do(server: GitServer, machine: Machine, tmp_path: Path) -> None:
    """A file that one URL does not give any more comes from the next one, once."""
    (each,) = weights(server, 0)
    path = written(tmp_path, files=[LockedWeights(f"{server.url}/gone.pt", each.sha256, each.size), each])
    done = machine().sync(path)
    assert [(each.what, each.error) for each in done.weights] == [(each.url, None)]


def test_a_lock_that_is_not_there(machine: Machine, tmp_path: Path) -> None:
    """It is said, with the command that makes one; an empty one names nothing, and all of it is there."""
    with pytest.raises(rehub.NotFoundError, match=r"rehub lock .*REF ENTRY"):
        machine().sync(tmp_path / "rehub.lock")
    (tmp_path / "rehub.lock").touch()
    assert machine().sync(tmp_path / "rehub.lock").failed == []
    assert machine().verify(tmp_path / "rehub.lock").good


def test_several_at_a_time(world: World, machine: Machine, server: GitServer, tmp_path: Path) -> None:
    """While one file waits for its server, the others come."""
    path = written(tmp_path, files=weights(server, 0, 1, 2))
    server.stall("/0.pt", times=1)
    hub = machine(timeout=3.0)
    waiting = threading.Thread(target=hub.sync, args=(path,))
    waiting.start()
    end = time.monotonic() + 20
    while len(hub.store.blobs.digests()) < 2 and time.monotonic() < end:
        time.sleep(0.02)
    assert len(hub.store.blobs.digests()) == 2
    assert waiting.is_alive()
    waiting.join(60)
    assert hub.verify(path).good


@pytest.mark.parametrize("part", ["/0.pt", "git-upload-pack"])
def test_an_interrupted_sync_ends_soon(lock: Path, server: GitServer, tmp_path: Path, part: str) -> None:
    """Nobody waits for a silent server, and no git goes on; the next sync goes on from what has come."""
    server.stall(part)
    server.log.clear()
    env = {**os.environ, "REHUB_MIRRORS": f"https://github.com/={server.url}/", "TORCH_HOME": str(tmp_path / "b")}
    command = [sys.executable, "-m", "rehub", "sync", "--lock", str(lock)]
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) as process:
        end = time.monotonic() + 30
        while not any(part in each.path for each in server.log) and time.monotonic() < end:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert (process.returncode, "interrupted" in said) == (130, True)
    gits = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(tmp_path / "b") not in gits
    server.heal()
    assert not rehub.Hub(dir=tmp_path / "b/hub", mirrors=env["REHUB_MIRRORS"]).sync(lock).failed


def test_a_crew_stops_at_the_first_bug() -> None:
    """What is no error of rehub's ends the rest, and is raised where somebody waits."""
    begun: list[int] = []

    def task(number: int) -> int:
        begun.append(number)
        if number == 1:
            msg = "a bug"
            raise ValueError(msg)
        return number

    assert at_once([lambda: task(0), lambda: task(2)], most=5, stop=threading.Event()) == [0, 2]
    assert at_once([], most=5, stop=threading.Event()) == []
    begun.clear()
    tasks = [lambda number=number: task(number) for number in range(5)]
    with pytest.raises(ValueError, match="a bug"):
        at_once(tasks, most=1, stop=threading.Event())
    assert begun == [0, 1]
