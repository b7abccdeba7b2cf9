"""What a cache must survive: killed processes, full disks, flipped bits, other people's hands."""

import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rehub.words.errors import DigestMismatchError, OfflineError, RefusedTreeError, StoreError
from rehub.world.store import trees
from rehub.world.store.files import read_json, write_json
from rehub.world.store.trees import remove_tree
from tests.client import Client, content, listing
from tests.world import World

FILES = {"hubconf.py": "def net():\n    return 1\n", "pkg/mod.py": "x = 1\n", "pkg/data.bin": "0123456789" * 50}
BYTES = {path: text.encode() for path, text in FILES.items()}
SCRIPT = "import sys; from pathlib import Path; from tests.client import Client; "
FETCH = SCRIPT + "Client(Path(sys.argv[1]), sys.argv[2]).fetch(sys.argv[3], force=len(sys.argv) > 4)"


@pytest.fixture
def client(world: World, tmp_path: Path) -> Client:
    """Give a machine with an empty store."""
    return Client(tmp_path / "hub", world.hub.url)


def environment() -> dict[str, str]:
    """Give a child the environment in which it finds these tests."""
    return {**os.environ, "PYTHONPATH": f"{os.environ['PYTHONPATH']}:{Path(__file__).parents[2]}"}


def start(*args: object, **options: object) -> "subprocess.Popen[bytes]":
    """Start a fetch in a process of its own."""
    command = [sys.executable, "-c", FETCH, *map(str, args)]
    return subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, start_new_session=True, **options)  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize("moments", [12, pytest.param(200, marks=pytest.mark.soak)])
def test_killed_at_any_moment(world: World, client: Client, moments: int) -> None:
    """A fetch that is killed, with its git, at any moment leaves nothing in the way of the next one."""
    chance = random.Random(20261124)
    repo = world.repo({**FILES, "big.bin": os.urandom(200_000)})
    begun = time.monotonic()
    start(client.settings.dir / "warm", world.hub.url, "acme/toy").communicate(timeout=30)
    whole = time.monotonic() - begun
    for number in range(moments):
        process = start(client.settings.dir, world.hub.url, "acme/toy", "force")
        time.sleep(whole * (0.25 + 0.75 * (number + chance.random()) / moments))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        repo.commit({"x": str(number)})
    found = content(client.fetch(force=True))
    assert found["x"] == str(moments - 1).encode()
    assert BYTES.items() <= found.items()
    client.store.sweep(older_than=0)
    assert not list((client.store.root / "tmp").iterdir())


def test_locks_of_a_killed_git_block_nothing(world: World, client: Client) -> None:
    """Lock files and half-written packs that a killed git left are cleared away."""
    repo = world.repo(FILES)
    client.fetch()
    git = client.git_dir()
    for name in ("config.lock", "shallow.lock", "packed-refs.lock", "refs/rehub/x.lock", "objects/pack/tmp_pack_a"):
        (git / name).write_text("")
    new = repo.commit({"x": "1"})
    (git / f"refs/rehub/{new}.lock").write_text("")
    assert content(client.fetch(force=True)) == {**BYTES, "x": b"1"}
    assert not list(git.rglob("*.lock"))


def flip(path: Path) -> None:
    """Flip one bit in the middle."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def become(make: Callable[[Path], object]) -> Callable[[Path], None]:
    """Put something else in a file's place."""

    def act(path: Path) -> None:
        path.unlink()
        make(path)

    return act


