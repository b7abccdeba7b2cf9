"""The store looked at as a whole: what is in it, how old it is, whether its bytes are right; and removing from it.

Whatever is removed loses its record first: what a crash leaves behind is content without a name, never a name without
its content.
"""

import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rehub.words.digest import Digest
from rehub.words.errors import MalformedError
from rehub.words.pin import Pin
from rehub.words.ref import Ref, Remote
from rehub.world.store.disk import Store
from rehub.world.store.files import disk_errors, read_json, write_json
from rehub.world.store.manifest import Manifest
from rehub.world.store.records import RefRecord
from rehub.world.store.trees import hash_or_reason, remove_tree

_UNNAMED = 86_400.0  # seconds for which content without a record may still be on its way to one
_RECORDS = (
    *("refs/*.json", "pins/*/*.json", "described/*.json", "ran/*.json", "blobs/sha256/*/*.json", "urls/*.json"),
    *("files/*.json", "shared/*/*/*.json", "names.json"),
)
_DAMAGED = "its manifest is missing or damaged"


@dataclass(frozen=True, slots=True)
class KeptPin:
    """A commit in the store.

    Attributes:
        pin: the commit and its tree.
        fetched: when, in seconds since 1970.
        used: when its files were last looked at, by the file system's access times; where these are off, when fetched.
    """

    pin: Pin
    fetched: float
    used: float


@dataclass(frozen=True, slots=True)
class Damage:
    """A file of a tree that is not what it was.

    Attributes:
        tree: the tree's digest.
        path: of the file in the tree; empty if it is the manifest.
        expected: its SHA-256.
        found: the SHA-256 of what is there, or what is there instead, in words.
    """

    tree: Digest
    path: str
    expected: str
    found: str


