"""``rehub list``, ``help`` and ``inspect``: nothing runs, results are pure, and nothing heavy is imported."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import RunRehub
from tests.world import Repo, World

ENTRIES = ["clash", "echo", "fails", "leaves", "needs", "net", "waits"]
PIN_KEYS = {"remote", "commit", "tree"}


def test_list_is_one_name_a_line(toy: Repo, rehub_cli: RunRehub) -> None:
    """What goes to a pipe is names and nothing else, and nothing is said beside it."""
    ran = rehub_cli("list", "acme/toy:v1")
    assert (ran.rc, ran.stdout.split("\n"), ran.stderr) == (0, [*ENTRIES, ""], "")


def test_list_all_adds_what_is_merely_imported(toy: Repo, rehub_cli: RunRehub) -> None:
    """``--all`` names what torch.hub would list by mistake."""
    names = rehub_cli("list", "--all", "acme/toy").stdout.split()
    assert {"Net", "helper"} < set(names)
    assert names == sorted(names)


def test_list_json(toy: Repo, rehub_cli: RunRehub) -> None:
    """The document has the documented keys, the full commit and each entry's parameters."""
    told = json.loads(rehub_cli("list", "acme/toy:v1", "--json").stdout)
    assert set(told) == {"ref", "pin", "entries", "leaks", "dynamic", "problems", "run"}
    assert told["ref"] == "acme/toy:v1"
    assert set(told["pin"]) == PIN_KEYS
    assert told["pin"]["commit"] == toy.rev("v1")
    assert [entry["name"] for entry in told["entries"]] == ENTRIES
    net = next(entry for entry in told["entries"] if entry["name"] == "net")
    assert [parameter["name"] for parameter in net["parameters"]] == ["width", "pretrained", "kwargs"]


def test_list_of_a_folder(tmp_path: Path, rehub_cli: RunRehub) -> None:
    """A folder needs ``./`` or ``--source local``; its document has no pin."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/hubconf.py").write_text("def net(): ...\n")
    assert rehub_cli("list", "./mine").stdout == "net\n"
    told = json.loads(rehub_cli("list", "mine", "--source", "local", "--json").stdout)
    assert told["pin"] is None
    assert rehub_cli("list", "mine").rc == 2


def test_what_reading_cannot_know_is_noted(world: World, rehub_cli: RunRehub) -> None:
    """Names made at run time are told on standard error, with their line; ``-q`` is silent."""
    repo = world.repo({"hubconf.py": "def net(): ...\nglobals()[open('x').read()] = net\n"})
    ran = rehub_cli("list", repo.file_url)
    assert ran.stdout == "net\n"
    assert "note: names made at run time by hubconf.py:2" in ran.stderr
    assert rehub_cli("list", "-q", repo.file_url).stderr == ""


def test_help(toy: Repo, rehub_cli: RunRehub) -> None:
    """The signature and the documentation, as text and as a document."""
    ran = rehub_cli("help", "acme/toy:v1", "net")
    assert ran.stdout.startswith("net(width=8, pretrained=False, **kwargs)\n\nMake a small net.\n")
    told = json.loads(rehub_cli("help", "acme/toy:v1", "net", "--json").stdout)
    assert set(told) == {"ref", "pin", "entry"}
    assert told["entry"]["parameters"][0]["doc"] == "how wide it is."


def test_help_of_no_entry_names_those_there_are(toy: Repo, rehub_cli: RunRehub) -> None:
    """A wrong name is refused with the right ones; an imported one with where it comes from."""
    ran = rehub_cli("help", "acme/toy:v1", "nte")
    assert (ran.rc, ran.stdout) == (1, "")
    assert "Cannot find callable nte" in ran.stderr
    assert "clash, echo" in ran.stderr
    assert "Net is only imported there, from parts/net.py" in rehub_cli("help", "acme/toy:v1", "Net").stderr


def unreadable(kind: str) -> str:
    """Give a hubconf that cannot be read as Python."""
    return {
        "syntax": "def net(:\n",
        "NUL": "def net(): ...\n\0\n",
        "large": "def net(): ...\n" + "#" * (9 << 20),
        "phantom": "from parts import net\n",
    }[kind]


@pytest.mark.parametrize(
    ("kind", "said"),
    [("syntax", "is not Python 3"), ("NUL", "is not Python"), ("large", "is larger than"), ("phantom", "imports net")],
)
def test_a_hubconf_that_cannot_be_read_is_not_an_empty_one(
    kind: str, said: str, tmp_path: Path, rehub_cli: RunRehub
) -> None:
    """What is wrong with it is said, with its line and exit code 1; never that there are no entry points."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/hubconf.py").write_text(unreadable(kind))
    (tmp_path / "mine/parts.py").write_text("")
    for words in (["list", "./mine"], ["list", "-q", "./mine"], ["help", "./mine", "net"]):
        ran = rehub_cli(*words)
        assert (ran.rc, ran.stdout) == (1, ""), ran
        assert "hubconf.py:1: " in ran.stderr
        assert said in ran.stderr
        assert "no entry" not in ran.stderr
    ran = rehub_cli("list", "./mine", "--json")
    assert said in json.loads(ran.stdout)["problems"][0]["message"]
    assert ran.rc == 1
    assert "unknown: hubconf.py has problems" in rehub_cli("inspect", "./mine").stdout