DAMAGE: dict[str, Callable[[Path], object]] = {
    "bit flip": flip,
    "truncated to nothing": lambda path: os.truncate(path, 0),
    "truncated by one": lambda path: os.truncate(path, path.stat().st_size - 1),
    "one byte more": lambda path: path.write_bytes(path.read_bytes() + b"x"),
    "deleted": Path.unlink,
    "link to the same bytes": become(
        lambda path: (path.parent / "../../copy").write_bytes(b"") or path.symlink_to("/etc/passwd")
    ),
    "FIFO": become(os.mkfifo),
    "folder": become(Path.mkdir),
    "other file added": lambda path: (path.parent / "torch.py").write_text("evil"),
    "folder added": lambda path: (path.parent / "numpy").mkdir(),
    "byte-code added": lambda path: (path.parent / "mod.cpython-311.pyc").write_bytes(b"evil"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damaged_checkout(world: World, client: Client, kind: str) -> None:
    """Damage of any kind is refused offline, and made good online without another transfer."""
    world.repo(FILES)
    root = client.fetch().root
    for folder in (root, root / "pkg"):
        folder.chmod(0o755)
    (root / "pkg/mod.py").chmod(0o644)
    DAMAGE[kind](root / "pkg/mod.py")
    with pytest.raises(DigestMismatchError, match="pkg"):
        client.but(offline=True).fetch()
    world.hub.reset()
    assert content(client.fetch()) == BYTES
    assert not any((client.store.root / "tmp").iterdir())
    assert client.but(offline=True).fetch().root == root


def test_folder_replaced_by_a_link(world: World, client: Client, tmp_path: Path) -> None:
    """A folder of a checkout that became a link to equal files elsewhere is not followed."""
    world.repo(FILES)
    root = client.fetch().root
    shutil.copytree(root / "pkg", tmp_path / "elsewhere")
    for folder in (root, root / "pkg"):
        folder.chmod(0o755)  # a plain user may not move what is read-only
    (root / "pkg").rename(tmp_path / "away")
    (root / "pkg").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DigestMismatchError):
        client.but(offline=True).fetch()
    assert content(client.fetch()) == BYTES
    assert not (root / "pkg").is_symlink()
    assert (tmp_path / "elsewhere/mod.py").exists()


def test_change_that_hides_its_time(world: World, client: Client) -> None:
    """REHUB_VERIFY=always finds bytes changed at the same size and time; without it the file system's own time does."""
    world.repo(FILES)
    root = client.fetch().root
    path = root / "pkg/mod.py"
    before = path.stat()
    path.chmod(0o644)
    path.write_bytes(b"x = 2\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    path.chmod(0o444)
    for verify in ("always", "changed"):
        with pytest.raises(DigestMismatchError):
            client.but(offline=True, verify=verify).fetch()
    # Below the file system: the record is made to agree, so that only hashing can tell.
    manifest = next((client.store.root / "trees").glob("*.json"))
    data = read_json(manifest)
    assert data is not None
    now = path.stat()
    data["files"]["pkg/mod.py"][1:] = [now.st_size, now.st_ino, now.st_mtime_ns, now.st_ctime_ns]
    write_json(manifest, data)
    with pytest.raises(DigestMismatchError):
        client.but(offline=True, verify="always").fetch()
    assert content(client.but(verify="always").fetch()) == BYTES


def test_copied_store_is_accepted(world: World, client: Client, tmp_path: Path) -> None:
    """A store that was copied, with new inodes and times, is hashed again and then as good as the first."""
    world.repo(FILES)
    client.fetch()
    world.hub.stop()
    shutil.copytree(client.settings.dir, tmp_path / "copy", copy_function=shutil.copy)
    other = Client(tmp_path / "copy", world.hub.url)
    assert content(other.fetch()) == content(other.but(offline=True).fetch()) == BYTES


RECORDS = ("refs", "pins", "trees")


@pytest.mark.parametrize("part", RECORDS)
@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"refs": [], "files": 3, "tree": 5}', "[" * 100_000, '{"schema": 99}']
)
def test_record_of_garbage_counts_as_none(world: World, client: Client, part: str, text: str) -> None:
    """A JSON file that is damaged, or of a newer kind, is made again; offline it is as if it were not there."""
    world.repo(FILES)
    root = client.fetch().root
    for path in (client.store.root / part).rglob("*.json"):
        path.write_text(text)
    with pytest.raises(OfflineError):
        client.but(offline=True).fetch()
    assert client.fetch().root == root
    assert content(client.but(offline=True).fetch()) == BYTES


