"""Whatever is changed in the store, by whomever, is never loaded, and is found by whoever looks for it."""

import hashlib
import io
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rehub
from rehub.verbs.cache import verify
from rehub.words.digest import Digest
from rehub.world.git import Git
from rehub.world.scope import Bytecode, tag
from rehub.world.store import Store, leases
from rehub.world.store.files import read_json, write_json
from rehub.world.store.trees import remove_tree
from tests.world import World, lfs_pointer

FILES = {
    "hubconf.py": 'import torch, part.net\ndef net(width=8):\n    """Make a net."""\n    return part.net.x\n',
    "part/net.py": "x = 1\n",
    "part/table.bin": bytes(range(256)) * 3,
    "large.bin": lfs_pointer(b"kept by git LFS"),
}
PASSED_BY = {"locks", "tmp", "README", "CACHEDIR.TAG"}  # nothing of these is ever read
GIT = {"git", "commits"}  # whose own files are many; what is read from there has its id proved


@dataclass(frozen=True)
class Change:
    """Something that happens to one file of a store.

    Attributes:
        file: which one, as a part of all of them.
        how: its name in HOW.
        where: in the file, as a part of it.
        amount: of what happens.
    """

    file: float
    how: str
    where: float
    amount: int


def flip(path: Path, change: Change) -> None:
    """Change some bits of one byte."""
    data = bytearray(path.read_bytes()) or bytearray(1)
    data[int(change.where * len(data))] ^= 1 + change.amount % 255
    path.write_bytes(data)


def cut(path: Path, change: Change) -> None:
    """Cut it off."""
    os.truncate(path, int(change.where * path.stat().st_size))


def grow(path: Path, change: Change) -> None:
    """Add bytes at its end."""
    with path.open("ab") as file:
        file.write(bytes([change.amount % 256]) * (1 + change.amount))


def remove(path: Path, change: Change) -> None:
    """Take it away."""
    path.unlink()


def become_another(path: Path, change: Change) -> None:
    """Give it what the next file of its folder, or of the one above, has."""
    near = sorted(each for each in [*path.parent.iterdir(), *path.parent.parent.glob("*/*")] if each.is_file())
    others = [each for each in near if each.name != path.name] or near
    path.write_bytes(others[change.amount % len(others)].read_bytes())


def become_a_link(path: Path, change: Change) -> None:
    """Lead to a file that has other bytes."""
    path.unlink()
    path.symlink_to("/etc/passwd")


def become_a_fifo(path: Path, change: Change) -> None:
    """Be something that one would wait for."""
    path.unlink()
    os.mkfifo(path)


def become_a_folder(path: Path, change: Change) -> None:
    """Be a folder."""
    path.unlink()
    path.mkdir()


def get_a_neighbour(path: Path, change: Change) -> None:
    """Have a new file beside it, with its bytes."""
    path.with_name(f"new{change.amount}.py").write_bytes(path.read_bytes())


HOW: dict[str, Callable[[Path, Change], None]] = {
    each.__name__: each
    for each in (
        *(flip, cut, grow, remove, become_another),
        *(become_a_link, become_a_fifo, become_a_folder, get_a_neighbour),
    )
}
PARTS = st.floats(0, 1, exclude_max=True)
CHANGES = st.builds(Change, PARTS, st.sampled_from(sorted(HOW)), PARTS, st.integers(0, 2000))


@dataclass
class Machine:
    """A user's machine, whose store is made anew for each change."""

    template: Path
    folder: Path
    world: World
    url: str

    def fresh(self) -> None:
        """Make the store again, as a use leaves it: what is in it was looked at, and its records say so."""
        leases.end()
        if self.folder.exists():
            remove_tree(self.folder)
        shutil.copytree(self.template, self.folder, symlinks=True, copy_function=shutil.copy)
        for path in (self.folder / "rehub/blobs").rglob("*"):
            if path.is_file():
                path.chmod(0o644 if path.suffix == ".json" else 0o444)
        self.loaded(offline=True)

    def hub(self, **options: object) -> rehub.Hub:
        """Give a hub with that store."""
        return rehub.Hub(dir=self.folder, mirrors=self.world.mirrors, trust="always", **options)  # type: ignore[arg-type]

    def loaded(self, **options: object) -> dict[str, object]:
        """Give all that a load takes from the store: code, byte-code, data, weights and what is known of entries."""
        from rehub.verbs.weights import fetch_weights

        hub = self.hub(**options)
        checkout = hub.complete(hub.fetch("acme/toy:v1"))
        if checkout.missing:
            raise rehub.OfflineError(checkout.missing)
        found: dict[str, object] = {
            str(path.relative_to(checkout.root)): path.read_bytes()
            for path in checkout.root.rglob("*")
            if path.is_file()
        }
        with hub.transferring("net.pt", shown=False) as transfer:
            found["weights"] = fetch_weights(self.url, transfer, name="net.pt").file.read_bytes()
        found["entries"] = str(hub.inspect("acme/toy:v1").hubconf)
        code = Bytecode(hub.store.bytecode_dir(tag())).find(Digest.of(str(FILES["part/net.py"]).encode()), "net.py")
        found["bytecode"] = code and code.co_code
        return found

    def files(self) -> list[Path]:
        """Give the files of the store that are ever read."""
        root = self.folder / "rehub"
        files = [path for path in sorted(root.rglob("*")) if path.is_file() or path.is_symlink()]
        return [path for path in files if path.relative_to(root).parts[0] not in PASSED_BY]

    def verified(self) -> bool:
        """Say whether a look at all of the store finds nothing wrong."""
        return verify(Store(self.folder / "rehub"), Git(dict(os.environ), 20.0)).sound


