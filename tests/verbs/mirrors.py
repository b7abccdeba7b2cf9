"""A mirror in the hands of a test: made from one machine's store, served by a server that can be made to lie."""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

import rehub
from rehub.words.tar import pack
from tests.world import GitServer, Repo, World, git, lfs_pointer

FILES = {"hubconf.py": "def net():\n    return 'a net'\n", "pkg/mod.py": "x = 1\n"}
LARGE = b"what git LFS keeps" * 20


def saved(number: float) -> bytes:
    """Give a file of weights."""
    file = io.BytesIO()
    torch.save({"w": torch.full((100,), number)}, file)
    return file.getvalue()


WEIGHTS = saved(1.0)
HEX = hashlib.sha256(WEIGHTS).hexdigest()


def tarred(files: Mapping[str, str | bytes]) -> bytes:
    """Give files as a mirror has them."""
    rows = {path: data if isinstance(data, bytes) else data.encode() for path, data in files.items()}
    return b"".join(pack((path, len(data), [data]) for path, data in sorted(rows.items())))


@dataclass
class Mirrored:
    """A repository and a file of weights, the machine that has them, and the mirror that was made of it.

    Attributes:
        folder: the mirror's.
        commit: of the tag v1, which ``main`` is, too.
        git_tree: git's id of its files.
        tree: its tree's digest, in hex.
        urls: of the weights: one whose name has a hash, one whose name has none.
    """

    world: World
    repo: Repo
    folder: Path
    commit: str
    git_tree: str
    tree: str = ""
    urls: tuple[str, str] = ("", "")
    machines: int = 0
    servers: list[GitServer] = field(default_factory=list)

    @classmethod
    def make(cls, world: World, tmp_path: Path) -> "Mirrored":
        """Load everything once on a machine of its own, and make a mirror of that."""
        repo = world.repo({**FILES, "large.bin": lfs_pointer(LARGE)}, tag="v1")
        world.hub.lfs.add(LARGE)
        made = cls(world, repo, tmp_path / "mirror", repo.rev("main"), git("rev-parse", "main^{tree}", cwd=repo.path))
        names = (f"/net-{HEX[:8]}.pt", "/net.pt")
        world.hub.files.update(dict.fromkeys(names, WEIGHTS))
        made.urls = (world.hub.url + names[0], world.hub.url + names[1])
        origin = rehub.Hub(dir=tmp_path / "origin", mirrors=world.mirrors, trust="always")
        origin.load("acme/toy:v1", "net")
        checkout = origin.fetch("acme/toy")
        assert checkout.pin
        assert checkout.pin.tree
        made.tree = checkout.pin.tree.hex
        for url in made.urls:
            origin.load_state_dict_from_url(url)
        origin.mirror(made.folder)
        world.hub.reset()
        return made

    def served(self) -> GitServer:
        """Serve the mirror as it is now; ``server.files`` is what can be changed."""
        server = self.world.server()
        for path in self.folder.rglob("*"):
            if path.is_file():
                server.files["/" + path.relative_to(self.folder).as_posix()] = path.read_bytes()
        self.servers.append(server)
        return server

    def machine(self, *mirrors: GitServer | Path, **settings: Any) -> rehub.Hub:
        """Give a machine with an empty store, to which github.com is the hub, after the mirrors."""
        self.machines += 1
        roots = [each if isinstance(each, Path) else f"{each.url}/" for each in mirrors]
        static = [f"{prefix}=static+{root}" for root in roots for prefix in ("https://", f"{self.world.hub.url}/")]
        given = {
            "dir": self.folder.parent / f"machine-{self.machines}",
            "trust": "always",
            "timeout": 5.0,
            "mirrors": " ".join([*static, self.world.mirrors]),
        }
        return rehub.Hub(**{**given, **settings})

    def path(self, what: str) -> str:
        """Give the path of one of the mirror's files, as its server has it."""
        return {
            "refs": "/refs/github.com/acme/toy.json",
            "pin": f"/pins/github.com/acme/toy/{self.commit}.json",
            "proof": f"/pins/github.com/acme/toy/{self.commit}.tar",
            "tree": f"/trees/{self.tree}.tar",
            "blob": f"/blobs/sha256/{HEX[:2]}/{HEX}",
            "url": f"/urls/{hashlib.sha256(self.urls[1].encode()).hexdigest()}.json",
        }[what]

    def says(self, server: GitServer, what: str, **change: Any) -> None:
        """Let a server's record say something else."""
        record = json.loads(server.files[self.path(what)])
        server.files[self.path(what)] = json.dumps(record | change).encode()
