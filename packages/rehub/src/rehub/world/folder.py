"""Reading a repository's files as they lie in a folder, never beyond it, and never more than was asked for."""

import codecs
import errno
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from rehub.words.hubconf import Problem

MAX_NAMES = 20_000  # entries of one folder
# Codecs that only map characters. Others (idna, unicode_escape, punycode) are slow on hostile text, or hide it.
_ENCODINGS = re.compile(
    r"utf[-_]?8([-_]sig)?|u8|ascii|us[-_]ascii|latin[-_]?1|l1|iso[-_]?8859[-_]\d{1,2}|cp\d{3,4}|windows[-_]\d{4}|mac[-_]roman"
    r"|koi8[-_][ru]|gbk|gb2312|gb18030|big5|shift[-_]?jis|sjis|euc[-_](jp|kr|cn)|cp949"
)

# PEP 263's own expressions, as tokenize has them; but tokenize fails on a Latin-1 letter in the very same line.
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.ASCII)
_BLANK = re.compile(rb"^[ \t\f]*(?:#.*)?$")


@dataclass(frozen=True, slots=True)
class Tree:
    """A folder whose files are named by relative paths with ``/``.

    A name that leads out of it, through ``..`` or a symbolic link, does not exist. The check is made when a file is
    asked for: a checkout of the store is read-only, and a user's own folder is the user's.

    Example:
        >>> Tree(Path("/nowhere")).is_file("hubconf.py")
        False
    """

    root: Path

    def is_file(self, name: str) -> bool:
        """Say whether there is a regular file of that name."""
        path = self._inside(name)
        return path is not None and path.is_file()

    def is_dir(self, name: str) -> bool:
        """Say whether there is a folder of that name; the root's is empty."""
        path = self._inside(name)
        return path is not None and path.is_dir()

    def names(self, name: str = "", *, limit: int = MAX_NAMES) -> tuple[str, ...]:
        """Give what a folder holds, sorted; nothing if it is no folder or cannot be read.

        Args:
            limit: the most entries looked at.
        """
        path = self._inside(name)
        if path is None:
            return ()
        try:
            with os.scandir(path) as found:
                return tuple(sorted(each.name for each, _ in zip(found, range(limit), strict=False)))
        except OSError:
            return ()

    def read(self, name: str, *, max_bytes: int) -> bytes | Problem:
        """Give a file's bytes, or say why they cannot be had."""
        path = self._inside(name)
        if path is None:
            return Problem(name, 1, "is not in the repository")
        try:
            # Not blocking: a named pipe would wait for a writer that never comes.
            descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
            with os.fdopen(descriptor, "rb") as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    return Problem(name, 1, "is not a regular file")
                data = file.read(max_bytes + 1)
        except OSError as error:
            return Problem(
                name, 1, f"cannot be read: {error.strerror or errno.errorcode.get(error.errno or 0, 'unknown')}"
            )
        return (
            data if len(data) <= max_bytes else Problem(name, 1, f"is larger than {max_bytes:,} bytes and was not read")
        )

    def read_python(self, name: str, *, max_bytes: int) -> str | Problem:
        """Give a module's text, decoded as Python decodes it, or say why it cannot be had."""
        data = self.read(name, max_bytes=max_bytes)
        if isinstance(data, Problem):
            return data
        try:
            return decode(data)
        except (SyntaxError, ValueError, LookupError) as error:
            return Problem(name, 1, f"cannot be decoded: {error}")

    def _inside(self, name: str) -> Path | None:
        """Give the real path of a name, or ``None`` if it lies elsewhere."""
        if "\0" in name or "\\" in name:
            return None
        try:
            root = self.root.resolve()
            path = (root / name).resolve(strict=True)
        except (OSError, RuntimeError, ValueError):  # RuntimeError: a loop of links
            return None
        return path if path == root or path.is_relative_to(root) else None


def decode(data: bytes) -> str:
    """Decode Python source: a byte-order mark, the ``coding:`` comment of its first two lines (PEP 263), else UTF-8.

    Raises:
        SyntaxError: the encoding is unknown, or not one that source is read in.
        UnicodeDecodeError: the bytes are not of that encoding.

    Example:
        >>> decode("# coding: latin-1, é".encode("latin-1"))
        '# coding: latin-1, é'
    """
    marked = data.startswith(codecs.BOM_UTF8)
    data = data.removeprefix(codecs.BOM_UTF8)
    found = _declared(data[:1_000])
    encoding = found.lower() if found else "utf-8"
    if (marked and encoding not in {"utf-8", "utf8"}) or not _ENCODINGS.fullmatch(encoding):
        raise SyntaxError("unexpected encoding " + ascii(encoding[:40]))  # the name is hostile text as well
    return codecs.decode(data, encoding)


def _declared(start: bytes) -> str | None:
    """Find the ``coding:`` comment; on the second line it counts only if the first is empty or a comment, too."""
    for line in start.splitlines()[:2]:
        if found := _COOKIE.match(line):
            return found[1].decode("ascii")
        if not _BLANK.match(line):
            return None
    return None
