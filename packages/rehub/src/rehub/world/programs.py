"""The user's own programs on disk."""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

_OTHERS = {"__pycache__", "node_modules", "site-packages", "build", "dist"}


def python_files(place: Path, *, most: int = 10_000) -> Iterator[Path]:
    """Give a program, or those below a folder; not what is hidden, installed or built there, nor what links lead to.

    Args:
        place: a file, or a folder.
        most: files that are given.
    """
    if not place.is_dir():
        yield place
        return
    yield from islice(_below(place), most)


def _below(folder: Path) -> Iterator[Path]:
    for at, folders, names in os.walk(folder):
        if "pyvenv.cfg" in names:
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if name not in _OTHERS and not name.startswith("."))
        yield from (Path(at, name) for name in sorted(names) if name.endswith(".py"))
