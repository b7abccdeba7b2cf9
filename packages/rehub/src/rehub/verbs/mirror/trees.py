"""Trees from static mirrors: by a ref, as far as a mirror's user believes it, or by a digest, which proves itself."""

import logging
import os
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rehub.verbs.mirror.asking import Absent, Mirrors, absent
from rehub.verbs.weights.pace import watching
from rehub.words.digest import Digest
from rehub.words.errors import DigestMismatchError, MalformedError
from rehub.words.mirrored import MirroredPin, MirroredRef, find, pin_path, refs_of, refs_path, tree_path
from rehub.words.pin import Pin
from rehub.words.ref import Ref, Remote
from rehub.words.tar import content, listing, most_bytes
from rehub.world.download import Received, download

if TYPE_CHECKING:
    from rehub.verbs.fetch import Fetching

log = logging.getLogger("rehub")


def tree_of_ref(ref: Ref, remote: Remote, world: "Fetching", mirrors: Mirrors) -> tuple[Pin, MirroredRef] | None:
    """Bring what the first mirror that knows a ref says that it means; its own record says of which digest the tree is.

    A pin whose tree is known here already must have that one. The remote's lock is held.

    Raises:
        StoreError: the disk refused.
    """
    for root in list(mirrors.left):
        with mirrors.trying(root, str(ref)):
            found = _meant(root, ref, remote, mirrors)
            pin = world.store.records.find_pin(remote, found.commit) or Pin(remote, found.commit)
            return _brought(root, pin, world, mirrors), found
    return None


def tree_of_pin(pin: Pin, world: "Fetching", mirrors: Mirrors) -> Pin | None:
    """Bring a pin's tree, whose digest is known, from the first mirror that has it. The remote's lock is held.

    Raises:
        StoreError: the disk refused.
    """
    for root in list(mirrors.left):
        with mirrors.trying(root, pin.short):
            return _brought(root, pin, world, mirrors)
    return None


def _meant(root: str, ref: Ref, remote: Remote, mirrors: Mirrors) -> MirroredRef:
    if ref.commit:
        return MirroredRef(ref.commit, "", time.time())
    found = find(refs_of(mirrors.record(root, refs_path(remote)), remote), ref.rev)
    if found is None:
        raise Absent
    day = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(min(found.asked, time.time())))
    log.info("%s is %s, as the mirror %s has it of %s", ref, found.commit, root, day)
    return replace(found, asked=min(found.asked, time.time()))


def _brought(root: str, pin: Pin, world: "Fetching", mirrors: Mirrors) -> Pin:
    """Bring a pin's tree from one mirror into the store, if it is not there.

    Raises:
        Absent: it does not have it.
        DownloadError: it failed.
        DigestMismatchError: its files are other ones.
        MalformedError: what it says, or its tar, is no such thing.
    """
    try:
        said = MirroredPin.of(mirrors.record(root, pin_path(pin.remote, pin.commit)), pin)
    except Absent:
        if pin.tree is None:
            raise
        said = MirroredPin(pin.tree)
    proved = replace(pin, tree=said.tree, git_tree=pin.git_tree or said.git_tree)
    if not _is_there(said.tree, world):
        world.progress(f"fetching {pin.short} from the mirror {root}")
        _unpacked(root, proved, said, world, mirrors)
    if world.store.records.find_pin(pin.remote, pin.commit) != proved:
        world.store.records.save_pin(proved, git_tree=proved.git_tree)
    return proved


def _is_there(tree: Digest, world: "Fetching") -> bool:
    try:
        return world.store.trees.find(tree, always=world.settings.verify == "always") is not None
    except DigestMismatchError:
        return False


def _unpacked(root: str, pin: Pin, said: MirroredPin, world: "Fetching", mirrors: Mirrors) -> None:
    """Bring a tree's tar, and write down its files if they are those of its digest."""
    url = mirrors.has(root, tree_path(said.tree))
    part = world.store.part(f"tree-{Digest.of(f'{root} {pin}'.encode()).hex}")
    limits, watch = mirrors.limits(most_bytes(world.limits)), watching(pin.short, world.progress)
    with absent(), download(url, part, limits=limits, watch=watch) as received, _Packed.of(received) as packed:
        try:
            listed = listing(packed, world.limits)
            world.store.trees.add(
                ((member.path, content(packed, member)) for member in listed.members),
                submodules=said.submodules,
                expected=said.tree,
                what=pin.short,
                alike=listed.alike,
            )
        except MalformedError:
            raise
        except ValueError as error:
            if isinstance(error, DigestMismatchError):
                raise
            msg = f"its files of {pin.short} are not to be used: {error}"
            raise MalformedError(msg) from error


@dataclass(frozen=True, slots=True)
class _Packed:
    """A tar that has arrived, read at any place."""

    fd: int
    size: int

    @classmethod
    def of(cls, received: Received) -> "_Packed":
        """Open it."""
        return cls(os.open(received.file, os.O_RDONLY | os.O_CLOEXEC), received.size)

    def __enter__(self) -> "_Packed":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)

    def pread(self, at: int, count: int) -> bytes:
        """Read from a place, as far as the file goes."""
        return os.pread(self.fd, count, at)
