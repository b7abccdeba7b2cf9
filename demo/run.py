"""What rehub does, shown in a terminal on hub repositories of this machine; exits with 1 if a step goes wrong."""

import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.world import World  # noqa: E402

BOLD, DIM, RED, GREEN, END = (
    ("\033[1m", "\033[2m", "\033[31m", "\033[32m", "\033[0m") if sys.stdout.isatty() else ("",) * 5
)
ZOO = ("hubconf.py", "spirals/*.py", "weights/*.pth")

CATS = {
    "hubconf.py": "from utils import noise\n\ndef pet():\n    '''A cat, by its noise.'''\n    return noise()\n",
    "utils.py": "def noise():\n    return 'meow'\n",
}
DOGS = {
    "hubconf.py": "from utils import noise\n\ndef pet():\n    '''A dog, by its noise.'''\n    return noise()\n",
    "utils.py": "def noise():\n    return 'woof'\n",
}

LOAD_TWO = """
import sys, rehub
print(rehub.load("acme/cats", "pet"), rehub.load("acme/dogs", "pet"), rehub.load("acme/cats", "pet"))
print("utils" in sys.modules)
"""

FORWARD = """
import torch, rehub
model = rehub.load("acme/zoo", "spirals_mlp", pretrained=True)
print(model(torch.tensor([[0.5, 0.0], [-0.5, 0.0]])).argmax(1).tolist())
"""


class Demo:
    """Runs commands against the demo's own server, shows them, and counts what was not as it should be."""

    def __init__(self, folder: Path, world: World) -> None:
        self.folder, self.world, self.wrong = folder, world, 0
        home = folder / "home"
        home.mkdir()
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TERM", "NO_COLOR") if name in os.environ}
        path = f"{Path(sys.executable).parent}:{kept.get('PATH', '')}"
        self.env = {
            **kept,
            "PATH": path,
            "HOME": str(home),
            "TORCH_HOME": str(home / "torch"),
            "REHUB_MIRRORS": world.mirrors,
        }

    def say(self, text: str) -> None:
        """Tell what comes next."""
        print(f"\n{BOLD}{textwrap.fill(text, 100)}{END}")

    def run(self, command: str, *expected: str, fails: bool = False, **env: str) -> str:
        """Run one command in a shell, show it with what it prints, and check that."""
        print(f"{GREEN}${END} {''.join(f'{name}={value} ' for name, value in env.items())}{command}")
        return self._check(["sh", "-c", command], expected, fails=fails, **env)

    def python(self, source: str, *expected: str) -> str:
        """Run a few lines of Python, show them with what they print, and check that."""
        for line in source.strip().splitlines():
            print(f"{GREEN}>>>{END} {line}")
        return self._check([sys.executable, "-c", source], expected, fails=False)

    def _check(self, args: list[str], expected: tuple[str, ...], *, fails: bool, **env: str) -> str:
        ended = subprocess.run(
            args, cwd=self.folder, env=self.env | env, capture_output=True, text=True, timeout=300, check=False
        )
        said = ended.stdout + ended.stderr
        print(textwrap.indent(said.rstrip(), f"{DIM}  ") + END)
        missing = [text for text in expected if text not in said]
        if missing or (ended.returncode != 0) != fails:
            self.wrong += 1
            print(f"{RED}  not as it should be: exit code {ended.returncode}, missing {missing}{END}")
        return ended.stdout


def zoo_files() -> dict[str, bytes]:
    """Read the zoo's files, as its repository holds them."""
    found = [path for pattern in ZOO for path in sorted((ROOT / "zoo").glob(pattern))]
    return {str(path.relative_to(ROOT / "zoo")): path.read_bytes() for path in found}


def look_and_load(demo: Demo) -> None:
    """List, help, load with pretrained weights, forward."""
    demo.world.repo(zoo_files(), name="acme/zoo", tag="v1")
    demo.say("A repository with a hubconf.py is a hub. What does it publish? Nothing of it is run to find out.")
    demo.run("rehub list acme/zoo", "spirals_mlp")
    demo.run("rehub help acme/zoo spirals_mlp", "pretrained", "spirals")
    demo.say("Its code runs only once you allowed it: at this commit, or at any.")
    demo.run("rehub load acme/zoo spirals_mlp pretrained=True", "rehub trust add", fails=True)
    demo.run("rehub trust add acme/zoo")
    demo.run("rehub load acme/zoo spirals_mlp pretrained=True", "SpiralsMLP")
    demo.say("The same in Python, and a forward pass: one point on each spiral.")
    demo.python(FORWARD, "[0, 1]")


def side_by_side(demo: Demo) -> None:
    """Two repositories with a module of one name, in one process."""
    demo.world.repo(CATS, name="acme/cats")
    demo.world.repo(DOGS, name="acme/dogs")
    demo.say("Two repositories that both have a utils.py, in one process: each gets its own.")
    demo.run("rehub trust add acme/cats && rehub trust add acme/dogs")
    demo.python(LOAD_TWO, "meow woof meow", "False")


def moved_branch(demo: Demo) -> None:
    """A branch moves: what is cached stays, until you ask; a commit is for ever."""
    cats = demo.world.repo(CATS, name="acme/moving")
    old = cats.rev("main")
    demo.say("A branch moves on the server. What was loaded stays what it is; --force-reload asks again.")
    demo.run("rehub trust add acme/moving")
    demo.run("rehub load acme/moving pet", "meow")
    cats.commit({"utils.py": "def noise():\n    return 'purr'\n"})
    demo.run("rehub load acme/moving pet", "meow")
    demo.run("rehub load acme/moving pet --force-reload", "purr")
    demo.say("A commit is for ever, and what is in the store needs no network.")
    demo.world.hub.stop()
    demo.run(f"rehub load acme/moving@{old} pet", "meow", REHUB_OFFLINE="1")


def main() -> int:
    """Run the demonstration; give the number of things that were not as they should be."""
    folder = Path(tempfile.mkdtemp(prefix="rehub-demo-"))
    parts: list[Callable[[Demo], None]] = [look_and_load, side_by_side, moved_branch]
    try:
        with World(folder) as world:
            demo = Demo(folder, world)
            for part in parts:
                part(demo)
    finally:
        _remove(folder)
    print(
        f"\n{RED}{demo.wrong} steps were not as they should be{END}"
        if demo.wrong
        else f"\n{BOLD}All of it went as it should.{END}"
    )
    return 1 if demo.wrong else 0


def _remove(folder: Path) -> None:
    """Delete the demonstration's folder; the checkouts in it are read-only."""
    for place in folder.rglob("*"):
        if place.is_dir() and not place.is_symlink():
            place.chmod(0o755)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
