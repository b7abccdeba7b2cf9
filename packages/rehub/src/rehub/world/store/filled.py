"""A blob in the place of the git LFS pointer that names it: a link, which counts as that while it leads there."""

import os
import tempfile
from pathlib import Path


def fill(place: Path, blob: Path, scratch: Path) -> None:
    """Let a blob lie in a pointer's place, from one moment to the next.

    Args:
        place: the pointer's; its folder can be written to.
        blob: the store's.
        scratch: a folder of the same file system.

    Raises:
        OSError: there can be no link.
    """
    with tempfile.TemporaryDirectory(prefix="lfs-", dir=scratch) as folder:
        fresh = Path(folder) / "file"
        try:
            fresh.symlink_to(_target(place, blob))
        except OSError:  # Windows allows these links to few
            fresh.hardlink_to(blob)
        fresh.replace(place)


def is_filled(place: Path, blob: Path) -> bool:
    """Say whether a pointer's place leads to its blob, and nowhere else; the blob is looked at when it is used."""
    try:
        if place.is_symlink():
            return os.readlink(place) == _target(place, blob)  # noqa: PTH115 - compared as text
        return place.samefile(blob)
    except OSError:
        return False


def _target(place: Path, blob: Path) -> str:
    return os.path.relpath(blob, place.parent)
