"""Disks that are full or belong to somebody else, and what may happen to files that are kept."""

import os
import random
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.forked import Forked, as_nobody
from tests.faults.server import FaultServer
from tests.faults.table import RIGHT
from tests.faults.trial import SEED, Trial, kept, left
from tests.faults.ways import OLD, WAYS, Way

NAMES = [way.name for way in WAYS]
ROOT_ONLY = pytest.mark.skipif(os.getuid() != 0, reason="only root may mount, and become somebody else")


@pytest.fixture
def small_disk(way: Way) -> Iterator[Callable[[str], None]]:
    """Give a function that makes the way's folder a disk of its own with some options, or changes them."""
    mounted: list[Path] = []

    def mount(options: str) -> None:
        if mounted:
            subprocess.run(["mount", "-o", f"remount,{options}", way.folder], check=True, timeout=30)
            return
        there = kept(way.folder)
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "none", way.folder], capture_output=True, timeout=30, check=False
        )
        if done.returncode:
            pytest.skip("no disk can be mounted here")
        mounted.append(way.folder)
        for name, data in there.items():
            (way.folder / name).write_bytes(data)

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", folder], check=True, timeout=30)


def params(rows: list[tuple[str, str]]) -> list[object]:
    """Make a case of each fault and way; the first parameter is the fault's name."""
    return [
        pytest.param(options, marks=pytest.mark.fault(fault, way), id=f"{fault} ({way})")
        for fault, options in rows
        for way in NAMES
    ]


FULL = [
    ("disk full at once", "size=16k"),
    ("disk full after a tenth", "size=520k"),
    ("disk full in the middle", "size=2600k"),
    ("disk full before the last bytes", "size=5060k"),
    ("no inode left", "size=64m,nr_inodes=2"),
]


@ROOT_ONLY
@pytest.mark.parametrize("options", params(FULL))
def test_full_disk(
    options: str, way: Way, server: FaultServer, trial: Trial, small_disk: Callable[[str], None]
) -> None:
    """It is said which place is full, nothing is left there, and with room the same call succeeds."""
    small_disk(options)
    ended = trial.run(lambda: way.bring(server.url), way.folder, right=way.right(server.data))
    assert ended == "StoreError"
    assert set(kept(way.folder).values()) <= {OLD}
    assert left(way.folder) == 0
    small_disk("size=64m,nr_inodes=1000")
    assert way.bring(server.url) == way.right(server.data)


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(
            size, marks=pytest.mark.fault(f"no file may be larger than {size:,} bytes", way), id=f"{size}-{way}"
        )
        for size in (0, 100, 5_000, 600_000)
        for way in NAMES
    ],
)
def test_file_size_limit(size: int, way: Way, server: FaultServer, trial: Trial) -> None:
    """As with a disk that is full, whatever the limit is that stops the file."""
    right = way.right(server.data)

    def limited() -> object:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        return way.bring(server.url)

    with Forked(limited, right) as process:
        said = process.answer()
    ended = said.partition(":")[0]
    trial.ended(ended, way.folder, 0.0)
    assert ended == "StoreError", said
    assert set(kept(way.folder).values()) <= {OLD}
    assert way.bring(server.url) == right


# What may happen to files that are kept.


def flip(chance: random.Random) -> Callable[[Path], None]:
    """Turn one bit anywhere."""

    def act(path: Path) -> None:
        data = bytearray(path.read_bytes())
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        path.write_bytes(data)

    return act


def cut(chance: random.Random) -> Callable[[Path], None]:
    """End it anywhere."""
    return lambda path: os.truncate(path, chance.randrange(path.stat().st_size))


def instead(make: Callable[[Path], object]) -> Callable[[random.Random], Callable[[Path], None]]:
    """Put something else in a file's place."""

    def act(path: Path) -> None:
        path.unlink()
        make(path)

    return lambda _chance: act


def link_elsewhere(path: Path) -> None:
    """Make it a link to other weights of the same size."""
    other = path.parent / "elsewhere"
    other.write_bytes(OLD)
    path.symlink_to(other)


DAMAGE: dict[str, Callable[[random.Random], Callable[[Path], None]]] = {
    "a bit flipped": flip,
    "truncated anywhere": cut,
    "truncated to nothing": lambda _: lambda path: os.truncate(path, 0),
    "a byte more": lambda _: lambda path: path.write_bytes(path.read_bytes() + b"x") and None,
    "other bytes of the same size": lambda _: lambda path: path.write_bytes(bytes(path.stat().st_size)) and None,
    "deleted": lambda _: Path.unlink,
    "a link to another file": instead(link_elsewhere),
    "a link to itself": instead(lambda path: path.symlink_to(path.name)),
    "a FIFO": instead(os.mkfifo),
    "a folder": instead(Path.mkdir),
}


