"""Mapping is tried with tensors of any size, and torch is left as it was."""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("torch")

from torch import nn

from rehub.verbs.weights import storages, swapping
from rehub.world.scope import undo
from tests.weights_fast.ways import Ways


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
