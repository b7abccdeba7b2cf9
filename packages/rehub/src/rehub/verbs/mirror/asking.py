"""Asking static mirrors: one after the other, none of them trusted, and each that did not do is named."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote, urlsplit

from rehub.words.errors import DigestMismatchError, DownloadError, MalformedError, RehubError, StoreError
from rehub.words.mirrored import asked_at
from rehub.words.settings import Settings
from rehub.words.text import cut, line

if TYPE_CHECKING:  # who has no such mirror needs nothing of it
    from rehub.world.download import Limits

log = logging.getLogger("rehub")
_RECORD = 4 << 20  # bytes of a record
_ABSENT = {403, 404, 410}  # what servers say of files that are not there; buckets that may not be listed say 403
_PATIENCE = 4  # times as long as a mirror may stay silent: so long may a record take that trickles
_RETRIES = 1  # there are other places to ask
_SHOWN = 300  # characters of a reason


class Absent(Exception):  # noqa: N818 - nothing went wrong
    """A mirror does not have what it was asked for."""


@dataclass(slots=True)
class Mirrors:
    """The static mirrors that are asked for one thing.

    Attributes:
        roots: the URLs of their folders, in their order.
        timeout: how long one may stay silent, in seconds.
        why: why those that were asked did not do, by root.
        left: those that were not refused: only what they do not have is no reason not to ask them for more.
    """

    roots: tuple[str, ...]
    timeout: float
    why: dict[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, url: str, settings: Settings) -> Self:
        """Give the static mirrors that are asked for a URL: a remote's, or a file's."""
        roots = settings.static_mirrors(url)
        return cls(tuple(roots), settings.timeout, left=list(roots))

    def limits(self, most: int) -> "Limits":
        """Give the limits of a file of so many bytes."""
        from rehub.world.download import Limits

        return Limits(timeout=self.timeout, bytes=most, retries=_RETRIES)

    @contextmanager
    def trying(self, root: str, what: str) -> Iterator[None]:
        """Ask one mirror in a block; if it lies or fails, that is said, and the next one can be asked.

        Args:
            root: which one.
            what: it is asked for, for whoever reads the log.
        """
        try:
            yield
        except Absent as error:
            why = str(error) or f"it does not have {what}"
            self.why.setdefault(root, why)
            log.info("the mirror %s was asked: %s", root, why)
        except (DownloadError, StoreError, DigestMismatchError, MalformedError) as error:
            self.why[root] = _reason(error)
            self.left.remove(root)
            # StoreError: a size that is a lie may be more than the disk has; if that is full, the next one says so.
            failed = "failed" if isinstance(error, DownloadError | StoreError) else "was refused"
            log.warning("the mirror %s %s for %s: %s", root, failed, what, self.why[root])

    @contextmanager
    def instead(self, why: str) -> Iterator[None]:
        """Say more exactly what it means that a mirror does not have something.

        Raises:
            Absent: it does not have it.
        """
        try:
            yield
        except Absent as error:
            raise Absent(why) from error

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Name the mirrors that were asked before, in whatever goes wrong after them."""
        try:
            yield
        except RehubError as error:
            for root, why in self.why.items():
                error.add_note(f"The mirror {root} was asked before: {why}")
            raise

    def has(self, root: str, path: str) -> str:
        """Give the URL of a mirror's file; one in a folder of this machine is looked for.

        Raises:
            Absent: it is not there, or no file.
        """
        url = asked_at(root, path)
        if (here := _here(url)) is not None and not here.is_file():
            raise Absent
        return url

    def record(self, root: str, path: str) -> Any:
        """Give what a mirror's record says, whatever that is.

        Raises:
            Absent: there is none.
            DownloadError: the mirror failed.
            MalformedError: it is no JSON.
        """
        url = self.has(root, path)
        try:
            return json.loads(self._small(url))
        except (ValueError, RecursionError) as error:
            msg = f"{path} is no record, but a page or something else"
            raise MalformedError(msg) from error

    def _small(self, url: str) -> bytes:
        if (here := _here(url)) is None:
            from rehub.world.download import request

            with absent():
                limits = replace(self.limits(_RECORD), deadline=_PATIENCE * self.timeout)
                return request(url, limits=limits).body
        try:
            with here.open("rb") as file:
                body = file.read(_RECORD + 1)
        except OSError as error:
            raise DownloadError(url, error.strerror or str(error)) from error
        if len(body) > _RECORD:
            raise DownloadError(url, f"it is larger than {_RECORD} bytes")
        return body


@contextmanager
def absent() -> Iterator[None]:
    """Tell a server that does not have a file from one that fails.

    Raises:
        Absent: it does not have it.
    """
    try:
        yield
    except DownloadError as error:
        if error.status in _ABSENT:
            raise Absent from error
        raise


def _here(url: str) -> Path | None:
    return Path(unquote(urlsplit(url).path)) if url.startswith("file:") else None


def _reason(error: RehubError) -> str:
    return cut(line(error.said if isinstance(error, DownloadError) else str(error)), _SHOWN)
