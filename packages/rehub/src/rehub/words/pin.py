"""A ref that can no longer move, and the proof that its files lie on this machine."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from rehub.words.digest import Digest
from rehub.words.errors import MalformedError
from rehub.words.ref import Folder, Remote

_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Pin:
    """A repository at one commit.

    Attributes:
        remote: the repository.
        commit: 40 hex digits.
        tree: the digest of its files; ``None`` until they were fetched once, by anyone whose word is taken (this
            store, a lock). When it is there, a fetch must find exactly it.
        git_tree: 40 hex digits, git's own id of its files; empty until they were fetched once. It proves nothing here.
    """

    remote: Remote
    commit: str
    tree: Digest | None = None
    git_tree: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not _COMMIT.fullmatch(self.commit):
            msg = f"{self.commit!r} is not a commit id\n  expected 40 lower-case hex digits"
            raise MalformedError(msg)

    @property
    def swhids(self) -> tuple[str, ...]:
        """What Software Heritage's archive, and whoever else keeps source code, calls the commit and its tree.

        They name the content alone: who has it elsewhere has the same.

        Source: ISO/IEC 18670:2025; git's own ids of commits and trees are the digests of revisions and directories.
        """
        found = (("rev", self.commit), ("dir", self.git_tree))
        return tuple(f"swh:1:{kind}:{digits}" for kind, digits in found if digits)

    @property
    def short(self) -> str:
        """The pin with a commit that people can read."""
        return f"{self.remote}@{self.commit[:12]}"

    def __str__(self) -> str:
        return f"{self.remote}@{self.commit}"


@dataclass(frozen=True, slots=True)
class LfsPointer:
    """A file that only stands for another one, which git LFS would fetch."""

    path: str
    oid: Digest
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Checkout:
    """A folder that holds exactly a pin's files: whoever has one knows that its digest was proved.

    Attributes:
        pin: the repository, commit and tree; ``None`` for a folder of the user's own.
        place: where it comes from: the pin's remote, or the folder.
        root: the folder.
        name: of the package below ``rehub.repos`` under which its modules are imported.
        lfs: files that are git LFS pointers, not what their names promise.
        missing: why those are not the files that they stand for; empty if nobody has tried to fetch them.
        submodules: folders that are other repositories, which were not fetched.
        ref: as it was asked for, with the host that it is at; empty if nobody asked by a ref.
    """

    place: Remote | Folder
    root: Path
    name: str
    pin: Pin | None = None
    lfs: tuple[LfsPointer, ...] = ()
    submodules: tuple[str, ...] = ()
    missing: str = ""
    ref: str = field(default="", compare=False)

    def __str__(self) -> str:
        return self.pin.short if self.pin else str(self.place)
