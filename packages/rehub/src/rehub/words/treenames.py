"""Names that stay in their folder, and are one file each, on every file system; and lists of paths made of them."""

import re
import unicodedata
from collections.abc import Collection, Iterable

# Code points that HFS+ ignores, so that ".g\u200cit" would be ".git" there. Source: git, utf8.c, next_hfs_char.
_IGNORED_BY_HFS = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")


def checked_name(raw: bytes, *, most: int) -> str:
    """Give a name that stays in its folder on every file system.

    Args:
        raw: the name.
        most: how many bytes it may have.

    Raises:
        ValueError: it may not be written to disk; says why.
    """
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        msg = "its name is not UTF-8"
        raise ValueError(msg) from error
    if name in {"", ".", ".."} or "/" in name or "\\" in name:
        msg = "its name could lead out of its folder"
        raise ValueError(msg)
    if any(unicodedata.category(char) == "Cc" for char in name):
        msg = "its name holds a control character"
        raise ValueError(msg)
    # NTFS drops dots and spaces at the end, and takes what follows a colon for the name of a stream.
    if _IGNORED_BY_HFS.sub("", name).partition(":")[0].casefold().rstrip(". ") in {".git", "git~1"}:
        msg = "its name is '.git', or is taken for it on some file systems"
        raise ValueError(msg)
    if len(raw) > most:
        msg = f"its name is longer than {most} bytes"
        raise ValueError(msg)
    return name


def folded(name: str) -> str:
    """Give what a name becomes where case, composition and invisible characters do not count (HFS+, APFS, NTFS).

    Source: Unicode Standard, section 3.13, D145: canonical caseless match.
    """
    plain = unicodedata.normalize("NFD", _IGNORED_BY_HFS.sub("", name))
    return unicodedata.normalize("NFD", plain.casefold())


def can_be_told_apart(one: str, other: str) -> bool:
    """Say of two names that fold alike whether people see the difference, and many a disk holds both."""
    return (one + other).isascii()


def alike_in(files: Collection[str], *, most: int) -> tuple[tuple[str, str], ...]:
    """Give the pairs of paths that differ in the case of plain letters only.

    Args:
        files: paths, each once.
        most: how many folders they may need.

    Raises:
        ValueError: two of them are the same on some file systems, one is a file and a folder at once, or they need too
            many folders.

    Example:
        >>> alike_in(["a/x", "A/y", "b"], most=9)
        (('A', 'a'),)
    """
    folders = _folders(files, most)
    if clash := folders.intersection(files):
        msg = f"{min(clash)!a} is a file, and a folder"
        raise ValueError(msg)
    seen: dict[tuple[str, str], str] = {}  # a folder and what may become of a name in it, to the path
    found = []
    for path in sorted(folders.union(files)):
        folder, _, name = path.rpartition("/")
        same = seen.setdefault((folder, folded(name)), path)
        if same == path:
            continue
        if not can_be_told_apart(same.rpartition("/")[2], name):
            msg = f"{path!a} and {same!a} are the same on some file systems"
            raise ValueError(msg)
        found.append((same, path))
    return tuple(found)


def _folders(files: Iterable[str], most: int) -> set[str]:
    """Give the folders that files lie in; those of a folder that is known are known, too."""
    found: set[str] = set()
    for path in files:
        folder = path.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
        if len(found) > most:
            msg = f"there are more than {most} folders in it"
            raise ValueError(msg)
    return found
