"""Compiled Python, keyed by the SHA-256 of its source: one place, for sources that lie anywhere."""

import hashlib
import marshal
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from types import CodeType

from rehub.words.digest import Digest

_DIGEST_SIZE = 32  # bytes
_MAX_SIZE = 64 << 20  # bytes of one module's byte-code


def tag() -> str:
    """Name the Python that byte-code is for: version and optimisation level."""
    return f"{sys.implementation.cache_tag}.{sys.flags.optimize}"


@dataclass(frozen=True, slots=True)
class Bytecode:
    """A folder of byte-code; whatever is wrong with it, the source is compiled again.

    Attributes:
        folder: where; ``None`` keeps nothing.
    """

    folder: Path | None

    def find(self, source: Digest, filename: str) -> CodeType | None:
        """Give the code of a source, as if it had been compiled from that file."""
        if self.folder is None:
            return None
        data = _read_own(self._place(self.folder, source))
        body = memoryview(data)[len(MAGIC_NUMBER) + _DIGEST_SIZE :]
        if data[: -len(body) or None] != _head(source, body):
            return None
        code = marshal.loads(body)  # noqa: S302 - our own file, whole by its digest
        return _moved(code, filename) if isinstance(code, CodeType) else None

    def keep(self, source: Digest, code: CodeType) -> None:
        """Keep code for the next process; a store that cannot be written is no reason to fail."""
        if self.folder is None or sys.dont_write_bytecode:
            return
        body = marshal.dumps(code)
        place = self._place(self.folder, source)
        with suppress(OSError):
            handle, name = _new_file_in(place.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(_head(source, body) + body)
                Path(name).replace(place)
            except OSError:
                Path(name).unlink()
                raise

    @staticmethod
    def _place(folder: Path, source: Digest) -> Path:
        return folder / source.hex[:2] / f"{source.hex}.pyc"


def _head(source: Digest, body: bytes | memoryview) -> bytes:
    """What an entry starts with; the source's digest is in it, so that no entry can be taken for another's."""
    return MAGIC_NUMBER + hashlib.sha256(source.hex.encode() + bytes(body)).digest()


def _new_file_in(folder: Path) -> tuple[int, str]:
    try:
        handle, name = tempfile.mkstemp(prefix=".new-", dir=folder)
    except FileNotFoundError:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".new-", dir=folder)
    os.fchmod(handle, 0o644) if hasattr(os, "fchmod") else None
    return handle, name


def broken(folder: Path) -> Iterator[Path]:
    """Give the files of byte-code, of every Python, of which a byte was changed: they are never run.

    Args:
        folder: that of all Pythons.
    """
    for path in sorted(folder.glob("*/??/*.pyc")):
        data = _read_own(path)
        start = len(MAGIC_NUMBER)
        said, body = data[start : start + _DIGEST_SIZE], memoryview(data)[start + _DIGEST_SIZE :]
        ours = path.parents[1].name != tag() or data.startswith(MAGIC_NUMBER)
        if not ours or said != hashlib.sha256(path.stem.encode() + bytes(body)).digest():
            yield path


def _read_own(path: Path) -> bytes:
    """Read an entry that this user, or the system's owner, wrote: in a shared cache others could forge one."""
    try:
        with open(path, "rb", buffering=0, opener=_unwaiting) as file:
            found = os.fstat(file.fileno())
            trusted = not hasattr(os, "geteuid") or found.st_uid in {0, os.geteuid()}
            return file.read() if trusted and found.st_size <= _MAX_SIZE else b""
    except OSError:
        return b""


def _unwaiting(path: str, flags: int) -> int:
    """Open a file; a FIFO in its place is not waited for."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _moved(code: CodeType, filename: str) -> CodeType:
    """Give code that says it comes from a file: equal sources share byte-code, wherever they lie."""
    if code.co_filename == filename:
        return code
    constants = tuple(_moved(each, filename) if isinstance(each, CodeType) else each for each in code.co_consts)
    return code.replace(co_filename=filename, co_consts=constants)
