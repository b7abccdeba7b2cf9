"""Bringing the bytes of a URL: by a mirror first, with what the user has for exactly that server, into a part."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
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

    def check_offline(self, url: str, *, wanted: str = "") -> None:
        """Refuse to open a socket where none may be opened.

        Args:
            url: what would be asked for.
            wanted: whose bytes those are, if it is a mirror's.

        Raises:
            OfflineError: none may; where the lock in use knows the URL, it names all that is missing.
        """
        if not self.settings.offline or urlsplit(url).scheme.lower() not in _NEEDS_NETWORK:
            return
        if self.locks:
            from rehub.verbs.missing import offline_for
            from rehub.words.unverified import without_secrets

            if known := self.locks.lock.file(without_secrets(wanted or url)):
                raise offline_for(known, self.locks, self.store)
        raise OfflineError(shown(url))

    def check_sources(self, url: str) -> None:
        """Refuse what nobody may be asked for: offline a file is to be had from this machine's own mirrors only.

        Raises:
            OfflineError: no socket may be opened, and there is none of them.
        """
        if not self.settings.static_mirrors(url):
            self.check_offline(self.settings.rewritten(url), wanted=url)

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
        self.check_sources(url)
        self.announce(url, target)
        with ExitStack() as stack:
            yield self._from_any(url, part, stack, known)

    def _from_any(self, url: str, part: Path, stack: ExitStack, known: Promise) -> Received:
        """Ask static mirrors, if there are any, one after the other; then the server."""
        if not self.settings.static_mirrors(url):
            return self._from_server(url, part, stack, known)
        from rehub.verbs.mirror.asking import Mirrors
        from rehub.verbs.mirror.files import file_of_url

        mirrors = Mirrors.of(url, self.settings)
        with mirrors.telling():
            found = file_of_url(url, part, mirrors, stack, known=known, watch=self.watch)
            return found or self._from_server(url, part, stack, known)

    def _from_server(self, url: str, part: Path, stack: ExitStack, known: Promise) -> Received:
        """Ask the URL's server, or the one that a mirror puts in its place."""
        where = self.settings.rewritten(url)
        self.check_offline(where, wanted=url)
        received = self._asked(where, part, stack, known, mirrored=where != url)
        if where == url or known.allows(received.sha256):
            return received
        stack.close()
        said = f"they begin with {received.sha256[:12]} and not with {known.prefix[:12]}"
        log.warning("the mirror's bytes of %s are other ones: %s; asking %s", shown(where), said, shown(url))
        self.check_offline(url)
        return self._asked(url, part, stack, known, mirrored=False)

    def _asked(self, url: str, part: Path, stack: ExitStack, known: Promise, *, mirrored: bool) -> Received:
        """Ask one server; with a token only after it has refused to give the file to anybody."""
        from rehub.world.download import Limits, download
        from rehub.world.git.origins import netrc_of, token_of

        def netrc(origin: str) -> str | None:
            return None if mirrored else netrc_of(origin, self.environ)

        def token(origin: str) -> str | None:
            return None if mirrored else token_of(origin, self.environ, self.settings.hosts) or netrc(origin)

        limits = Limits(timeout=self.settings.timeout)
        limits = limits if known.most is None else replace(limits, bytes=known.most)
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
