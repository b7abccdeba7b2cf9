"""Mapping is tried with tensors of any size, and torch is left as it was."""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("torch")

from torch import nn

from rehub.verbs.weights import storages, swapping
from rehub.verbs.weights.alone import can_tell
from rehub.world.memory import KeptFile, Region, can_map, untouched
from rehub.world.scope import undo
from tests.weights_fast.ways import Ways


def _has_means() -> bool:
    """Say whether this system maps files and tells of pages who wrote to them; elsewhere everything is copied."""
    if not (can_map() and can_tell()):
        return False
    with Path(__file__).open("rb") as file:
        region = Region(KeptFile(file.fileno()), 0, 1)
    return untouched(region.address, 1)


@pytest.fixture(autouse=True, scope="session")
def _means() -> None:
    if not _has_means():
        pytest.skip("nothing is mapped on this system: docs/adr/0013")


@pytest.fixture(autouse=True)
def _small_counts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Map the smallest tensors, too, and leave torch as it was."""
    monkeypatch.setattr(storages, "LEAST", 1)
    monkeypatch.setattr(swapping, "LEAST", 1)
    yield
    undo(nn.Module.load_state_dict)


@pytest.fixture
def ways(tmp_path: Path) -> Ways:
    """Give a place for files."""
    return Ways(tmp_path)
