"""Transfers that were killed: the next call goes on where they were, or begins anew, and gives exactly the file."""

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults import behaviours as wrong
from tests.faults.forked import Forked
from tests.faults.server import Behaviour, FaultServer, Talk, honest
from tests.faults.table import RIGHT
from tests.faults.trial import SEED, Trial, deadline, files, is_temporary, kept, left
from tests.faults.ways import OLD, WAYS, Way

NAMES = [way.name for way in WAYS]


def killed(way: Way, server: FaultServer, share: float, digits: str = "") -> None:
    """Kill a transfer when a share of the file's bytes has been sent; more than 1 means some time after all were."""
    size = len(server.data)
    with Forked(lambda: way.bring(server.url, digits), way.right(server.data)) as process:
        if share < 1:
            server.at(int(share * size), process.kill)
            process.answer()
        else:
            over = time.monotonic() + 20
            while server.bytes_out < size and time.monotonic() < over:
                time.sleep(0.001)
            time.sleep((share - 1) / 10)
    server.reset()


def killed_late(way: Way, server: FaultServer, share: float, digits: str = "") -> None:
    """Kill a transfer that takes seconds, so that it has had time to write down how far it was."""
    server.rate = len(server.data) / (12 if way.name == "pieces" else 3)
    killed(way, server, share, digits)
    server.rate = 0
    assert left(way.folder) > 0


@pytest.fixture
def large(server: FaultServer) -> FaultServer:
    """Give the server with a file of 8 MB, which torch can read too."""
    server.data = saved(2_000_000, seed=2)
    return server


def saved(count: int, *, seed: int) -> bytes:
    """Give a file of weights of so many numbers."""
    import io

    import torch

    with io.BytesIO() as file:
        torch.save({"weight": torch.rand(count, generator=torch.Generator().manual_seed(seed))}, file)
        return file.getvalue()


def cases(fault: str) -> pytest.MarkDecorator:
    """Try a fault in each way."""
    marks = [pytest.param(name, marks=pytest.mark.fault(fault, name), id=name) for name in NAMES]
    return pytest.mark.parametrize("asked_for", marks)


@cases("killed at nine tenths")
def test_next_call_goes_on(asked_for: str, way: Way, large: FaultServer, trial: Trial) -> None:
    """Most of what had come is not asked for again."""
    killed_late(way, large, 0.9)
    ended = trial.run(lambda: way.bring(large.url), way.folder, right=way.right(large.data))
    assert ended == RIGHT
    assert large.bytes_out < len(large.data) / 2


@pytest.fixture(params=[20, pytest.param(200, marks=pytest.mark.soak)])
def moments(request: pytest.FixtureRequest) -> list[float]:
    """Give moments at which to kill, as shares of the file; a run says its seed, and FAULTS_SEED sets it."""
    chance = random.Random(SEED)
    return [chance.uniform(0, 1.15) for _ in range(request.param)]


@cases("killed at seeded moments")
def test_killed_at_any_moment(
    asked_for: str, way: Way, server: FaultServer, trial: Trial, moments: list[float]
) -> None:
    """Nothing has a name that stays before it is whole and verified, and no clean-up is needed, however often it was killed."""
    right = way.right(server.data)
    for number, share in enumerate(moments):
        killed(way, server, share)
        assert set(kept(way.folder).values()) <= {server.data, OLD}, f"moment {number}, at {share}"
        if number % 4 == 3:
            with deadline():
                assert way.bring(server.url) == right
            forget(way.folder)
    assert trial.run(lambda: way.bring(server.url), way.folder, right=right) == RIGHT
    assert set(kept(way.folder).values()) == {server.data}


def forget(folder: Path) -> None:
    """Remove what has arrived and all that is known of it."""
    for path in files(folder):
        if "locks" not in path.parts:
            path.unlink()


# What a server may say to a call that goes on.


def unconditional(talk: Talk) -> None:
    """Give any part that is asked for, of whatever version is there: ``If-Range`` is not looked at."""
    headers = {name: value for name, value in talk.asked.headers.items() if name != "if-range"}
    honest(
        Talk(talk.server, talk.connection, type(talk.asked)(talk.asked.method, talk.asked.path, headers), talk.number)
    )


def nameless(talk: Talk) -> None:
    """Give parts, but no ETag."""
    found, size = talk.asked.range, len(talk.data)
    if found is None:
        return talk.answer(200, talk.data, **{"Accept-Ranges": "bytes"})
    last = size - 1 if found[1] is None else min(found[1], size - 1)
    if found[0] > last:
        return talk.answer(416, **{"Content-Range": f"bytes */{size}"})
    return talk.answer(206, talk.data[found[0] : last + 1], **{"Content-Range": f"bytes {found[0]}-{last}/{size}"})


