"""From a ref to a checkout: the store first, then git, with every byte hashed before it has its name."""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rehub.words.digest import Digest
from rehub.words.errors import (
    DigestMismatchError,
    MalformedLockError,
    MalformedRefError,
    NotFoundError,
    OfflineError,
    RefNotFoundError,
    StoreError,
    UnreachableError,
)
from rehub.words.pin import Checkout, Pin
from rehub.words.ref import Folder, HubName, Ref, Remote
from rehub.words.settings import Settings, may_ask
from rehub.words.tree import Limits, Plan, check_bytes, plan
from rehub.world.git import BareRepository, Git, Objects, Source
from rehub.world.store import Manifest, RefRecord, Store

if TYPE_CHECKING:  # most projects have no lock
    from rehub.verbs.locked import Locks
    from rehub.words.lock import LockedRepository

log = logging.getLogger("rehub")
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Fetching:
    """What fetching needs: settings, the store and git.

    Attributes:
        progress: told, in a few words, what is going on.
        limits: how much of a repository may be written to disk.
        locks: the lock in use, if there is one.
    """

    settings: Settings
    store: Store
    git: Git
    progress: Progress = field(default=lambda _: None)
    limits: Limits = field(default_factory=Limits)
    locks: "Locks | None" = None

    def source(self, remote: Remote) -> Source:
        """Give a remote as it may be asked here: by a mirror if there is one."""
        urls = self.settings.urls(remote)
        http = any(url.startswith("http://") for url, _ in urls) and all(
            may_ask(url, mirrored=mirror) for url, mirror in urls
        )
        host = self.settings.host_of(remote)
        return Source(self.git, remote, urls, host=host, http=http, progress=self.progress)


def fetch(ref: Ref, world: Fetching, *, force: bool = False, unchecked: bool = False) -> Checkout:
    """Give a folder that holds exactly a ref's files.

    A ref that is cached is answered from the store, without asking anybody; ``force`` asks where it points now.

    Args:
        ref: what the user asked for.
        world: settings, store and git.
        force: ask the remote even if the ref is cached.
        unchecked: take a full commit id without asking whether a branch or tag reaches it.

    Raises:
        NotFoundError: no such folder, repository, branch, tag or commit.
        OfflineError: it is not in the store, and no socket may be opened.
        WorldError: git, the network or the disk failed.
        RefusedTreeError: the repository holds something that must not be written down.
        DigestMismatchError: the files are not the ones that were promised.
        NotLockedError: the lock in use does not know it, and nothing else may be loaded.
    """
    ref = world.settings.meant(ref)  # from here on it names the host that it is at, also in what is recorded
    if isinstance(ref.place, Folder):
        return replace(_folder(ref.place), ref=str(ref))
    if isinstance(ref.place, HubName):
        raise MalformedRefError(
            str(ref), "no hub is set up here that knows models by name", "name the repository itself"
        )
    return replace(_of_remote(ref, ref.place, world, force=force, unchecked=unchecked), ref=str(ref))


def _of_remote(ref: Ref, remote: Remote, world: Fetching, *, force: bool, unchecked: bool) -> Checkout:
    """Give the files of a ref of a remote: what the lock says, what the store has, or what the remote has now."""
    if known := _known(ref, remote, world):
        if force:
            log.warning("%s is what the lock says: 'rehub update' looks for anything newer", ref)
        return _locked(known, world)
    if not force and (found := _cached(remote, ref.rev, world)):
        return found
    if world.settings.offline:
        if force:
            log.warning("rehub is offline: %s is what it was when it was last asked for", ref)
        return _offline(ref, remote, world)
    began = time.time()
    with world.store.locked(remote):
        # Look again: another process may have done the work while this one waited.
        since = began if force else 0.0
        return _cached(remote, ref.rev, world, since=since) or _ask(ref, remote, world, unchecked=unchecked)


def _known(ref: Ref, remote: Remote, world: Fetching) -> "LockedRepository | None":
    """Ask the lock in use what a ref means.

    Raises:
        NotLockedError: it does not know, and nothing else may be loaded.
        MalformedLockError: it says that another repository is meant.
    """
    known = world.locks.pin(str(ref)) if world.locks else None
    if world.locks and known and known.pin.remote != remote:
        raise MalformedLockError(world.locks.shown, f"{ref} is at {remote.url}, and not at {known.pin.remote.url}")
    return known


