"""Many processes at once, and processes that die or stand still while others wait for them."""

import contextlib
import time

import pytest

from tests.faults.forked import Forked
from tests.faults.server import FaultServer
from tests.faults.table import RIGHT
from tests.faults.trial import Trial, kept, left
from tests.faults.ways import OLD, Way

MANY = 64


@pytest.mark.fault("64 processes at once", "weights")
def test_many_at_once(way: Way, server: FaultServer, trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    """One brings the file, and all have it: no byte is sent twice."""
    monkeypatch.setenv("REHUB_TIMEOUT", "20")  # so many processes keep the server waiting, too
    server.rate, right, began = 16e6, way.right(server.data), time.perf_counter()
    with contextlib.ExitStack() as stack:
        all_of_them = [stack.enter_context(Forked(lambda: way.bring(server.url), right)) for _ in range(MANY)]
        assert [process.answer(60) for process in all_of_them] == ["right"] * MANY
    assert server.bytes_out == len(server.data)
    assert set(kept(way.folder).values()) == {server.data}
    trial.ended(RIGHT, way.folder, time.perf_counter() - began)


@pytest.mark.fault("16 processes into one file", "file")
def test_many_into_one_file(way: Way, server: FaultServer, trial: Trial) -> None:
    """Whatever they bring twice, the file is whole at every moment, and at the end it is right."""
    right, began = way.right(server.data), time.perf_counter()
    with contextlib.ExitStack() as stack:
        all_of_them = [stack.enter_context(Forked(lambda: way.bring(server.url), right)) for _ in range(16)]
        while server.bytes_out < len(server.data):
            assert set(kept(way.folder).values()) <= {server.data, OLD}
        assert [process.answer() for process in all_of_them] == ["right"] * 16
    assert set(kept(way.folder).values()) == {server.data}
    trial.ended(RIGHT, way.folder, time.perf_counter() - began)


@pytest.fixture
def half_way(way: Way, server: FaultServer) -> Forked:
    """Give a process that has brought half of the file, and holds the lock."""
    server.rate = 4e6
    process = Forked(lambda: way.bring(server.url), way.right(server.data))
    end = time.monotonic() + 20
    while server.bytes_out < len(server.data) // 2:
        assert time.monotonic() < end
        time.sleep(0.01)
    return process


@pytest.mark.parametrize(
    "asked_for",
    [
        pytest.param(name, marks=pytest.mark.fault("the holder of the lock is killed", name))
        for name in ("file", "weights")
    ],
)
def test_holder_killed(
    asked_for: str,
    way: Way,
    server: FaultServer,
    half_way: Forked,
    trial: Trial,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever waits goes on in its place."""
    monkeypatch.setenv("REHUB_TIMEOUT", "5")  # on a busy machine the holder may seem to stand still before it is killed
    right = way.right(server.data)
    with half_way, Forked(lambda: way.bring(server.url), right) as waiting:
        time.sleep(0.3)
        server.rate, began = 0, time.perf_counter()
        half_way.kill()
        assert waiting.answer(10) == "right"
        trial.ended(RIGHT, way.folder, time.perf_counter() - began)
    assert set(kept(way.folder).values()) == {server.data}
    assert way.bring(server.url) == right
    assert left(way.folder) == 0


@pytest.mark.parametrize(
    "asked_for",
    [
        pytest.param(name, marks=pytest.mark.fault("the holder of the lock is stopped", name))
        for name in ("file", "weights")
    ],
)
def test_holder_stopped(asked_for: str, way: Way, server: FaultServer, half_way: Forked, trial: Trial) -> None:
    """Nobody waits for ever for one that stands still; when it goes on, it does no harm."""
    right = way.right(server.data)
    with half_way:
        half_way.stop()
        server.rate = 0
        trial.run(lambda: way.bring(server.url), way.folder, right=right, alone=False)
        half_way.go_on()
        half_way.answer(20)
    assert way.bring(server.url) == right
    assert set(kept(way.folder).values()) == {server.data}
    assert left(way.folder) == 0
