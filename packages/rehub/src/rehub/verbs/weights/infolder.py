"""Weights, and any other file, in a folder of the user's own: a real file, with the permissions of any new one."""

import logging
import os
import re
import shutil
import time
import uuid
from contextlib import suppress
from pathlib import Path

from rehub.verbs.weights.noting import note_weights
from rehub.verbs.weights.transfer import Transfer, check_hash, check_received
from rehub.verbs.weights.turns import Waiting, key_of, turn
from rehub.words.digest import Digest
from rehub.words.errors import DigestMismatchError, StoreError
from rehub.words.text import name_start
from rehub.words.weightfile import apart, identity, shown
from rehub.words.weights import Promise, Weights
from rehub.world.store import FileRecord, Store
from rehub.world.store.files import disk_errors, flush_file, hashed

log = logging.getLogger("rehub")
_STALE = 86_400.0  # seconds after which nobody goes on with what a killed process left
_OURS = r"\.[0-9a-f]{12}(\.\d|\.[0-9a-f]{32}){0,2}\.partial(\.json(\.[0-9a-f]{12}\.partial)?)?"


def fetch_into(folder: Path, url: str, name: str, transfer: Transfer, promise: Promise) -> Weights:
    """Give a file of a folder that has a URL's bytes: the one that is there, or a new one.

    A file of that name that another URL gave is left alone, and this one is told apart from it. One that nobody wrote
    down (torch.hub's, or the user's own) is taken for this URL's. What the store has is copied from there.

    Raises:
        WrongHashError: what came has another SHA-256; nothing of it was kept.
        DigestMismatchError: what is there was changed since it came.
        OfflineError, DownloadError, StoreError: as they say.
    """
    place = folder.absolute() / name
    with disk_errors(place):
        place.parent.mkdir(parents=True, exist_ok=True)
    known = transfer.store.downloads.find(place) if place.exists() else None
    if known is not None and not known.is_of(identity(url)):
        place = place.with_name(apart(place.name, url))
        log.info("%s is another URL's; this one's is %s", name, place.name)
    if sha256 := _there(place, url, transfer, promise):
        return Weights(Digest(sha256), place.stat().st_size, shown(url), place)

    def done() -> bool:
        now = transfer.store.downloads.find(place)
        return now is not None and now.is_of(identity(url)) and place.exists() and now.is_still(place)

    key = key_of("file", os.path.realpath(place.parent), place.name)
    waiting = Waiting(shown(url), transfer.settings.timeout, transfer.watch, done)
    with turn(key, part_of(place, url), transfer.store, waiting) as part, disk_errors(place):
        sha256 = _there(place, url, transfer, promise) or _brought(place, part, url, transfer, promise)
        size = place.stat().st_size
        transfer.watch(size, size)
        return Weights(Digest(sha256), size, shown(url), place)


def download_to(url: str, target: Path, transfer: Transfer, *, prefix: str | None = None) -> None:
    """Bring a file to where the caller wants it.

    Args:
        url: where it comes from.
        target: its name; a file of that name is replaced.
        transfer: how to bring it.
        prefix: what its SHA-256 must start with.

    Raises:
        WrongHashError: it starts otherwise; nothing was kept.
        NotLockedError: the lock in use does not know the URL, and nothing else may be loaded.
        OfflineError, DownloadError, StoreError: as they say.
        OSError: that cannot be its name.
    """
    promise = transfer.expected(url, Promise((prefix or "").lower(), asked=True))
    is_locked = transfer.locks is not None and promise.whole is not None  # then the store may have it
    if not is_locked:
        transfer.check_offline(transfer.settings.rewritten(url))
    _check_target(target)
    began = time.time_ns()

    def done() -> bool:
        """Say whether another process has brought it while this one waited: it need not come twice."""
        known = transfer.store.downloads.find(target)
        if known is None or not known.is_of(identity(url)) or not promise.allows(known.seen.sha256):
            return False
        return known.seen.ctime_ns > began and target.exists() and known.is_still(target)

    key = key_of("file", os.path.realpath(target.parent), target.name)
    waiting = Waiting(shown(url), transfer.settings.timeout, transfer.watch, done)
    sweep_beside(target)
    with turn(key, part_of(target, url), transfer.store, waiting) as part:
        if is_locked and promise.whole and _copied(promise.whole, target, transfer):
            sha256 = promise.whole.hex
            remember(url, target, sha256, "", transfer.store)
        else:
            sha256 = _hash(target) if done() else _received(url, part, target, transfer, promise)
        size = target.stat().st_size
        transfer.watch(size, size)
    note_weights(url, Digest(sha256), size, transfer.locks)