def _locked(known: "LockedRepository", world: Fetching) -> Checkout:
    """Give exactly what the lock names; no branch need reach the commit any more."""
    try:
        if found := _kept(known.pin, world):
            return found
        if world.settings.offline:
            raise OfflineError(str(known.pin))
        with world.store.locked(known.pin.remote):
            return _kept(known.pin, world) or fetch_pin(known.pin, world.source(known.pin.remote), world)
    except DigestMismatchError as error:
        if world.locks:
            error.add_note(world.locks.update(known))
        raise


def _kept(pin: Pin, world: Fetching) -> Checkout | None:
    """Look for a pin in the store. That it has such a tree is not enough: a grant is for what this commit brought.

    Raises:
        DigestMismatchError: the commit has another tree than the pin says.
    """
    stored = world.store.records.find_pin(pin.remote, pin.commit)
    if stored and stored.tree and pin.tree and stored.tree != pin.tree:
        raise DigestMismatchError(pin.short, pin.tree.h1, stored.tree.h1)
    return _checkout(stored, world) if stored else None


def find_cached(ref: Ref, world: Fetching) -> Checkout | None:
    """Give a ref's checkout if it can be had without asking anybody.

    Raises:
        DigestMismatchError: it is damaged, and rehub is offline.
        NotLockedError: the lock in use does not know it, and nothing else may be loaded.
    """
    ref = world.settings.meant(ref)
    if not isinstance(ref.place, Remote):
        return None
    known = _known(ref, ref.place, world)
    found = _kept(known.pin, world) if known else _cached(ref.place, ref.rev, world)
    return replace(found, ref=str(ref)) if found else None


def _folder(place: Folder) -> Checkout:
    """Take a folder of the user's as it lies there; its package's name comes from its path."""
    try:
        root = Path(place.path).expanduser().resolve()
    except (OSError, RuntimeError):  # the working folder is gone, links go round, or there is no such home
        root = Path("/nonexistent")
    if not root.is_dir():
        msg = f"{place.path} is not a folder\n  expected a folder with a hubconf.py"
        raise NotFoundError(msg)
    word = "".join(char if char.isalnum() and char.isascii() else "_" for char in root.name)
    return Checkout(place, root, f"local_{word}_{Digest.of(str(root).encode()).short}")


def _cached(remote: Remote, rev: str | None, world: Fetching, *, since: float = 0.0) -> Checkout | None:
    """Look for a ref in the store, without asking anybody."""
    commit = rev if rev and Ref(remote, rev).commit else None
    record = world.store.records.find_ref(remote, rev)
    # Not from the future either: the clock went back, and "now" would stay there.
    if record and since <= record.asked <= (time.time() if since else record.asked):
        commit = record.commit
    elif since:
        return None
    pin = world.store.records.find_pin(remote, commit) if commit else None
    return _checkout(pin, world) if pin else None


def _offline(ref: Ref, remote: Remote, world: Fetching) -> Checkout:
    """Answer from the store whatever it can answer, and say what is missing otherwise."""
    if found := _cached(remote, ref.rev, world):
        return found
    raise OfflineError(str(ref))


def _checkout(pin: Pin, world: Fetching) -> Checkout | None:
    """Give the checkout of a pin that was fetched before, if all its files are still what they were."""
    if pin.tree is None:
        return None
    try:
        manifest = world.store.trees.find(pin.tree, always=world.settings.verify == "always")
    except DigestMismatchError:
        if world.settings.offline:
            raise
        # Not removed here, without its lock: another process may have put a good one in its place by now.
        log.warning("the checkout of %s was damaged; it is made again", pin.short)
        return None
    return _as_checkout(pin, world.store, manifest) if manifest else None


def _as_checkout(pin: Pin, store: Store, manifest: Manifest) -> Checkout | None:
    if pin.tree is None:
        return None
    name = f"{pin.remote.slug}_{pin.tree.short}"
    return Checkout(pin.remote, store.trees.folder(pin.tree), name, pin, manifest.lfs, manifest.submodules)


