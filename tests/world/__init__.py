"""The fake outside world: real git repositories behind real servers on loopback, and nothing else."""

import os
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

from tests.world.hostile import BROKEN, HOSTILE
from tests.world.packages import PackageIndex
from tests.world.repo import Exec, Files, Link, Repo, Submodule, git, lfs_pointer
from tests.world.server import GitServer, Request
from tests.world.sshd import SshServer, needed

__all__ = [
    "BROKEN",
    "HOSTILE",
    "Exec",
    "GitServer",
    "Link",
    "PackageIndex",
    "Repo",
    "Request",
    "SshServer",
    "Submodule",
    "World",
    "git",
    "lfs_pointer",
]


class World:
    """Makes repositories and servers below one folder, and ends them.

    Example:
        with World(folder) as world:
            repo = world.repo({"hubconf.py": "def net(): ..."}, tag="v1")
            git("clone", repo.url, folder / "clone")
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "srv"
        self.servers: list[GitServer | SshServer] = []
        self._hub: GitServer | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for server in self.servers:
            server.stop()

    def repo(
        self, files: Files | None = None, *, tag: str | None = None, branch: str = "main", name: str = "acme/toy"
    ) -> Repo:
        """Make a repository with one commit (none without files) on a branch that is also the default one."""
        repo = Repo.make(name, self.root / f"{name}.git", lambda: self.hub.url, branch=branch)
        if files is not None:
            repo.commit(files)
        if tag is not None:
            repo.tag(tag)
        return repo

    def hostile(self, kind: str, *, name: str = "evil/toy") -> Repo:
        """Make a repository whose only commit holds one of the trees of ``HOSTILE`` or ``BROKEN``."""
        repo = self.repo(name=name)
        make: Callable[[Repo], str] = (HOSTILE | BROKEN)[kind]
        repo.commit_tree(make(repo))
        return repo

    def remove(self, repo: Repo) -> None:
        """Remove a repository, as an owner does who deletes or renames it."""
        shutil.rmtree(repo.path)

    def server(self, **options: object) -> GitServer:
        """Start one more server over all repositories; the options are those of :class:`GitServer`."""
        server = GitServer(self.root, **options)  # type: ignore[arg-type]
        self.servers.append(server)
        server.start()
        return server

    def tls(self, **options: object) -> GitServer:
        """Start a server that speaks https, with a certificate of its own for 127.0.0.1: ``server.certificate``."""
        made = self.folder / "tls.pem"
        if not made.exists():
            made.parent.mkdir(parents=True, exist_ok=True)
            subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
            key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
            command = [
                needed("openssl", "openssl"),
                "req",
                "-x509",
                *key,
                *subject,
                "-keyout",
                f"{made}.key",
                "-out",
                made,
            ]
            subprocess.run(command, check=True, capture_output=True, timeout=60)
            made.write_bytes(made.read_bytes() + Path(f"{made}.key").read_bytes())
        return self.server(certificate=made, **options)

    def ssh(self) -> SshServer:
        """Start an ssh server over all repositories, which knows nobody yet."""
        server = SshServer(self.root, self.folder / f"sshd-{len(self.servers)}")
        self.servers.append(server)
        server.start()
        return server

    @property
    def hub(self) -> GitServer:
        """The server that repositories' URLs name, started when it is first asked for; it answers as GitHub does."""
        with self._lock:
            if self._hub is None:
                self._hub = self.server()
            return self._hub

    @property
    def mirrors(self) -> str:
        """What ``REHUB_MIRRORS`` must be for github.com to be the hub."""
        return f"https://github.com/={self.hub.url}/"

    def env(self, **more: str) -> dict[str, str]:
        """Give the environment for a process to which github.com is the hub."""
        return {**os.environ, "REHUB_MIRRORS": self.mirrors, **more}
