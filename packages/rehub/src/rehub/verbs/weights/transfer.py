"""Bringing the bytes of a URL: by a mirror first, with what the user has for exactly that server, into a part."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rehub.words.errors import DownloadError, OfflineError, WrongHashError
from rehub.words.settings import Settings
from rehub.words.weightfile import is_page, shown
from rehub.words.weights import ANYTHING, Promise

if TYPE_CHECKING:  # what is there already needs nothing of the network, and has it not imported
    from rehub.verbs.locked import Locks
    from rehub.world.download import Received, Watch
    from rehub.world.store import Store

log = logging.getLogger("rehub")
_NEEDS_NETWORK = {"http", "https"}
_CLOSED = {401, 403, 404}  # what servers say of files that only some may have
_PAGES = {"text/html", "application/xhtml+xml"}


@dataclass(frozen=True, slots=True)
class Transfer:
    """What downloading needs.

    Attributes:
        settings: offline, mirrors, hosts and time limit.
        store: remembers whose bytes a file has.
        watch: told how far it is, by whichever process brings it.
        announce: told what is about to be brought, and to where.
        environ: where tokens and the home are looked for.
        locks: the lock in use, if there is one.
    """

    settings: Settings
    store: Store
    watch: Watch = field(default=lambda _received, _size: None)
    announce: Callable[[str, Path], None] = field(default=lambda url, _: log.info("downloading %s", shown(url)))
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    locks: Locks | None = None

    @property
    def to_store(self) -> bool:
        """Whether what comes may be kept in the store; else it is wanted as a file of torch.hub's folder."""
        return True

    def expected(self, url: str, said: Promise = ANYTHING) -> Promise:
        """Give what is known of a URL's bytes: what the lock in use says, else what their name or the caller does.

        Raises:
            NotLockedError: the lock does not know it, and nothing else may be loaded.
            DigestMismatchError: the lock says otherwise than the name or the caller.
        """
        return self.locks.promise(url, said) if self.locks else said

    def check_offline(self, url: str) -> None:
        """Refuse to open a socket where none may be opened.

        Raises:
            OfflineError: none may.
        """
        if self.settings.offline and urlsplit(url).scheme.lower() in _NEEDS_NETWORK:
            raise OfflineError(shown(url))

    @contextmanager
    def receive(self, url: str, part: Path, target: Path, known: Promise = ANYTHING) -> Iterator[Received]:
        """Bring a file, by a mirror if there is one; the block looks at it and gives it its name.

        A mirror whose bytes contradict what is known is left, and the URL itself is asked.

        Args:
            url: where it comes from.
            part: where it arrives.
            target: the name that it will get, for whoever is told of it.
            known: what is known of its bytes.

        Raises:
            OfflineError: no socket may be opened.
            DownloadError: it did not come whole.
            StoreError: the disk refused.
        """
        where = self.settings.rewritten(url)
        self.check_offline(where)
        self.announce(url, target)
        with ExitStack() as stack:
            received = self._asked(where, part, stack, mirrored=where != url)
            if where != url and not known.allows(received.sha256):
                stack.close()
                said = f"they begin with {received.sha256[:12]} and not with {known.prefix[:12]}"
                log.warning("the mirror's bytes of %s are other ones: %s; asking %s", shown(where), said, shown(url))
                self.check_offline(url)
                received = self._asked(url, part, stack, mirrored=False)
            yield received

    def _asked(self, url: str, part: Path, stack: ExitStack, *, mirrored: bool) -> Received:
        """Ask one server; with a token only after it has refused to give the file to anybody."""
        from rehub.world.download import Limits, download
        from rehub.world.git.origins import netrc_of, token_of

        def netrc(origin: str) -> str | None:
            return None if mirrored else netrc_of(origin, self.environ)

        def token(origin: str) -> str | None:
            return None if mirrored else token_of(origin, self.environ, self.settings.hosts) or netrc(origin)

        limits = Limits(timeout=self.settings.timeout)
        try:
            return stack.enter_context(download(url, part, limits=limits, watch=self.watch, credentials=netrc))
        except DownloadError as error:
            split = urlsplit(url)
            origin = f"{split.scheme}://{split.netloc.rpartition('@')[2]}"
            if error.status not in _CLOSED or token(origin) == netrc(origin):
                raise
        log.info("%s is not for everybody; asking with your token", shown(url))
        return stack.enter_context(download(url, part, limits=limits, watch=self.watch, credentials=token))


def check_received(received: Received, url: str, promise: Promise) -> None:
    """Refuse bytes that are not the promised ones, and pages, which are never weights.

    Raises:
        WrongHashError: their SHA-256 starts otherwise.
        DownloadError: they are an HTML page.
    """
    check_hash(received.sha256, url, promise)
    if is_page(received.start) or (
        received.kind.partition(";")[0].strip().lower() in _PAGES and received.size < 1 << 20
    ):
        raise DownloadError(url, "it is an HTML page, maybe of a login, and no weights")


def check_hash(sha256: str, url: str, promise: Promise) -> None:
    """Refuse a file whose SHA-256 does not start as it should.

    Raises:
        WrongHashError: it starts otherwise.
    """
    if promise.allows(sha256):
        return
    error = WrongHashError(shown(url), promise.prefix, sha256)
    if promise.advice:
        error.add_note(promise.advice)
    if not promise.asked:
        error.add_note("Its name, or its URL, says so. If it means something else, file_name= gives it another name.")
    raise error
