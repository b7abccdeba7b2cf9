"""Weights that another program has on this machine already: taken over by their bytes, and not fetched again."""

import logging
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from rehub.verbs.weights.transfer import Transfer
from rehub.verbs.weights.turns import Waiting, key_of, turn
from rehub.words.digest import Digest
from rehub.words.errors import DigestMismatchError, StoreError
from rehub.words.weightfile import identity, shown
from rehub.words.weights import Promise
from rehub.world.othercaches import huggingface_by_digest, huggingface_by_url, torch_hub
from rehub.world.store import Blob, Store, UrlRecord
from rehub.world.store.adopted import copied

log = logging.getLogger("rehub")


def adopted(url: str, name: str, transfer: Transfer, promise: Promise) -> Blob | None:
    """Give a URL's bytes from Hugging Face's cache, or torch.hub's usual folder; ``None`` if they are in neither.

    Only a file counts of which it is known that it is the one: by its SHA-256, by a hash in its name, or by a URL that
    names a commit.

    Args:
        url: whose bytes are wanted.
        name: of the file.
        transfer: has the store, and says where the caches are.
        promise: what is known of the bytes.
    """
    record = transfer.store.urls.find(identity(url))
    known = record.digest.hex if record and promise.allows(record.digest.hex) else promise.prefix
    wanted = Promise(known, asked=promise.asked)
    places = list(_places(url, name, wanted, transfer))
    if not places:
        return None
    key = key_of("url", identity(url))
    with suppress(StoreError):  # a store that is only read: then the file comes, or is missed, as ever
        part = transfer.store.part(key)
        done = _is_there(wanted, transfer.store)
        with turn(key, part, transfer.store, Waiting(shown(url), transfer.settings.timeout, transfer.watch, done)):
            blob = _taken(places, part, transfer.store, wanted)
        if blob:
            host = urlsplit(url).hostname or ""
            transfer.store.urls.save(identity(url), UrlRecord(blob.digest, blob.size, "", host, name, time.time()))
        return blob
    return None


def adopted_by_digest(digest: Digest, store: Store, environ: Mapping[str, str]) -> Blob | None:
    """Give a file of git LFS from Hugging Face's cache; ``None`` if it is not there."""
    places = list(huggingface_by_digest(digest.hex, environ))
    with suppress(StoreError):
        if places:
            return _taken(places, store.part(f"adopted-{digest.hex}"), store, Promise(digest.hex))
    return None


def _places(url: str, name: str, wanted: Promise, transfer: Transfer) -> Iterable[Path]:
    if digest := wanted.whole:
        yield from huggingface_by_digest(digest.hex, transfer.environ)
    yield from huggingface_by_url(url, transfer.environ)
    if wanted.prefix:
        own = transfer.settings.dir / "checkpoints" / name
        yield from (each for each in torch_hub(name, transfer.environ) if each != own)


def _is_there(wanted: Promise, store: Store) -> Callable[[], bool]:
    """Say whether another process has brought it meanwhile."""
    return lambda: wanted.whole is not None and store.blobs.path(wanted.whole).is_file()


def _taken(places: Iterable[Path], part: Path, store: Store, wanted: Promise) -> Blob | None:
    """Copy the first file that has the right bytes; nothing of the others is kept."""
    if digest := wanted.whole:  # another process was faster
        with suppress(DigestMismatchError):
            if blob := store.blobs.find(digest):
                return blob
    for place in places:
        try:
            with copied(place, part.with_name(f"{part.name}.{uuid.uuid4().hex}")) as copy:
                if copy and wanted.allows(copy.sha256):
                    log.info("%s is taken from %s", copy.sha256[:12], place)
                    return store.blobs.add(copy)
                log.warning("%s is not what it is called there; it is not used", place)
        except OSError as error:  # somebody else's, or the disk is full
            log.info("%s was not taken over: %s", place, error)
    return None
