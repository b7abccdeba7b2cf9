"""What is shown when results and progress are read by eyes: on a real pseudo-terminal."""

import os
import pty
import re
import subprocess
import sys

import pytest

from tests.conftest import RunRehub
from tests.world import Repo


def shown(*words: str, **env: str) -> str:
    """Run a command with all its streams on a pseudo-terminal; give what appears there."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "rehub", *words]
    settings = {**os.environ, "TERM": "xterm", "COLUMNS": "100", **env}
    streams = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
    child = subprocess.Popen(command, **streams, start_new_session=True, env=settings, cwd=os.environ["HOME"])
    os.close(theirs)
    screen = b""
    try:
        while part := os.read(ours, 4096):
            screen += part
    except OSError:  # closed at the other end
        pass
    os.close(ours)
    assert child.wait(timeout=30) == 0, screen
    return screen.decode()


def test_list_shows_signatures_and_what_for(toy: Repo) -> None:
    """A person sees each entry's signature and first line; ``--all`` says where a leak comes from."""
    screen = shown("list", "acme/toy:v1", "--all", NO_COLOR="1")
    assert "(width=8, pretrained=False, **kwargs)" in screen
    assert "Make a small net." in screen
    narrow = shown("list", "acme/toy:v1", COLUMNS="30", NO_COLOR="1").splitlines()
    assert [row.split()[0] for row in narrow] == ["clash", "echo", "fails", "leaves", "needs", "net", "waits"]
    assert "from parts/net.py" in screen


def test_help_says_everything_once(toy: Repo) -> None:
    """A person sees the signature, the place and what each parameter means; nothing of it twice."""
    screen = shown("help", "acme/toy:v1", "net", NO_COLOR="1")
    for part in ("net(width=8, pretrained=False, **kwargs)", "function, hubconf.py:8", "how wide it is."):
        assert screen.count(part) == 1


def test_inspect_shows_sections(toy: Repo) -> None:
    """A person sees the commit, the entries and the dependencies under their headings."""
    screen = shown("inspect", "acme/toy:v1", NO_COLOR="1")
    for part in ("repository", toy.rev("v1"), "entries", "dependencies", "json installed"):
        assert part in screen


def test_what_inspect_shows_can_be_copied(toy: Repo) -> None:
    """A folder and a digest are on one line, however narrow the terminal, and no line is filled up with spaces."""
    rows = shown("inspect", "acme/toy:v1", NO_COLOR="1", COLUMNS="30").replace("\x1b[2K", "").splitlines()
    assert f"  commit {toy.rev('v1')}" in rows
    assert any(re.fullmatch(r"  tree \S{60,}", row) for row in rows)
    assert any(re.fullmatch(r"  folder \S{60,}", row) for row in rows)
    assert not any(row.endswith(" ") for row in rows)


def test_env_shows_columns(toy: Repo) -> None:
    """A person sees what is needed in columns, colored, and in lines that can be copied."""
    toy.commit({"hubconf.py": "import numpy, nosuchpackage", "requirements.txt": "\x1b[2J x y\nnumpy<1\n"})
    rows = shown("env", "acme/toy", COLUMNS="30", NO_COLOR="1").replace("\x1b[2K", "").splitlines()
    assert any(
        re.fullmatch(r"  numpy +<1 +[\d.]+, which does not fit +requirements.txt:2, hubconf.py:1", row) for row in rows
    )
    assert "  requirements.txt:1 \\x1b[2J x y is no requirement" in rows
    assert not any(row.endswith(" ") for row in rows)
    assert "\x1b[33mnot installed" in shown("env", "acme/toy")


@pytest.mark.parametrize(("env", "colored"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_colors_only_where_they_are_wanted(env: dict[str, str], colored: bool, toy: Repo, rehub_cli: RunRehub) -> None:
    """``NO_COLOR`` and dumb terminals get none."""
    rehub_cli("list", "acme/toy:v1")
    assert ("\x1b[1" in shown("list", "acme/toy:v1", **env)) is colored


def test_json_is_json_on_a_terminal_too(toy: Repo) -> None:
    """``--json`` looks the same wherever it goes."""
    assert shown("list", "acme/toy:v1", "--json", "-q").lstrip().startswith("{")


def test_progress_is_one_line_that_goes_away(toy: Repo) -> None:
    """On a terminal progress is written over and gone before the result; ``-q`` shows none."""
    screen = shown("list", "acme/toy:v1", NO_COLOR="1")
    assert "\r\x1b[2Kfetching acme/toy@" in screen
    assert "\r\x1b[2K" in screen[screen.rindex("writing") :]
    assert "fetching" not in shown("list", "acme/toy:v1", "-q", "--force-reload", "--dir", "elsewhere")
