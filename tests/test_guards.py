"""A guard that cannot fail is no guard: each is shown a test that does wrong."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, RunRehub
from tests.world import World

AWAY = "192.0.2.1"  # RFC 5737: nobody's address

WRONG = {
    "socket": (f"socket.socket().connect(('{AWAY}', 80))", f"socket.connect to {AWAY}"),
    "datagram": (f"socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('{AWAY}', 9))", "socket.sendto"),
    "name": ("socket.getaddrinfo('example.org', 443)", "socket.getaddrinfo of example.org"),
    "swallowed": ("contextlib.suppress(Exception).__enter__(); swallow()", "socket.getaddrinfo of example.org"),
    "home-write": ("open(os.environ['GUARD_HOMES'].split(':')[0] + '/x', 'w')", "which lies in the real home"),
    "home-list": ("os.listdir(os.environ['GUARD_HOMES'].split(':')[-1])", "which lies in the real home"),
    "home-relative": ("os.chdir(os.environ['GUARD_HOMES'].split(':')[0]); open('x', 'w')", "real home"),
    "child-socket": (
        f"subprocess.run([sys.executable, '-c', \"import socket; socket.socket().connect(('{AWAY}', 80))\"])",
        f"socket.connect to {AWAY}",
    ),
    "child-home": (
        "subprocess.run([sys.executable, '-c', \"import os; os.listdir(os.environ['GUARD_HOMES'].split(':')[0])\"])",
        "which lies in the real home",
    ),
    "git": (
        "subprocess.run(['git', 'ls-remote', 'https://example.org/acme/toy'])",
        "git is asked to speak to example.org",
    ),
}
HEAD = """
import contextlib, os, socket, subprocess, sys

def swallow():
    try:
        socket.getaddrinfo('example.org', 443)
    except Exception:
        pass

def test_wrong(clean_home):
"""


def run_inner(folder: Path, body: str) -> subprocess.CompletedProcess[str]:
    """Run one test in a pytest of its own, with this suite's guards and a real home that the outer test made."""
    (folder / "inner").mkdir()
    test = folder / "inner/test_inner.py"
    test.write_text(HEAD + "    " + body + "\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    options = [f"--basetemp={folder / 'inner/tmp'}", f"--rootdir={folder / 'inner'}", "-c", os.devnull]
    return subprocess.run(
        [*command, *options, str(test)],
        cwd=ROOT,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},  # twice as quick
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("kind", WRONG)
def test_wrongdoers_fail(tmp_path: Path, kind: str) -> None:
    """A test that reaches for another machine or the real home fails, with a message that says for what."""
    body, message = WRONG[kind]
    done = run_inner(tmp_path, body)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "a test may not do this" in done.stdout
    assert message in done.stdout


def test_honest_test_passes(tmp_path: Path) -> None:
    """The inner run passes when its test does nothing wrong: the failures above are the guard's."""
    done = run_inner(tmp_path, "open(clean_home / 'x', 'w').close(); os.listdir(os.environ['HOME'])")
    assert done.returncode == 0, done.stdout + done.stderr


def test_environment_is_clean(clean_home: Path, tmp_path: Path) -> None:
    """A test's home is its own, and no token, proxy or setting of ours is left."""
    assert Path.home() == clean_home == tmp_path / "home"
    assert Path(os.environ["TORCH_HOME"]).is_relative_to(clean_home)
    left = [name for name in os.environ if name.upper().endswith(("_TOKEN", "_PROXY")) or name.startswith("REHUB_")]
    assert left == []


def test_children_have_the_same_home(clean_home: Path) -> None:
    """A process that a test starts lives in the test's home, under the guard."""
    code = "import os, sys; print(os.path.expanduser('~')); print('rehub_test_guard' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.split() == [str(clean_home), "True"]


def test_loopback_is_allowed(world: World) -> None:
    """This machine may be spoken to."""
    with socket.create_connection(("localhost", world.hub.port), timeout=5):
        pass


def test_rehub_cli_is_a_process(rehub_cli: RunRehub, tmp_path: Path) -> None:
    """The fixture runs the module in a process of its own and gives what it printed."""
    (tmp_path / "rehub.py").write_text("import os, sys; print(sys.argv[1:], os.environ['WHO']); sys.exit(4)")
    done = rehub_cli("list", "acme/toy", env={"WHO": "ada"})
    assert (done.rc, done.stdout) == (4, "['list', 'acme/toy'] ada\n")


def test_a_link_may_lead_anywhere(tmp_path: Path) -> None:
    """Making a link touches nothing of where it leads: this folder may lie in a home, and the text be relative to another."""
    home = os.environ["GUARD_HOMES"].split(os.pathsep)[0]
    (tmp_path / "link").symlink_to(f"{home}/nothing-of-that-name")
    assert (tmp_path / "link").is_symlink()
