"""The user's decisions about which code, and which files of weights, may run: one JSON file, apart from the store."""

import json
import os
import stat
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from rehub.words.digest import Digest
from rehub.words.errors import StoreError
from rehub.words.trust import Grant, WeightsGrant

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


def _weights_grant(row: dict[str, object]) -> WeightsGrant:
    return WeightsGrant(Digest.parse(str(row["digest"])), str(row["added"]))


@dataclass(frozen=True, slots=True)
class _Known:
    """What the file says."""

    grants: tuple[Grant, ...] = ()
    weights: tuple[WeightsGrant, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Give what is written to disk; without weights it is what older versions wrote."""
        grants = [{"remote": each.remote, "commit": each.commit, "added": each.added} for each in self.grants]
        weights = [{"digest": str(each.digest), "added": each.added} for each in self.weights]
        return {"schema": _SCHEMA, "grants": grants} | ({"weights": weights} if weights else {})


class Grants:
    """What was allowed, as it is on disk now."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> list[Grant]:
        """Give every decision about a repository.

        Raises:
            StoreError: the file is there but cannot be read: what was decided must not be guessed.
        """
        return list(self._read().grants)

    def weights(self) -> list[WeightsGrant]:
        """Give every decision about a file of weights.

        Raises:
            StoreError: as :meth:`all`.
        """
        return list(self._read().weights)

    def _read(self) -> _Known:
        try:
            found = self._path.stat()
            if not stat.S_ISREG(found.st_mode) or found.st_size > _MAX_FILE:
                raise StoreError(str(self._path), f"it is no file of at most {_MAX_FILE} bytes")
            data = json.loads(self._path.read_bytes())
            if data["schema"] > _SCHEMA:
                raise StoreError(str(self._path), f"it is of a newer rehub (schema {data['schema']}, known {_SCHEMA})")
            return _Known(tuple(map(_grant, data["grants"])), tuple(map(_weights_grant, data.get("weights", []))))
        except FileNotFoundError:
            return _Known()
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            if isinstance(error, StoreError):
                raise
            raise StoreError(
                str(self._path), f"it cannot be read: {error}", "Repair it, or remove it to start anew."
            ) from error

    def add(self, remote: str, commit: str | None) -> Grant:
        """Allow a repository at one commit, or at any; what was allowed before stays."""
        grant = Grant(remote, commit, _now())

        def added(known: _Known) -> _Known:
            others = (each for each in known.grants if (each.remote, each.commit) != (remote, commit))
            return replace(known, grants=(*others, grant))

        self._change(added)
        return grant

    def remove(self, remote: str, commit: str | None) -> list[Grant]:
        """Take back a decision, or all about a repository if ``commit`` is ``None``; give what was taken back."""
        gone = [each for each in self.all() if each.remote == remote and commit in {None, each.commit}]
        if gone:
            self._change(lambda known: replace(known, grants=tuple(each for each in known.grants if each not in gone)))
        return gone

    def add_weights(self, digest: Digest) -> WeightsGrant:
        """Allow a file of weights to be read in full; what was allowed before stays."""
        grant = WeightsGrant(digest, _now())

        def added(known: _Known) -> _Known:
            return replace(known, weights=(*(each for each in known.weights if each.digest != digest), grant))

        self._change(added)
        return grant

    def remove_weights(self, digest: Digest) -> list[WeightsGrant]:
        """Take back a decision about a file of weights; give what was taken back."""
        gone = [each for each in self.weights() if each.digest == digest]
        if gone:
            self._change(
                lambda known: replace(known, weights=tuple(each for each in known.weights if each not in gone))
            )
        return gone

    def _change(self, change: Callable[[_Known], _Known]) -> None:
        from filelock import FileLock

        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(f"{self._path}.lock", timeout=60):
                self._write(change(self._read()))
        except OSError as error:
            if isinstance(error, StoreError):
                raise
            raise StoreError(str(self._path), error.strerror or str(error)) from error

    def _write(self, known: _Known) -> None:
        handle, name = tempfile.mkstemp(prefix=".trust-", dir=self._path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(known.as_dict(), file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path)
        except BaseException:
            with suppress(FileNotFoundError):
                Path(name).unlink()
            raise


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
