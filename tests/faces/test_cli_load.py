"""``rehub load``: arguments, what is printed, foreign output and foreign errors."""

import json
from pathlib import Path
from typing import Any

import pytest

from rehub.cli.arguments import parse, value_of
from tests.conftest import RunRehub
from tests.world import Repo, World

KEYS = [
    *("ref", "pin", "entry", "arguments", "type", "repr"),
    *("parameters", "trainable", "bytes", "dtypes", "training", "nested"),
    *("weights", "unverified", "complete", "provenance"),
]


@pytest.fixture
def load(toy: Repo, rehub_cli: RunRehub) -> RunRehub:
    """Give a function that loads from the toy repository, allowed."""
    return lambda *words, **more: rehub_cli("load", "--trust", "acme/toy:v1", *words, **more)


def told(load: RunRehub, *words: str) -> Any:
    """Give what ``echo`` was called with, as the repository saw it."""
    ran = load("echo", *words, "--json")
    assert ran.rc == 0, ran.stderr
    return json.loads(ran.stdout)


def test_it_prints_commit_and_type(load: RunRehub, toy: Repo) -> None:
    """What was made is said in lines that start with a word: the commit and the type among them."""
    lines = dict(line.split(None, 1) for line in load("net", "width=4").stdout.splitlines())
    assert lines["commit"] == toy.rev("v1")
    assert lines["type"].endswith(".parts.net.Net")
    assert lines["entry"] == "net"


def test_json_is_pure_whatever_the_repository_prints(load: RunRehub) -> None:
    """Prints, children and writes to descriptor 1 go to standard error; standard output is one document."""
    ran = load("net", "4", "pretrained=True", "--json")
    document = json.loads(ran.stdout)
    assert list(document) == KEYS
    assert document["arguments"] == {"args": [4], "kwargs": {"pretrained": True}}
    assert document["repr"].startswith("Net(4)...")
    assert len(document["repr"]) < 250
    for said in ("printed by the repository", "printed by a child", "written to the descriptor"):
        assert said in ran.stderr
        assert said not in ran.stdout


def test_what_is_printed_at_the_end_is_no_result_either(world: World, rehub_cli: RunRehub) -> None:
    """``atexit`` functions of the repository print after the result, and still not into it."""
    repo = world.repo({"hubconf.py": "import atexit\ndef net():\n    atexit.register(print, 'late')\n"})
    ran = rehub_cli("load", "--trust", repo.file_url, "net", "--json")
    assert json.loads(ran.stdout)["type"] == "NoneType"
    assert "late" in ran.stderr


def test_arguments_arrive_as_python(load: RunRehub) -> None:
    """Literals are literals, everything else is a string."""
    document = told(load, "1", "two", "[1, 2]", "x={1: (2, None)}", "u=http://h/?a=b", "s='3'", "n=-1")
    assert document["arguments"]["args"] == [1, "two", [1, 2]]
    assert document["arguments"]["kwargs"] == {"x": {"1": [2, None]}, "u": "http://h/?a=b", "s": "3", "n": -1}
    assert "'args': (1, 'two', [1, 2])" in document["repr"]


def test_negative_numbers_follow_two_dashes(load: RunRehub) -> None:
    """After ``--`` a value may start with ``-``."""
    ran = load("--json", "echo", "--", "-1")
    assert json.loads(ran.stdout)["arguments"]["args"] == [-1]


def test_parameters_may_be_named_like_ours(load: RunRehub) -> None:
    """``source=``, ``model=``, ``trust=``, ``json=`` and even ``self=`` belong to the entry."""
    ran = load("clash", "source=a", "model=b", "trust=c", "json=d", "self=e", "--json")
    assert json.loads(ran.stdout)["repr"] == "['a', 'b', 'c', 'd', 'e']"
    names = ["repo_or_dir", "github", "ref", "name", "entry", "args", "hub", "force_reload", "verbose"]
    assert set(told(load, *(f"{name}=1" for name in names))["arguments"]["kwargs"]) == set(names)


@pytest.mark.parametrize(("text", "meant"), [("false", "False"), ("true", "True"), ("null", "None"), ("none", "None")])
def test_lookalikes_of_literals_are_warned_about(text: str, meant: str, load: RunRehub) -> None:
    """``pretrained=false`` would count as true: it is passed as typed, with a warning."""
    ran = load("echo", f"a={text}", "--json")
    assert json.loads(ran.stdout)["arguments"]["kwargs"] == {"a": text}
    assert f"write a={meant} if you mean that" in ran.stderr


