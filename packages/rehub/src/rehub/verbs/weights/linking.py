"""torch.hub's ``checkpoints``: files that lie there already, and names there that lead to what is in the store."""

import logging
import os
import shutil
import tempfile
from pathlib import Path
from typing import Literal

from rehub.verbs.weights.infolder import looked_at
from rehub.verbs.weights.transfer import Transfer
from rehub.words.digest import Digest
from rehub.words.settings import Settings
from rehub.words.weightfile import apart, identity, shown
from rehub.words.weights import Promise, Weights
from rehub.world.store import Blob, FileRecord, Store
from rehub.world.store.files import disk_errors

log = logging.getLogger("rehub")
_WAIT = 60.0  # seconds; nothing slow is done under this lock


def is_checkpoints(folder: Path, settings: Settings) -> bool:
    """Say whether a folder is torch.hub's own for weights, however it is called."""
    return os.path.realpath(folder) == os.path.realpath(settings.dir / "checkpoints")


def own_file(place: Path, url: str, transfer: Transfer, promise: Promise) -> Weights | Literal[False] | None:
    """Give a real file of ``checkpoints``, torch.hub's or the user's, where it lies.

    Returns:
        ``None`` if there is none of this URL, and ``False`` if its name says that it has never been right.

    Raises:
        DigestMismatchError: it was changed since it came.
    """
    with disk_errors(place):
        if not place.is_file() or _is_ours(place, transfer.store):
            return None
        known = transfer.store.downloads.find(place)
        if known is not None and not known.is_of(identity(url)):
            return None
        sha256 = looked_at(place, url, transfer, promise)
        return Weights(Digest(sha256), place.stat().st_size, shown(url), place) if sha256 else False


def link(place: Path, blob: Blob, url: str, store: Store, *, replace: bool = False) -> None:
    """Let a name lead to a blob; one that another URL's file has is left to it, and this one gets another.

    Without a word where it cannot be: weights are loaded from the store itself.

    Args:
        place: the name.
        blob: where it shall lead.
        url: whose bytes these are.
        store: keeps whose a name is.
        replace: also in place of a real file.
    """
    if _leads(place, blob, url, store) or _leads(place.with_name(apart(place.name, url)), blob, url, store):
        return
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with store.locked_key("checkpoints", what="torch.hub's checkpoints", wait=_WAIT):
            for each in (place, place.with_name(apart(place.name, url))):
                if (replace and each == place) or _is_free(each, url, store):
                    _put(each, blob.file)
                    store.downloads.save(each, FileRecord.of(identity(url), each, blob.digest.hex))
                    return
                log.info("%s is another URL's; %s gets another name", each, shown(url))
    except OSError as error:  # StoreError is one, too
        log.info("%s does not lead to its file: %s", place, error)


def _leads(place: Path, blob: Blob, url: str, store: Store) -> bool:
    """Say whether a name is right already."""
    if not place.is_symlink() or os.path.realpath(place) != os.path.realpath(blob.file):
        return False
    known = store.downloads.find(place)
    return known is not None and known.is_of(identity(url))


def _is_free(place: Path, url: str, store: Store) -> bool:
    """Say whether a name may be taken: nothing is there, or a link of ours that is this URL's, or leads nowhere."""
    if not os.path.lexists(place):
        return True
    known = store.downloads.find(place)
    return _is_ours(place, store) and (known is None or known.is_of(identity(url)) or not place.exists())


def _is_ours(place: Path, store: Store) -> bool:
    return place.is_symlink() and store.holds(Path(os.path.realpath(place)))


def _put(place: Path, target: Path) -> None:
    """Make a link, from one moment to the next; or a copy, where the system knows no links."""
    folder, real = os.path.realpath(place.parent), os.path.realpath(target)
    # Relative, so that torch.hub's folder can be moved or mounted elsewhere; but not from a folder somewhere else.
    near = os.path.commonpath([folder, real]) == os.path.realpath(target.parents[4])
    with tempfile.TemporaryDirectory(prefix=".link-", dir=place.parent) as scratch:
        fresh = Path(scratch) / "link"
        try:
            fresh.symlink_to(os.path.relpath(real, folder) if near else real)
        except OSError:  # Windows allows links to few, and some file systems have none
            shutil.copyfile(target, fresh)
        fresh.replace(place)
