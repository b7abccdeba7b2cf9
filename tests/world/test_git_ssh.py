"""ssh, by a real sshd: keys, agents and configuration of the user's own, unknown servers, and silence."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehub.words.errors import (
    AuthenticationError,
    HostKeyError,
    RepositoryNotFoundError,
    TrustError,
    UnreachableError,
)
from tests.client import Client, content
from tests.world import SshServer, World
from tests.world.sshd import make_key, ssh_at_home

FILES = {"hubconf.py": "def net():\n    return 1\n"}


@pytest.fixture
def ssh(world: World, tmp_path: Path, clean_home: Path, monkeypatch: pytest.MonkeyPatch) -> SshServer:
    """Give a server that knows this user's key, and a home that knows the server and names the key."""
    world.repo(FILES, name="acme/secret", tag="v1")
    server = world.ssh()
    monkeypatch.setenv("PATH", str(ssh_at_home(tmp_path / "bin")) + os.pathsep + os.environ["PATH"])
    server.allow(make_key(clean_home / ".ssh/work"))
    (clean_home / ".ssh/config").write_text(f"Host 127.0.0.1\n  IdentityFile {clean_home}/.ssh/work\n")
    (clean_home / ".ssh/known_hosts").write_text(server.known_host)
    return server


def client(tmp_path: Path, timeout: float = 20.0) -> Client:
    """Give a machine with the environment as it is now."""
    return Client(tmp_path / "hub", "http://127.0.0.1:1", timeout=timeout)


def test_private_repository_over_ssh(ssh: SshServer, world: World, tmp_path: Path) -> None:
    """A repository loads over ssh with the key that the user's ~/.ssh/config names, and its pin says so."""
    found = client(tmp_path).fetch(f"{ssh.url('acme/secret')}@v1")
    assert content(found) == {"hubconf.py": FILES["hubconf.py"].encode()}
    assert found.pin
    assert found.pin.remote.url == ssh.url("acme/secret")


def test_any_commit_over_ssh(ssh: SshServer, world: World, tmp_path: Path) -> None:
    """A commit that is neither branch nor tag is looked for in the history, which ssh gives without files too."""
    repo = world.repo(FILES, name="acme/long")
    old = repo.rev()
    repo.commit({"hubconf.py": "def other():\n    return 2\n"})
    assert content(client(tmp_path).fetch(f"{ssh.url('acme/long')}@{old[:10]}"))["hubconf.py"].startswith(b"def net")


def test_short_form_of_ssh(ssh: SshServer, tmp_path: Path, clean_home: Path) -> None:
    """``user@alias:path`` goes where the user's ~/.ssh/config says, port included."""
    config = clean_home / ".ssh/config"
    config.write_text(config.read_text() + f"Host localhost\n  HostName 127.0.0.1\n  Port {ssh.port}\n")
    with config.open("a") as file:
        file.write(f"  IdentityFile {clean_home}/.ssh/work\n")
    found = client(tmp_path).fetch(f"{ssh.user}@localhost:acme/secret.git@v1")
    assert content(found)


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run an agent for this test."""
    path = str(tmp_path / "agent.sock")
    with subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL) as process:
        while not Path(path).exists():
            time.sleep(0.01)
        monkeypatch.setenv("SSH_AUTH_SOCK", path)
        yield
        process.terminate()


@pytest.mark.usefixtures("agent")
def test_key_of_the_agent(ssh: SshServer, tmp_path: Path, clean_home: Path) -> None:
    """The keys of the user's agent are offered."""
    (clean_home / ".ssh/config").write_text("")
    subprocess.run(["ssh-add", "-q", clean_home / ".ssh/work"], check=True, timeout=20)
    (clean_home / ".ssh/work").unlink()
    assert content(client(tmp_path).fetch(ssh.url("acme/secret")))