def blob(way: Way, data: bytes) -> Path:
    """Give the one real file in which the bytes are kept."""
    found = [path for path in way.folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return next(path for path in found if path.stat().st_size == len(data) and path.read_bytes() == data)


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.fault(f"kept file: {kind}", "weights"), id=kind) for kind in DAMAGE]
)
def test_damage_in_the_store(kind: str, way: Way, server: FaultServer, trial: Trial) -> None:
    """Damaged bytes are never loaded: not offline, and online the right ones come again, by themselves."""
    chance, right = random.Random(SEED), way.right(server.data)
    assert way.bring(server.url) == right
    for _ in range(5 if kind in {"a bit flipped", "truncated anywhere"} else 1):
        path = blob(way, server.data)
        path.chmod(0o644)
        DAMAGE[kind](chance)(path)
        trial.run(lambda: way.bring(server.url), way.folder, right=right)
        assert way.bring(server.url) == right
        assert left(way.folder) == 0


@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=pytest.mark.fault(f"kept file, offline: {kind}", "weights"), id=kind) for kind in DAMAGE],
)
def test_damage_in_the_store_offline(
    kind: str, way: Way, server: FaultServer, trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the network it is an error, and with it the same call succeeds."""
    right = way.right(server.data)
    assert way.bring(server.url) == right
    path = blob(way, server.data)
    path.chmod(0o644)
    DAMAGE[kind](random.Random(SEED))(path)
    monkeypatch.setenv("REHUB_OFFLINE", "1")
    assert trial.run(lambda: way.bring(server.url), way.folder, right=right) != RIGHT
    monkeypatch.delenv("REHUB_OFFLINE")
    assert way.bring(server.url) == right


CHECKPOINTS: dict[str, Callable[[Path], object]] = {
    "a link to nowhere": lambda path: path.symlink_to("nowhere"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a FIFO": os.mkfifo,
    "a folder": Path.mkdir,
    "an empty file": Path.touch,
}


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, marks=pytest.mark.fault(f"in the file's place: {kind}", "weights"), id=kind)
        for kind in CHECKPOINTS
    ],
)
def test_something_in_the_way(kind: str, way: Way, server: FaultServer, trial: Trial) -> None:
    """What lies where torch.hub puts its file, and is none, hangs nobody; without it the call succeeds."""
    place = way.folder / "torch/hub/checkpoints/weights.pth"
    place.parent.mkdir(parents=True)
    CHECKPOINTS[kind](place)
    trial.run(lambda: way.bring(server.url), way.folder, right=way.right(server.data))
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
    assert way.bring(server.url) == way.right(server.data)


# Somebody else's store.


def open_to_all(folder: Path) -> None:
    """Let everybody reach a test's folder."""
    for place in (folder, *folder.parents):
        if place.parent != place and place.owner() == "root" and str(place).startswith("/tmp/"):
            place.chmod(0o755)


@ROOT_ONLY
@pytest.mark.fault("read-only store, the file is there", "weights")
def test_store_of_somebody_else(way: Way, server: FaultServer, trial: Trial, tmp_path: Path) -> None:
    """What is there is used, and nothing is asked of anybody."""
    right = way.right(server.data)
    assert way.bring(server.url) == right
    server.reset()
    open_to_all(tmp_path)
    before = {path: path.lstat().st_mtime_ns for path in way.folder.rglob("*")}
    with as_nobody(lambda: way.bring(server.url), right) as process:
        assert process.answer() == "right"
    assert server.asked == []
    assert {path: path.lstat().st_mtime_ns for path in way.folder.rglob("*")} == before
    trial.ended(RIGHT, way.folder, 0.0)


@ROOT_ONLY
@pytest.mark.parametrize(
    "asked_for",
    [pytest.param(name, marks=pytest.mark.fault("read-only store, the file is not there", name)) for name in NAMES],
)
def test_more_than_somebody_elses_store_has(
    asked_for: str, way: Way, server: FaultServer, trial: Trial, tmp_path: Path
) -> None:
    """What would have to be written is an error that names the place."""
    right = way.right(server.data)
    (way.folder / "torch/hub/checkpoints").mkdir(parents=True)
    open_to_all(tmp_path)
    with as_nobody(lambda: way.bring(server.url), right) as process:
        said = process.answer()
    ended = said.partition(":")[0]
    trial.ended(ended, way.folder, 0.0)
    # A folder of the user's own that is not writable is what opening a file there would say.
    assert ended in ({"StoreError"} if way.name == "weights" else {"StoreError", "PermissionError"}), said
    assert set(kept(way.folder).values()) <= {OLD}
    assert way.bring(server.url) == right
