"""A static mirror's folder, as it is written: each file whole under its name, or not there at all.

Any server may be giving it out meanwhile.
"""

import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehub.words.errors import MalformedSettingError, RehubError, StoreError
from rehub.words.mirrored import FORMAT

_SIGN = "mirror.json"  # says that a folder is a mirror
_LOCK = ".lock"
_NEW = ".new-"  # before the names of files that are not whole yet
_WAIT = 600.0  # seconds for another process that writes to it
_MOST = 4 << 20  # bytes of a record


@dataclass(frozen=True, slots=True)
class MirrorFolder:
    """The folder of a mirror.

    Attributes:
        root: the folder; made when it is opened.
    """

    root: Path

    @contextmanager
    def opened(self, *, wait: float = _WAIT) -> Iterator[None]:
        """Make the folder, if it is new, and let nobody else write to it in a block.

        Args:
            wait: for another process that writes to it, in seconds.

        Raises:
            MalformedSettingError: it is something else: a folder with other things in it, or a mirror of another form.
            StoreError: the disk refused, or another process has written to it for too long.
        """
        from filelock import FileLock, Timeout

        with _errors(self.root):
            self._check()
            self.root.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.root / _LOCK)
            try:
                lock.acquire(timeout=wait)
            except Timeout as error:
                raise StoreError(str(lock.lock_file), f"another process has written here for {wait:g} s") from error
        try:
            for left in self.root.rglob(f"{_NEW}*"):  # what killed processes were writing: nobody else is
                left.unlink(missing_ok=True)
            self.write_record(_SIGN, {"format": FORMAT})
            yield
        finally:
            lock.release()

    def _check(self) -> None:
        """Refuse a folder that is somebody else's; the sign is the first thing that is written to one of ours."""
        if self.root.exists() and not self.root.is_dir():
            raise MalformedSettingError("DIR", str(self.root), "a folder")
        names = {path.name for path in self.root.iterdir()} if self.root.exists() else set()
        if _SIGN not in names and any(name != _LOCK and not name.startswith(_NEW) for name in names):
            raise MalformedSettingError("DIR", str(self.root), "a new or empty folder, or a mirror")
        if (sign := self.record(_SIGN)) and sign.get("format") != FORMAT:
            raise MalformedSettingError("DIR", str(self.root), f"a mirror of format {FORMAT}, or a newer rehub")

    def size(self, path: str) -> int | None:
        """Give a file's bytes; ``None`` if it is not there."""
        try:
            return (self.root / path).stat().st_size
        except FileNotFoundError:
            return None

    def record(self, path: str) -> dict[str, Any] | None:
        """Read a record; ``None`` if there is none, or it is damaged: it is written again."""
        try:
            with (self.root / path).open("rb") as file:
                found = json.loads(file.read(_MOST))
        except (FileNotFoundError, ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    def write_record(self, path: str, value: dict[str, Any]) -> bool:
        """Write a record; give whether it was another one before.

        Raises:
            StoreError: the disk refused.
        """
        if self.record(path) == value:
            return False
        self.write(path, [json.dumps(value, indent=1, sort_keys=True).encode() + b"\n"])
        return True

    def write(self, path: str, pieces: Iterable[bytes]) -> int:
        """Write a file, whole or not at all; give its bytes.

        Args:
            path: of the file, in the mirror.
            pieces: its content; if one cannot be had, the file is not written.

        Raises:
            StoreError: the disk refused.
        """
        place, count = self.root / path, 0
        with _errors(place):
            place.parent.mkdir(parents=True, exist_ok=True)
            handle, fresh = tempfile.mkstemp(prefix=_NEW, dir=place.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    for piece in pieces:
                        file.write(piece)
                        count += len(piece)
                    file.flush()
                    os.fsync(file.fileno())
                    Path(fresh).chmod(0o644)  # whoever serves it is another user
                Path(fresh).replace(place)
            except BaseException:
                with suppress(FileNotFoundError):
                    Path(fresh).unlink()
                raise
        return count


@contextmanager
def _errors(path: Path) -> Iterator[None]:
    """Turn the operating system's refusals into one of ours that names the place."""
    try:
        yield
    except RehubError:
        raise
    except OSError as error:
        raise StoreError(str(error.filename or path), error.strerror or str(error)) from error
