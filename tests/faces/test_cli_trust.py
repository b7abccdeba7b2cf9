"""``rehub trust`` and the question: asked on a terminal only, and only a clear yes is one."""

import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import RunRehub
from tests.world import Repo, World

LOAD = ["load", "acme/toy:v1", "echo", "3"]


def on_terminal(words: list[str], answers: list[str], **env: str) -> tuple[int, str, str]:
    """Run a command on a pseudo-terminal, answering each question; give exit code, standard output, the screen."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "rehub", *words],
        stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, start_new_session=True, env={**os.environ, **env},
    )  # fmt: skip
    os.close(theirs)
    screen, todo, end = "", list(answers), time.monotonic() + 60
    while time.monotonic() < end:
        if not select.select([ours], [], [], 1)[0]:
            continue
        try:
            screen += os.read(ours, 4096).decode()
        except OSError:  # closed at the other end
            break
        if todo and screen.count("[N]o: ") == len(answers) - len(todo) + 1:
            os.write(ours, todo.pop(0).encode())
    stdout = child.communicate(timeout=30)[0].decode()
    os.close(ours)
    return child.returncode, stdout, screen


@pytest.mark.parametrize(("answer", "commit"), [("y\n", True), ("Yes\n", True), ("a\n", False), ("always\n", False)])
def test_a_yes_is_kept(answer: str, commit: bool, toy: Repo, rehub_cli: RunRehub) -> None:
    """``yes`` allows this commit, ``always`` the repository; it runs, and the next time nobody is asked."""
    rc, stdout, screen = on_terminal([*LOAD, "--json"], [answer])
    assert rc == 0, screen
    assert json.loads(stdout)["arguments"]["args"] == [3]
    assert f"commit {toy.rev('v1')}" in screen
    (grant,) = json.loads(rehub_cli("trust", "list", "--json").stdout)["grants"]
    assert set(grant) == {"remote", "commit", "added"}
    assert (grant["remote"], grant["commit"]) == ("https://github.com/acme/toy", toy.rev("v1") if commit else None)
    assert rehub_cli(*LOAD).rc == 0
    toy.commit({"hubconf.py": "def echo(n): return n"})
    assert rehub_cli("load", "acme/toy", "echo", "3").rc == (1 if commit else 0)


@pytest.mark.parametrize("answers", [["n\n"], ["\n"], ["no\n"], ["\x04"], ["what\n", "n\n"], ["1\n", "2\n", "3\n"]])
def test_anything_else_is_a_no(answers: list[str], toy: Repo, rehub_cli: RunRehub) -> None:
    """No, nothing, the end of input and what cannot be understood: nothing runs, nothing is kept."""
    rc, stdout, screen = on_terminal(LOAD, answers)
    assert (rc, stdout) == (1, "")
    assert "not allowed: you said no" in screen
    assert json.loads(rehub_cli("trust", "list", "--json").stdout) == {"grants": [], "weights": []}


def test_the_question_says_what_would_happen(world: World, rehub_cli: RunRehub) -> None:
    """What happens at import is shown before the question, without control characters."""
    source = 'import os\nos.system("pip install \x1b[31mx")\ndef net(): ...\n'
    screen = on_terminal(["load", world.repo({"hubconf.py": source}).file_url, "net"], ["n\n"])[2]
    assert "pip install" in screen
    assert "hubconf.py:2" in screen
    assert "\x1b[31m" not in screen


@pytest.mark.parametrize("mode", ["never", "always"])
def test_the_policy_may_be_not_to_ask(mode: str, toy: Repo) -> None:
    """``never`` refuses and ``always`` allows, both without a question."""
    rc, _, screen = on_terminal(LOAD, [], REHUB_TRUST=mode)
    assert rc == (1 if mode == "never" else 0)
    assert "[N]o" not in screen


def test_nobody_is_asked_without_a_terminal(toy: Repo, rehub_cli: RunRehub) -> None:
    """In a pipe an untrusted load is an error that names the command, however much ``yes`` comes in; nothing runs."""
    ran = rehub_cli(*LOAD, stdin="y\n" * 100)
    assert (ran.rc, ran.stdout) == (1, "")
    assert "[N]o" not in ran.stderr
    assert f"rehub trust add acme/toy@{toy.rev('v1')}" in ran.stderr


def test_an_import_that_writes_leaves_nothing(world: World, rehub_cli: RunRehub, tmp_path: Path) -> None:
    """A hubconf that writes a file when it is imported leaves none after list, help, inspect and an untrusted load."""
    mark = tmp_path / "mark"
    url = world.repo({"hubconf.py": f"open({str(mark)!r}, 'w').write('x')\ndef net():\n    return 1\n"}).file_url
    for words, rc in ((["list"], 0), (["help", "net"], 0), (["inspect"], 0), (["load", "net"], 1)):
        assert rehub_cli(words[0], url, *words[1:]).rc == rc
        assert not mark.exists()
    assert rehub_cli("load", "--trust", url, "net").rc == 0
    assert mark.exists()


def test_trust_once_is_not_kept(toy: Repo, rehub_cli: RunRehub) -> None:
    """``--trust`` allows one call."""
    assert rehub_cli(*LOAD, "--trust").rc == 0
    assert rehub_cli(*LOAD).rc == 1


def test_add_list_remove(toy: Repo, rehub_cli: RunRehub) -> None:
    """What ``trust list`` prints first on a line is what ``trust remove`` takes."""
    assert rehub_cli("trust", "add", "acme/toy:v1").rc == 0
    assert rehub_cli(*LOAD).rc == 0
    ref, what, added = rehub_cli("trust", "list").stdout.strip().split("\t")
    assert (ref, what, added[-1]) == (f"acme/toy@{toy.rev('v1')}", "this commit", "Z")
    assert rehub_cli("trust", "remove", ref).rc == 0
    assert rehub_cli("trust", "list").stdout == ""
    assert rehub_cli(*LOAD).rc == 1
    ran = rehub_cli("trust", "remove", ref)
    assert ran.rc == 1
    assert "nothing was allowed" in ran.stderr


def test_add_may_ask_where_a_branch_is_now(toy: Repo, rehub_cli: RunRehub) -> None:
    """What a branch is, this machine may know from before; ``--force-reload`` asks again."""
    assert rehub_cli("list", "acme/toy:main").rc == 0
    before, after = toy.rev("main"), toy.commit({"hubconf.py": "def echo(n): return n"})
    assert before in rehub_cli("trust", "add", "acme/toy:main").stdout
    assert after in rehub_cli("trust", "add", "acme/toy:main", "--force-reload").stdout


def test_a_folder_needs_no_permission(tmp_path: Path, rehub_cli: RunRehub) -> None:
    """One's own folder runs without being asked about."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/hubconf.py").write_text("def net(n):\n    return n\n")
    ran = rehub_cli("load", "./mine", "net", "3", "--json")
    assert json.loads(ran.stdout)["pin"] is None
    assert rehub_cli("trust", "add", "./mine").rc == 2
