"""``--dynamic``: names that only running knows, after the question, on the command line."""

import json

import pytest

from tests.conftest import RunRehub
from tests.faces.test_cli_trust import on_terminal
from tests.world import Repo, World

HIDDEN = """
import os
print("noise on standard output")
def known(width=1):
    '''Known by reading.'''
def _make(name):
    def net(depth=2):
        '''Known from running.'''
    return net
for _name in os.environ.get("HIDDEN_NAMES", "alpha beta").split():
    globals()[_name] = _make(_name)
"""


@pytest.fixture
def hidden(world: World, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Give ``acme/hidden`` with a tag v1; github.com is the world's own server."""
    monkeypatch.setenv("REHUB_MIRRORS", world.mirrors)
    return world.repo({"hubconf.py": HIDDEN}, name="acme/hidden", tag="v1")


def test_list_says_what_it_cannot_know_and_how_to(hidden: Repo, rehub_cli: RunRehub) -> None:
    """Reading alone names the line that makes names, and the option that finds them."""
    done = rehub_cli("list", "acme/hidden:v1")
    assert (done.rc, done.stdout) == (0, "known\n")
    assert "hubconf.py:11" in done.stderr
    assert "--dynamic" in done.stderr


def test_nobody_there_is_a_refusal(hidden: Repo, rehub_cli: RunRehub) -> None:
    """Without a terminal nobody is asked, and the error names both ways to allow it."""
    done = rehub_cli("list", "acme/hidden:v1", "--dynamic", stdin="y\n")
    assert (done.rc, done.stdout) == (1, "")
    assert f"rehub trust add acme/hidden@{hidden.rev('v1')}" in done.stderr
    assert "--trust" in done.stderr


def test_trust_is_for_once_and_the_answer_stays(hidden: Repo, rehub_cli: RunRehub) -> None:
    """``--trust`` runs it this once; what it made is known from then on, to every command, with its date."""
    done = rehub_cli("list", "acme/hidden:v1", "--dynamic", "--trust")
    assert (done.rc, done.stdout) == (0, "alpha\nbeta\nknown\n")
    plain = rehub_cli("list", "acme/hidden:v1")
    assert plain.stdout == done.stdout
    assert "2 names known from a run of 20" in plain.stderr
    assert "made at run time" not in plain.stderr
    told = json.loads(rehub_cli("list", "acme/hidden:v1", "--json").stdout)
    assert set(told["run"]) == {"at", "python"}
    assert {each["name"]: each["from_run"] for each in told["entries"]} == {"alpha": True, "beta": True, "known": False}
    assert rehub_cli("help", "acme/hidden:v1", "beta").stdout == "beta(depth=2)\n\nKnown from running.\n"
    shown = rehub_cli("inspect", "acme/hidden:v1").stdout
    assert "alpha(depth=2) function, hubconf.py:7, known from running" in shown
    assert "known from a run of 20" in shown
    assert rehub_cli("load", "acme/hidden:v1", "known").rc == 1


def test_a_yes_on_a_terminal_runs_it(hidden: Repo, rehub_cli: RunRehub) -> None:
    """The question is the one that load asks; a yes is kept, a no runs nothing."""
    rc, stdout, screen = on_terminal(["list", "acme/hidden:v1", "--dynamic"], ["n\n"])
    assert (rc, stdout) == (1, "")
    assert "nothing of it was run" in screen
    rc, stdout, screen = on_terminal(["help", "acme/hidden:v1", "alpha", "--dynamic"], ["y\n"])
    assert (rc, stdout) == (0, "alpha(depth=2)\n\nKnown from running.\n"), screen
    assert f"commit {hidden.rev('v1')}" in screen
    assert rehub_cli("load", "acme/hidden:v1", "known").rc == 0


def test_trust_without_dynamic_is_a_slip(hidden: Repo, rehub_cli: RunRehub) -> None:
    """``--trust`` where nothing would run is refused, before anything is fetched."""
    done = rehub_cli("inspect", "acme/hidden:v1", "--trust")
    assert (done.rc, done.stdout) == (2, "")
    assert "--dynamic" in done.stderr


def test_what_its_code_raised_is_shown(world: World, hidden: Repo, rehub_cli: RunRehub) -> None:
    """A hubconf that fails is exit code 1, with the last lines of its traceback and no traceback of ours."""
    hidden.commit({"hubconf.py": HIDDEN + "\nraise OSError('no disk')\n"})
    done = rehub_cli("list", "acme/hidden", "--dynamic", "--trust")
    assert (done.rc, done.stdout) == (1, "")
    assert "OSError: no disk" in done.stderr
    assert "rehub/world" not in done.stderr
    assert "rehub/verbs" not in done.stderr