def _ask(ref: Ref, remote: Remote, world: Fetching, *, unchecked: bool) -> Checkout:
    """Resolve and fetch; the remote's lock is held."""
    from rehub.verbs.resolve import Resolved, resolve

    source = world.source(remote)
    # A commit that the store has was admitted once, as a branch or tag of this repository reached it.
    known = ref.commit and (unchecked or world.store.records.find_pin(remote, ref.commit))
    found = Resolved(ref.commit, "") if ref.commit and known else resolve(ref, source, store=world.store, git=world.git)
    pin = world.store.records.find_pin(remote, found.commit) or Pin(remote, found.commit)
    log.info("%s is %s%s", ref, found.commit, f" ({found.name})" if found.name else "")
    checkout = _checkout(pin, world) or fetch_pin(pin, source, world)
    world.store.records.save_ref(remote, ref.rev, RefRecord(found.commit, found.name, time.time()))
    return checkout


def fetch_pin(pin: Pin, source: Source, world: Fetching) -> Checkout:
    """Bring a pin's files into the store; the remote's lock is held.

    Raises:
        DigestMismatchError: the pin's tree is known, and this is another one.
        WorldError, RefusedTreeError: as they say.
    """
    repository = BareRepository(world.git, world.store.git_dir(pin.remote))
    try:
        return _fetched(pin, source, world, repository)
    except (UnreachableError, StoreError, DigestMismatchError):
        # An old repository of ours may be in the way, damaged by a crash or a full disk: do without it, once.
        if not (repository.path / "HEAD").is_file() or not repository.damaged():
            raise
    log.warning("the repository kept for %s was damaged; it is fetched anew", pin.remote)
    repository.remove()
    return _fetched(pin, source, world, repository)


def _fetched(pin: Pin, source: Source, world: Fetching, repository: BareRepository) -> Checkout:
    """Fetch what is not there, and write it down; if that fails, the repository is as it was."""
    with repository.or_as_before():
        if not repository.has(pin.commit):
            world.progress(f"fetching {pin.short}")
            source.fetch(repository.path, pin.commit, max_bytes=world.limits.bytes)
        if not repository.has(pin.commit):
            raise RefNotFoundError(str(pin.remote), pin.commit, "it is no commit, or has no files")
        proved, root = _written(pin, world, repository)
    world.store.records.save_pin(proved, git_tree=root)
    if found := _checkout(proved, world):
        return found
    raise StoreError(str(world.store.root / "trees"), f"the tree of {pin.short}, just written, is not there")


def _written(pin: Pin, world: Fetching, repository: BareRepository) -> tuple[Pin, str]:
    """Write a commit's files into the store; give the pin with their digest, and git's id of their tree."""
    with Objects(repository) as objects:
        root = objects.root(pin.commit)
        planned = plan(root, objects, where=pin.short, limits=world.limits)
        sizes = objects.sizes(planned.files.values())
        check_bytes(planned.files, sizes, where=pin.short, limits=world.limits)
        world.progress(f"writing {len(planned.files)} files")
        contents = _contents(planned, objects, world.limits)
        tree = world.store.trees.add(
            contents, submodules=planned.submodules, alike=planned.alike, expected=pin.tree, what=pin.short
        )
    return replace(pin, tree=tree, git_tree=root), root


def _contents(planned: Plan, objects: Objects, limits: Limits) -> Iterator[tuple[str, Iterator[bytes]]]:
    for path, oid in planned.files.items():
        yield path, objects.read(oid, max_bytes=limits.bytes)


def checkout_named(name: str, store: Store) -> list[Checkout]:
    """Give the checkouts whose package below ``rehub.repos`` has a name: one for each remote with that tree."""
    digits = name.rpartition("_")[2]
    if len(digits) != 12 or set(digits) - set("0123456789abcdef"):  # noqa: PLR2004 - see _checkout
        return []
    found = [checkout_of(pin, store) for pin in store.records.pins_of_tree(digits)]
    return [checkout for checkout in found if checkout and checkout.name == name]


def checkout_of(pin: Pin, store: Store) -> Checkout | None:
    """Give the checkout of exactly this pin, if its tree is in the store.

    Raises:
        DigestMismatchError: it is, and is damaged.
    """
    manifest = store.trees.find(pin.tree) if pin.tree else None
    return _as_checkout(pin, store, manifest) if manifest else None
