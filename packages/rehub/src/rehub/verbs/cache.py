"""Looking after the store: what is in it, making room, and hashing it all again."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

from rehub.verbs.cachedweights import (
    DamagedWeights,
    damaged_weights,
    drop_dangling_links,
    leftovers,
    old_weights,
    remove_leftovers,
    remove_weights,
)
from rehub.verbs.torchfolder import drop_dangling
from rehub.words.errors import StoreError
from rehub.words.pin import Pin
from rehub.words.ref import Remote
from rehub.world.store import Damage, Inventory, KeptPin, RefRecord, Store
from rehub.world.store.inventory import key
from rehub.world.torchfolder import TorchFolder

_BEING_WRITTEN = 3600.0  # seconds for which what lies in tmp/ may be a running fetch's, which takes no longer
_STALE = 86_400.0  # seconds after which nobody will finish what lies in tmp/


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


@dataclass(slots=True)
class Pruned:
    """What was removed, or would be.

    Attributes:
        pins: commits that the store no longer has.
        trees: digests of their files, those that no other commit needs.
        repositories: URLs of remotes whose git repositories went; digests of the URL where no record says it.
        weights: digests of files of weights.
        leftovers: files that transfers left which nobody goes on with, and damaged ones.
        bytecode: files of byte-code.
        bytes: of all of it.
        busy: remotes that were left alone, as another process was using them.
        dry_run: nothing was removed.
    """

    pins: list[str] = field(default_factory=list)
    trees: list[str] = field(default_factory=list)
    repositories: list[str] = field(default_factory=list)
    weights: list[str] = field(default_factory=list)
    leftovers: int = 0
    bytecode: int = 0
    bytes: int = 0
    busy: list[str] = field(default_factory=list)
    dry_run: bool = False


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
    """

    trees: int
    damage: tuple[Damage, ...]
    removed: tuple[str, ...]
    weights: int = 0
    damaged_weights: tuple[DamagedWeights, ...] = ()


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


def prune(store: Store, *, older_than: float, dry_run: bool = False) -> Pruned:
    """Make room: remove commits that nobody used for some time, then what belongs to none.

    Args:
        store: whose content; what another process is fetching is left alone.
        older_than: age in seconds.
        dry_run: only say what would be removed.

    Raises:
        StoreError: the disk refused.
    """
    done = Pruned(dry_run=dry_run)
    inventory, before = Inventory(store), time.time() - older_than
    if not store.root.is_dir():
        return done
    going = _Pruning(store, inventory, done, before, {each.pin for each in inventory.pins()})
    for remote in sorted({pin.remote for pin in going.staying}, key=str):
        going.remote(remote)
    going.unnamed()
    going.bytecode()
    going.weights()
    if not dry_run:
        drop_dangling(TorchFolder(store.root.parent), store)
        drop_dangling_links(store)
        store.sweep(older_than=min(_STALE, max(older_than, _BEING_WRITTEN)))
    return done


@dataclass(slots=True)
class _Pruning:
    """A run of :func:`prune`: what stays, and what was done so far."""

    store: Store
    inventory: Inventory
    done: Pruned
    before: float
    staying: set[Pin]

    def remote(self, remote: Remote) -> None:
        """Remove old commits of one remote, and its repositories if none stays."""
        if not self._old(remote):
            return
        with _lock(self.store, key(remote), str(remote), self.done) as free:
            for pin in self._old(remote) if free else ():  # looked at again: it may have been used until now
                self._pin(pin)
            if free and not any(pin.remote == remote for pin in self.staying):
                self._repositories(key(remote), remote.url)

    def _old(self, remote: Remote) -> list[Pin]:
        asked = {ref.commit: ref.asked for ref in self.inventory.refs().get(remote, {}).values()}
        kept = [each for each in self.inventory.pins() if each.pin.remote == remote]
        return [each.pin for each in kept if max(each.used, asked.get(each.pin.commit, 0.0)) < self.before]

    def _pin(self, pin: Pin) -> None:
        self.done.pins.append(str(pin))
        self.staying.discard(pin)
        if not self.done.dry_run:
            self.inventory.forget(pin)
        tree = pin.tree
        if tree and self.store.trees.folder(tree).exists() and tree not in {each.tree for each in self.staying}:
            self.done.trees.append(str(tree))
            self.done.bytes += self.inventory.tree_size(tree)
            if not self.done.dry_run:
                self.inventory.remove_tree(tree)

    def _repositories(self, name: str, shown: str) -> None:
        held = self.inventory.repositories_size(name)
        if held:
            self.done.repositories.append(shown)
            self.done.bytes += held
        if not self.done.dry_run:
            self.inventory.remove_repositories(name)

    def unnamed(self) -> None:
        """Remove trees and repositories that no record names: what crashes left behind."""
        named = [each.pin for each in self.inventory.pins()]
        for tree in self.inventory.unnamed_trees(pin.tree for pin in named if pin.tree):
            self.done.trees.append(str(tree))
            self.done.bytes += self.inventory.tree_size(tree)
            if not self.done.dry_run:
                self.inventory.remove_tree(tree)
        for name in sorted(self.inventory.repositories() - {key(pin.remote) for pin in named}):
            with _lock(self.store, name, name, self.done) as free:
                if free:
                    self._repositories(name, name)

    def weights(self) -> None:
        """Remove weights that nobody used, and what is left of transfers."""
        staying = [each for each in self.store.trees.named("") if str(each) not in self.done.trees]
        for digest in old_weights(self.store, before=self.before, trees=staying):
            self.done.weights.append(str(digest))
            self.done.bytes += self.store.blobs.size(digest)
            if not self.done.dry_run:
                remove_weights(self.store, digest)
        left = leftovers(self.store, before=self.before)
        self.done.leftovers = len(left)
        for path in left:
            with suppress(OSError):
                self.done.bytes += path.lstat().st_size
        if not self.done.dry_run:
            remove_leftovers(self.store, left, before=self.before)

    def bytecode(self) -> None:
        """Remove byte-code that nobody used: it is made again when it is needed."""
        for path in self.inventory.old_bytecode(before=self.before):
            with suppress(FileNotFoundError):
                self.done.bytes += path.stat().st_size
                self.done.bytecode += 1
                if not self.done.dry_run:
                    path.unlink()


@contextmanager
def _lock(store: Store, name: str, shown: str, done: Pruned) -> Iterator[bool]:
    """Take a remote's lock if nobody has it; gives whether, and notes who was left alone."""
    with ExitStack() as stack:
        free = True
        try:
            if not done.dry_run:
                stack.enter_context(store.locked_key(name, what=shown, wait=0.0))
        except StoreError as error:
            if not isinstance(error.__cause__, TimeoutError):
                raise
            done.busy.append(shown)
            free = False
        yield free


def verify(store: Store, *, repair: bool = False) -> Verified:
    """Hash every file of every tree, and all weights.

    Args:
        store: whose.
        repair: remove what is damaged; commits and URLs stay known, so that what is fetched instead is compared.

    Raises:
        StoreError: the disk refused.
    """
    inventory = Inventory(store)
    trees = store.trees.named("")
    damage = [each for tree in trees for each in inventory.damage(tree)]
    damaged = list(dict.fromkeys(each.tree for each in damage))
    for tree in damaged if repair else []:
        inventory.remove_tree(tree)
    weights = len(store.blobs.digests())
    wrong = damaged_weights(store, repair=repair)
    removed = [*map(str, damaged), *(each.digest for each in wrong)] if repair else []
    return Verified(len(trees), tuple(damage), tuple(removed), weights, tuple(wrong))