def _check_target(target: Path) -> None:
    """Refuse what cannot be a file's name; root could replace a device, and the machine would be without it."""
    if target.is_dir():
        raise IsADirectoryError(21, "Is a directory", str(target))
    if target.is_char_device() or target.is_block_device():
        raise FileExistsError(17, "Is a device, and no file", str(target))


def _received(url: str, part: Path, target: Path, transfer: Transfer, promise: Promise) -> str:
    with transfer.receive(url, part, target, promise) as received:
        check_hash(received.sha256, url, promise)
        received.keep(target)
    remember(url, target, received.sha256, received.etag, transfer.store)
    return received.sha256


def part_of(place: Path, url: str) -> Path:
    """Give the name under which a file arrives beside its place: each URL's its own, and the same one next time."""
    return place.with_name(
        f"{name_start(place.name)}.{Digest.of(identity(url).encode('utf-8', 'surrogatepass')).short}.partial"
    )


def sweep_beside(place: Path) -> None:
    """Remove what killed processes left of a file, if nobody has gone on with it for a day; nothing else is touched."""
    from rehub.world.download import sweep

    name = re.compile(re.escape(name_start(place.name)) + _OURS)
    sweep(place.parent, _STALE, lambda found: name.fullmatch(found) is not None)


def _there(place: Path, url: str, transfer: Transfer, promise: Promise) -> str | None:
    return looked_at(place, url, transfer, promise) if place.exists() else None


def looked_at(place: Path, url: str, transfer: Transfer, promise: Promise) -> str | None:
    """Give the SHA-256 of a file that is there, if it is right; ``None`` if a hash says that it never was.

    Raises:
        DigestMismatchError: it was changed since it came.
    """
    known = transfer.store.downloads.find(place)
    always = transfer.settings.verify == "always"
    unchanged = known is not None and not always and known.is_still(place)
    sha256 = known.seen.sha256 if known and unchanged else _hash(place)
    if not promise.allows(sha256):
        log.warning("%s does not have the hash %s; it is downloaded again", place, promise.prefix)
        return None
    if known and sha256 != known.seen.sha256:
        raise DigestMismatchError(
            str(place), known.seen.sha256, sha256, "It has changed since it was downloaded. Without it, it comes anew."
        )
    if not unchanged:
        remember(url, place, sha256, known.etag if known else "", transfer.store)
    return sha256


def _brought(place: Path, part: Path, url: str, transfer: Transfer, promise: Promise) -> str:
    sweep_beside(place)
    record = transfer.store.urls.find(identity(url))
    known_digest = record.digest if record and promise.allows(record.digest.hex) else promise.whole
    if known_digest and _copied(known_digest, place, transfer):
        etag = record.etag if record and record.digest == known_digest else ""
        remember(url, place, known_digest.hex, etag, transfer.store)
        return known_digest.hex
    known = promise if promise.prefix or not record else Promise(record.digest.hex)
    with transfer.receive(url, part, place, known) as received:
        check_received(received, url, promise)
        received.keep(place)
    remember(url, place, received.sha256, received.etag, transfer.store)
    return received.sha256


def _copied(digest: Digest, place: Path, transfer: Transfer) -> bool:
    """Copy a file from the store, if it is there and right."""
    with suppress(DigestMismatchError):
        if blob := transfer.store.blobs.find(digest, always=transfer.settings.verify == "always"):
            fresh = place.with_name(f"{name_start(place.name)}.{digest.short}.{uuid.uuid4().hex}.partial")
            try:
                shutil.copyfile(blob.file, fresh)
                flush_file(fresh)
                if _hash(fresh) == digest.hex:
                    fresh.replace(place)
                    return True
            finally:
                fresh.unlink(missing_ok=True)
    return False


def remember(url: str, place: Path, sha256: str, etag: str, store: Store) -> None:
    """Note whose bytes a file has; a store that cannot be written is no reason to stop."""
    try:
        store.downloads.save(place, FileRecord.of(identity(url), place, sha256, etag))
    except (StoreError, OSError) as error:  # a cache that others own: it works, and is hashed each time
        log.debug("where %s is was not kept: %s", place, error)


def _hash(place: Path) -> str:
    if (sha256 := hashed(place, follow=True)) is None:
        raise StoreError(str(place), "it is no regular file", "model_dir= or file_name= gives another place.")
    return sha256
