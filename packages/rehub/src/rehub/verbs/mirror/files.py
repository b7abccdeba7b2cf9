"""Files by their digest from static mirrors: weights, and what git LFS keeps."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from rehub.verbs.mirror.asking import Mirrors, absent
from rehub.words.digest import Digest
from rehub.words.errors import DigestMismatchError, MalformedError
from rehub.words.mirrored import MirroredUrl, blob_path, url_path
from rehub.words.weightfile import shown
from rehub.words.weights import Promise
from rehub.world.download import Received, Watch, download

_MOST = 1 << 40  # bytes of a file whose size nobody knows


def file_of_url(  # noqa: PLR0913 - a file, and where it goes
    url: str, part: Path, mirrors: Mirrors, stack: ExitStack, *, known: Promise, watch: Watch
) -> Received | None:
    """Bring a URL's file from the first mirror that has it, and has the right bytes.

    Args:
        url: where it comes from.
        part: where it would arrive from there; each mirror's arrives beside it.
        mirrors: which are asked, in order.
        stack: until it ends, the file is there.
        known: what is known of its bytes; if nothing is, a mirror is believed.
        watch: told how far it is.
    """
    for root in list(mirrors.left):
        with mirrors.trying(root, shown(url)):
            said = _said(url, root, mirrors, known)
            place, most = _part(part, root), _MOST if known.most is None else known.most
            return stack.enter_context(_brought(said, root, place, mirrors, watch, most=most))
    return None


def _said(url: str, root: str, mirrors: Mirrors, known: Promise) -> MirroredUrl:
    """Give which bytes a URL gives: those that are known, else what a mirror says."""
    if digest := known.whole:
        return MirroredUrl(digest, -1 if known.most is None else known.most)
    said = MirroredUrl.of(mirrors.record(root, url_path(url)))
    if not known.allows(said.digest.hex):
        msg = f"its bytes of {shown(url)} begin with {said.digest.short} and not with {known.prefix[:12]}"
        raise MalformedError(msg)
    return said


def file_of_digest(  # noqa: PLR0913 - a file, and where it goes
    digest: Digest, size: int, part: Path, mirrors: Mirrors, stack: ExitStack, *, what: str, watch: Watch
) -> Received | None:
    """Bring a file by its digest from the first mirror that has it.

    Args:
        digest: of all its bytes.
        size: in bytes.
        part: where it would arrive; each mirror's arrives beside it.
        mirrors: which are asked, in order.
        stack: until it ends, the file is there.
        what: it is, for whoever reads the log.
        watch: told how far it is.
    """
    for root in list(mirrors.left):
        with mirrors.trying(root, what):
            wanted = MirroredUrl(digest, size)
            return stack.enter_context(_brought(wanted, root, _part(part, root), mirrors, watch))
    return None


@contextmanager
def _brought(  # noqa: PLR0913 - a file, and where it goes
    wanted: MirroredUrl, root: str, part: Path, mirrors: Mirrors, watch: Watch, *, most: int = _MOST
) -> Iterator[Received]:
    """Bring one file from one mirror: these very bytes, or none.

    Raises:
        Absent: it does not have the file.
        DownloadError: it failed.
        DigestMismatchError: it gave other bytes.
    """
    url = mirrors.has(root, blob_path(wanted.digest))
    size = None if wanted.size < 0 else wanted.size
    with ExitStack() as stack:
        with absent():
            limits = mirrors.limits(most if size is None else min(most, size))
            received = stack.enter_context(download(url, part, limits=limits, watch=watch, size=size))
        if received.sha256 != wanted.digest.hex:
            raise DigestMismatchError("what it gave", wanted.digest.hex, received.sha256)
        # What the mirror's server calls it, and takes it for, says nothing of the file.
        yield replace(received, etag=wanted.etag, kind="")


def _part(part: Path, root: str) -> Path:
    """Give each mirror a part of its own: none goes on with what another has begun."""
    stem, digits = part.name.removesuffix(".partial"), Digest.of(root.encode()).hex[:32]
    return part.with_name(f"{stem}.{digits}.partial")
