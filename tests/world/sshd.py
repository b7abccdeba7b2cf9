"""A real sshd on loopback, run by whoever runs the tests, and an ssh that takes ``HOME`` for the home.

Each key is allowed one command, as on a git host: to read the repositories below a folder.
"""

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

_START = 20.0  # seconds
_CI = "TESTS_NEED_SSHD"  # set by .ci/run, which installs it: there nothing is skipped


def needed(program: str, package: str) -> str:
    """Give a program's path, or skip the test where there is none."""
    path = shutil.which(program, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))
    if not path:
        (pytest.fail if os.environ.get(_CI) else pytest.skip)(f"no {program}: apt-get install {package}")
    return path


# What a key may do: "git-upload-pack '/acme/toy'" of a repository that is there, and nothing else.
_SHELL = """\
#!{python}
import os, shlex, sys
root, path = {root!r}, {path!r}
words = shlex.split(os.environ.get("SSH_ORIGINAL_COMMAND", ""))
if len(words) != 2 or words[0] != "git-upload-pack" or ".." in words[1]:
    sys.exit("only git-upload-pack")
folder = os.path.join(root, words[1].strip("/").removesuffix(".git") + ".git")
if not os.path.isdir(folder):
    sys.exit("ERROR: Repository not found.")
if {stalls!r}:
    import time
    time.sleep(600)
os.environ |= {{"PATH": path, "GIT_CONFIG_NOSYSTEM": "1"}}
os.environ |= {{"GIT_CONFIG_COUNT": "3", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}}
os.environ |= {{"GIT_CONFIG_KEY_1": "uploadpack.allowFilter", "GIT_CONFIG_VALUE_1": "true"}}
os.environ |= {{"GIT_CONFIG_KEY_2": "uploadpack.allowAnySHA1InWant", "GIT_CONFIG_VALUE_2": "true"}}
os.execvp("git-upload-pack", ["git-upload-pack", folder])
"""
_CONFIG = """\
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host_key
PidFile none
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin forced-commands-only
AcceptEnv GIT_PROTOCOL
PrintMotd no
"""


@dataclass
class SshServer:
    """An ssh server over all bare repositories below a folder; ``/owner/repo`` is ``<root>/owner/repo.git``."""

    root: Path
    folder: Path
    port: int = 0
    _process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    def start(self) -> None:
        """Make a host key, and listen."""
        sshd = needed("sshd", "openssh-server")
        self.folder.mkdir(parents=True)
        if os.getuid() == 0:
            # Its privilege separation needs this folder; the package leaves it to the service that we do not start.
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self.new_host_key()
        self.serve()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        (self.folder / "authorized_keys").touch()
        (self.folder / "config").write_text(_CONFIG.format(port=self.port, folder=self.folder))
        with (self.folder / "log").open("wb") as log:
            command = [sshd, "-D", "-e", "-f", str(self.folder / "config")]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + _START
        while time.monotonic() < deadline:
            assert self._process
            assert self._process.poll() is None, (self.folder / "log").read_text()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.02)
        pytest.fail((self.folder / "log").read_text())

    def stop(self) -> None:
        """End it, and whatever it is serving."""
        if self._process:
            self._process.terminate()
            self._process.wait(10)

    @property
    def user(self) -> str:
        """Who may log in: whoever runs the tests."""
        return getpass.getuser()

    def url(self, name: str) -> str:
        """Give a repository's URL."""
        return f"ssh://{self.user}@127.0.0.1:{self.port}/{name}"

    def new_host_key(self) -> None:
        """Be another server from the next start on."""
        make_key(self.folder / "host_key")

    def serve(self, *, stalls: bool = False) -> None:
        """Say what keys may do; a server that stalls lets everybody in and says nothing more."""
        text = _SHELL.format(python=sys.executable, root=str(self.root), path=os.environ["PATH"], stalls=stalls)
        (self.folder / "shell").write_text(text)
        (self.folder / "shell").chmod(0o755)

    def allow(self, public: Path) -> None:
        """Let the owner of a key in."""
        with (self.folder / "authorized_keys").open("a") as file:
            file.write(f'restrict,command="{self.folder}/shell" {public.read_text()}')

    @property
    def known_host(self) -> str:
        """The line that ``known_hosts`` needs."""
        return f"[127.0.0.1]:{self.port} " + " ".join((self.folder / "host_key.pub").read_text().split()[:2]) + "\n"


def make_key(path: Path, passphrase: str = "") -> Path:
    """Make a pair of keys; give the public one."""
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "test", "-f", path]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    return path.with_name(path.name + ".pub")


def ssh_at_home(folder: Path) -> Path:
    """Put an ssh into a folder that takes ``HOME`` for the home: the real one asks the system whose home it is."""
    real = needed("ssh", "openssh-client")
    folder.mkdir()
    places = '-oUserKnownHostsFile="$HOME/.ssh/known_hosts" -oGlobalKnownHostsFile=/dev/null'
    (folder / "ssh").write_text(f'#!/bin/sh\nexec {real} -F "$HOME/.ssh/config" {places} "$@"\n')
    (folder / "ssh").chmod(0o755)
    return folder