@pytest.fixture
def machine(world: World, tmp_path: Path) -> Iterator[Machine]:
    """Give a machine on which everything was used once."""
    world.hub.lfs.add(b"kept by git LFS")
    world.repo({**FILES, "test.txt": str(tmp_path)}, tag="v1")
    world.repo({**FILES, "test.txt": "another"}, name="acme/other", tag="v1")
    file = io.BytesIO()
    torch.save({"w": torch.arange(100.0)}, file)
    world.hub.files["/net.pt"] = world.hub.files["/other.pt"] = file.getvalue()
    found = Machine(tmp_path / "template", tmp_path / "hub", world, f"{world.hub.url}/net.pt")
    hub = rehub.Hub(dir=found.template, mirrors=world.mirrors, trust="always")
    for name in ("toy", "other"):
        assert hub.load(f"acme/{name}:v1", "net") == 1
    for name in ("net", "other"):
        hub.load_state_dict_from_url(f"{world.hub.url}/{name}.pt", progress=False)
    yield found
    leases.end()
    for folder in (found.template, found.folder):
        if folder.exists():
            remove_tree(folder)


def writable(path: Path) -> None:
    """Let a file and its folder be changed, as whoever changes it would."""
    path.parent.chmod(0o755)
    if not path.is_symlink():
        path.chmod(0o644)


def fingerprint(path: Path) -> object:
    """Say what lies at a path."""
    if not os.path.lexists(path):
        return None
    found = path.lstat().st_mode
    return hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(found) else stat.S_IFMT(found)


def is_same(found: dict[str, object], right: dict[str, object]) -> bool:
    """Say whether exactly the right things were loaded; byte-code that is not believed is made again."""
    return {**found, "bytecode": None} == {**right, "bytecode": None} and found["bytecode"] in {
        None,
        right["bytecode"],
    }


def must_be_found(place: Path, how: str) -> bool:
    """Say whether a look must find a change: what is gone of records, or lies about, is never missed."""
    part = place.parts[0]
    if part in GIT:
        return False
    if how == "get_a_neighbour":
        return part == "trees" and len(place.parts) > 2
    return how != "remove" or (part == "trees" and len(place.parts) > 2)


def test_what_is_changed_is_never_loaded_and_is_found(machine: Machine) -> None:
    """Any change of any file: offline it is right or an error, online it is right, and ``verify`` finds it."""
    machine.fresh()
    right = machine.loaded(offline=True)
    assert machine.verified()

    @settings(max_examples=120, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(CHANGES)
    def check(change: Change) -> None:
        machine.fresh()
        files = machine.files()
        path = files[int(change.file * len(files))]
        before = fingerprint(path)
        writable(path)
        HOW[change.how](path, change)
        changed = fingerprint(path) != before or change.how == "get_a_neighbour"
        place = path.relative_to(machine.folder / "rehub")
        if changed and must_be_found(place, change.how):
            assert not machine.verified(), place
        with suppress(rehub.RehubError):
            assert is_same(machine.loaded(offline=True), right), place
        assert is_same(machine.loaded(), right), place
        assert is_same(machine.loaded(offline=True), right), place

    check()


def test_what_hides_is_found_by_hashing(machine: Machine) -> None:
    """With ``verify="always"`` also a change that keeps size and times, and with which all records agree."""
    machine.fresh()
    right = machine.loaded(offline=True)

    @settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(PARTS, PARTS, st.integers(0, 254))
    def check(file: float, where: float, amount: int) -> None:
        machine.fresh()
        root = machine.folder / "rehub"
        files = [
            path
            for path in machine.files()
            if path.relative_to(root).parts[0] in {"trees", "blobs"} and path.suffix != ".json" and path.is_file()
        ]
        path = files[int(file * len(files))].resolve()
        found = path.stat()
        writable(path)
        flip(path, Change(file, "flip", where, amount))
        os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
        path.chmod(0o444)
        agree(root, path)
        assert not machine.verified()
        with suppress(rehub.RehubError):
            assert is_same(machine.loaded(offline=True, verify="always"), right), path
        assert is_same(machine.loaded(verify="always"), right), path

    check()


def agree(root: Path, path: Path) -> None:
    """Let the record of a file say that it looks as it does: as if nobody could tell that it was written to."""
    place, now = path.relative_to(root).parts, path.stat()
    looks = [now.st_size, now.st_ino, now.st_mtime_ns, now.st_ctime_ns]
    record = root / "trees" / f"{place[1]}.json" if place[0] == "trees" else path.with_name(f"{path.name}.json")
    data = read_json(record)
    assert data is not None
    row = data["files"]["/".join(place[2:])] if place[0] == "trees" else data["seen"]
    row[1:] = looks
    write_json(record, data)
