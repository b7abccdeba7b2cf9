"""How two folders differ, as git shows it: not as either of them would like it to be shown."""

import re
from dataclasses import dataclass
from pathlib import Path

from rehub.words.errors import StoreError
from rehub.world.git.process import Git

_OPTIONS = ("--no-index", "--no-prefix", "--no-color", "--no-ext-diff", "--no-textconv", "--find-renames")
_SAME_OR_NOT = {0, 1}  # exit codes of git diff


@dataclass(frozen=True, slots=True)
class Difference:
    """How much differs.

    Attributes:
        files: how many files differ.
        new: lines of text that are new.
        gone: lines of text that are no longer there.
    """

    files: int
    new: int
    gone: int


def counted(git: Git, old: Path, new: Path, *, limit: float = 60.0) -> Difference:
    """Count what differs between two folders.

    Args:
        limit: how long it may take, in seconds.

    Raises:
        StoreError: git could not read them, or took too long.
    """
    said = _diff(git, old, new, "--shortstat", limit=limit, max_bytes=1 << 20)

    def number(word: str) -> int:
        found = re.search(rf"(\d+) {word}", said)
        return int(found[1]) if found else 0

    return Difference(number("file"), number("insertion"), number("deletion"))


def shown(git: Git, old: Path, new: Path, *, limit: float = 60.0, max_bytes: int = 16 << 20) -> str:
    """Give the difference of two folders, file by file, with their names as they are inside of each.

    Args:
        limit: how long it may take, in seconds.
        max_bytes: how long it may be, in bytes.

    Raises:
        StoreError: git could not read them, took too long, or it is longer.
    """
    said = _diff(git, old, new, limit=limit, max_bytes=max_bytes)
    for root, side in ((old, "a"), (new, "b")):
        said = said.replace(f"{str(root).lstrip('/')}/", f"{side}/")
    return said


def _diff(git: Git, old: Path, new: Path, *options: str, limit: float, max_bytes: int) -> str:
    # git is started in the root folder, outside of any repository: no .gitattributes of theirs hides a file.
    config = [("core.quotePath", "false"), ("core.attributesFile", "/dev/null")]
    args = ["diff", *_OPTIONS, *options, "--", str(old), str(new)]
    ended = git.run(args, config=config, limit=limit, max_output=max_bytes)
    if ended.code not in _SAME_OR_NOT or ended.stopped:
        raise StoreError(str(new), f"git could not compare it: {ended.stopped or ended.said.strip()}")
    return ended.out.decode("utf-8", "replace")
