"""The zoo is a hub repository that works, and what it says of its models is so."""

import importlib
import subprocess
import sys
from pathlib import Path

import torch

import rehub

ROOT = Path(__file__).parents[1]
ZOO = str(ROOT / "zoo")


def test_zoo_lists_what_it_publishes() -> None:
    """Each entry has a signature and documentation, and nothing leaks, is dynamic or amiss."""
    found = rehub.inspect(ZOO).hubconf
    assert found.names == ["spirals_mlp"]
    assert all(entry.doc and entry.signature for entry in found.entries)
    assert (found.leaks, found.dynamic, found.problems, found.effects) == ((), (), (), ())


def test_trained_model_is_as_good_as_its_documentation_says() -> None:
    """9,989 of 10,000 unseen points, give or take what other processors round differently; untrained it is guessing."""
    model = rehub.load(ZOO, "spirals_mlp", pretrained=True)
    accuracy = importlib.import_module(type(model).__module__.removesuffix("model") + "train").accuracy
    assert abs(accuracy(model) - 0.9989) < 0.0005
    torch.manual_seed(0)
    assert accuracy(rehub.load(ZOO, "spirals_mlp")) < 0.8


def test_training_program_checks_the_weights() -> None:
    """The command that the documentation names prints the figure."""
    done = subprocess.run(
        [sys.executable, "-B", "-m", "spirals.train", "--check"],
        cwd=ZOO,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert "of 10000 unseen points are right" in done.stdout
