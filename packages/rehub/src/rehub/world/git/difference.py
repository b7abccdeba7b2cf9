"""How two folders differ, as git shows it: not as either of them would like it to be shown."""

import re
from pathlib import Path

from rehub.words.errors import StoreError
from rehub.words.update import Code
from rehub.world.git.process import Git

_OPTIONS = ("--no-index", "--no-prefix", "--no-color", "--no-ext-diff", "--no-textconv", "--find-renames")
_SAME_OR_NOT = {0, 1}  # exit codes of git diff


def difference(  # noqa: PLR0913 - two folders, and limits
    git: Git, old: Path, new: Path, *, text: bool, limit: float = 60.0, max_bytes: int = 16 << 20
) -> Code:
    """Compare two folders.

    Args:
        git: what compares them.
        old: a folder.
        new: another one.
        text: show what differs, file by file, with their names as they are inside of each folder.
        limit: how long it may take, in seconds.
        max_bytes: how long the text may be, in bytes.

    Raises:
        StoreError: git could not read them, took too long, or the text is longer.
    """
    said = _diff(git, old, new, "--shortstat", limit=limit, max_bytes=1 << 20)
    numbers = (re.search(rf"(\d+) {word}", said) for word in ("file", "insertion", "deletion"))
    files, added, removed = (int(found[1]) if found else 0 for found in numbers)
    shown = _diff(git, old, new, limit=limit, max_bytes=max_bytes) if text else ""
    for root, side in ((old, "a"), (new, "b")):
        shown = shown.replace(f"{str(root).lstrip('/')}/", f"{side}/")
    return Code(files, added, removed, shown)


def _diff(git: Git, old: Path, new: Path, *options: str, limit: float, max_bytes: int) -> str:
    # git is started in the root folder, outside of any repository: no .gitattributes of theirs hides a file.
    config = [("core.quotePath", "false"), ("core.attributesFile", "/dev/null")]
    args = ["diff", *_OPTIONS, *options, "--", str(old), str(new)]
    ended = git.run(args, config=config, limit=limit, max_output=max_bytes)
    # A folder that is gone ends git with 1, too.
    if ended.code not in _SAME_OR_NOT or ended.stopped or ended.said.startswith("error:"):
        raise StoreError(str(new), f"git could not compare it: {ended.stopped or ended.said.strip()}")
    return ended.out.decode("utf-8", "replace")
