"""What goes into a mirror: all that a store holds, or what a lock names."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from rehub.words.digest import Digest
from rehub.words.errors import NotFoundError
from rehub.words.lock import Lock, LockedRepository, LockedWeights
from rehub.words.mirrored import MirroredRef, MirroredUrl, url_path
from rehub.words.pin import Pin
from rehub.words.ref import Ref, Remote
from rehub.words.text import size
from rehub.words.weightfile import identity
from rehub.world.store import Inventory, Store, UrlRecord


@dataclass(frozen=True, slots=True)
class ChosenPin:
    """A commit, and the tree that it has."""

    pin: Pin
    tree: Digest
    git_tree: str = ""


@dataclass(slots=True)
class Chosen:
    """What is to be written.

    Attributes:
        pins: commits.
        refs: where refs pointed, by remote and by what was asked for.
        blobs: digests of files.
        urls: which bytes URLs gave, by the path of the record.
    """

    pins: list[ChosenPin] = field(default_factory=list)
    refs: dict[Remote, dict[str, MirroredRef]] = field(default_factory=dict)
    blobs: list[Digest] = field(default_factory=list)
    urls: dict[str, MirroredUrl] = field(default_factory=dict)


def of_store(store: Store) -> Chosen:
    """Choose all that a store holds; commits whose files it does not have any more are left out."""
    pins = [ChosenPin(pin, pin.tree, pin.git_tree) for pin in store.records.all_pins() if pin.tree]
    here = [each for each in pins if store.trees.folder(each.tree).is_dir()]
    refs = {
        remote: {rev: MirroredRef(each.commit, each.name, each.asked) for rev, each in found.items()}
        for remote, found in Inventory(store).refs().items()
    }
    urls = {f"urls/{name}.json": _url(record) for name, record in store.urls.all()}
    return Chosen(here, refs, store.blobs.digests(), urls)


def of_lock(lock: Lock, store: Store) -> Chosen:
    """Choose what a lock names.

    Raises:
        NotFoundError: the store lacks some of it; says what, and how large it is.
    """
    chosen = Chosen()
    fetched = {kept.pin: kept.fetched for kept in Inventory(store).pins()}
    missing: list[str] = []
    for each in lock.repositories():
        if each.pin.tree is None or (manifest := store.trees.manifest(each.pin.tree)) is None:
            missing.append(each.pin.short)
            continue
        chosen.pins.append(ChosenPin(each.pin, each.pin.tree, each.git_tree))
        rows = chosen.refs.setdefault(each.pin.remote, {})
        rows[Ref.parse(each.ref).rev or "HEAD"] = _ref(each, store, fetched.get(each.pin, 0.0))
        missing += _take([(pointer.oid, pointer.size, pointer.path) for pointer in manifest.lfs], chosen, store)
    missing += _take([(Digest(file.sha256), file.size, file.url) for file in lock.files()], chosen, store)
    chosen.urls |= {url_path(file.url): _url_of(file, store) for file in lock.files()}
    if missing:
        shown = "\n  ".join(missing)
        msg = f"the store lacks {len(missing)} of what the lock names\n  {shown}\nNothing was written. Run: rehub sync"
        raise NotFoundError(msg)
    return chosen


def _ref(each: LockedRepository, store: Store, fetched: float) -> MirroredRef:
    """Give where a lock says that a ref points: as the remote said so, or as its commit came into the store."""
    record = store.records.find_ref(each.pin.remote, Ref.parse(each.ref).rev)
    if record and record.commit == each.pin.commit:
        return MirroredRef(record.commit, record.name, record.asked)
    return MirroredRef(each.pin.commit, "", fetched)


def _take(wanted: Iterable[tuple[Digest, int, str]], chosen: Chosen, store: Store) -> list[str]:
    """Choose files by their digests; give those that the store lacks."""
    missing = []
    for digest, count, what in wanted:
        if not store.blobs.path(digest).is_file():
            missing.append(f"{what} ({size(count)})")
        elif digest not in chosen.blobs:
            chosen.blobs.append(digest)
    return missing


def _url(record: UrlRecord) -> MirroredUrl:
    return MirroredUrl(record.digest, record.size, record.etag, max(0.0, record.fetched))


def _url_of(file: LockedWeights, store: Store) -> MirroredUrl:
    """Give which bytes a lock says that a URL gives, with what the store knows of them."""
    record = store.urls.find(identity(file.url))
    return _url(record) if record and record.digest.hex == file.sha256 else MirroredUrl(Digest(file.sha256), file.size)