@dataclass(frozen=True, slots=True)
class Resumed:
    """What is different when a killed transfer goes on.

    Attributes:
        does: how the server answers then.
        first: how it answered the killed one.
        other: how the file is changed meanwhile.
    """

    does: Behaviour = honest
    first: Behaviour = honest
    other: Callable[[bytes], bytes] = bytes


def reseeded(data: bytes) -> bytes:
    """Give other weights of the same size."""
    other = saved(2_000_000, seed=7)
    assert len(other) == len(data)
    return other


def smaller(_data: bytes) -> bytes:
    """Give weights of a third of the size."""
    return saved(600_000, seed=7)


RESUMED = {
    "resumed: ETag changed": Resumed(other=reseeded),
    "resumed: ETag changed, If-Range ignored": Resumed(unconditional, other=reseeded),
    "resumed: no ETag, and the file changed": Resumed(nameless, nameless, reseeded),
    "resumed: the file is shorter": Resumed(other=smaller),
    "resumed: range ignored": Resumed(wrong.range_ignored),
    "resumed: 416": Resumed(wrong.no_ranges),
    "resumed: wrong Content-Range": Resumed(wrong.times(1, wrong.wrong_content_range)),
    "resumed: missing Content-Range": Resumed(wrong.times(1, wrong.missing_content_range)),
    "resumed: overlapping range": Resumed(wrong.times(1, wrong.overlapping_range)),
}


@pytest.mark.parametrize(
    "resumed",
    [
        pytest.param(resumed, marks=pytest.mark.fault(name, way), id=f"{name} ({way})")
        for name, resumed in RESUMED.items()
        for way in NAMES
    ],
)
def test_resumed(resumed: Resumed, way: Way, large: FaultServer, trial: Trial) -> None:
    """The bytes are those that the server has now, all of them, and of one version."""
    large.does = resumed.first
    killed_late(way, large, 0.6)
    large.data, large.does = resumed.other(large.data), resumed.does
    ended = trial.run(lambda: way.bring(large.url), way.folder, right=way.right(large.data))
    assert ended == RIGHT
    large.heal()
    assert way.bring(large.url) == way.right(large.data)
    assert left(way.folder) == 0


# What may happen to the part meanwhile.


def flipped(path: Path) -> None:
    """Turn a bit of it."""
    chance = random.Random(3)
    with path.open("r+b") as file:
        file.seek(chance.randrange(min(100_000, path.stat().st_size)))
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]) if byte else b"")


def linked(path: Path) -> None:
    """Put a link to a file of the user's in its place."""
    path.unlink()
    precious = path.parent / "precious"
    precious.write_bytes(OLD)
    path.symlink_to(precious)


def piped(path: Path) -> None:
    """Put a FIFO in its place."""
    path.unlink()
    os.mkfifo(path)


def folder_instead(path: Path) -> None:
    """Put a folder in its place."""
    path.unlink()
    path.mkdir()


HURT: dict[str, Callable[[Path], None]] = {
    "truncated": lambda path: os.truncate(path, path.stat().st_size // 3),
    "emptied": lambda path: os.truncate(path, 0),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"x" * 10_000) and None,
    "deleted": Path.unlink,
    "a link": linked,
    "a FIFO": piped,
    "a folder": folder_instead,
    "a bit flipped, the hash is known": flipped,
}


@pytest.mark.parametrize(
    "hurt",
    [
        pytest.param(hurt, marks=pytest.mark.fault(f"part of a killed one: {name}", way), id=f"{name} ({way})")
        for name, hurt in HURT.items()
        for way in NAMES
    ],
)
def test_part_that_was_hurt(hurt: Callable[[Path], None], way: Way, large: FaultServer, trial: Trial) -> None:
    """What was made of the part meanwhile is never taken for the file, and no file of the user's is written to."""
    from hashlib import sha256

    digits = sha256(large.data).hexdigest()[:8] if "known" in trial.fault else ""
    killed_late(way, large, 0.6, digits)
    parts = [path for path in files(way.folder) if is_temporary(path) and path.suffix != ".json"]
    for part in parts:
        hurt(part)
    right = way.right(large.data)
    trial.run(lambda: way.bring(large.url, digits), way.folder, right=right)
    for precious in way.folder.rglob("precious"):
        assert precious.read_bytes() == OLD
    assert way.bring(large.url, digits) == right


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", "[" * 100_000, "\0" * 100),
        '{"size": -1, "done": [[0, 99999999999]]}',
        '{"size": 1e999, "validator": "", "done": []}',
    ],
)
@pytest.mark.fault("part of a killed one: garbage as its journal", "pieces")
def test_journal_of_garbage(text: str, way: Way, large: FaultServer, trial: Trial) -> None:
    """It counts as none."""
    killed_late(way, large, 0.6)
    for path in files(way.folder):
        if is_temporary(path) and path.suffix == ".json":
            path.write_text(text)
    assert trial.run(lambda: way.bring(large.url), way.folder, right=large.data) == RIGHT
