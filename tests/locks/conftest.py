"""Repositories that load others and weights, as a lock has to record them, and hubs on several machines."""

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import rehub
from rehub.words.lock import Lock
from rehub.world.lockfile import read
from tests.world import Repo, World

torch = pytest.importorskip("torch")

TOY = """\
import os
import urllib.request
import torch.hub
from torch.hub import load_state_dict_from_url

class Net:
    def __init__(self, *parts): self.parts = parts
    def fetch(self, url): return load_state_dict_from_url(url, progress=False)
    def by_itself(self, url): return urllib.request.urlopen(url).read()

def net(width=1, **more): return Net(width)
def trained(url): return Net(load_state_dict_from_url(url, progress=False))
def to_file(url, place): torch.hub.download_url_to_file(url, place, progress=False); return Net(place)
def outer(): return Net(torch.hub.load("acme/inner", "part", source="github", trust_repo=True))
def inside(): return Net(torch.hub.load(os.path.join(os.path.dirname(__file__), "own"), "part", source="local"))
def by_itself(url): return Net(urllib.request.urlopen(url).read())
def late(): return lambda: torch.hub.load("acme/inner", "part", trust_repo=True)
def forked(url):
    pid = os.fork()
    if pid == 0:
        try:
            load_state_dict_from_url(url, progress=False)
            os._exit(0)
        finally:
            os._exit(1)
    return Net(os.waitpid(pid, 0)[1])
def fails(): torch.hub.load("acme/inner", "part", trust_repo=True); raise ValueError("no")
"""
PART = "class Part: pass\ndef part(): return Part()\n"


@dataclass(frozen=True, slots=True)
class File:
    """A file of weights on the world's server."""

    url: str
    sha256: str
    size: int
    data: bytes


@pytest.fixture
def toy(world: World, tmp_path: Path) -> Repo:
    """Give a repository with a tag, and another one that it loads from; no two tests share a tree, nor its scope."""
    only = {"test.txt": str(tmp_path)}
    world.repo({"hubconf.py": PART, **only}, name="acme/inner")
    return world.repo({"hubconf.py": TOY, "own/hubconf.py": PART, **only}, name="acme/toy", tag="v1")


@pytest.fixture
def file(world: World) -> Callable[..., File]:
    """Give a function that serves a file of weights: ``file(3.0)`` is other bytes than ``file(2.0)``."""

    def serve(value: float = 1.0, path: str = "/net.pt") -> File:
        made = io.BytesIO()
        torch.save({"w": torch.tensor([value])}, made)
        data = made.getvalue()
        world.hub.files[path] = data
        return File(world.hub.url + path, hashlib.sha256(data).hexdigest(), len(data), data)

    return serve


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """Give the place of the project's lock."""
    (tmp_path / "project").mkdir()
    return tmp_path / "project/rehub.lock"


@pytest.fixture
def machine(world: World, tmp_path: Path) -> Callable[..., rehub.Hub]:
    """Give a function that gives a hub with a store of its own: ``machine("b", lock=lock, locked=True)``."""

    def hub(name: str = "a", **settings: Any) -> rehub.Hub:
        return rehub.Hub(dir=tmp_path / name, **{"mirrors": world.mirrors, "trust": "always", **settings})

    return hub


def said(lock: Path) -> Lock:
    """Give what a lock says."""
    return read(lock)[0]
