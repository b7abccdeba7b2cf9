"""rehub beside torch.hub, in one run: interleaved, repeated, as medians and ratios; ``make bench``.

Each row is a whole process, started from outside. A ratio below 1 means that rehub took less. The first rounds are
not counted. ``--json FILE`` keeps every figure.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.world import World  # noqa: E402

WARM_UP = 1  # rounds not counted
HUBCONF = '''
dependencies = ["torch"]
from nets import small as _small

def net(pretrained=False, width=8):
    """A small network."""
    return _small(width)
'''
NETS = "import torch\n\ndef small(width):\n    return torch.nn.Linear(width, width)\n"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, how rehub answers and how its peer does.

    Attributes:
        name: of the row.
        ours: a command.
        theirs: the peer's command.
        goal: the ratio to reach, ``None`` where there is none.
    """

    name: str
    ours: list[str]
    theirs: list[str]
    goal: float | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process cost."""

    wall: float  # seconds
    cpu: float  # seconds, user and system


def measured(command: list[str], env: dict[str, str]) -> Cost:
    """Run a process to its end; a failure ends the measurement."""
    began, before = time.perf_counter(), os.times()
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(time.perf_counter() - began, cpu)


def questions() -> list[Question]:
    """Give the questions, each answered from a warm cache."""
    rehub, python = str(Path(sys.executable).with_name("rehub")), sys.executable
    hub = "import torch; torch.hub.{}('acme/toy:v1', {}skip_validation=True, trust_repo=True{})"
    ours = "import rehub; rehub.{}('acme/toy:v1', {}trust_repo=True)"
    bare = [python, "-c", "pass"]
    return [
        Question("import rehub, against a bare interpreter", [python, "-c", "import rehub"], bare),
        Question(
            "import rehub, against import torch.hub", [python, "-c", "import rehub"], [python, "-c", "import torch.hub"]
        ),
        Question(
            "rehub list, cached", [rehub, "list", "acme/toy:v1"], [python, "-c", hub.format("list", "", "")], 0.12
        ),
        Question(
            "rehub.help, cached",
            [python, "-c", ours.format("help", "'net', ")],
            [python, "-c", hub.format("help", "'net', ", "")],
        ),
        Question(
            "rehub.load, cached",
            [python, "-c", ours.format("load", "'net', ")],
            [python, "-c", hub.format("load", "'net', ", ", verbose=False")],
        ),
    ]


def prepare(folder: Path, world: World) -> dict[str, str]:
    """Fill both caches: rehub's by loading once, torch.hub's by the folder that it looks for."""
    repo = world.repo({"hubconf.py": HUBCONF, "nets.py": NETS}, name="acme/toy", tag="v1")
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    env = {**kept, "HOME": str(folder), "TORCH_HOME": str(folder / "torch"), "REHUB_MIRRORS": world.mirrors}
    legacy = folder / "torch/hub/acme_toy_v1"
    legacy.mkdir(parents=True)
    for name, text in (("hubconf.py", HUBCONF), ("nets.py", NETS)):
        (legacy / name).write_text(text)
    rehub = str(Path(sys.executable).with_name("rehub"))
    for ref in ("acme/toy:v1", f"acme/toy@{repo.rev('v1')}"):
        subprocess.run(
            [rehub, "load", ref, "net", "--trust"], env=env, check=True, timeout=300, stdout=subprocess.DEVNULL
        )
    return env


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="counted rounds (7)")
    parser.add_argument("--json", type=Path, help="where to keep every figure")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, World(Path(name)) as world:
        env = prepare(Path(name), world)
        rows = {each.name: asked(each, env, chosen.rounds) for each in questions()}
    print_table(rows)
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=1))


def asked(question: Question, env: dict[str, str], rounds: int) -> dict[str, object]:
    """Ask both sides in turn, so that a machine that slows down slows down both."""
    pairs = [(measured(question.ours, env), measured(question.theirs, env)) for _ in range(WARM_UP + rounds)][WARM_UP:]
    ratios = sorted(ours.wall / theirs.wall for ours, theirs in pairs)
    return {
        "wall": statistics.median(ours.wall for ours, _ in pairs),
        "cpu": statistics.median(ours.cpu for ours, _ in pairs),
        "peer_wall": statistics.median(theirs.wall for _, theirs in pairs),
        "peer_cpu": statistics.median(theirs.cpu for _, theirs in pairs),
        "ratio": statistics.median(ratios),
        "ratio_min": ratios[0],
        "ratio_max": ratios[-1],
        "goal": question.goal,
    }


def print_table(rows: dict[str, dict[str, object]]) -> None:
    """Print the figures, times in milliseconds."""
    print(f"{'':44}{'rehub':>9}{'cpu':>7}{'peer':>9}{'cpu':>7}   ratio (min to max)")
    for name, row in rows.items():
        wall, cpu, peer, peer_cpu = (float(str(row[key])) * 1000 for key in ("wall", "cpu", "peer_wall", "peer_cpu"))
        goal = f"   goal {row['goal']}" if row["goal"] else ""
        spread = f"{row['ratio']:.3f} ({row['ratio_min']:.3f} to {row['ratio_max']:.3f})"
        print(f"{name:44}{wall:9.0f}{cpu:7.0f}{peer:9.0f}{peer_cpu:7.0f}   {spread}{goal}")


if __name__ == "__main__":
    main()
