"""git as a subprocess: a clean environment, limits on time, output and disk, and nothing of the repository's run."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import IO

from rehub.words.errors import GitMissingError, RehubError, StoreError
from rehub.world.git.config import at_home, user_config

# 2.31 is the first that takes configuration from GIT_CONFIG_COUNT, which keeps it out of the arguments.
_OLDEST = (2, 31)
_PASSED_ON = (
    *("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "SYSTEMROOT", "GIT_SSH_COMMAND", "SSH_AUTH_SOCK", "SSH_AGENT_PID"),
    *("HTTPS_PROXY", "https_proxy", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"),
    # What credential helpers need to find their key rings.
    *("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY"),
    *("GNUPGHOME",),
)
_ALWAYS = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",  # since git 2.45; before, no transport being allowed does the same
    "GIT_OPTIONAL_LOCKS": "0",
    "SSH_ASKPASS_REQUIRE": "never",
    "LC_ALL": "C",  # messages are told apart by their English text
}
# Harmless faults of old repositories, which every host serves.
_HARMLESS = (
    *("badTimezone", "missingSpaceBeforeDate", "missingSpaceBeforeEmail", "missingEmail", "missingNameBeforeEmail"),
    *("zeroPaddedFilemode", "zeroPaddedDate", "badDateOverflow", "badEmail", "badName", "badFilemode"),
    *("missingTaggerEntry", "gitmodulesMissing", "gitmodulesParse", "gitmodulesBlob", "gitmodulesLarge"),
    *("gitmodulesName", "gitmodulesPath", "gitmodulesUrl", "gitmodulesUpdate", "gitmodulesSymlink"),
)
# What words.tree refuses itself, with the file's name and the reason; nothing is ever checked out by git.
_OURS = ("hasDot", "hasDotdot", "hasDotgit", "fullPathname", "emptyName", "duplicateEntries", "treeNotSorted")
_CONFIG = {
    "protocol.version": "2",
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.askPass": "",
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "false",
    "fetch.fsckObjects": "true",
    **{f"fetch.fsck.{fault}": "ignore" for fault in (*_HARMLESS, *_OURS)},
    "fetch.unpackLimit": "1",  # packs only: what a fetch brought can be told apart, and taken back
    "gc.auto": "0",
    "maintenance.auto": "false",
    "transfer.credentialsInUrl": "die",
    "http.userAgent": "git/rehub",
}


@dataclass(frozen=True, slots=True)
class Ended:
    """A git process that ended, or was ended.

    Attributes:
        code: its exit status.
        out: what it printed.
        said: what it complained about.
        stopped: why rehub ended it; empty if it ended by itself.
    """

    code: int
    out: bytes
    said: str
    stopped: str = ""


# Called now and then with what git has said so far; a text in answer ends git, and becomes ``Ended.stopped``.
Watch = Callable[[str], str]


@dataclass(frozen=True)
class Git:
    """How git is started here.

    Attributes:
        environ: the environment to take from; only an allow-list of it reaches git.
        timeout: how long a remote may stay silent, in seconds.
        stopped: asked now and then, whatever git is doing; a text in answer ends it, and says why.
    """

    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)  # it may hold tokens
    timeout: float = 30.0
    stopped: Callable[[], str] = field(default=lambda: "", repr=False, compare=False)

    @cached_property
    def binary(self) -> str:
        """The path of git.

        Raises:
            GitMissingError: there is none, or it is too old.
        """
        needed = ".".join(map(str, _OLDEST))
        found = shutil.which("git", path=self.environ.get("PATH"))
        if not found:
            raise GitMissingError("none on the PATH", needed)
        said = _version(found)
        version = re.search(r"(\d+)\.(\d+)", said)
        if not version or (int(version[1]), int(version[2])) < _OLDEST:
            raise GitMissingError(said.strip() or "a git that does not tell its version", needed)
        return found

    @cached_property
    def _user_config(self) -> list[tuple[str, str]]:
        return user_config(self.binary, self.environ)

    def environment(
        self, *, protocols: str, config: Sequence[tuple[str, str]], extra: Mapping[str, str]
    ) -> dict[str, str]:
        """Make git's environment from nothing.

        Args:
            protocols: the transports allowed, joined by ``:``.
            config: settings beside rehub's own, in order.
            extra: variables beside rehub's own.
        """
        env = {name: self.environ[name] for name in _PASSED_ON if name in self.environ}
        for ours, theirs in (("GIT_SSL_CAINFO", "SSL_CERT_FILE"), ("GIT_SSL_CAPATH", "SSL_CERT_DIR")):
            if theirs in self.environ:  # libcurl inside git does not look at OpenSSL's own variables
                env[ours] = self.environ[theirs]
        seconds = str(max(1, round(self.timeout)))
        limits = [
            *(("http.lowSpeedLimit", "1"), ("http.lowSpeedTime", seconds)),
            # The user's own, from the environment or the configuration, goes before it.
            ("core.sshCommand", f"ssh -oBatchMode=yes -oConnectTimeout={seconds}"),
        ]
        settings = [*_CONFIG.items(), *limits, *config]
        env |= _ALWAYS | {"GIT_ALLOW_PROTOCOL": protocols, "GIT_CONFIG_COUNT": str(len(settings))}
        for number, (name, value) in enumerate(settings):
            env[f"GIT_CONFIG_KEY_{number}"], env[f"GIT_CONFIG_VALUE_{number}"] = name, value
        return {**env, **extra}

    @property
    def has_helpers(self) -> bool:
        """Whether the user has set up a credential helper."""
        return any(name.startswith("credential.") and name.endswith(".helper") for name, _ in self._user_config)

    def network_config(self, *, helpers: bool) -> list[tuple[str, str]]:
        """Give the user's own settings for networks: proxies and authorities, and credential helpers if asked for."""
        found = [(name, value) for name, value in self._user_config if helpers or not name.startswith("credential.")]
        return [(name, at_home(value) if name.endswith(".helper") else value) for name, value in found]

    def run(  # noqa: PLR0913 - each is a limit or a place
        self,
        args: Sequence[str],
        *,
        repo: Path | None = None,
        protocols: str = "",
        config: Sequence[tuple[str, str]] = (),
        extra: Mapping[str, str] | None = None,
        limit: float = 60.0,  # seconds
        max_output: int = 64 << 20,  # bytes
        watch: Watch = lambda _: "",
        given: bytes = b"",
    ) -> Ended:
        """Run git to its end, or end it when it passes a limit or the watch says so.

        Args:
            args: what follows ``git``.
            repo: a bare repository.
            protocols: the transports allowed, joined by ``:``; none for what is local.
            config: settings beside rehub's own.
            extra: variables beside rehub's own.
            limit: how long it may take, in seconds.
            max_output: how much it may print, in bytes.
            watch: called now and then; ends git by answering why.
            given: its standard input.
        """
        command = [self.binary, *([f"--git-dir={repo}"] if repo else []), *args]
        env = self.environment(protocols=protocols, config=config, extra=extra or {})
        try:
            with tempfile.TemporaryFile() as into, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
                into.write(given)
                into.seek(0)
                with _started(command, env, into, out, err) as process:
                    look = partial(_look, out.fileno(), err.fileno(), max_output, self._watched(watch))
                    stopped = _wait(process, limit, look)
                return Ended(process.returncode, _all(out.fileno()), _read(err.fileno()), stopped)
        except OSError as error:
            if isinstance(error, RehubError):
                raise
            raise StoreError(error.filename or "git", f"git could not be run: {error.strerror or error}") from error

    def _watched(self, watch: Watch) -> Watch:
        return lambda said: self.stopped() or watch(said)


