"""The user's decisions about which code may run: one JSON file, apart from the store."""

import json
import os
import stat
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from rehub.words.errors import StoreError
from rehub.words.trust import Grant

_SCHEMA = 1
_MAX_FILE = 16 << 20  # bytes


def _grant(row: dict[str, object]) -> Grant:
    """Read one decision.

    Raises:
        TypeError, KeyError: it is none; a commit that is no text must not come to mean any commit.
    """
    commit = row["commit"]
    if commit is not None and not isinstance(commit, str):
        msg = f"a commit is a text or null, not {commit!r}"
        raise TypeError(msg)
    return Grant(str(row["remote"]), commit, str(row["added"]))


class Grants:
    """What was allowed, as it is on disk now."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> list[Grant]:
        """Give every decision.

        Raises:
            StoreError: the file is there but cannot be read: what was decided must not be guessed.
        """
        try:
            found = self._path.stat()
            if not stat.S_ISREG(found.st_mode) or found.st_size > _MAX_FILE:
                raise StoreError(str(self._path), f"it is no file of at most {_MAX_FILE} bytes")
            data = json.loads(self._path.read_bytes())
            if data["schema"] > _SCHEMA:
                raise StoreError(str(self._path), f"it is of a newer rehub (schema {data['schema']}, known {_SCHEMA})")
            return [_grant(each) for each in data["grants"]]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            if isinstance(error, StoreError):
                raise
            raise StoreError(
                str(self._path), f"it cannot be read: {error}", "Repair it, or remove it to start anew."
            ) from error

    def add(self, remote: str, commit: str | None) -> Grant:
        """Allow a repository at one commit, or at any; what was allowed before stays."""
        grant = Grant(remote, commit, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
        self._change(lambda known: [*(each for each in known if (each.remote, each.commit) != (remote, commit)), grant])
        return grant

    def remove(self, remote: str, commit: str | None) -> list[Grant]:
        """Take back a decision, or all about a repository if ``commit`` is ``None``; give what was taken back."""
        gone = [each for each in self.all() if each.remote == remote and commit in {None, each.commit}]
        if gone:
            self._change(lambda known: [each for each in known if each not in gone])
        return gone

    def _change(self, change: Callable[[list[Grant]], list[Grant]]) -> None:
        from filelock import FileLock

        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(f"{self._path}.lock", timeout=60):
                self._write(change(self.all()))
        except OSError as error:
            if isinstance(error, StoreError):
                raise
            raise StoreError(str(self._path), error.strerror or str(error)) from error

    def _write(self, grants: list[Grant]) -> None:
        rows = [{"remote": each.remote, "commit": each.commit, "added": each.added} for each in grants]
        handle, name = tempfile.mkstemp(prefix=".trust-", dir=self._path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({"schema": _SCHEMA, "grants": rows}, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path)
        except BaseException:
            with suppress(FileNotFoundError):
                Path(name).unlink()
            raise
