"""A checkout's folder, and the bytes that its files must have to be imported."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rehub.words.digest import Digest
from rehub.words.errors import DigestMismatchError

_DONE = "It was not imported. 'rehub cache verify' says more."
_NOT_OURS = (
    "It was not imported. If the repository's own code builds or writes it, clone the repository, and load your "
    "folder: checkouts in the store are never added to."
)


@dataclass(frozen=True)
class Proof:
    """What may be imported from a folder.

    Attributes:
        root: the folder, absolute.
        files: path to SHA-256, if the files were proved: nothing else of the folder is imported then. ``None`` for a
            folder of the user's own, which is taken as it lies there.
    """

    root: Path
    files: Mapping[str, str] | None

    @cached_property
    def _starts(self) -> tuple[str, str]:
        # Code that asks for its own real path, or for the working folder, gets one without symbolic links.
        return os.path.normpath(self.root), os.path.realpath(self.root)

    def inside(self, place: object) -> str | None:
        """Give a path as one below the root; ``None`` if it leads elsewhere, or is no text."""
        if not isinstance(place, str):
            return None
        path = os.path.abspath(place)  # noqa: PTH100 - pathlib would keep ".."
        for start in self._starts:
            if path == start or path.startswith(start + os.sep):
                return self._starts[0] + path[len(start) :]
        return None

    def stands_for(self, other: "Proof") -> bool:
        """Say whether its folder still has what another one of the same checkout has.

        One of two caches may have been removed, wholly or in part, or lack what git LFS keeps.
        """
        return all(self._size(path) == other._size(path) for path in other.files or ())  # noqa: SLF001

    def _size(self, path: str) -> int | None:
        try:
            return (self.root / path).stat().st_size
        except OSError:
            return None

    def check(self, place: str, data: bytes) -> Digest:
        """Prove that a file is one of the checkout's, with the right bytes.

        Raises:
            DigestMismatchError: it is another one.
        """
        found = Digest.of(data)
        if self.files is None:
            return found
        path = self.inside(place) or ""
        name = path[len(self._starts[0]) + 1 :].replace(os.sep, "/")
        expected = self.files.get(name)
        if expected is None:
            raise DigestMismatchError(place, "nothing: the repository has no such file", found.hex, _NOT_OURS)
        if found.hex != expected:
            raise DigestMismatchError(place, expected, found.hex, _DONE)
        return found