def test_names_made_at_run_time_are_not_denied(tmp_path: Path, rehub_cli: RunRehub) -> None:
    """Where only running makes names, reading says that it knows none, not that there are none."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/hubconf.py").write_text("globals()[open('x').read()] = print\n")
    ran = rehub_cli("list", "./mine")
    assert (ran.rc, ran.stdout) == (0, "")
    assert "running may make some" in ran.stderr
    assert "unknown: names are made at run time" in rehub_cli("inspect", "./mine").stdout


def test_an_empty_dependency_is_not_installed(tmp_path: Path, rehub_cli: RunRehub) -> None:
    """A name that is empty is told as a problem, not said to be installed."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/hubconf.py").write_text("dependencies = ['']\ndef net(): ...\n")
    text = rehub_cli("inspect", "./mine").stdout
    assert "\n  installed" not in text
    assert "dependencies lists ''" in text


def test_help_without_an_entry(toy: Repo, rehub_cli: RunRehub) -> None:
    """``rehub help`` is what newcomers type: it shows the commands, one command, or says what is missing."""
    assert "rehub [OPTIONS] COMMAND" in rehub_cli("help").stdout
    assert "rehub load [OPTIONS] REF ENTRY" in rehub_cli("help", "load").stdout
    ran = rehub_cli("help", "acme/toy")
    assert ran.rc == 2
    assert "which entry of acme/toy? 'rehub list acme/toy' names them" in ran.stderr


def test_inspect_json(world: World, rehub_cli: RunRehub) -> None:
    """The document says everything: dependencies with what is missing, weights, effects, LFS pointers, submodules."""
    from tests.world import Submodule, lfs_pointer

    source = (
        "import os\ndependencies = ['json', 'cv2']\nos.system('pip install x')\n"
        "URL = 'https://example.org/net-0123abcd.pth'\ndef net(): ...\n"
    )
    repo = world.repo({"hubconf.py": source, "w.pt": lfs_pointer(b"x" * 9), "sub": Submodule()})
    told = json.loads(rehub_cli("inspect", repo.file_url, "--json").stdout)
    assert list(told) == [
        *("ref", "pin", "path", "entries", "leaks", "dynamic", "dependencies", "weights", "effects", "problems", "run"),
        *("lfs", "submodules"),
    ]
    assert told["dependencies"][0] == {"name": "json", "line": 2, "distribution": "json", "installed": True}
    assert told["dependencies"][1]["distribution"] == "opencv-python"
    assert told["weights"][0]["hash_prefix"] == "0123abcd"
    assert told["effects"][0]["line"] == 3
    assert (told["lfs"][0]["path"], told["lfs"][0]["size"], told["submodules"]) == ("w.pt", 9, ["sub"])
    text = rehub_cli("inspect", repo.file_url).stdout
    for part in ("cv2 missing: pip install opencv-python", "hubconf.py:3", "0123abcd", "w.pt (9 B)", repo.rev()):
        assert part in text


def test_nothing_of_a_repository_can_drive_the_terminal(world: World, rehub_cli: RunRehub) -> None:
    """Escape sequences and text that is shown backwards arrive visible, not obeyed."""
    doc = "A \x1b]0;owned\x07 \u202e net"
    repo = world.repo({"hubconf.py": f'def net():\n    """{doc}"""\n'})
    for command in (["help", repo.file_url, "net"], ["inspect", repo.file_url]):
        text = rehub_cli(*command).stdout
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "\\x1b]0;owned" in text


def test_any_locale_will_do(world: World, rehub_cli: RunRehub) -> None:
    """Documentation in Chinese is printed under an ASCII locale too, escaped."""
    repo = world.repo({"hubconf.py": 'def net():\n    """一个模型"""\n'})
    ran = rehub_cli("help", repo.file_url, "net", env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})
    assert ran.rc == 0
    assert "\\u4e00" in ran.stdout or "一个模型" in ran.stdout


HEAVY = ("torch", "griffe", "urllib3", "rich", "ssl", "filelock", "numpy", "importlib.metadata")


@pytest.mark.parametrize("command", ["list", "help"])
def test_a_cached_answer_imports_nothing_heavy(command: str, toy: Repo, rehub_cli: RunRehub) -> None:
    """What is in the store is answered without torch, griffe, rich, ssl and the like."""
    words = [command, "acme/toy:v1", *(["net"] if command == "help" else [])]
    assert rehub_cli(*words).rc == 0
    code = (
        "import sys\nfrom rehub.cli.main import run\n"
        f"rc = run({words!r})\nprint([m for m in {HEAVY!r} if m in sys.modules], rc, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == "[] 0\n"


def test_help_of_the_program_starts_quickly(rehub_cli: RunRehub) -> None:
    """``rehub --help`` imports no command, so that it stays quick however many there are."""
    code = (
        "import sys\nfrom rehub.cli.main import run\nrun(['--help'])\n"
        "print([m for m in sys.modules if m.startswith(('rehub.cli.commands', 'rehub.hub', 'rich'))], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == "[]\n"
