"""What is there already is loaded without what would bring it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import torch

LOAD = """
import json, sys, torch
before = set(sys.modules)
import rehub
found = rehub.load_state_dict_from_url(sys.argv[1], progress=False)
print(json.dumps([sorted(set(sys.modules) - before), found["weight"].tolist()]))
"""
NEEDLESS = (
    "urllib3",
    "truststore",
    "filelock",
    "ssl",
    "rehub.world.git",
    "rehub.world.download",
    "rehub.words.hubconf",
)


def load(url: str) -> tuple[set[str], list[float]]:
    """Load in a fresh process; give what that has imported beyond torch, and the weights."""
    command = [sys.executable, "-c", LOAD, url]
    done = subprocess.run(command, env={**os.environ}, capture_output=True, text=True, check=True, timeout=60)
    modules, weight = json.loads(done.stdout)
    return set(modules), weight


def test_a_warm_load_imports_nothing_of_the_network(tmp_path: Path) -> None:
    """No module of transfers, git or locks is imported for weights that the store has: they cost more than reading."""
    file = tmp_path / "net.pth"
    torch.save({"weight": torch.arange(4.0)}, file)
    cold, warm = load(file.as_uri()), load(file.as_uri())
    assert cold[1] == warm[1] == [0.0, 1.0, 2.0, 3.0]
    assert {"rehub.world.download", "filelock"} <= cold[0]
    needless = {name for name in warm[0] if any(f"{name}.".startswith(f"{each}.") for each in NEEDLESS)}
    assert needless == set()
