"""How commands end: exit codes, messages, ^C, closed pipes, full disks and bugs; and what every command has."""

import contextlib
import importlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from rehub.cli.main import SECTIONS, cli
from tests.conftest import RunRehub
from tests.world import Repo, World

NAMES = [name for section in SECTIONS.values() for name in section]


def leaves(group: click.Group, start: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Give every command that does something, as it is typed."""
    found: list[tuple[str, ...]] = []
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        found += leaves(command, (*start, name)) if isinstance(command, click.Group) else [(*start, name)]
    return found


def test_version(rehub_cli: RunRehub) -> None:
    """``--version`` says name and version."""
    assert rehub_cli("--version").stdout == "rehub 0.1.0\n"


@pytest.mark.parametrize("words", leaves(cli), ids=" ".join)
def test_every_command_has_what_all_have(words: tuple[str, ...]) -> None:
    """Each has ``--json``, ``--quiet``, ``--verbose`` and a help with an example of itself."""
    command: click.Command = cli
    for word in words:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), word)
        assert found is not None
        command = found
    options = {option for parameter in command.params for option in parameter.opts}
    assert {"--json", "-q", "--quiet", "-v", "--verbose", "--dir", "--offline"} <= options
    text = command.get_help(click.Context(command, info_name="rehub " + " ".join(words)))
    assert re.search(rf"Example:\n.*rehub {' '.join(words)}", text)


@pytest.mark.parametrize("name", NAMES)
def test_the_list_of_commands_says_what_each_says(name: str) -> None:
    """``rehub --help`` knows the commands without importing them; it must not say something else."""
    command = importlib.import_module(f"rehub.cli.commands.{name}").command
    said = next(section[name] for section in SECTIONS.values() if name in section)
    assert (command.help or "").split("\n", 1)[0] == said


USAGE = {
    "lsit": "did you mean 'list'?",
    "list": "Missing argument 'REF'",
    "list nosuch": "is not a ref",
    "list --upload-pack=x": "No such option",
    "list -- --upload-pack=x": "is not a ref",
    "list acme/toy --source elsewhere": "'github', 'local'",
    "load acme/toy net a=1 2": "follows a named argument",
    "load acme/toy net a=1 a=2": "given twice",
    "cache prune --older-than soon": "not an age",
    "completion tcsh": "'bash', 'zsh', 'fish'",
}


@pytest.mark.parametrize("line", USAGE)
def test_usage_errors_are_2(line: str, rehub_cli: RunRehub) -> None:
    """What was typed wrong is said on standard error, with what would be right."""
    ran = rehub_cli(*line.split())
    assert (ran.rc, ran.stdout) == (2, "")
    assert ran.stderr.startswith("error: ")
    assert USAGE[line] in ran.stderr


@pytest.mark.parametrize(("name", "value"), [("REHUB_TRUST", "maybe"), ("REHUB_LOG", "loud"), ("REHUB_OFFLINE", "x")])
def test_wrong_settings_are_2(name: str, value: str, toy: Repo, rehub_cli: RunRehub) -> None:
    """A variable with a value that it cannot have is a usage error that names it."""
    ran = rehub_cli("list", "acme/toy", env={name: value})
    assert ran.rc == 2
    assert name in ran.stderr


def test_refusals_are_1(toy: Repo, rehub_cli: RunRehub) -> None:
    """What is not there, not allowed or not reachable ends with 1 and a message, never a traceback."""
    for words in (["list", "acme/none"], ["list", "acme/toy:v9"], ["list", "acme/toy", "--offline"], ["list", "./x"]):
        ran = rehub_cli(*words)
        assert (ran.rc, ran.stdout) == (1, "")
        assert ran.stderr.startswith("error: ")
        assert "Traceback" not in ran.stderr


def test_without_a_command(rehub_cli: RunRehub) -> None:
    """``rehub`` alone shows the help, as a usage error."""
    ran = rehub_cli()
    assert ran.rc == 2
    assert ran.stderr.startswith("Usage: rehub")


def test_a_warning_is_one_line(toy: Repo, rehub_cli: RunRehub) -> None:
    """A name that is branch and tag is warned about, without a line of source code."""
    toy.branch("v1")
    ran = rehub_cli("list", "acme/toy:v1")
    assert ran.rc == 0
    assert ran.stderr.startswith("warning: v1 of acme/toy is both a tag and a branch")
    assert ran.stderr.count("\n") == 1


def test_progress_only_when_asked(toy: Repo, rehub_cli: RunRehub) -> None:
    """Without a terminal nothing is said of progress; ``-v`` says it, line by line, apart from the result."""
    assert rehub_cli("list", "acme/toy").stderr == ""
    ran = rehub_cli("list", "acme/toy", "-v", "--force-reload", "--dir", "elsewhere")
    assert "fetching acme/toy@" in ran.stderr
    assert "fetching" not in ran.stdout


def test_log_level_by_environment(toy: Repo, rehub_cli: RunRehub) -> None:
    """``REHUB_LOG=debug`` is accepted and keeps results pure."""
    ran = rehub_cli("list", "acme/toy", "--json", env={"REHUB_LOG": "debug"})
    assert json.loads(ran.stdout)["ref"] == "acme/toy"


def test_a_token_is_never_shown(toy: Repo, world: World, rehub_cli: RunRehub) -> None:
    """The most talkative run shows no secret."""
    ran = rehub_cli("list", "acme/toy", "-vv", env={"GITHUB_TOKEN": "ghp_verysecret", "GITLAB_TOKEN": "glpat-secret"})
    assert ran.rc == 0
    assert "secret" not in ran.stdout + ran.stderr


def start(*words: str, **settings: object) -> subprocess.Popen[bytes]:
    """Start a command without waiting for it."""
    command = [sys.executable, "-m", "rehub", *words]
    return subprocess.Popen(command, **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings})  # type: ignore[call-overload, no-any-return]


def test_interrupt_is_130(toy: Repo, rehub_cli: RunRehub) -> None:
    """^C while the repository's code runs ends with 130, one word and no traceback."""
    child = start("load", "--trust", "acme/toy", "waits")
    assert child.stderr is not None
    assert child.stderr.readline() == b"waiting\n"
    child.send_signal(signal.SIGINT)
    stdout, stderr = child.communicate(timeout=30)
    assert (child.returncode, stdout, stderr) == (130, b"", b"interrupted\n")


def test_closed_pipe_is_quiet(toy: Repo, rehub_cli: RunRehub) -> None:
    """``rehub list … | head -1`` says nothing of the pipe that head closed."""
    rehub_cli("list", "acme/toy")
    reading, writing = os.pipe()
    os.close(reading)
    child = start("list", "acme/toy", stdout=writing)
    os.close(writing)
    assert child.communicate(timeout=30)[1] == b""
    assert child.returncode == 141


LONG = {"list": "list acme/toy", "load": "load --trust acme/toy echo", "help": "--help", "script": "completion bash"}
needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")


@needs_full
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", LONG.values(), ids=LONG)
def test_full_disk_is_said(words: str, unbuffered: str, toy: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """A result that could not be written is one error, not silence, and Python adds nothing to it."""
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    with Path("/dev/full").open("wb") as full:
        child = start(*words.split(), stdout=full)
        stderr = child.communicate(timeout=30)[1]
    assert child.returncode == 1, stderr
    assert stderr == b"error: the result could not be written: No space left on device\n"


@needs_full
def test_a_full_log_stops_nothing(toy: Repo) -> None:
    """That nobody can read the progress does not keep the result away."""
    with Path("/dev/full").open("wb") as full:
        child = start("list", "acme/toy", "-vv", stderr=full)
        stdout = child.communicate(timeout=30)[0]
    assert child.returncode == 0
    assert b"net\n" in stdout


@pytest.mark.parametrize("closed", [">&- 2>&- <&-", "<&- >&-", ">&-"])
@pytest.mark.parametrize("words", ["list acme/toy", "load --trust acme/toy net"])
def test_closed_streams_do_no_harm(words: str, closed: str, toy: Repo) -> None:
    """A daemon may have no standard streams at all, for itself and for the code that it runs."""
    done = subprocess.run(["sh", "-c", f"{sys.executable} -m rehub {words} {closed}"], timeout=60, check=False)
    assert done.returncode == 0


def of(port: int) -> list[str]:
    """Give the command lines of all processes that know a port of ours."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            found.append(place.read_bytes().replace(b"\0", b" ").decode())
    return [line for line in found if f"127.0.0.1:{port}/" in line]


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="processes are looked for in /proc")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_no_git_survives_a_signal(number: signal.Signals, code: int, toy: Repo, world: World) -> None:
    """Told to end while a remote is silent, the command ends with what it started, and says so in one line."""
    world.hub.stall("acme/toy")
    child = start("list", "acme/toy")
    end = time.monotonic() + 30
    while not (of(world.hub.port) and world.hub.log) and time.monotonic() < end:
        time.sleep(0.05)
    assert of(world.hub.port)
    child.send_signal(number)
    if number != signal.SIGINT:
        child.send_signal(number)  # a terminal that closes may say so twice
    stderr = child.communicate(timeout=30)[1]
    assert child.returncode == code, stderr
    assert stderr.count(b"\n") == 1
    assert of(world.hub.port) == []


def test_what_is_ignored_stays_ignored(world: World) -> None:
    """``nohup rehub …`` goes on when the terminal closes."""
    source = "import os, signal\ndef net():\n    os.kill(os.getpid(), signal.SIGHUP)\n"
    script = (
        f"trap '' HUP; exec {sys.executable} -m rehub load --trust {world.repo({'hubconf.py': source}).file_url} net"
    )
    assert subprocess.run(["sh", "-c", script], capture_output=True, timeout=60, check=False).returncode == 0


def test_a_forked_worker_ends_as_python_has_it(world: World, rehub_cli: RunRehub) -> None:
    """``Process.terminate`` of a repository's own worker ends it at once, with the exit code that Python gives."""
    source = (
        "import multiprocessing, time\ndef net():\n    fork = multiprocessing.get_context('fork')\n"
        "    worker = fork.Process(target=time.sleep, args=(60,))\n    worker.start()\n    time.sleep(0.3)\n"
        "    worker.terminate()\n    worker.join(20)\n    return worker.exitcode\n"
    )
    ran = rehub_cli("load", "--trust", world.repo({"hubconf.py": source}).file_url, "net", "--json")
    assert json.loads(ran.stdout)["repr"] == str(-signal.SIGTERM)
    assert "Traceback" not in ran.stderr


def test_a_working_directory_that_is_gone_is_no_bug(toy: Repo, tmp_path: Path) -> None:
    """In a folder that was removed a command ends with an error of its own."""
    script = f"mkdir gone && cd gone && rmdir ../gone && {sys.executable} -m rehub list ./mine"
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, timeout=60, check=False)
    assert done.returncode in {1, 2}, done.stderr


@pytest.mark.parametrize(
    ("words", "hinted"),
    [
        (["list", "file:///my", "models/zoo@v1"], True),
        (["list", "file:///my", "zoo@v1"], True),
        (["load", "file:///my", "models/zoo@v1", "net"], True),
        (["load", "file:///my", "net"], False),
        (["list", "acme/toy", "v1"], False),
    ],
)
def test_a_space_in_a_url_is_hinted_at(words: list[str], hinted: bool, toy: Repo, rehub_cli: RunRehub) -> None:
    """``file://$PWD/zoo`` falls apart where the folder's name has a space; what to type instead is said."""
    ran = rehub_cli(*words)
    assert ran.rc in {1, 2}
    assert ("%20" in ran.stderr) is hinted


def offered(words: str) -> list[str]:
    """Give what bash is offered for the last word."""
    env = {**os.environ, "_REHUB_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    done = subprocess.run(
        [sys.executable, "-m", "rehub"], capture_output=True, text=True, env=env, timeout=60, check=True
    )
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


def test_nothing_is_offered_that_a_shell_obeys(world: World, toy: Repo, rehub_cli: RunRehub) -> None:
    """Names and refs with substitutions, spaces or line ends stay out of the user's command line."""
    bad = ["x$(touch /tmp/pwn)", "x`id`", "x;id", "x y", "x\ny", "--all", "x\x1b[2J", "x'"]
    names = "".join(f"globals()[{name!r}] = net\n" for name in (*bad, "res-net.50", "größe"))
    repo = world.repo({"hubconf.py": f"def net(): ...\n{names}"}, name="acme/evil", tag="x$(id)")
    assert json.loads(rehub_cli("list", "acme/evil", "--json").stdout)["entries"][0]["name"] in bad
    assert offered("rehub load acme/evil ") == ["größe", "net", "res-net.50"]
    repo.tag("v1")
    for ref in ("acme/evil:x$(id)", "acme/evil:v1"):
        assert rehub_cli("list", ref).rc == 0
    assert offered("rehub load acme/e") == ["acme/evil", "acme/evil@v1"]


def test_a_bug_is_3_with_a_report(toy: Repo, tmp_path: Path) -> None:
    """An error that rehub did not foresee ends with 3 and a file that says where, without arguments' values."""
    code = (
        "import sys\nfrom rehub.hub import Hub\nfrom rehub.cli.main import run\n"
        "Hub.entry = None\nsys.exit(run(['load', 'acme/toy', 'net', 'token=secret']))"
    )
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=env, timeout=60, check=False
    )
    assert done.returncode == 3
    assert "this is a bug of rehub: TypeError" in done.stderr
    (report,) = tmp_path.glob("rehub-report-*.txt")
    assert str(report) in done.stderr
    text = report.read_text()
    assert "Traceback" in text
    assert "token=…" in text
    assert "'NoneType' object is not callable" in text
    assert "rehub load acme/toy net token=secret" not in text