class Inventory:
    """What is in a store; what lies in those beneath is not its own."""

    def __init__(self, store: Store) -> None:
        self._store = store.alone
        self._root = store.root

    def pins(self) -> list[KeptPin]:
        """Give every commit."""
        return [self.kept(pin) for pin in self._store.records.all_pins()]

    def kept(self, pin: Pin) -> KeptPin:
        """Say when a commit came, and when it was used last."""
        record = self._root / "pins" / key(pin.remote) / f"{pin.commit}.json"
        fetched = _time(record, "st_mtime")
        manifest = self._root / "trees" / f"{pin.tree.hex}.json" if pin.tree else record
        return KeptPin(pin, fetched, max(fetched, _time(manifest, "st_atime")))

    def refs(self) -> dict[Remote, dict[str, RefRecord]]:
        """Give every ref that was asked for, by remote."""
        found: dict[Remote, dict[str, RefRecord]] = {}
        for path in sorted((self._root / "refs").glob("*.json")):
            try:
                place = Ref.parse(str((read_json(path) or {})["remote"])).place
            except (KeyError, MalformedError):
                continue
            if isinstance(place, Remote):
                found[place] = self.refs_of(place)
        return found

    def refs_of(self, remote: Remote) -> dict[str, RefRecord]:
        """Give every ref of a remote that was asked for."""
        refs = (read_json(self._root / "refs" / f"{key(remote)}.json") or {}).get("refs")
        known = (
            {str(rev): self._store.records.find_ref(remote, str(rev)) for rev in refs} if isinstance(refs, dict) else {}
        )
        return {rev: record for rev, record in known.items() if record}

    def parts(self) -> dict[str, int]:
        """Give the bytes of each folder of the store."""
        with disk_errors(self._root):
            names = sorted(path.name for path in self._root.iterdir() if path.is_dir()) if self._root.is_dir() else []
        return {name: self._store.size_of(name) for name in names}

    def tree_size(self, tree: Digest | None) -> int:
        """Give the bytes of a tree; 0 if it is not there."""
        return self._store.size_of("trees", tree.hex) if tree else 0

    def repositories_size(self, remote: str) -> int:
        """Give the bytes of a remote's git repositories, by the name that its files have."""
        return self._store.size_of("git", remote) + self._store.size_of("commits", remote)

    def unnamed_trees(self, named: Iterable[Digest]) -> list[Digest]:
        """Give the trees that no pin names, and that no running fetch is about to name."""
        known = set(named)
        now = time.time()
        folders = ((tree, _time(self._store.trees.folder(tree), "st_ctime")) for tree in self._store.trees.named(""))
        return [tree for tree, changed in folders if tree not in known and now - changed > _UNNAMED]

    def repositories(self) -> set[str]:
        """Give the names of git repositories, the digests of their remotes; of none that is just being made."""
        found = (path for part in ("git", "commits") for path in (self._root / part).glob("[0-9a-f]*") if path.is_dir())
        return {path.name for path in found}

    def has_pins(self, remote: str) -> bool:
        """Say whether there is a commit of a remote, by the name that its files have."""
        return any((self._root / "pins" / remote).glob("*.json"))

    def old_notes(self, *, before: float) -> list[Path]:
        """Give the byte-code, and the notes on stores beneath, that nobody used since a time, in seconds since 1970."""
        files = [*(self._root / "pyc").rglob("*.pyc"), *(self._root / "shared").rglob("*.json")]
        return [path for path in files if max(_time(path, "st_atime"), _time(path, "st_mtime")) < before]

    # Removing.

    def forget(self, pin: Pin) -> None:
        """Remove a commit's record, and the refs that led to it; the caller holds the remote's lock.

        Raises:
            StoreError: the disk refused.
        """
        path = self._root / "refs" / f"{key(pin.remote)}.json"
        with disk_errors(path):
            data = read_json(path) or {}
            refs = data.get("refs")
            if isinstance(refs, dict):
                left = {rev: each for rev, each in refs.items() if not _leads_to(each, pin.commit)}
                _replace(path, {**data, "refs": left} if left else None)
            self._store.records.forget_pin(pin)

    def remove_tree(self, tree: Digest) -> None:
        """Remove a tree and what is known of it.

        Raises:
            StoreError: the disk refused.
        """
        described = self._root / "described" / f"{tree.hex}.json"
        with disk_errors(described):
            for record in (described, *(self._root / "ran").glob(f"{tree.hex}.*.json")):
                record.unlink(missing_ok=True)
            self._store.trees.remove(tree)

    def remove_repositories(self, remote: str) -> None:
        """Remove a remote's git repositories; the caller holds its lock."""
        for part in ("git", "commits"):
            remove_tree(self._root / part / remote)

    # Verifying.

    def damage(self, tree: Digest) -> Iterator[Damage]:
        """Hash every file of a tree; give those that are wrong, and those that do not belong to it.

        Raises:
            StoreError: the disk refused.
        """
        folder = self._store.trees.folder(tree)
        manifest = self._store.trees.manifest(tree)
        if manifest is None:
            yield Damage(tree, "", tree.hex, _DAMAGED)
            return
        with disk_errors(folder):
            yield from _wrong(tree, manifest, folder, self._store.trees.filled(tree, manifest))
            for path in _files(folder):
                if path not in manifest.files:
                    yield Damage(tree, path, "nothing: the tree has no such file", "a file")

    def broken_records(self) -> list[Path]:
        """Give the records of which a byte was changed: they count as absent. Those of trees are told with these."""
        found = (path for pattern in _RECORDS for path in self._root.glob(pattern))
        return sorted(path for path in found if read_json(path) is None)

    def blob_damage(self, digest: Digest) -> str:
        """Hash a file of weights; give its SHA-256, or what is there instead, if it is wrong; else nothing.

        Raises:
            StoreError: the disk refused.
        """
        path = self._store.blobs.path(digest)
        with disk_errors(path):
            found = hash_or_reason(path)
        return "" if found == digest.hex else found


def key(remote: Remote) -> str:
    """Give the name that a remote's files have in the store."""
    return Digest.of(remote.url.encode()).hex


def _wrong(tree: Digest, manifest: Manifest, folder: Path, filled: set[str]) -> Iterator[Damage]:
    for path, seen in sorted(manifest.files.items()):
        if path in filled:  # a git LFS pointer whose blob is hashed with the others
            continue
        try:
            found = hash_or_reason(folder / path)
        except NotADirectoryError:
            found = "nothing: it is missing"
        except OSError as error:
            found = f"something that cannot be read: {error.strerror}"
        if found != seen.sha256:
            yield Damage(tree, path, seen.sha256, found)


def _files(folder: Path) -> Iterator[str]:
    for place, folders, names in os.walk(folder):
        links = [name for name in folders if os.path.islink(os.path.join(place, name))]  # noqa: PTH114, PTH118 - fast
        for name in [*names, *links]:
            yield (Path(place) / name).relative_to(folder).as_posix()


def _leads_to(record: object, commit: str) -> bool:
    return isinstance(record, dict) and record.get("commit") == commit


def _replace(path: Path, data: dict[str, object] | None) -> None:
    if data is None:
        path.unlink(missing_ok=True)
    else:
        write_json(path, data)


def _time(path: Path, what: str) -> float:
    try:
        return float(getattr(path.stat(), what))
    except OSError:
        return 0.0
