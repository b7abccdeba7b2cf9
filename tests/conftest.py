"""What every test has: a home of its own, a guard, the fake world, and the command as a real process."""

import contextlib
import os
import pwd
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.guard import rehub_test_guard as guard
from tests.world import World

ROOT = Path(__file__).parents[1]
GUARD_FOLDER = Path(guard.__file__).parent
_REMOVED_PREFIXES = ("REHUB_", "GIT_", "SSH_", "HF_", "GH_", "GLAB_", "CI_SERVER_", "UV_")
_REMOVED_ENDINGS = ("_TOKEN", "_PROXY", "_ASKPASS")
_REMOVED = {"NETRC", "SSL_CERT_FILE", "SSL_CERT_DIR", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"}
# With them a process behaves otherwise than for most people: it buffers nothing, and leaves no byte-code.
_REMOVED |= {"PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}


def _homes() -> set[str]:
    """Give the real homes: what HOME says, and what the system says of this user."""
    found = {os.environ.get("HOME", "")}
    with contextlib.suppress(KeyError):  # a container's user may be a number without a name
        found.add(pwd.getpwuid(os.getuid()).pw_dir)
    return {path for home in found if home for path in (home, home and os.path.realpath(home)) if path not in {"", "/"}}


def _allowed() -> set[str]:
    """Give the places that tests need and that may lie in a home: this project, Python, temporary files."""
    found = {str(ROOT), sys.prefix, sys.base_prefix, tempfile.gettempdir(), *filter(None, sys.path)}
    return {path for folder in found for path in (folder, os.path.realpath(folder))}


os.environ[guard.HOMES] = os.pathsep.join(sorted(_homes()))
os.environ[guard.ALLOWED] = os.pathsep.join(sorted(_allowed()))
guard.install()
# A shell's background leaves ^C unheard, and nohup the end of a terminal, also by what is started from there.
for _number, _handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _handler)


def _is_removed(name: str) -> bool:
    upper = name.upper()
    return upper.startswith(_REMOVED_PREFIXES) or upper.endswith(_REMOVED_ENDINGS) or upper in _REMOVED


@pytest.fixture(autouse=True)
def clean_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give each test a home of its own, and fail it if it reached for the real one or for another machine."""
    home, log = tmp_path / "home", tmp_path / "guard.log"
    home.mkdir()
    for name in filter(_is_removed, list(os.environ)):
        monkeypatch.delenv(name)
    for name, value in {
        "HOME": home,
        "XDG_CONFIG_HOME": home / ".config",
        "XDG_CACHE_HOME": home / ".cache",
        "TORCH_HOME": home / ".cache/torch",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "PYTHONPATH": GUARD_FOLDER,
        # uv is no Python process, so the guard does not see it: without an index of the test's own there is none.
        "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple",
        guard.LOG: log,
    }.items():
        monkeypatch.setenv(name, str(value))
    yield home
    if log.exists():
        pytest.fail("\n" + log.read_text(), pytrace=False)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Give a fake outside world: repositories and servers, ended with the test."""
    with World(tmp_path / "world") as world:
        yield world


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    rc: int
    stdout: str
    stderr: str


RunRehub = Callable[..., Ran]


@pytest.fixture
def rehub_cli(tmp_path: Path) -> RunRehub:
    """Give a function that runs ``rehub`` as a real process: ``rehub_cli("list", "acme/toy", env={...})``."""

    def run(
        *args: str | os.PathLike[str],
        env: Mapping[str, str] | None = None,
        cwd: Path = tmp_path,
        stdin: str = "",
        timeout: float = 60,  # seconds
    ) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "rehub", *map(os.fspath, args)],
            env={**os.environ, **(env or {})},
            cwd=cwd,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run
