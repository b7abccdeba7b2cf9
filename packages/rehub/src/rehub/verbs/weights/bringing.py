"""Weights by URL: brought once, kept once under their digest, and looked at each time.

What is there already is found without the modules that bring, lock and link: importing them takes longer than reading.
"""

import logging
import time
from pathlib import Path
from urllib.parse import urlsplit

from rehub.verbs.weights.noting import note_weights
from rehub.verbs.weights.transfer import Transfer, check_received
from rehub.words.errors import DigestMismatchError
from rehub.words.weightfile import identity, shown
from rehub.words.weights import ANYTHING, Promise, Weights
from rehub.world.store import Blob, UrlRecord

log = logging.getLogger("rehub")


def fetch_weights(  # noqa: PLR0913 - a file, and where it goes
    url: str,
    transfer: Transfer,
    *,
    name: str,
    folder: Path | None = None,
    promise: Promise = ANYTHING,
    linked: bool = False,
) -> Weights:
    """Give a file that has a URL's bytes: the one that is there, or a new one.

    In a folder of the user's own it is a file of the user's own. Otherwise it is in the store, read-only, and the same
    one for all URLs that give these bytes.

    Args:
        url: where it comes from.
        transfer: how to bring it.
        name: of the file.
        folder: the user's; torch.hub's ``checkpoints`` is none.
        promise: what is known of its bytes; holds for what is there already, too.
        linked: let ``checkpoints/<name>`` lead to it, for programs that look for it there.

    Raises:
        WrongHashError: what came has another SHA-256; nothing of it was kept.
        DigestMismatchError: what is there was changed since it came, and cannot be brought anew.
        NotLockedError: the lock in use does not know the URL, and nothing else may be loaded.
        OfflineError, DownloadError, StoreError: as they say.
    """
    weights = _found(url, transfer, name, folder, transfer.expected(url, promise), linked=linked)
    note_weights(url, weights.digest, weights.size, transfer.locks)
    return weights


def _found(  # noqa: PLR0913 - those of fetch_weights
    url: str, transfer: Transfer, name: str, folder: Path | None, promise: Promise, *, linked: bool
) -> Weights:
    if folder is not None and not (transfer.to_store and _is_checkpoints(folder, transfer)):
        from rehub.verbs.weights.infolder import fetch_into

        return fetch_into(folder, url, name, transfer, promise)
    place = transfer.settings.dir / "checkpoints" / name
    if found := _kept(url, transfer, promise):
        return _given(found, url, place, transfer, linked=linked)
    from rehub.verbs.weights.linking import own_file

    theirs = own_file(place, url, transfer, promise)
    if isinstance(theirs, Weights):
        return theirs
    transfer.check_offline(transfer.settings.rewritten(url))
    blob = _fetched(url, place, transfer, promise)
    return _given(blob, url, place, transfer, linked=linked, wrong=theirs is False)


def _is_checkpoints(folder: Path, transfer: Transfer) -> bool:
    from rehub.verbs.weights.linking import is_checkpoints

    return is_checkpoints(folder, transfer.settings)


def _given(  # noqa: PLR0913 - a blob, and who asked for it
    blob: Blob, url: str, place: Path, transfer: Transfer, *, linked: bool, wrong: bool = False
) -> Weights:
    if linked:
        from rehub.verbs.weights.linking import link

        link(place, blob, url, transfer.store, replace=wrong)
    return Weights(blob.digest, blob.size, shown(url), blob.file)


def _kept(url: str, transfer: Transfer, promise: Promise) -> Blob | None:
    """Look for a URL's bytes in the store; those of a whole digest count, whichever URL gave them."""
    record = transfer.store.urls.find(identity(url))
    if record is not None and not promise.allows(record.digest.hex):
        log.warning("%s does not have the hash %s; it is downloaded again", shown(url), promise.prefix)
        record = None
    digest = record.digest if record else promise.whole
    try:
        return transfer.store.blobs.find(digest, always=transfer.settings.verify == "always") if digest else None
    except DigestMismatchError as error:
        if transfer.settings.offline:
            raise
        log.warning("the file of %s was damaged; it is fetched anew: %s", shown(url), error)
        return None


def _fetched(url: str, place: Path, transfer: Transfer, promise: Promise) -> Blob:
    """Bring a file into the store, or wait for another process that does."""
    from rehub.verbs.weights.turns import Waiting, key_of, turn

    store, known = transfer.store, transfer.store.urls.find(identity(url))
    key = key_of("url", identity(url))
    part = store.part(key)

    def done() -> bool:
        now = store.urls.find(identity(url))
        return now is not None and now != known and store.blobs.path(now.digest).is_file()

    with turn(key, part, store, Waiting(shown(url), transfer.settings.timeout, transfer.watch, done)) as here:
        if found := _kept(url, transfer, promise):
            transfer.watch(found.size, found.size)
            return found
        return _brought(url, here, place, transfer, promise)


def _brought(url: str, part: Path, place: Path, transfer: Transfer, promise: Promise) -> Blob:
    before = transfer.store.urls.find(identity(url))
    known = promise if promise.prefix or not before else Promise(before.digest.hex)
    with transfer.receive(url, part, place, known) as received:
        check_received(received, url, promise)
        blob = transfer.store.blobs.add(received)
    if before and before.digest != blob.digest:
        log.warning("%s has other bytes than when it was fetched last", shown(url))
    host = urlsplit(url).hostname or ""
    record = UrlRecord(blob.digest, blob.size, received.etag, host, place.name, time.time())
    transfer.store.urls.save(identity(url), record)
    return blob
