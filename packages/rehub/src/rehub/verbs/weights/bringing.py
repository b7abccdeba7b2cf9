"""Weights by URL: a file that has exactly what its URL gave, checked each time."""

import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from rehub.words.digest import Digest
from rehub.words.errors import (
    DigestMismatchError,
    DownloadError,
    OfflineError,
    StoreError,
    WrongHashError,
)
from rehub.words.settings import Settings
from rehub.words.weightfile import apart, identity, is_page
from rehub.world.download import Limits, Received, Watch, download
from rehub.world.store import FileRecord, Store

log = logging.getLogger("rehub")
_NEEDS_NETWORK = {"http", "https"}


@dataclass(frozen=True, slots=True)
class Transfer:
    """What downloading needs.

    Attributes:
        settings: offline, mirrors and time limit.
        store: remembers whose bytes a file has.
        watch: told how far it is.
        announce: told what is about to be brought, and to where.
    """

    settings: Settings
    store: Store
    watch: Watch = field(default=lambda _received, _size: None)
    announce: Callable[[str, Path], None] = field(
        default=lambda url, _: log.info("downloading %s", url.partition("?")[0])
    )

    def check_offline(self, url: str) -> None:
        """Refuse to open a socket where none may be opened.

        Raises:
            OfflineError: none may.
        """
        if self.settings.offline and urlsplit(url).scheme.lower() in _NEEDS_NETWORK:
            raise OfflineError(url.partition("?")[0])

    @contextmanager
    def receive(self, url: str, target: Path) -> Iterator[Received]:
        """Bring a file, by a mirror if there is one; the block looks at it before it gets its name.

        Raises:
            OfflineError: no socket may be opened.
            DownloadError: it did not come whole.
        """
        where = self.settings.rewritten(url)
        self.check_offline(where)
        self.announce(url, target)
        part = target.with_name(f"{target.name}.partial")
        with download(where, part, limits=Limits(timeout=self.settings.timeout), watch=self.watch) as received:
            yield received
            received.keep(target)


def download_to(url: str, target: Path, transfer: Transfer, *, prefix: str | None = None) -> None:
    """Bring a file to where the caller wants it.

    Args:
        url: where it comes from.
        target: its name; a file of that name is replaced.
        transfer: how to bring it.
        prefix: what its SHA-256 must start with.

    Raises:
        WrongHashError: it starts otherwise; nothing was kept.
        OfflineError, DownloadError: as they say.
        OSError: the target cannot be written.
    """
    with transfer.receive(url, target) as received:
        _check(prefix, received.sha256, url)


def fetch_weights(url: str, folder: Path, name: str, transfer: Transfer, *, prefix: str | None = None) -> Path:
    """Give a file that has a URL's bytes: the one that is there, or a new one.

    A file of that name that another URL gave is left alone, and this one is told apart from it. One that nobody wrote
    down (torch.hub's, or the user's own) is taken for this URL's.

    Args:
        url: where it comes from.
        folder: where it is, or is put.
        name: of the file.
        transfer: how to bring it.
        prefix: what its SHA-256 must start with, also if it is there already.

    Raises:
        WrongHashError: what came has another SHA-256; nothing of it was kept.
        DigestMismatchError: what is there was changed since it came.
        OfflineError, DownloadError: as they say.
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    place = folder.absolute() / name
    with _locked(place, transfer.store):
        if place.exists() and (record := transfer.store.downloads.find(place)) and not record.is_of(identity(url)):
            place = place.with_name(apart(place.name, url))
            log.info("%s is another URL's; this one's is %s", name, place.name)
        if place.exists() and (kept := _kept(url, place, transfer, prefix)):
            return kept
        with transfer.receive(url, place) as received:
            _check(prefix, received.sha256, url)
            if is_page(received.start):
                raise DownloadError(url, "it is an HTML page, maybe of a login, and no weights")
        _remember(url, place, received.sha256, received.etag, transfer.store)
        return place


@contextmanager
def _locked(place: Path, store: Store) -> Iterator[None]:
    """Let one process at a time bring a file; where the store cannot be written, each brings it for itself."""
    key = Digest.of(b"file\0" + str(place).encode("utf-8", "surrogateescape")).hex
    with ExitStack() as stack:
        try:
            stack.enter_context(store.locked_key(key, what=place.name))
        except StoreError as error:
            log.debug("%s is not locked: %s", place, error)
        yield


def _kept(url: str, place: Path, transfer: Transfer, prefix: str | None) -> Path | None:
    """Give the file that is there, if it is right; ``None`` if a hash says that it never was."""
    known = transfer.store.downloads.find(place)
    unchanged = known is not None and known.is_still(place)
    sha256 = known.seen.sha256 if known and unchanged else _hash(place)
    if prefix and not sha256.startswith(prefix.lower()):
        log.warning("%s does not have the hash %s; it is downloaded again", place, prefix)
        return None
    if known and sha256 != known.seen.sha256:
        raise DigestMismatchError(
            str(place), known.seen.sha256, sha256, "It has changed since it was downloaded. Without it, it comes anew."
        )
    if not unchanged:
        _remember(url, place, sha256, known.etag if known else "", transfer.store)
    return place


def _remember(url: str, place: Path, sha256: str, etag: str, store: Store) -> None:
    try:
        store.downloads.save(place, FileRecord.of(identity(url), place, sha256, etag))
    except StoreError as error:  # a cache that others own: it works, and is hashed each time
        log.debug("where %s is was not kept: %s", place, error)


def _check(prefix: str | None, sha256: str, url: str) -> None:
    if prefix is not None and not sha256.startswith(prefix.lower()):
        raise WrongHashError(url, prefix, sha256)


def _hash(place: Path) -> str:
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
