"""What every command costs before it does anything, and with a warm cache."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.asking import Question, Side, Stage
from tests.world import World

HUBCONF = '''
dependencies = ["torch"]
from nets import small as _small

def net(pretrained=False, width=8):
    """A small network."""
    return _small(width)
'''
NETS = "import torch\n\ndef small(width):\n    return torch.nn.Linear(width, width)\n"
REHUB = str(Path(sys.executable).with_name("rehub"))


def prepare(folder: Path, world: World) -> dict[str, str]:
    """Fill both caches: rehub's by loading once, torch.hub's by the folder that it looks for."""
    repo = world.repo({"hubconf.py": HUBCONF, "nets.py": NETS}, name="acme/toy", tag="v1")
    env = {"HOME": str(folder), "TORCH_HOME": str(folder / "torch"), "REHUB_MIRRORS": world.mirrors}
    legacy = folder / "torch/hub/acme_toy_v1"
    legacy.mkdir(parents=True)
    for name, text in (("hubconf.py", HUBCONF), ("nets.py", NETS)):
        (legacy / name).write_text(text)
    for ref in ("acme/toy:v1", f"acme/toy@{repo.rev('v1')}"):
        command = [REHUB, "load", ref, "net", "--trust"]
        subprocess.run(command, env={**os.environ, **env}, check=True, timeout=300, stdout=subprocess.DEVNULL)
    return env


def questions(stage: Stage) -> Iterator[Question]:
    """Ask by whole processes, each answered from a warm cache."""
    world = stage.stack.enter_context(World(stage.fresh()))
    env = prepare(stage.fresh(), world)
    hub = "import torch; torch.hub.{}('acme/toy:v1', {}skip_validation=True, trust_repo=True{})"
    ours = "import rehub; rehub.{}('acme/toy:v1', {}trust_repo=True)"

    def python(name: str, program: str) -> Side:
        return Side(name, [sys.executable, "-c", program], env)

    def ask(name: str, side: Side, *peers: Side, goal: float | None = None) -> Question:
        goals = {("seconds", peers[-1].name): goal} if goal else {}
        return Question(name, [side, *peers], ("seconds", "cpu"), goals)

    yield ask(
        "import rehub",
        python("import rehub", "import rehub"),
        python("a bare interpreter", "pass"),
        python("import torch.hub", "import torch.hub"),
    )
    listed = Side("rehub list", [REHUB, "list", "acme/toy:v1"], env)
    yield ask("list, cached", listed, python("torch.hub.list", hub.format("list", "", "")), goal=8.3)
    yield ask(
        "help, cached",
        python("rehub.help", ours.format("help", "'net', ")),
        python("torch.hub.help", hub.format("help", "'net', ", "")),
    )
    yield ask(
        "load, cached",
        python("rehub.load", ours.format("load", "'net', ")),
        python("torch.hub.load", hub.format("load", "'net', ", ", verbose=False")),
    )
