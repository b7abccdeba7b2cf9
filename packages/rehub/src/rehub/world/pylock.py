"""A PEP 751 file of the user's: written whole or not at all, and never over one that is not ours."""

import errno
import os
import re
import stat
import tempfile
import tomllib
from pathlib import Path

from rehub.words.digest import Digest
from rehub.words.errors import MalformedSettingError, StoreError

_NAME = re.compile(r"pylock(?:\.[^.]+)?\.toml")  # source: PEP 751, "File Name"


def check(path: Path) -> None:
    """Refuse a name that installers would not take, and a file that somebody else made.

    Raises:
        MalformedSettingError: it is one of these.
    """
    if not _NAME.fullmatch(path.name):
        raise MalformedSettingError("--output", path.name, "pylock.toml or pylock.NAME.toml, as PEP 751 has it")
    if path.exists() and not _is_ours(path):
        raise MalformedSettingError("--output", str(path), "a new file, or one that rehub made: pylock.NAME.toml, say")


def write(path: Path, text: str) -> Digest:
    """Write a file; give the digest of its bytes.

    Raises:
        MalformedSettingError: as :func:`check`.
        StoreError: the disk refused.
    """
    check(path)
    data = text.encode()
    try:
        _replace(Path(os.path.realpath(path)), data)
    except OSError as error:
        raise StoreError(str(path), error.strerror or str(error), "Nothing was written.") from error
    return Digest.of(data)


def _replace(target: Path, data: bytes) -> None:
    """Write beside the target, flush, rename; the permissions stay what they were."""
    number, fresh = tempfile.mkstemp(prefix=".pylock-", dir=target.parent)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(number)
        Path(fresh).chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
        Path(fresh).replace(target)
    finally:
        Path(fresh).unlink(missing_ok=True)


def _is_ours(path: Path) -> bool:
    try:
        tool = tomllib.loads(_bytes(path).decode("utf-8")).get("tool")
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(tool, dict) and "rehub" in tool


def _bytes(path: Path, most: int = 32 << 20) -> bytes:
    """Read a regular file: what lies in its place instead, a FIFO for one, is not waited for.

    Args:
        path: the file.
        most: how much of it may be read, in bytes.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or found.st_size > most:
            raise OSError(errno.EFBIG, f"it is no file, or has more than {most:,} bytes")
        return file.read()
