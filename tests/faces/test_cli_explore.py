"""``rehub explore``: what can be done with what an entry makes."""

import json

import pytest

from tests.conftest import RunRehub
from tests.faces.test_cli_terminal import shown
from tests.world import Repo, World

KEYS = [
    *("ref", "pin", "entry", "arguments", "kind", "type", "name", "summary", "place", "value", "call", "inputs"),
    *("returns", "returns_shape", "methods", "common", "sizes", "training", "parts", "length", "items", "notes"),
    "nested",
    "weights",
    "unverified",
    "complete",
]
TORCH = (
    "dependencies = ['torch']\nimport torch\n"
    "def net(n=2):\n    print('noise')\n    return torch.nn.Sequential(torch.nn.Linear(n, 2), torch.nn.ReLU()).eval()\n"
    "def deep():\n    return torch.nn.Sequential(net(), net(3))\n"
)


@pytest.fixture
def explore(toy: Repo, rehub_cli: RunRehub) -> RunRehub:
    """Give a function that explores what the toy repository makes, allowed."""
    return lambda *words, **more: rehub_cli("explore", "--trust", "acme/toy:v1", *words, **more)


def test_plain_lines_say_which_entry_and_what_it_made(explore: RunRehub, toy: Repo) -> None:
    """The entry and commit first, as ``rehub load`` has them; then what can be done with the object."""
    ran = explore("net", "width=4")
    lines = ran.stdout.splitlines()
    assert lines[0] == "entry       net"
    assert f"commit      {toy.rev('v1')}" in lines
    assert any(line.endswith(".parts.net.Net") for line in lines)
    assert "printed by the repository" in ran.stderr
    assert ran.rc == 0


def test_json_is_the_exploration(world: World, rehub_cli: RunRehub) -> None:
    """One document with every field; what the repository prints is not in it."""
    repo = world.repo({"hubconf.py": TORCH})
    ran = rehub_cli("explore", "--trust", repo.file_url, "net", "3", "--json")
    document = json.loads(ran.stdout)
    assert list(document) == KEYS
    assert document["arguments"] == {"args": [3], "kwargs": {}}
    assert document["kind"] == "module"
    assert document["call"]["signature"] == "(input)"
    assert document["sizes"]["parameters"] == {"numbers": 8, "bytes": 32, "dtypes": ["float32"], "devices": ["cpu"]}
    assert [each["name"] for each in document["parts"]["parts"]] == ["0", "1"]
    assert document["training"] is False
    assert "noise" in ran.stderr


def test_depth_of_submodules(world: World, rehub_cli: RunRehub) -> None:
    """``--depth`` says how many levels; a number below one is a usage error."""
    words = ["explore", "--trust", world.repo({"hubconf.py": TORCH}).file_url, "deep"]
    assert "0.1" in rehub_cli(*words).stdout
    assert "0.1" not in rehub_cli(*words, "--depth", "1").stdout
    assert rehub_cli(*words, "--depth", "0").rc == 2


def test_a_function_and_values(explore: RunRehub) -> None:
    """What is no module is told, too."""
    assert "dict of 2" in explore("echo", "1", "a=2").stdout
    assert "['kwargs']  dict of 1" in explore("echo", "1", "a=2").stdout


def test_untrusted_code_is_refused_as_by_load(toy: Repo, rehub_cli: RunRehub) -> None:
    """To explore an object it has to be made, so the same permission is needed."""
    ran = rehub_cli("explore", "acme/toy:v1", "net")
    assert ran.rc == 1
    assert "may not run here" in ran.stderr
    assert "printed by" not in ran.stderr


def test_foreign_errors_end_as_by_load(explore: RunRehub) -> None:
    """What the entry raises is the repository's own; a call that it does not take is told with the right one."""
    assert "the repository's own code failed" in explore("fails").stderr
    assert "expected fails(times=1)" in explore("fails", "thymes=2").stderr
    assert "write pretrained=False if you mean that" in explore("net", "pretrained=false").stderr


def test_eyes_see_headings(toy: Repo) -> None:
    """On a terminal the same is shown, with headings that stand out; a line is not broken."""
    screen = shown("explore", "--trust", "acme/toy:v1", "echo", "a=2", NO_COLOR="1", COLUMNS="30")
    assert "['kwargs']  dict of 1" in screen
    assert "\x1b[1m" in shown("explore", "--trust", "acme/toy:v1", "echo")


def test_what_a_repository_says_cannot_drive_the_terminal(world: World, rehub_cli: RunRehub) -> None:
    """Escape sequences in docstrings and names arrive visible."""
    source = "def net():\n    def f(x): ...\n    f.__doc__ = 'a\\x1b[2Jb'\n    f.__name__ = 'f\\x1b[2J'\n    return f\n"
    ran = rehub_cli("explore", "--trust", world.repo({"hubconf.py": source}).file_url, "net")
    assert "\\x1b[2J" in ran.stdout
    assert "\x1b" not in ran.stdout