def test_values_of_any_text() -> None:
    """No text makes reading a value fail."""
    for text in (
        "",
        "(",
        "[" * 5000,
        "1_0",
        "0x1f",
        "9" * 5000,
        "\\",
        "'",
        "a b",
        "{1:2",
        "lambda: 0",
        "__import__('os')",
    ):
        assert isinstance(value_of(text), str | int)
    assert parse(["a-b=1", "=x", "1=2"]) == (["a-b=1", "=x", "1=2"], {})


def test_a_torch_module_is_described(world: World, rehub_cli: RunRehub) -> None:
    """For a module: how many parameters, how many are trained, their bytes and types, and its mode."""
    source = (
        "dependencies = ['torch']\nimport torch\n"
        "def net(n):\n    net = torch.nn.Linear(n, 1)\n    net.bias.requires_grad_(False)\n    return net.eval()\n"
        "def lazy():\n    return torch.nn.LazyLinear(2)\n"
    )
    repo = world.repo({"hubconf.py": source})
    document = json.loads(rehub_cli("load", "--trust", repo.file_url, "net", "3", "--json").stdout)
    assert list(document) == KEYS
    assert document["type"] == "torch.nn.modules.linear.Linear"
    assert [document[key] for key in KEYS[6:]] == [4, 3, 16, ["float32"], False, [], [], [], True]
    assert "parameters  4 (3 trainable, float32)" in rehub_cli("load", "--trust", repo.file_url, "net", "3").stdout
    assert rehub_cli("load", "--trust", repo.file_url, "lazy").rc == 0


def test_a_model_that_cannot_be_printed_is_still_loaded(world: World, rehub_cli: RunRehub) -> None:
    """A ``repr`` that raises is the repository's affair, not ours."""
    repo = world.repo({"hubconf.py": "class net:\n    def __repr__(self):\n        raise ValueError\n"})
    assert "<its repr raised ValueError>" in rehub_cli("load", "--trust", repo.file_url, "net").stdout


def test_a_foreign_exception_is_the_repositorys_own(load: RunRehub) -> None:
    """Its traceback starts at the repository's first line, causes included; ``-v`` shows all; it ends with 1."""
    ran = load("fails")
    assert (ran.rc, ran.stdout) == (1, "")
    assert "RuntimeError: the deepest line" in ran.stderr
    assert "ZeroDivisionError" in ran.stderr
    assert "return helper(times)" in ran.stderr
    assert "run_entry" not in ran.stderr
    assert "the repository's own code failed" in ran.stderr
    assert "run_entry" in load("fails", "-v").stderr


def test_a_wrong_call_shows_the_right_one(load: RunRehub) -> None:
    """An argument that the entry does not take is told with its signature, and without a traceback of ours."""
    ran = load("fails", "thymes=2")
    assert ran.rc == 1
    assert "unexpected keyword argument 'thymes'" in ran.stderr
    assert "expected fails(times=1)" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_repository_cannot_end_with_success(load: RunRehub) -> None:
    """``sys.exit(0)`` in an entry is a failure: nothing was made."""
    ran = load("leaves", "--json")
    assert (ran.rc, ran.stdout) == (1, "")
    assert "ended the process" in ran.stderr


def test_a_missing_module_comes_with_advice(load: RunRehub) -> None:
    """An import that fails while the entry runs is told with the pip command that may help."""
    assert "pip install yamllike_nosuch" in load("needs").stderr


def test_a_hubconf_that_is_no_python(world: World, rehub_cli: RunRehub) -> None:
    """A syntax error is shown as the repository's own."""
    repo = world.repo({"hubconf.py": "def net(:\n"})
    ran = rehub_cli("load", "--trust", repo.file_url, "net")
    assert ran.rc == 1
    assert "SyntaxError" in ran.stderr


@pytest.mark.parametrize("source", ["x=" + "-" * 20_000 + "1\n", "x='\0'\n"], ids=["nested", "NUL"])
def test_what_the_compiler_refuses_is_the_repositorys_own(source: str, world: World, rehub_cli: RunRehub) -> None:
    """Code that is nested too deeply, or holds NUL, is no bug of rehub, and no traceback is promised."""
    ran = rehub_cli("load", "--trust", world.repo({"hubconf.py": source}).file_url, "net")
    assert ran.rc == 1
    assert "the repository's own code failed" in ran.stderr
    assert "starts at its first line" not in ran.stderr


