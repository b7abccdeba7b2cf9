"""The solver: ``uv pip compile`` as a subprocess, which asks an index and builds, installs and runs nothing.

It is told everything here: no configuration of the user's or of a project's, no Python but the running one, wheels
alone, and a cache that is gone afterwards unless ``UV_CACHE_DIR`` names one.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rehub.words.errors import RehubError, SolverError

# Which index, with what credentials and authorities, by which proxy: the user's own affair.
_PASSED_ON = (
    *("PATH", "HOME", "TMPDIR", "SYSTEMROOT", "NETRC", "SSL_CERT_FILE", "SSL_CERT_DIR", "UV_CACHE_DIR"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("UV_INDEX", "UV_KEYRING_PROVIDER", "UV_SYSTEM_CERTS", "UV_NATIVE_TLS", "UV_INSECURE_HOST", "UV_INDEX_STRATEGY"),
    "UV_HTTP_RETRIES",
)
_ALWAYS = {"UV_NO_CONFIG": "1", "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "NO_COLOR": "1", "LC_ALL": "C"}
_UNSOLVED = 1  # its exit status where there is no solution; other ones are faults
_SAID = 20_000  # characters of what it says that are kept


@dataclass(frozen=True, slots=True)
class Answer:
    """What it answered: a PEP 751 text, or, if there is no solution, what it said."""

    pylock: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be solved.

    Attributes:
        requirements: as PEP 508 writes them.
        python: the Python that it is for: ``3.11``.
        before: nothing that was uploaded later counts: ``2021-03-01T12:00:00Z``.
        constraints: which versions will do of what is needed by what is required.
        excluded: distributions that are left out, whoever needs them.
        alone: do not solve what the requirements themselves need.
    """

    requirements: tuple[str, ...]
    python: str
    before: str
    constraints: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Uv:
    """uv as it is started here; made by :func:`started`.

    Attributes:
        binary: its path.
        version: what it calls itself: ``uv 0.13.9``.
        index: the index that is asked; empty for uv's own, which is PyPI.
        environ: its whole environment.
        folder: where it may write.
        limit: how long all questions together may take, in seconds.
        since: when the first could be asked, by the monotonic clock.
    """

    binary: str
    version: str
    index: str
    environ: Mapping[str, str]
    folder: Path
    limit: float
    since: float = field(default_factory=time.monotonic)

    def ask(self, question: Question, *, max_answer: int = 32 << 20) -> Answer:
        """Solve something.

        Args:
            question: what is to be solved.
            max_answer: how long the answer may be, in bytes.

        Raises:
            SolverError: uv failed, or could not ask the index, or not in time.
        """
        try:
            return self._ask(question, max_answer)
        except (OSError, subprocess.SubprocessError) as error:
            if isinstance(error, RehubError):
                raise
            late = isinstance(error, subprocess.TimeoutExpired)
            raise SolverError(f"it took longer than {self.limit:g} s" if late else str(error), self.index) from error

    def _ask(self, question: Question, max_answer: int) -> Answer:
        wanted, limits, excluded = (
            self._listed(name, rows)
            for name, rows in (
                ("requirements.txt", question.requirements),
                ("constraints.txt", question.constraints),
                ("excluded.txt", question.excluded),
            )
        )
        out = self.folder / "pylock.toml"
        out.unlink(missing_ok=True)
        command = [self.binary, "pip", "compile", wanted, "--constraints", limits, "--excludes", excluded]
        command += ["--format", "pylock.toml", "--output-file", str(out)]
        command += ["--python", sys.executable, "--python-version", question.python, "--exclude-newer", question.before]
        command += ["--no-build", "--no-sources", "--no-header", "--no-annotate", "--quiet"]
        command += ["--no-deps"] if question.alone else []
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=dict(self.environ),
            cwd=self.folder,
            timeout=max(0.1, self.since + self.limit - time.monotonic()),
            start_new_session=True,
            check=False,
        )
        said = done.stderr.decode("utf-8", "replace")[-_SAID:]
        if done.returncode == _UNSOLVED:
            return Answer(said=said)
        if done.returncode or not out.is_file() or out.stat().st_size > max_answer:
            old = "unexpected argument" in said
            advice = "This uv is too old: pip install --upgrade 'rehub[env]'" if old else ""
            raise SolverError(said.strip() or f"it ended with status {done.returncode}", self.index, advice)
        return Answer(out.read_text("utf-8"))

    def _listed(self, name: str, rows: Iterable[str]) -> str:
        path = self.folder / name
        path.write_text("".join(f"{each}\n" for each in rows), "utf-8")
        return str(path)


@contextmanager
def started(environ: Mapping[str, str], *, timeout: float = 30.0, limit: float = 600.0) -> Iterator[Uv]:
    """Find uv, and give it a folder that is gone afterwards.

    Args:
        environ: whose variables say how to reach an index; ``UV_DEFAULT_INDEX`` names another one than uv's own.
        timeout: how long the index may stay silent, in seconds.
        limit: how long all questions together may take, in seconds.

    Raises:
        SolverError: there is no uv, or it cannot be started.
    """
    binary = _binary(environ.get("PATH"))
    version = _version(binary)
    own = {name: environ[name] for name in _PASSED_ON if name in environ}
    asked = environ.get("UV_DEFAULT_INDEX") or environ.get("UV_INDEX_URL") or ""
    with tempfile.TemporaryDirectory(prefix="rehub-uv-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        usual = {"UV_CACHE_DIR": str(folder / "cache"), "UV_HTTP_TIMEOUT": str(max(1, round(timeout)))}
        # The index stands in a variable, as its URL may hold a password, and arguments are there for all to see.
        ours = {**_ALWAYS, **_folders(folder), **({"UV_DEFAULT_INDEX": asked} if asked else {})}
        yield Uv(binary, version, asked, {**usual, **own, **ours}, folder, limit)


def _folders(folder: Path) -> dict[str, str]:
    """Keep uv from making folders for Pythons and tools, which it will not have."""
    return {"XDG_DATA_HOME": str(folder / "data"), "XDG_CONFIG_HOME": str(folder / "config")}


def _version(binary: str) -> str:
    try:
        said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True, timeout=20).stdout
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise SolverError(f"{binary} cannot be started: {error}") from error
    return " ".join(said.split()[:2])


def _binary(path: str | None) -> str:
    """Give uv's path: the one that is installed beside rehub, else the one on the PATH."""
    try:
        from uv import find_uv_bin
    except ImportError:
        found = shutil.which("uv", path=path)
    else:
        try:
            found = os.fspath(find_uv_bin())
        except FileNotFoundError:
            found = shutil.which("uv", path=path)
    if not found:
        raise SolverError("it is not installed", "", "pip install 'rehub[env]'")
    return found