@pytest.mark.parametrize("part", ["HEAD", "objects", "pack", "config", "refs/rehub", "everything"])
def test_damaged_repository_heals(world: World, client: Client, part: str) -> None:
    """Whatever is wrong with the bare repository, the next fetch starts it anew."""
    repo = world.repo({**FILES, "big.bin": os.urandom(50_000)})
    client.fetch()
    git = client.git_dir()
    if part == "pack":
        for path in git.glob("objects/pack/*.pack"):
            path.chmod(0o644)
            os.truncate(path, path.stat().st_size // 2)
    elif part == "everything":
        shutil.rmtree(git)
        git.write_text("a file")
    elif (git / part).is_dir():
        shutil.rmtree(git / part)
    else:
        (git / part).write_text("garbage\0")
    for path in (client.store.root / "trees").iterdir():
        remove_tree(path)
    repo.commit({"x": "1"})
    assert content(client.fetch(force=True))["x"] == b"1"
    assert {path: content(client.fetch())[path] for path in BYTES} == BYTES


def test_flipped_bit_in_the_bare_repository_heals(world: World, client: Client) -> None:
    """A byte that has turned in git's own storage is noticed when a tree is made again, and fetched anew."""
    world.repo({**FILES, "big.bin": os.urandom(50_000)})
    client.fetch()
    for path in client.git_dir().glob("objects/pack/*.pack"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0xFF
        path.chmod(0o644)
        path.write_bytes(bytes(data))
    for tree in client.store.trees.named(""):
        client.store.trees.remove(tree)
    assert BYTES.items() <= content(client.fetch()).items()


@pytest.mark.parametrize("name", ["z" * 64, "A" * 64, "x", "0" * 63])
def test_strange_names_among_trees_are_nobodys(client: Client, world: World, name: str) -> None:
    """What lies in the folder of trees under another name than a digest is no tree."""
    world.repo(FILES)
    client.fetch()
    (client.store.root / "trees" / name).mkdir()
    assert len(client.store.trees.named("")) == 1


def limit_files(size: int) -> Callable[[], None]:
    """Let a process write no file larger than so many bytes, as a full disk or a quota would."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("size", [0, 100, 5_000, 60_000])
def test_disk_that_is_full(world: World, client: Client, size: int) -> None:
    """Without room a fetch is StoreError, leaves nothing half-written, and works when there is room."""
    world.repo({**FILES, "big.bin": "0" * 100_000, "noise.bin": os.urandom(20_000)})
    process = start(client.settings.dir, world.hub.url, "acme/toy", preexec_fn=limit_files(size))
    _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert b"StoreError" in said.splitlines()[-3] + b"".join(said.splitlines()[-8:]), said.decode()
    assert not [path for path in listing(client.store.root) if path.startswith(("trees/", "pins/", "refs/", "tmp/"))]
    assert BYTES.items() <= content(client.fetch()).items()


def as_nobody(act: Callable[[], object]) -> str:
    """Do something in a child that is nobody in particular; give the error's class and text, or nothing."""
    import filelock  # noqa: F401 - while its files can still be read

    import rehub.verbs.resolve  # noqa: F401

    into, out = os.pipe()
    if (child := os.fork()) == 0:
        said = ""
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            act()
        except BaseException as error:  # noqa: BLE001 - all of it is the answer
            said = f"{type(error).__name__}: {error}"
        os.write(out, said.encode())
        os._exit(0)
    os.close(out)
    with os.fdopen(into) as file:
        said = file.read()
    os.waitpid(child, 0)
    return said


def open_to_all(folder: Path) -> None:
    """Let everybody reach a test's folder."""
    for place in (folder, *folder.parents):
        if place.parent != place and place.owner() == "root" and str(place).startswith("/tmp/"):
            place.chmod(0o755)


@pytest.mark.skipif(os.getuid() != 0, reason="only root may become somebody else")
def test_store_that_is_somebody_elses(world: World, client: Client, tmp_path: Path) -> None:
    """A plain user loads what a read-only store has; what it lacks is StoreError with advice."""
    world.repo(FILES, tag="v1")
    root = client.fetch().root
    open_to_all(tmp_path)
    before = listing(client.store.root)
    assert as_nobody(client.fetch) == ""
    said = as_nobody(lambda: client.fetch("acme/toy@v1"))
    assert said.startswith("StoreError")
    assert "TORCH_HOME" in said
    assert listing(client.store.root) == before
    assert content(client.fetch()) == BYTES
    assert root.exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root may become somebody else")
def test_plain_user_makes_good_a_damaged_tree(world: World, tmp_path: Path) -> None:
    """Read-only folders do not keep their own owner from replacing them."""
    world.repo(FILES)
    open_to_all(tmp_path)
    home = tmp_path / "nobody"
    home.mkdir()
    shutil.chown(home, 65534, 65534)
    client = Client(home / "hub", world.hub.url)
    assert as_nobody(client.fetch) == ""
    path = next((home / "hub/rehub/trees").glob("*/pkg/mod.py"))
    path.chmod(0o644)
    path.write_text("evil")
    assert as_nobody(client.fetch) == ""
    assert content(client.but(offline=True).fetch()) == BYTES
    assert not list((home / "hub/rehub/tmp").iterdir())


def test_lock_that_is_held_too_long(world: World, client: Client) -> None:
    """Who waits for another process for too long is told so; a lock of a dead process is nobody's."""
    world.repo(FILES)
    remote = client.source().remote
    with (
        client.store.locked(remote),
        pytest.raises(StoreError, match="another process has held the lock"),
        client.store.locked(remote, wait=0.1),
    ):
        pass
    with client.store.locked(remote, wait=0.1):
        pass


def test_sweeping_leaves_the_young_alone(client: Client) -> None:
    """Only what is old enough that nobody can be at work on it is removed."""
    tmp = client.store.root / "tmp"
    (tmp / "old").mkdir(parents=True)
    (tmp / "young").mkdir()
    os.utime(tmp / "old", (1, 1))
    (client.store.root / "refs").mkdir()
    (client.store.root / "refs/.new-x").write_text("")
    os.utime(client.store.root / "refs/.new-x", (1, 1))
    client.store.sweep(older_than=1000)
    assert sorted(path.name for path in client.store.root.rglob("*")) == ["refs", "tmp", "young"]


@pytest.mark.parametrize("part", ["refs/*.json", "pins/*/*.json", "trees/*.json"])
@pytest.mark.parametrize("kind", ["folder", "fifo", "infinity"])
def test_record_replaced_by_something_else_is_made_again(world: World, client: Client, part: str, kind: str) -> None:
    """A folder, a FIFO or a number beyond all bounds in a record's place neither blocks nor breaks the next fetch."""
    world.repo(FILES)
    client.fetch()
    (path,) = client.store.root.glob(part)
    text = path.read_text()
    path.unlink()
    if kind == "folder":
        (path / "inner").mkdir(parents=True)
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.write_text(re.sub(r"\b\d{5,}(?:\.\d+)?\b(?![-a-f])", "1e999", text))
    assert content(client.fetch()) == BYTES
    assert content(client.but(offline=True).fetch()) == BYTES


def test_a_disk_that_cannot_hold_two_cases(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the case of letters does not count, two names that differ in nothing else are refused, and named."""
    world.repo({"hubconf.py": "", "demo/Net.java": "1", "demo/NET.java": "2"})
    client = Client(tmp_path / "hub", world.hub.url)
    with monkeypatch.context() as patch:
        patch.setattr(trees, "is_caseless", lambda _: True)
        with pytest.raises(RefusedTreeError, match="are the same on this disk") as caught:
            client.fetch()
        assert caught.value.path in {"demo/Net.java", "demo/NET.java"}
    assert content(client.fetch()) == {"hubconf.py": b"", "demo/Net.java": b"1", "demo/NET.java": b"2"}
    assert not trees.is_caseless(tmp_path)