@contextmanager
def _started(
    command: Sequence[str], env: Mapping[str, str], into: IO[bytes], out: IO[bytes], err: IO[bytes]
) -> Iterator[subprocess.Popen[bytes]]:
    """Start git in a session of its own, without a terminal to ask at, and leave nothing of it running."""
    process = subprocess.Popen(
        command, stdin=into, stdout=out, stderr=err, env=dict(env), cwd="/", start_new_session=True
    )
    try:
        yield process
    finally:
        _end(process)


def _look(out: int, err: int, max_output: int, watch: Watch) -> str:
    return _too_much(out, max_output) or watch(_read(err))


def _version(binary: str) -> str:
    try:
        return subprocess.run([binary, "--version"], capture_output=True, text=True, check=False, timeout=20).stdout
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return f"{binary}, which cannot be started ({error})"


def _wait(process: subprocess.Popen[bytes], limit: float, look: Callable[[], str]) -> str:
    """Wait for the end, looking now and then; give the reason for an early one."""
    deadline, pause = time.monotonic() + limit, 0.002
    while True:
        try:
            process.wait(pause)
        except subprocess.TimeoutExpired:
            pause = min(pause * 1.5, 0.05)
            if reason := look():
                return reason
            if time.monotonic() > deadline:
                return f"it took longer than {limit:g} s"
        else:
            return look()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End git and every process it started: its transport helpers outlive it otherwise."""
    if process.poll() is None:
        try:
            os.killpg(process.pid, 15)
            process.wait(2)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, 9)
        process.wait()


def _too_much(file: int, max_output: int) -> str:
    return f"it printed more than {max_output} bytes" if os.fstat(file).st_size > max_output else ""


def _all(file: int) -> bytes:
    return os.pread(file, os.fstat(file).st_size, 0)


def _read(file: int, most: int = 64 << 10) -> str:
    """Read the end of what git said, without ever moving its own place in the file."""
    size = os.fstat(file).st_size
    said = os.pread(file, most, max(0, size - most)).decode("utf-8", "replace")
    return said.replace("\0", "")  # a server of git ends some of its last words with one
