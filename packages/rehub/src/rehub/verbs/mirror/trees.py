"""Trees from static mirrors: proved by git's own objects from the commit down, and by their digest if it is known."""

import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from rehub.verbs.mirror.asking import Absent, Mirrors, absent
from rehub.verbs.mirror.packed import Packed
from rehub.verbs.mirror.proving import proof_of
from rehub.verbs.weights.pace import watching
from rehub.words.digest import Digest
from rehub.words.errors import DigestMismatchError, MalformedError, RehubError
from rehub.words.gitproof import MOST, Proof, checked
from rehub.words.mirrored import MirroredPin, MirroredRef, find, pin_path, proof_path, refs_of, refs_path, tree_path
from rehub.words.pin import Pin
from rehub.words.ref import Ref, Remote
from rehub.words.tar import Listing, content, listing, most_bytes
from rehub.words.tree import Plan, plan
from rehub.world.download import download

if TYPE_CHECKING:
    from rehub.verbs.fetch import Fetching

log = logging.getLogger("rehub")


def tree_of_ref(ref: Ref, remote: Remote, world: "Fetching", mirrors: Mirrors) -> tuple[Pin, MirroredRef] | None:
    """Bring what the first mirror that knows a ref says that it means. The remote's lock is held.

    It is believed in which commit that is, and proves that the files are the commit's.

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
    """Bring a pin's tree from one mirror into the store.

    Its digest must be the one that is known, if one is, and git's own objects must prove that these are the commit's
    files.

    Raises:
        Absent: it does not have it.
        DownloadError: it failed.
        DigestMismatchError: its files are other ones.
        MalformedError: what it says, or its tar, is no such thing.
    """
    known = world.store.records.find_pin(pin.remote, pin.commit)
    if known == pin and known.tree and _is_there(known.tree, world):
        return known
    # That somebody has such a tree, or a lock names it, is not enough: permissions are for what this commit brings.
    world.progress(f"fetching {pin.short} from the mirror {root}")
    tree = pin.tree or MirroredPin.of(mirrors.record(root, pin_path(pin.remote, pin.commit)), pin).tree
    proof = proof_of(pin, world) or _proof(root, pin, world, mirrors)
    proved = replace(pin, tree=tree, git_tree=proof.root)
    planned = plan(proof.root, proof, where=pin.short, limits=world.limits)
    _unpacked(root, proved, planned, world, mirrors)
    world.store.records.save_proof(proved, proof.packed())
    world.store.records.save_pin(proved, git_tree=proved.git_tree)
    return proved


def _is_there(tree: Digest, world: "Fetching") -> bool:
    try:
        return world.store.trees.find(tree, always=world.settings.verify == "always") is not None
    except DigestMismatchError:
        return False


def _proof(root: str, pin: Pin, world: "Fetching", mirrors: Mirrors) -> Proof:
    """Bring from a mirror what proves a commit's files."""
    with mirrors.instead(f"it has no proof of which files {pin.short} has"):
        url = mirrors.has(root, proof_path(pin.remote, pin.commit))
        with _arrived(url, pin, world, mirrors, most=MOST) as packed:
            return Proof.read(packed, pin.commit)


def _unpacked(root: str, pin: Pin, planned: Plan, world: "Fetching", mirrors: Mirrors) -> None:
    """Bring a tree's tar, and write down its files if they are those of its digest, and of its proof."""
    assert pin.tree is not None  # noqa: S101 - known, or said by the mirror
    url, what = mirrors.has(root, tree_path(pin.tree)), pin.short
    with _arrived(url, pin, world, mirrors, most=most_bytes(world.limits)) as packed:
        listed = listing(packed, world.limits)
        _check_paths(listed, planned, what)
        files = (
            (each.path, checked(content(packed, each), each.size, planned.files[each.path], each.path))
            for each in listed.members
        )
        world.store.trees.add(files, submodules=planned.submodules, expected=pin.tree, what=what, alike=planned.alike)


def _check_paths(listed: Listing, planned: Plan, what: str) -> None:
    if other := {each.path for each in listed.members} ^ planned.files.keys():
        msg = f"{min(other)!a} is only in one of its files and the commit {what}"
        raise ValueError(msg)


@contextmanager
def _arrived(url: str, pin: Pin, world: "Fetching", mirrors: Mirrors, *, most: int) -> Iterator[Packed]:
    """Bring a tar; what turns out to be none of ours in the block is malformed.

    Raises:
        Absent: it is not there.
        DownloadError: it did not come whole.
        MalformedError: it is not to be used; says why.
    """
    part = world.store.part(f"mirror-{Digest.of(url.encode()).hex}")
    watch = watching(pin.short, world.progress)
    with ExitStack() as stack:
        with absent():
            received = stack.enter_context(download(url, part, limits=mirrors.limits(most), watch=watch))
        packed = stack.enter_context(Packed.of(received))
        try:
            yield packed
        except RehubError:
            raise
        except ValueError as error:
            msg = f"what it gave is not to be used: {error}"
            raise MalformedError(msg) from error
