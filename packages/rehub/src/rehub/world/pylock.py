"""A PEP 751 file of the user's: written whole or not at all, and never over one that is not ours."""

import os
import re
import tempfile
import tomllib
from contextlib import suppress
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
        number, fresh = tempfile.mkstemp(prefix=".pylock-", dir=path.parent)
        try:
            with os.fdopen(number, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(number)
            Path(fresh).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
            Path(fresh).replace(path.resolve())
        finally:
            with suppress(OSError):
                Path(fresh).unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(str(path), error.strerror or str(error), "Nothing was written.") from error
    return Digest.of(data)


def _is_ours(path: Path, most: int = 32 << 20) -> bool:
    """Say whether a file has our table; ``most`` is how much is read, in bytes."""
    try:
        with path.open("rb") as file:
            return "rehub" in tomllib.loads(file.read(most).decode("utf-8")).get("tool", {})
    except (OSError, ValueError):
        return False
