"""``rehub run``: a script that knows nothing of rehub, run by Python itself, with torch.hub going through rehub."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ran, RunRehub
from tests.world import World

Plain = Callable[..., Ran]

TELLS = """\
import os, sys
names = ["__name__", "__file__", "__package__", "__doc__", "__cached__", "__builtins__"]
print(sys.argv, sys.path, [repr(globals().get(name)) for name in names], sys.modules["__main__"].__dict__ is globals())
print(sorted(set(globals())), os.getcwd(), type(__loader__), getattr(__spec__, "name", 0), sys.flags)
"""


@pytest.fixture
def plain(tmp_path: Path) -> Plain:
    """Give a function that runs ``python`` as ``rehub_cli`` runs ``rehub``."""

    def run(*args: str, stdin: str = "") -> Ran:
        done = subprocess.run(
            [sys.executable, *args],
            cwd=tmp_path,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=dict(os.environ),
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


def write(folder: Path, name: str, text: str) -> str:
    """Write a script; give its name."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return name


CASES = {
    "a script sees what it always sees": (TELLS, ["in/tells.py", "--json", "-v", "--", "-m", "x"]),
    "a module sees what it always sees": (TELLS, ["-m", "in.tells", "--help", "-q"]),
    "an error": ("def deep():\n    raise ValueError('no')\ndeep()\n", ["in/tells.py"]),
    "an error of a module": ("1 / 0\n", ["-m", "in.tells"]),
    "a syntax error": ("def (:\n", ["in/tells.py"]),
    "an exit code": ("raise SystemExit(7)\n", ["in/tells.py"]),
    "an exit with words": ("import sys; sys.exit('enough')\n", ["in/tells.py"]),
    "an interrupt": ("raise KeyboardInterrupt\n", ["in/tells.py"]),
    "a signal": (f"import os; os.kill(os.getpid(), {signal.SIGTERM:d})\n", ["in/tells.py"]),
    "standard input": ("print(input())\n", ["in/tells.py"]),
    "a script that is not there": ("", ["in/nothing.py"]),
    "a module that is not there": ("", ["-m", "nothing.at.all"]),
    "an exit hook": ("import atexit; atexit.register(print, 'bye'); print('hi')\n", ["in/tells.py"]),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_as_if_python_ran_it(case: str, tmp_path: Path, rehub_cli: RunRehub, plain: Plain) -> None:
    """Output, traceback and exit code are those of ``python``, to the letter."""
    text, words = CASES[case]
    write(tmp_path, "in/tells.py", text)
    assert rehub_cli("run", *words, stdin="typed\n") == plain(*words, stdin="typed\n")


LOADS = """\
import sys
import torch.hub
from torch.hub import load
if len(sys.argv) > 1:
    torch.hub.set_dir(sys.argv[1])
print(load("acme/toy:v1", "net", trust_repo=True, verbose=False), torch.hub.get_dir())
"""


def test_a_script_gets_its_models_by_git(github: World, tmp_path: Path, rehub_cli: RunRehub, hub_dir: Path) -> None:
    """Nothing of the script has changed, and its repositories come from where rehub gets them."""
    github.repo({"hubconf.py": "def net(): return 'a net'\n"}, tag="v1")
    ran = rehub_cli("run", write(tmp_path, "s.py", LOADS))
    assert ran.stdout.splitlines()[-1] == f"a net {hub_dir}", ran.stderr
    assert (hub_dir / "rehub/trees").is_dir()


def test_options_before_the_script_are_rehubs(github: World, tmp_path: Path, rehub_cli: RunRehub) -> None:
    """``--dir``, ``--offline`` and ``-v`` hold for the script, which can still set a folder of its own."""
    github.repo({"hubconf.py": "def net(): return 'a net'\n"}, tag="v1")
    script = write(tmp_path, "s.py", LOADS)
    ran = rehub_cli("run", "-v", "--dir", "there", script)
    assert ran.stdout.splitlines()[-1] == f"a net {tmp_path}/there"
    assert "rehub: acme/toy@v1 is " in ran.stderr
    github.hub.stop()
    ran = rehub_cli("run", "--offline", "--dir", "there", script)
    assert ran.stdout.splitlines()[-1] == f"a net {tmp_path}/there"
    ran = rehub_cli("run", "--offline", script, "elsewhere")
    assert "acme/toy@v1 is not in the store, and rehub is offline" in ran.stderr


def test_processes_of_the_script_go_through_rehub_too(github: World, tmp_path: Path, rehub_cli: RunRehub) -> None:
    """A launcher that starts Python again, as torchrun does, changes nothing."""
    github.repo({"hubconf.py": "def net(): return 'a net'\n"}, tag="v1")
    write(tmp_path, "s.py", LOADS)
    starts = "import subprocess, sys; subprocess.run([sys.executable, 's.py'], check=True)"
    ran = rehub_cli("run", write(tmp_path, "launch.py", starts))
    assert ran.stdout.splitlines()[-1].startswith("a net"), ran.stderr


def test_without_torch_nothing_of_rehub_is_imported(tmp_path: Path, rehub_cli: RunRehub) -> None:
    """A script that does not import torch pays nothing for it."""
    script = write(
        tmp_path, "s.py", "import sys; print(sorted(n for n in sys.modules if n.startswith(('rehub', 'torch'))))"
    )
    ran = rehub_cli("run", script)
    assert ran.stdout == "['rehub', 'rehub._version', 'rehub.cli', 'rehub.cli.startup', 'rehub_test_guard']\n"


@pytest.mark.parametrize(
    ("words", "said"), [([], "Missing argument 'SCRIPT'"), (["--json", "s.py"], "leave out --json"), (["-x"], "-x")]
)
def test_what_cannot_be_meant_is_a_usage_error(words: list[str], said: str, rehub_cli: RunRehub) -> None:
    """The exit code is 2, as for any command."""
    ran = rehub_cli("run", *words)
    assert (ran.rc, ran.stdout) == (2, "")
    assert said in ran.stderr


ASKS_FIRST = """
import importlib.util, subprocess, sys
assert importlib.util.find_spec("torch")
import torch
print(torch.hub.load("acme/toy:v1", "net", trust_repo=True, verbose=False))
"""


def test_asking_whether_torch_is_there_changes_nothing(world: World, tmp_path: Path, rehub_cli: RunRehub) -> None:
    """A script that looks for torch before it imports it goes through rehub all the same."""
    world.repo({"hubconf.py": "dependencies = ['torch']\ndef net(): return 'a net'"}, tag="v1")
    script = write(tmp_path, "asks.py", ASKS_FIRST)
    ran = rehub_cli("run", script, env=world.env())
    assert (ran.rc, ran.stdout.splitlines()[-1]) == (0, "a net"), ran.stderr


def test_a_child_that_is_a_python_without_rehub(tmp_path: Path, rehub_cli: RunRehub) -> None:
    """Another Python that the script starts, in which there is no rehub, starts without complaint."""
    script = write(
        tmp_path,
        "starts.py",
        "import subprocess, sys\nprint(subprocess.run([sys.executable, '-S', '-c', '0'], text=True))\n"
        "print(subprocess.run([sys._base_executable, '-c', 'print(1)'], text=True, capture_output=True))\n",
    )
    ran = rehub_cli("run", script)
    assert "stdout='1\\n', stderr=''" in ran.stdout, ran.stdout + ran.stderr
