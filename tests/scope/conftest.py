"""Folders and pinned checkouts whose code is really run, in this process and in others."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import rehub
from rehub.verbs.load import run_entry
from rehub.words.pin import Checkout
from tests.world import World

Files = Mapping[str, str | bytes]
Folder = Callable[..., Path]
Load = Callable[..., Any]
Pin = Callable[..., Checkout]
Python = Callable[..., str]


def write(root: Path, files: Files) -> Path:
    """Write files below a folder."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


@contextmanager
def as_before() -> Iterator[None]:
    """Hold each load to the promise: ``sys.path`` and the plain names of ``sys.modules`` are as before."""
    known, path, modules = sys.path, list(sys.path), dict(sys.modules)
    try:
        yield
    finally:
        assert sys.path is known
        assert sys.path == path
        assert {name for name, module in modules.items() if sys.modules.get(name) is not module} <= {
            name for name in modules if name.startswith("rehub.repos.")
        }
        fresh = {name: module for name, module in sys.modules.items() if name not in modules}
        strange = [name for name, module in fresh.items() if str(getattr(module, "__name__", "")) != name]
        assert not [name for name in strange if not name.startswith("rehub.repos.")]


@pytest.fixture
def hub(tmp_path: Path) -> rehub.Hub:
    """Give a hub with a store of its own that lets everything run."""
    return rehub.Hub(dir=tmp_path / "hub", trust="always")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Give a function that writes a folder of the user's own: ``folder({"hubconf.py": "…"}, name="a")``."""
    return lambda files, name="toy": write(tmp_path / name, files)


@pytest.fixture
def load(hub: rehub.Hub) -> Load:
    """Give a function that runs an entry of a folder: ``load(folder, "net", 1)``."""

    def run(root: Path, name: str = "net", *args: Any, **kwargs: Any) -> Any:
        entry = hub.entry(str(root), name, source="local")
        with as_before():
            return entry(*args, **kwargs)

    return run


@pytest.fixture
def pin(hub: rehub.Hub, tmp_path: Path) -> Iterator[Pin]:
    """Give a function that commits files to a real repository, and fetches that commit into the store."""
    with World(tmp_path / "pins") as world:
        repos = {}

        def make(files: Mapping[str, str | bytes | None], *, name: str = "acme/toy") -> Checkout:
            if name not in repos:
                repos[name] = world.repo(name=name)
            # No two tests share a tree: the first one's store would be used by the others, where it cannot be removed.
            commit = repos[name].commit({**files, "test.txt": str(tmp_path)})
            return hub.fetch(f"{repos[name].file_url}@{commit}")

        yield make


@pytest.fixture
def run(hub: rehub.Hub) -> Load:
    """Give a function that runs an entry of a pinned checkout."""

    def call(checkout: Checkout, name: str = "net", *args: Any, **kwargs: Any) -> Any:
        with as_before():
            return run_entry(checkout, name, args, kwargs, store=hub.store).value

    return call


@pytest.fixture
def python(tmp_path: Path) -> Python:
    """Give a function that runs a script in a fresh Python and gives what it printed."""

    def call(text: str, *args: str | os.PathLike[str], env: Mapping[str, str] | None = None, ok: bool = True) -> str:
        script = tmp_path / f"script{abs(hash(text))}.py"
        script.write_text(text)
        done = subprocess.run(
            [sys.executable, "-W", "error", str(script), *map(str, args)],
            env={**os.environ, **(env or {})},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert (done.returncode == 0) is ok, done.stderr
        return done.stdout.strip() if ok else done.stderr

    return call
