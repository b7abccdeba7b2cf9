"""Making a static mirror of all that a store holds, or of what a lock names: contents first, then what names them."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from rehub.verbs.fetch import Fetching
from rehub.verbs.mirror.choosing import Chosen, ChosenPin, of_lock, of_store
from rehub.verbs.mirror.proving import proof_of
from rehub.words.digest import Digest
from rehub.words.errors import DigestMismatchError, MalformedError, NotFoundError, StoreError
from rehub.words.gitproof import Proof
from rehub.words.lock import Lock
from rehub.words.mirrored import (
    MirroredPin,
    MirroredRef,
    blob_path,
    pin_path,
    proof_path,
    refs_of,
    refs_path,
    refs_record,
    tree_path,
)
from rehub.words.pin import Pin
from rehub.words.ref import Remote
from rehub.words.tar import pack, size_of
from rehub.words.text import line
from rehub.world.mirror import MirrorFolder
from rehub.world.store import Manifest

_CHUNK = 1 << 20  # bytes
_OPEN = os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


@dataclass(slots=True)
class Mirrored:
    """What a mirror was made of.

    Attributes:
        folder: the mirror's.
        pins: commits whose files are in it.
        weights: digests of the files that it has: weights, and what git LFS keeps.
        urls: how many URLs it knows.
        written: how many files were written now; the others were there.
        bytes: of them.
        left_out: what could not be taken, and why.
    """

    folder: str
    pins: list[str] = field(default_factory=list)
    weights: list[str] = field(default_factory=list)
    urls: int = 0
    written: int = 0
    bytes: int = 0
    left_out: list[str] = field(default_factory=list)


def make_mirror(world: Fetching, folder: Path, lock: Lock | None = None) -> Mirrored:
    """Write what a store holds into a static mirror, beside what is there already.

    Nothing is fetched, and nothing that is not what its digest says is written.

    Args:
        world: the store, and git, which reads what proves its commits.
        folder: a new or empty one, or a mirror.
        lock: only what it names; all of that must be in the store.

    Raises:
        NotFoundError: the store lacks something that the lock names; nothing was written.
        MalformedSettingError: the folder is no mirror, and holds something else.
        StoreError: the disk refused.
    """
    chosen = of_store(world.store) if lock is None else of_lock(lock, world.store)
    mirror = MirrorFolder(folder)
    with mirror.opened():
        making = _Making(world, mirror, Mirrored(str(folder)))
        making.blobs(chosen.blobs)
        making.trees(chosen)
        making.urls(chosen)
        for remote in chosen.refs:
            making.refs(remote, chosen.refs[remote])
    return making.done


@dataclass(slots=True)
class _Making:
    """A run of :func:`make_mirror`, and what it has done so far."""

    world: Fetching
    mirror: MirrorFolder
    done: Mirrored

    def blobs(self, digests: Iterable[Digest]) -> None:
        """Write files of weights, and of git LFS."""
        for digest in digests:
            with self._or_left_out(str(digest)):
                self._blob(digest)
                self.done.weights.append(str(digest))

    def _blob(self, digest: Digest) -> None:
        path = blob_path(digest)
        handle = self.world.store.blobs.open(digest)
        try:
            if self.mirror.size(path) != os.fstat(handle).st_size:
                self.world.progress(f"writing {digest.short}")
                self._wrote(self.mirror.write(path, _proved(handle, digest.hex, str(digest))))
        finally:
            os.close(handle)

    def trees(self, chosen: Chosen) -> None:
        """Write trees, and what their commits are."""
        for each in chosen.pins:
            with self._or_left_out(each.pin.short):
                proof = self._proof(each.pin)
                self._tree(each)
                if proof:
                    self._wrote(self.mirror.write(proof_path(each.pin.remote, each.pin.commit), proof.packed()))
                said = MirroredPin(each.tree, each.git_tree).as_dict(each.pin.remote, each.pin.commit)
                self._record(pin_path(each.pin.remote, each.pin.commit), said)
                self.done.pins.append(str(each.pin))

    def _proof(self, pin: Pin) -> Proof | None:
        """Give what proves a commit's files, if the mirror does not have it: without it nobody could use them."""
        if self.mirror.size(proof_path(pin.remote, pin.commit)) is not None:
            return None
        if proof := proof_of(pin, self.world):
            return proof
        msg = "its git repository is not in the store any more; --force-reload fetches it"
        raise NotFoundError(msg)

    def _tree(self, each: ChosenPin) -> None:
        manifest = self.world.store.trees.find(each.tree)
        if manifest is None:
            raise StoreError(str(self.world.store.trees.folder(each.tree)), "it is not there any more")
        path, folder = tree_path(each.tree), manifest.folder or self.world.store.trees.folder(each.tree)
        if self.mirror.size(path) != size_of((name, size) for name, size, _ in _files(folder, manifest)):
            self.world.progress(f"writing {each.pin.short}")
            self._wrote(self.mirror.write(path, pack(_files(folder, manifest))))

    def urls(self, chosen: Chosen) -> None:
        """Write which bytes URLs gave, of the files that are there."""
        there = set(self.done.weights)
        for path, record in chosen.urls.items():
            if str(record.digest) in there:
                self._record(path, record.as_dict())
                self.done.urls += 1

    def refs(self, remote: Remote, refs: dict[str, MirroredRef]) -> None:
        """Write where refs pointed, beside what the mirror knows: of two answers the younger one."""
        path, known = refs_path(remote), dict[str, MirroredRef]()
        with suppress(MalformedError):
            known = refs_of(self.mirror.record(path), remote)
        there = set(self.done.pins)
        for rev, each in refs.items():
            if f"{remote}@{each.commit}" in there and (rev not in known or known[rev].asked <= each.asked):
                known[rev] = each
        if known:
            self._record(path, refs_record(remote, known))

    def _record(self, path: str, value: dict[str, object]) -> None:
        if self.mirror.write_record(path, value):
            self._wrote(self.mirror.size(path) or 0)

    def _wrote(self, count: int) -> None:
        self.done.written += 1
        self.done.bytes += count

    @contextmanager
    def _or_left_out(self, what: str) -> Iterator[None]:
        """Go on with the rest if something of the store is damaged; a disk that takes no more ends it."""
        try:
            yield
        except (DigestMismatchError, NotFoundError, FileNotFoundError) as error:
            self.done.left_out.append(f"{what}: {line(str(error))}")


def _files(folder: Path, manifest: Manifest) -> Iterator[tuple[str, int, Iterable[bytes]]]:
    """Give a tree's files as they are in git: a pointer of git LFS is one again, whatever lies in its place."""
    pointers = {each.path: each.text for each in manifest.lfs}
    for path, seen in sorted(manifest.files.items()):
        text = pointers.get(path, b"")
        if path in pointers and Digest.of(text).hex == seen.sha256:
            yield path, len(text), [text]
        else:
            yield path, (folder / path).lstat().st_size, _content(folder / path, seen.sha256)


def _content(place: Path, sha256: str) -> Iterator[bytes]:
    handle = os.open(place, _OPEN)
    try:
        yield from _proved(handle, sha256, str(place))
    finally:
        os.close(handle)


def _proved(handle: int, sha256: str, what: str) -> Iterator[bytes]:
    """Give a file's bytes, and fail at their end if they are not those that they should be.

    Raises:
        DigestMismatchError: they are others.
    """
    total = hashlib.sha256()
    while piece := os.read(handle, _CHUNK):
        total.update(piece)
        yield piece
    if total.hexdigest() != sha256:
        raise DigestMismatchError(what, sha256, total.hexdigest())
