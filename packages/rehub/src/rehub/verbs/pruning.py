"""Making room in the store: what nobody has used for longest goes first, and what a running process holds stays."""

import math
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

from rehub.verbs.cachedweights import drop_dangling_links, leftovers, remove_leftovers, remove_weights
from rehub.verbs.torchfolder import drop_dangling
from rehub.words.digest import Digest
from rehub.words.errors import StoreError
from rehub.words.lock import Lock
from rehub.words.pin import Pin
from rehub.words.ref import Remote
from rehub.world.store import Inventory, Store, taken
from rehub.world.store.inventory import key
from rehub.world.torchfolder import TorchFolder

_BEING_WRITTEN = 3600.0  # seconds for which what lies in tmp/ may be a running fetch's, which takes no longer
_STALE = 86_400.0  # seconds after which nobody will finish what lies in tmp/
_OLD = 30 * 86_400.0  # seconds after which what is made again by itself is not worth its room


@dataclass(slots=True)
class Pruned:
    """What was removed, or would be.

    Attributes:
        pins: commits that the store no longer has.
        trees: digests of their files, those that no other commit needs.
        repositories: URLs of remotes whose git repositories went; digests of the URL where no record says it.
        weights: digests of files of weights.
        leftovers: files that transfers left which nobody goes on with, and damaged ones.
        bytecode: files of byte-code, and notes on files of shared stores: what is made again by itself.
        bytes: of all of it.
        busy: remotes, commits and files that were left alone, as another process was using them.
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


def prune(
    store: Store,
    *,
    older_than: float | None = None,
    to_size: int | None = None,
    keep: Iterable[Lock] = (),
    dry_run: bool = False,
) -> Pruned:
    """Make room: remove commits and weights, those first that nobody has used for longest, then what belongs to none.

    Each of the arguments leaves more where it is. What another process is fetching, or holds, is left alone.

    Args:
        store: whose content; nothing of the stores beneath it is removed.
        older_than: remove what was not used for so long, in seconds; ``None`` is any time.
        to_size: remove no more once the store is no larger, in bytes.
        keep: remove nothing that these locks name.
        dry_run: only say what would be removed.

    Raises:
        StoreError: the disk refused.
    """
    done, own = Pruned(dry_run=dry_run), store.alone
    if not own.root.is_dir():
        return done
    now = time.time()
    inventory = Inventory(own)
    going = _Pruning(own, inventory, done, _Kept.by(keep), {each.pin for each in inventory.pins()}, to_size)
    going.made_again(before=now - (_OLD if older_than is None else older_than))
    going.by_use(before=math.inf if older_than is None else now - older_than)
    going.unnamed()
    if not dry_run:
        drop_dangling(TorchFolder(own.root.parent), own)
        drop_dangling_links(own)
        own.sweep(older_than=min(_STALE, max(older_than or 0.0, _BEING_WRITTEN)))
    return done


@dataclass(frozen=True, slots=True)
class _Kept:
    """What locks name."""

    commits: frozenset[tuple[Remote, str]]
    trees: frozenset[Digest]
    weights: frozenset[str]

    @classmethod
    def by(cls, locks: Iterable[Lock]) -> "_Kept":
        known = list(locks)
        pins = [each.pin for lock in known for each in lock.repositories()]
        trees = frozenset(pin.tree for pin in pins if pin.tree)
        weights = frozenset(each.sha256 for lock in known for each in lock.files())
        return cls(frozenset((pin.remote, pin.commit) for pin in pins), trees, weights)

    def has(self, what: Pin | Digest) -> bool:
        """Say whether a commit, or a file of weights, is one of theirs."""
        if isinstance(what, Digest):
            return what.hex in self.weights
        return (what.remote, what.commit) in self.commits or what.tree in self.trees


@dataclass(slots=True)
class _Pruning:
    """A run of :func:`prune`: what stays, and what was done so far."""

    store: Store
    inventory: Inventory
    done: Pruned
    kept: _Kept
    staying: set[Pin]
    to_size: int | None
    size: int = 0  # bytes of the store before anything was removed
    lfs: dict[Digest, set[Digest]] = field(default_factory=dict)  # what git LFS keeps, by tree

    def __post_init__(self) -> None:
        self.size = self.store.size_of() if self.to_size is not None else 0
        self.lfs = {tree: self.store.trees.kept_by_lfs(tree) for tree in self.store.trees.named("")}

    @property
    def fits(self) -> bool:
        """Whether the store is small enough by now."""
        return self.to_size is not None and self.size - self.done.bytes <= self.to_size

    # What is chosen.

    def by_use(self, *, before: float) -> None:
        """Remove commits and weights that nobody has used since a time, the oldest first, until all fits."""
        weights = [(self.store.blobs.used(each), each) for each in self.store.blobs.digests()]
        chosen = [*((self._used(pin), pin) for pin in self.staying), *weights]
        chosen = sorted((each for each in chosen if each[0] < before), key=lambda each: (each[0], str(each[1])))
        for used, what in chosen:
            if isinstance(what, Pin) and not self.fits and not self.kept.has(what):
                self._commit(what, used)
            elif isinstance(what, Digest):
                self._weights(what)
        for _, what in chosen:  # what git LFS keeps, of trees that went after it
            if isinstance(what, Digest):
                self._weights(what)

    def _used(self, pin: Pin) -> float:
        asked = (each.asked for each in self.inventory.refs_of(pin.remote).values() if each.commit == pin.commit)
        return max([self.inventory.kept(pin).used, *asked])

    def unnamed(self) -> None:
        """Remove trees and repositories that no record names: what crashes left behind."""
        named = [each.pin for each in self.inventory.pins()]
        for tree in self.inventory.unnamed_trees(pin.tree for pin in named if pin.tree):
            if str(tree) in self.done.trees or tree in self.kept.trees:
                continue
            with self._free(self.store.trees.folder(tree), str(tree)) as free:
                if free:
                    self._tree(tree)
        for name in sorted(self.inventory.repositories() - {key(pin.remote) for pin in named}):
            with self._locked(name, name) as free:
                if free:
                    self._repositories(name, name)

    def made_again(self, *, before: float) -> None:
        """Remove byte-code and notes that nobody used, and what is left of transfers."""
        for path in self.inventory.old_notes(before=before):
            with suppress(FileNotFoundError):
                self.done.bytes += path.stat().st_size
                self.done.bytecode += 1
                if not self.done.dry_run:
                    path.unlink()
        left = leftovers(self.store, before=before)
        self.done.leftovers = len(left)
        self.done.bytes += sum(self.store.size_of(str(path.relative_to(self.store.root))) for path in left)
        if not self.done.dry_run:
            remove_leftovers(self.store, left, before=before)

    # What is removed.

    def _commit(self, pin: Pin, used: float) -> None:
        with self._locked(key(pin.remote), str(pin.remote)) as free:
            if not free or self._used(pin) > used:  # looked at again: it may have been used until now
                return
            self._pin(pin)
            if not any(each.remote == pin.remote for each in self.staying):
                self._repositories(key(pin.remote), pin.remote.url)

    def _pin(self, pin: Pin) -> None:
        others = {each.tree for each in self.staying if each != pin} | self.kept.trees
        tree = pin.tree if pin.tree not in others else None
        with self._free(self.store.trees.folder(tree) if tree else None, str(pin)) as free:
            if not free:
                return
            self.done.pins.append(str(pin))
            self.staying.discard(pin)
            if not self.done.dry_run:
                self.inventory.forget(pin)
            if tree and self.store.trees.folder(tree).exists():
                self._tree(tree)

    def _tree(self, tree: Digest) -> None:
        self.done.trees.append(str(tree))
        self.done.bytes += self.inventory.tree_size(tree)
        if not self.done.dry_run:
            self.inventory.remove_tree(tree)

    def _repositories(self, name: str, shown: str) -> None:
        if not self.done.dry_run and self.inventory.has_pins(name):  # fetched until just now
            return
        held = self.inventory.repositories_size(name)
        if held:
            self.done.repositories.append(shown)
            self.done.bytes += held
        if not self.done.dry_run:
            self.inventory.remove_repositories(name)

    def _weights(self, digest: Digest) -> None:
        if self.fits or self.kept.has(digest) or str(digest) in self.done.weights or self._is_held_by_lfs(digest):
            return
        with self._free(self.store.blobs.path(digest), str(digest)) as free:
            if free and not self.store.blobs.is_arriving(digest):
                self.done.weights.append(str(digest))
                self.done.bytes += self.store.blobs.size(digest)
                if not self.done.dry_run:
                    remove_weights(self.store, digest)

    def _is_held_by_lfs(self, digest: Digest) -> bool:
        return any(digest in oids for tree, oids in self.lfs.items() if str(tree) not in self.done.trees)

    # What is left alone.

    @contextmanager
    def _free(self, place: Path | None, shown: str) -> Iterator[bool]:
        """Take what no process holds; gives whether, and notes what was left alone."""
        with taken(place) if place else nullcontext(enter_result=True) as free:
            if not free:
                self._busy(shown)
            yield free

    @contextmanager
    def _locked(self, name: str, shown: str) -> Iterator[bool]:
        """Take a remote's lock if nobody has it; gives whether, and notes who was left alone."""
        with ExitStack() as stack:
            free = True
            try:
                if not self.done.dry_run:
                    stack.enter_context(self.store.locked_key(name, what=shown, wait=0.0))
            except StoreError as error:
                if not isinstance(error.__cause__, TimeoutError):
                    raise
                self._busy(shown)
                free = False
            yield free

    def _busy(self, shown: str) -> None:
        if shown not in self.done.busy:
            self.done.busy.append(shown)
