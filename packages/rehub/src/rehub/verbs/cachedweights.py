"""Weights in the store, for those who look after it: what is there, what nobody has used, what is wrong."""

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rehub.words.digest import Digest
from rehub.world.download import sweep
from rehub.world.store import Inventory, Store


@dataclass(frozen=True, slots=True)
class CachedUrl:
    """A URL that gave a file; the rest of it may be secret, and is not known.

    Attributes:
        fetched: in seconds since 1970.
    """

    host: str
    name: str
    fetched: float


@dataclass(frozen=True, slots=True)
class CachedWeights:
    """A file of weights in the store.

    Attributes:
        digest: its SHA-256, as ``sha256:<hex>``.
        bytes: its size.
        used: in seconds since 1970, to a day.
        urls: which gave it; none of what git LFS keeps.
    """

    digest: str
    bytes: int
    used: float
    urls: tuple[CachedUrl, ...]


@dataclass(frozen=True, slots=True)
class DamagedWeights:
    """A file of weights that is not what it was.

    Attributes:
        digest: what its SHA-256 should be, as ``sha256:<hex>``.
        found: what it is, or what is there instead, in words.
    """

    digest: str
    found: str


def weights_in(store: Store) -> list[CachedWeights]:
    """List the weights in a store, by name."""
    urls: dict[Digest, list[CachedUrl]] = {}
    for _, record in store.urls.all():
        urls.setdefault(record.digest, []).append(CachedUrl(record.host, record.name, record.fetched))
    found = [
        CachedWeights(str(each), store.blobs.size(each), store.blobs.used(each), tuple(urls.get(each, ())))
        for each in store.blobs.digests()
    ]
    return sorted(found, key=lambda each: (each.urls[0].name if each.urls else "", each.digest))


def remove_weights(store: Store, digest: Digest) -> None:
    """Remove a file of weights, and what says that URLs give it.

    Raises:
        StoreError: the disk refused.
    """
    for name, record in list(store.urls.all()):
        if record.digest == digest:
            store.urls.forget(name)
    store.blobs.remove(digest)


def leftovers(store: Store, *, before: float) -> list[Path]:
    """Give what transfers that nobody goes on with, and damaged files, have left since before a time."""
    found = [*(store.root / "parts").glob("*.partial"), *(store.root / "damaged").glob("*")]
    with_times: list[tuple[Path, float]] = []
    for path in found:
        with suppress(OSError):
            with_times.append((path, path.lstat().st_mtime))
    return [path for path, changed in with_times if changed < before]


def remove_leftovers(store: Store, found: Iterable[Path], *, before: float) -> None:
    """Remove them, but no part that a process is writing to."""
    from rehub.world.store.trees import remove_tree

    sweep(store.root / "parts", time.time() - before)
    for path in found:
        if path.parent.name == "damaged":
            with suppress(OSError):
                remove_tree(path) if path.is_dir() or path.is_symlink() else path.unlink()


def drop_dangling_links(store: Store) -> None:
    """Remove the names in torch.hub's ``checkpoints`` that led to weights which are gone."""
    folder = store.root.parent / "checkpoints"
    with suppress(OSError):
        for path in folder.rglob("*"):
            gone = path.is_symlink() and not path.exists()
            if gone and Path(os.path.realpath(path)).is_relative_to(os.path.realpath(store.root)):
                path.unlink()


def damaged_weights(store: Store, *, repair: bool) -> list[DamagedWeights]:
    """Hash every file of weights; give those that are wrong.

    Args:
        store: whose.
        repair: remove them; the next use fetches them again.

    Raises:
        StoreError: the disk refused.
    """
    wrong = []
    for digest in store.blobs.digests():
        if found := Inventory(store).blob_damage(digest):
            wrong.append(DamagedWeights(str(digest), found))
            if repair:
                store.blobs.remove(digest)
    return wrong