@pytest.mark.parametrize("raised", ["GeneratorExit", "BaseException"])
def test_what_is_no_exception_is_the_repositorys_own_too(raised: str, world: World, rehub_cli: RunRehub) -> None:
    """Whatever an entry raises, rehub's own lines are not shown for it."""
    repo = world.repo({"hubconf.py": f"def net():\n    raise {raised}('x')\n"})
    ran = rehub_cli("load", "--trust", repo.file_url, "net")
    assert (ran.rc, ran.stdout) == (1, "")
    assert f"{raised}: x" in ran.stderr
    assert "run_entry" not in ran.stderr


def test_a_foreign_exception_cannot_drive_the_terminal(world: World, rehub_cli: RunRehub) -> None:
    """Escape sequences in what a repository raises, and in notes of errors, arrive visible."""
    bad = "'\\x1b]0;owned\\x07'"
    repo = world.repo({"hubconf.py": f"def net():\n    raise ValueError({bad})\n"})
    ran = rehub_cli("load", "--trust", repo.file_url, "net")
    assert "\\x1b]0;owned\\x07" in ran.stderr
    assert "\x1b" not in ran.stderr
    source = f"from rehub import RehubError\ndef net():\n    error = RehubError('no')\n    error.add_note({bad})\n"
    noted = world.repo({"hubconf.py": source + "    raise error\n"}, name="acme/noted")
    ran = rehub_cli("load", "--trust", noted.file_url, "net")
    assert ran.rc == 1
    assert "\\x1b]0;owned\\x07" in ran.stderr
    assert "\x1b" not in ran.stderr


def test_a_missing_dependency_is_told_before_anything_runs(world: World, rehub_cli: RunRehub, tmp_path: Path) -> None:
    """Declared packages are looked for first; the message names the pip command."""
    source = f"open({str(tmp_path / 'ran')!r}, 'w')\ndependencies = ['cv2', 'json']\ndef net(): ...\n"
    ran = rehub_cli("load", "--trust", world.repo({"hubconf.py": source}).file_url, "net")
    assert ran.rc == 1
    assert "pip install opencv-python" in ran.stderr
    assert not (tmp_path / "ran").exists()


def test_load_from_github_by_mirror_then_offline(world: World, rehub_cli: RunRehub) -> None:
    """By a mirror only info/refs and git-upload-pack are asked; offline, with the server gone, nothing."""
    repo = world.repo({"hubconf.py": "def entry(key):\n    return [key]\n"}, name="owner/repo", tag="ref")
    env = {"REHUB_MIRRORS": f"https://github.com/=http://127.0.0.1:{world.hub.port}/"}
    words = ["load", "owner/repo:ref", "entry", "key=value", "--json", "--trust"]
    first = json.loads(rehub_cli(*words, env=env).stdout)
    assert first["pin"] == {
        "remote": "https://github.com/owner/repo",
        "commit": repo.rev("ref"),
        "tree": first["pin"]["tree"],
    }
    assert (first["type"], first["repr"]) == ("list", "['value']")
    asked = {request.path.partition("?")[0].removeprefix("/owner/repo") for request in world.hub.log}
    assert asked <= {"/info/refs", "/git-upload-pack", ".git/info/refs", ".git/git-upload-pack"}
    world.hub.stop()
    world.hub.reset()
    assert json.loads(rehub_cli(*words, env={**env, "REHUB_OFFLINE": "1"}).stdout) == first
    assert world.hub.log == []


def test_a_download_is_told_while_it_runs(world: World, rehub_cli: RunRehub) -> None:
    """How far the weights are that an entry asks for is said beside the result; with --quiet it is not."""
    import io

    import torch

    file = io.BytesIO()
    torch.save({"w": torch.ones(500_000)}, file)
    world.hub.files["/net.pt"] = file.getvalue()
    source = "import torch\ndef net(url): return len(torch.hub.load_state_dict_from_url(url))\n"
    world.repo({"hubconf.py": source}, name="acme/weights", tag="v1")
    call = ("load", "--trust", "acme/weights:v1", "net", f"{world.hub.url}/net.pt", "--json")
    ran = rehub_cli(*call, "-v", env={"REHUB_MIRRORS": world.mirrors})
    assert "net.pt 100%, 1.9 MiB of 1.9 MiB" in ran.stderr
    assert json.loads(ran.stdout)["repr"] == "1"
    quiet = rehub_cli(*call, "--quiet", "--dir", "other", env={"REHUB_MIRRORS": world.mirrors})
    assert quiet.stderr == ""