@pytest.mark.parametrize("how", ["GIT_SSH_COMMAND", "core.sshCommand"])
def test_command_of_the_user(
    ssh: SshServer, tmp_path: Path, clean_home: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """The user's own ssh command is used, from the environment or from git's configuration."""
    (clean_home / ".ssh/config").write_text("")
    note = tmp_path / "used"
    script = tmp_path / "my-ssh"
    script.write_text(f'#!/bin/sh\ntouch {note}\nexec ssh -i {clean_home}/.ssh/work "$@"\n')
    script.chmod(0o755)
    if how == "GIT_SSH_COMMAND":
        monkeypatch.setenv(how, str(script))
    else:
        Path(clean_home, ".gitconfig").write_text(f"[core]\n sshCommand = {script}\n")
    assert content(client(tmp_path).fetch(ssh.url("acme/secret")))
    assert note.exists()


def test_unknown_server_is_refused(ssh: SshServer, tmp_path: Path, clean_home: Path) -> None:
    """A server whose key is not known is refused with the commands that show and keep it, and nothing is written."""
    known = clean_home / ".ssh/known_hosts"
    known.unlink()
    with pytest.raises(HostKeyError, match="is not known here") as caught:
        client(tmp_path).fetch(ssh.url("acme/secret"))
    assert f"ssh-keyscan -p {ssh.port} 127.0.0.1 >> ~/.ssh/known_hosts" in str(caught.value)
    assert (caught.value.host, caught.value.known) == ("127.0.0.1", "")
    assert isinstance(caught.value, TrustError)
    assert not known.exists()


def test_changed_server_is_loud(ssh: SshServer, world: World, tmp_path: Path, clean_home: Path) -> None:
    """A server with another key than the known one is refused, with the key that it shows and where the other is."""
    known = clean_home / ".ssh/known_hosts"
    other = make_key(tmp_path / "other")
    known.write_text(f"[127.0.0.1]:{ssh.port} {' '.join(other.read_text().split()[:2])}\n")
    with pytest.raises(HostKeyError, match="HAS CHANGED") as caught:
        client(tmp_path).fetch(ssh.url("acme/secret"))
    assert caught.value.known == f"{known}:1"
    assert caught.value.found.startswith("SHA256:")
    assert f"ssh-keygen -R '[127.0.0.1]:{ssh.port}'" in str(caught.value)


def test_key_that_is_not_allowed(ssh: SshServer, tmp_path: Path, clean_home: Path) -> None:
    """A key that the server does not know, and one with a passphrase that nobody can be asked for, say what to look at."""
    for passphrase in ("", "correct horse"):
        make_key(clean_home / ".ssh/work", passphrase)
        with pytest.raises(AuthenticationError, match="your ssh keys: permission denied") as caught:
            client(tmp_path).fetch(ssh.url("acme/secret"))
        assert f"ssh -v -p {ssh.port} {ssh.user}@127.0.0.1" in str(caught.value)


def test_repository_that_is_not_there(ssh: SshServer, tmp_path: Path) -> None:
    """A server that knows the user and has no such repository says so."""
    with pytest.raises(RepositoryNotFoundError, match="acme/nothing was not found"):
        client(tmp_path).fetch(ssh.url("acme/nothing"))


def test_nobody_listens(ssh: SshServer, tmp_path: Path) -> None:
    """A server that is not there is unreachable."""
    ssh.stop()
    with pytest.raises(UnreachableError, match="Connection refused"):
        client(tmp_path).fetch(ssh.url("acme/secret"))


def test_server_that_never_greets(ssh: SshServer, tmp_path: Path) -> None:
    """A port that takes the connection and never says a word is given up after the time limit."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        start = time.monotonic()
        with pytest.raises(UnreachableError):
            client(tmp_path, timeout=1.0).fetch(f"ssh://git@127.0.0.1:{silent.getsockname()[1]}/acme/secret")
    assert time.monotonic() - start < 30


def test_server_that_falls_silent(ssh: SshServer, tmp_path: Path) -> None:
    """A server that lets the user in and then says nothing is given up after the time limit, whatever ssh does."""
    ssh.serve(stalls=True)
    start = time.monotonic()
    with pytest.raises(UnreachableError, match=r"silent for 1\.5 s"):
        client(tmp_path, timeout=1.5).fetch(ssh.url("acme/secret"))
    assert time.monotonic() - start < 30
