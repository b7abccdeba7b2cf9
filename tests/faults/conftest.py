"""What the tests of faults have: a file of weights, a server of it, three ways to ask for it, and the table."""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import table
from tests.faults.certificates import certificate
from tests.faults.server import FaultServer
from tests.faults.table import Row
from tests.faults.trial import SEED, Trial
from tests.faults.ways import WAYS, Way

_ROW = "fault row"
_rows: list[Row] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run write the table that it prints."""
    parser.addoption("--write-table", action="store_true", help="put how faults ended into docs/faults.md")


def pytest_configure(config: pytest.Config) -> None:
    """Name the marker."""
    config.addinivalue_line("markers", "fault(name, way): the row of docs/faults.md that a test makes")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Collect the rows, whichever process ran the test."""
    if report.when == "call":
        _rows.extend(Row(*row) for name, row in report.user_properties if name == _ROW)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table, and write it if that was asked for."""
    if _rows:
        terminalreporter.section("faults")
        terminalreporter.write_line(f"FAULTS_SEED={SEED}\n{table.shown(_rows)}")
    if config.getoption("--write-table", default=False):
        everything = not config.getoption("keyword") and [Path(arg).name for arg in config.args] == ["faults"]
        table.write(_rows, whole=everything)


@pytest.fixture(scope="session")
def weights() -> bytes:
    """Give a file of weights: 5.2 MB of numbers that hardly pack, so some pieces."""
    import torch

    with io.BytesIO() as file:
        torch.save({"weight": torch.rand(1_300_000, generator=torch.Generator().manual_seed(1))}, file)
        return file.getvalue()


@pytest.fixture
def server(weights: bytes) -> Iterator[FaultServer]:
    """Give an honest server of the weights; a test tells it what to do wrong."""
    with FaultServer(weights) as server:
        yield server


@pytest.fixture(scope="session")
def vouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a certificate for 127.0.0.1, with its key."""
    return certificate(tmp_path_factory.mktemp("tls") / "good")


@pytest.fixture
def secure(weights: bytes, vouched: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultServer]:
    """Give an honest server that speaks TLS, and is trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(vouched))
    with FaultServer(weights, certificate=vouched) as server:
        yield server


@pytest.fixture
def digits(weights: bytes) -> str:
    """Give the first digits of the weights' SHA-256."""
    return hashlib.sha256(weights).hexdigest()[:8]


@pytest.fixture
def trial(request: pytest.FixtureRequest) -> Iterator[Trial]:
    """Give what tries one fault, and hold its ending against the document's."""
    marker = request.node.get_closest_marker("fault")
    assert marker is not None, "a test of a fault says which one"
    trial = Trial(*marker.args, note=lambda row: request.node.user_properties.append((_ROW, _plain(row))))
    yield trial
    known = table.read().get((trial.fault, trial.way))
    if trial.row and not request.config.getoption("--write-table", default=False):
        assert known is not None, f"docs/faults.md lacks {trial.fault!r} ({trial.way}); --write-table adds it"
        assert trial.row.lasting == known.lasting, f"{trial.fault} ({trial.way}): docs/faults.md says otherwise"


def _plain(row: Row) -> list[object]:
    return [row.fault, row.way, row.ends, row.left, row.seconds, row.bytes]


@pytest.fixture
def way(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Way:
    """Give one way to ask for a file: that of the test's marker, or the parameter's."""
    marker = request.node.get_closest_marker("fault")
    name = marker.args[1] if marker else request.param
    found = next(way for way in WAYS if way.name == name)(tmp_path / "user")
    for key, value in found.env.items():
        monkeypatch.setenv(key, value)
    return found
