"""One project on several machines: what its lock names is the same everywhere, whatever becomes of it upstream."""

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from tests.conftest import Ran
from tests.world import GitServer, Repo, World, git
from tests.world.sshd import needed

HUBCONF = """
import torch

dependencies = ["torch"]


def net(pretrained=False):
    model = torch.nn.Linear(4, 3)
    head = torch.hub.load("acme/head:v1", "head")
    if pretrained:
        model.load_state_dict(torch.hub.load_state_dict_from_url("{url}/net.pt"))
    return torch.nn.Sequential(model, head)
"""
HEAD = "import torch\n\n\ndef head():\n    return torch.nn.{layer}()\n"
SCRIPT = """
import json
import rehub
import torch

net = rehub.load("acme/toy:v1", "net", pretrained=True)
made = rehub.provenance(net)
digests = [str(made.pin), str(made.pin.tree), *(str(each.pin.tree) for each in made.nested)]
print(json.dumps([digests, [each.sha256 for each in made.weights], net(torch.ones(2, 4)).tolist()]))
"""
SOCKETS = "trace=socket,socketpair,connect,bind,accept,accept4,sendto,sendmsg,recvfrom,recvmsg"


class Machine:
    """A home of its own, with the project's files and nothing else."""

    def __init__(self, folder: Path, project: Path, mirrors: str) -> None:
        self.folder, self.project = folder, folder / "project"
        shutil.copytree(project, self.project)
        own = {"HOME": folder, "XDG_CACHE_HOME": folder / "cache", "XDG_CONFIG_HOME": folder / "config"}
        self.env = {**os.environ, **{name: str(value) for name, value in own.items()}, "REHUB_MIRRORS": mirrors}
        del self.env["TORCH_HOME"]

    def run(self, *command: str, **env: str) -> Ran:
        """Run a program in the project."""
        done = subprocess.run(
            command, cwd=self.project, env={**self.env, **env}, capture_output=True, text=True, timeout=120, check=False
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def rehub(self, *words: str, **env: str) -> Ran:
        """Run rehub in the project."""
        return self.run(sys.executable, "-m", "rehub", *words, **env)

    def trust(self) -> None:
        """Allow what the project's lock needs: a user's decision, which no lock makes for anybody."""
        for name in ("acme/toy", "acme/head"):
            assert self.rehub("trust", "add", name).rc == 0

    def output(self, *before: str, **env: str) -> str:
        """Run the project's script, locked; give what it printed: digests and the model's output."""
        done = self.run(*before, sys.executable, "script.py", REHUB_LOCKED="1", **env)
        assert done.rc == 0, done.stderr
        return done.stdout


@pytest.fixture
def server(world: World) -> GitServer:
    """Give a server with the settings that git has by itself, and weights."""
    found = world.server(allow_filter=False, any_commit=False)
    file = io.BytesIO()
    torch.save(torch.nn.Linear(4, 3).state_dict(), file)
    found.files["/net.pt"] = file.getvalue()
    return found


@pytest.fixture
def repos(world: World, server: GitServer) -> list[Repo]:
    """Give the model's repository, and the one that it loads a part from."""
    toy = world.repo({"hubconf.py": HUBCONF.format(url=server.url)}, tag="v1")
    return [toy, world.repo({"hubconf.py": HEAD.format(layer="ReLU")}, tag="v1", name="acme/head")]


@pytest.fixture
def start(server: GitServer, tmp_path: Path) -> Callable[..., Machine]:
    """Give a function that sets up a machine to which github.com is the server."""

    def make(name: str, project: Path, mirrors: str = "") -> Machine:
        return Machine(tmp_path / name, project, mirrors or f"https://github.com/={server.url}/")

    return make


@pytest.fixture
def author(repos: list[Repo], start: Callable[..., Machine], tmp_path: Path) -> Iterator[Machine]:
    """Give the machine on which the project was written and locked."""
    (tmp_path / "draft").mkdir()
    (tmp_path / "draft/script.py").write_text(SCRIPT)
    machine = start("a", tmp_path / "draft")
    machine.trust()
    done = machine.rehub("lock", "acme/toy:v1", "net", "pretrained=True")
    assert done.rc == 0, done.stderr
    return machine


def rewrite(repo: Repo, files: dict[str, str]) -> None:
    """Let nothing reach what was: the history is another one, the tag has moved, the old branch is gone."""
    repo.commit(files, branch="fresh", fresh=True)
    repo.head("fresh")
    repo.move("v1", "fresh")
    repo.delete("refs/heads/main")


def synchronize(machine: Machine) -> None:
    """Bring what the lock names: three things that are missing before, with their sizes, and right afterwards."""
    offline = machine.rehub("sync", "--offline")
    assert (offline.rc, offline.stderr.count("\n  missing "), "not known" in offline.stderr) == (1, 3, False)
    synced = machine.rehub("sync")
    assert (synced.rc, synced.stdout.count("brought ")) == (0, 3), synced.stderr
    assert machine.rehub("verify").rc == 0


def without_sockets(machine: Machine, trace: Path) -> str:
    """Give what the script prints offline; no process of it has made a socket."""
    strace = [needed("strace", "strace"), "-f", "-qq", "-e", SOCKETS, "-e", "signal=none", "-o", str(trace)]
    machine.run(*strace, sys.executable, "-c", "import socket; socket.socket().close()")
    assert "AF_INET" in trace.read_text()  # what would be seen is seen
    found = machine.output(*strace, REHUB_OFFLINE="1")
    assert trace.read_text() == ""
    return found


def test_the_same_model_on_another_machine(
    author: Machine, repos: list[Repo], server: GitServer, start: Callable[..., Machine], tmp_path: Path
) -> None:
    """A lock and a server that still has the objects are enough; then neither the server nor a network is needed.

    What has happened upstream is told. Once the objects are gone there, a machine that has nothing is told so, too, and
    has them from a mirror.
    """
    first = author.output()
    for repo in repos:
        rewrite(repo, {"hubconf.py": "def net(pretrained=False):\n    return 'other'\n"})

    second = start("b", author.project)
    second.trust()
    synchronize(second)
    server.log.clear()
    assert second.output() == first
    assert server.log == []
    upstream = second.rehub("update")
    assert (upstream.rc, upstream.stdout.count("is a tag that was moved")) == (1, 2)
    assert second.rehub("mirror", str(tmp_path / "mirror"), "--lock", "rehub.lock").rc == 0

    server.stop()
    assert without_sockets(second, tmp_path / "sockets") == first
    server.start()

    for repo in repos:
        git("gc", "--quiet", "--prune=now", cwd=repo.path)
    third = start("c", author.project)
    third.trust()
    gone = third.rehub("sync")
    assert (gone.rc, gone.stderr.count("is gone upstream")) == (1, 2)
    locked = third.run(sys.executable, "script.py", REHUB_LOCKED="1")
    assert (locked.rc, "GoneUpstreamError" in locked.stderr) == (1, True)
    server.stop()
    third.env["REHUB_MIRRORS"] = f"https://=static+{tmp_path}/mirror/ http://=static+{tmp_path}/mirror/"
    assert third.rehub("sync").rc == 0
    assert third.output() == first


def test_offline_a_locked_load_names_all_that_is_missing(author: Machine, start: Callable[..., Machine]) -> None:
    """Not only the repository that is looked for first: what the model's call has needed, with the sizes."""
    other = start("b", author.project)
    other.trust()
    failed = other.run(sys.executable, "script.py", REHUB_LOCKED="1", REHUB_OFFLINE="1")
    assert "OfflineError" in failed.stderr
    assert [each in failed.stderr for each in ("acme/toy@", "acme/head@", "/net.pt, ", "'rehub sync'")] == [True] * 4
