"""Looking after the store: what is in it, and hashing it all again. How room is made, ``pruning`` knows."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rehub.verbs.cachedweights import DamagedWeights, damaged_weights
from rehub.words.digest import Digest
from rehub.words.ref import Remote
from rehub.world.git import BareRepository, Git
from rehub.world.scope import broken
from rehub.world.store import Damage, Inventory, KeptPin, RefRecord, Store
from rehub.world.store.files import disk_errors
from rehub.world.store.inventory import key
from rehub.world.store.trees import remove_tree


@dataclass(frozen=True, slots=True)
class CachedRef:
    """A ref that was asked for: ``rev`` as it was typed (``HEAD`` if none was), and what it meant then.

    Attributes:
        asked: in seconds since 1970.
    """

    rev: str
    commit: str
    name: str
    asked: float


@dataclass(frozen=True, slots=True)
class CachedPin:
    """A commit whose files are in the store.

    Attributes:
        bytes: of its tree, which other commits may share; ``None`` if the tree is gone and would be fetched again.
        fetched: in seconds since 1970.
        used: in seconds since 1970, by the file system's access times.
    """

    commit: str
    tree: str
    bytes: int | None
    fetched: float
    used: float


@dataclass(frozen=True, slots=True)
class CachedRemote:
    """A repository in the store.

    Attributes:
        name: as a ref without a revision.
        remote: its URL.
        repositories: bytes of its git repositories, from which later commits are fetched incrementally.
    """

    name: str
    remote: str
    refs: tuple[CachedRef, ...]
    pins: tuple[CachedPin, ...]
    repositories: int


@dataclass(frozen=True, slots=True)
class Verified:
    """What hashing every tree gave.

    Attributes:
        trees: how many were hashed.
        damage: each file that is wrong.
        removed: damaged trees and files of weights that were removed; the next load brings them again, and compares
            the digest.
        weights: how many files of weights were hashed.
        damaged_weights: each that is wrong.
        broken: records, byte-code and git repositories of which something was changed: they count for nothing.
    """

    trees: int
    damage: tuple[Damage, ...]
    removed: tuple[str, ...]
    weights: int = 0
    damaged_weights: tuple[DamagedWeights, ...] = ()
    broken: tuple[Path, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether all is as it should be."""
        return not (self.damage or self.damaged_weights or self.broken)


def contents(store: Store, *, sizes: bool = True, named: Callable[[Remote], str] = str) -> list[CachedRemote]:
    """List the repositories in a store, by name.

    Args:
        store: the store.
        sizes: add up the bytes, which takes a while.
        named: how a repository is called; its settings know where short names are read as others.
    """
    inventory = Inventory(store)
    pins: dict[Remote, list[KeptPin]] = {}
    for kept in inventory.pins():
        pins.setdefault(kept.pin.remote, []).append(kept)
    refs = inventory.refs()
    return [
        CachedRemote(
            named(remote),
            remote.url,
            tuple(_ref(rev, record) for rev, record in sorted(refs.get(remote, {}).items())),
            tuple(_pin(kept, inventory, sizes=sizes) for kept in pins.get(remote, [])),
            inventory.repositories_size(key(remote)) if sizes else 0,
        )
        for remote in sorted({*pins, *refs}, key=str)
    ]


def _ref(rev: str, record: RefRecord) -> CachedRef:
    return CachedRef(rev, record.commit, record.name, record.asked)


def _pin(kept: KeptPin, inventory: Inventory, *, sizes: bool) -> CachedPin:
    held = inventory.tree_size(kept.pin.tree) if sizes else 0
    return CachedPin(kept.pin.commit, str(kept.pin.tree), held or None, kept.fetched, kept.used)


def size(store: Store) -> dict[str, int]:
    """Give the bytes of each part of a store."""
    return Inventory(store).parts()


def verify(store: Store, git: Git, *, repair: bool = False) -> Verified:
    """Hash every file of every tree, all weights, records and byte-code, and all that git has.

    Args:
        store: whose; those beneath it are left to their owners.
        git: looks at its repositories.
        repair: remove what is damaged; commits and URLs stay known, so that what is fetched instead is compared.

    Raises:
        StoreError: the disk refused.
    """
    inventory, own = Inventory(store), store.alone
    trees = own.trees.named("")
    damage = [each for tree in trees for each in inventory.damage(tree)]
    damaged = list(dict.fromkeys(each.tree for each in damage))
    records = [*inventory.broken_records(), *broken(own.root / "pyc")]
    repositories = _broken_repositories(inventory, own, git)
    if repair:
        _remove(damaged, records, repositories, own)
    weights = len(own.blobs.digests())
    wrong = damaged_weights(own, repair=repair)
    removed = [*map(str, damaged), *(each.digest for each in wrong)] if repair else []
    return Verified(len(trees), tuple(damage), tuple(removed), weights, tuple(wrong), (*records, *repositories))


def _broken_repositories(inventory: Inventory, store: Store, git: Git) -> list[Path]:
    """Give the repositories of git in which an object has other bytes, or of which something is missing."""
    names = sorted(inventory.repositories())
    content = [BareRepository(git, store.root / "git" / name) for name in names]
    history = [BareRepository(git, store.root / "commits" / name) for name in names]
    damaged = [each.path for each in content if each.path.exists() and each.damaged()]
    return [*damaged, *(each.path for each in history if each.path.exists() and each.unsound())]


def _remove(trees: list[Digest], records: list[Path], repositories: list[Path], store: Store) -> None:
    for tree in trees:
        Inventory(store).remove_tree(tree)
    for path in records:
        with disk_errors(path):
            remove_tree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
    for path in repositories:
        with store.locked_key(path.name, what=str(path)):
            remove_tree(path)
