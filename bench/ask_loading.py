"""Weights that are there already: until they are tensors, and until the first forward of a model that has them."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.asking import ROOT, Question, Side, Stage
from bench.served import served

PROGRAM = str(ROOT / "bench/loading.py")
LAYER = 50_384_896  # bytes of the parameters of one layer of bench/network.py
HUBCONF = """
dependencies = ["torch"]
import sys
import torch
sys.path.insert(0, {root!r})
from bench.network import Network

def net(url, layers):
    network = Network(layers)
    network.load_state_dict(torch.hub.load_state_dict_from_url(url, progress=False))
    return network
"""


def weights_of(stage: Stage, size: int) -> tuple[Path, int]:
    """Make a file of weights of about a size; say how many layers they are for."""
    layers, file = max(1, size // LAYER), stage.fresh() / "network.pth"
    subprocess.run([sys.executable, str(ROOT / "bench/network.py"), str(file), str(layers)], check=True, timeout=600)
    return file, layers


def warm(tool: str, env: Mapping[str, str], url: str) -> None:
    """Fill a tool's cache."""
    program = f"import rehub, torch, sys; {tool}.load_state_dict_from_url(sys.argv[1], progress=False)"
    subprocess.run([sys.executable, "-c", program, url], env={**env}, check=True, timeout=600, capture_output=True)


def questions(stage: Stage) -> Iterator[Question]:
    """Ask both."""
    file, layers = weights_of(stage, stage.size)
    url = f"{stage.stack.enter_context(served(file))}/network.pth"
    folder = stage.fresh()
    (folder / "hubconf.py").write_text(HUBCONF.format(root=str(ROOT)))
    environments = {}
    for tool in ("rehub", "torch.hub"):
        home = stage.fresh() / tool
        home.mkdir()
        environments[tool] = {"HOME": str(home), "TORCH_HOME": str(home / "torch"), "PYTHONPATH": str(ROOT)}
        warm(tool, environments[tool], url)

    def side(what: str, tool: str, name: str) -> Side:
        command = [sys.executable, PROGRAM, what, tool, url, str(layers), str(folder)]
        return Side(name, command, environments[tool])

    megabytes = f"{layers * LAYER / 1e6:.0f} MB"
    yield Question(
        f"warm load of a .pth, {megabytes}",
        [
            side("weights", "rehub", "rehub"),
            side("weights", "torch.hub", "torch.hub"),
            side("mapped", "torch.hub", "torch.load(mmap=True), unverified"),
        ],
        ("seconds", "memory"),
        {("seconds", "torch.hub"): 10.0},
        note="every page touched; around the call, with what it imports then; torch was imported before",
    )
    yield Question(
        f"the same again in one process, {megabytes}",
        [side("again", "rehub", "rehub"), side("again", "torch.hub", "torch.hub")],
        ("seconds",),
        {("seconds", "torch.hub"): 10.0},
        note="every page touched; around the second call of a process: nothing is left to import",
    )
    yield Question(
        f"first forward, {layers * LAYER / 4e6:.0f} million parameters",
        [side("forward", "rehub", "rehub"), side("forward", "torch.hub", "torch.hub")],
        ("seconds", "memory"),
        {("seconds", "torch.hub"): 1.4, ("memory", "torch.hub"): 1 / 0.6},
        note="from hub.load, weights in the cache, to the end of the forward; torch was imported before",
    )
