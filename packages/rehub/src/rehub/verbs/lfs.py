"""Files that git LFS keeps elsewhere: fetched by their SHA-256, which the pointer in the repository's tree names.

``.lfsconfig`` is not read: it is the repository's, and could send us, with what is asked and said, to any server. The
repository's own server is asked, which is where all public ones keep them.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from urllib.parse import urlsplit

from rehub.verbs.fetch import Fetching
from rehub.verbs.weights.pace import watching
from rehub.verbs.weights.turns import Waiting, turn
from rehub.words.errors import (
    DigestMismatchError,
    DownloadError,
    MalformedError,
    OfflineError,
    RehubError,
    StoreError,
)
from rehub.words.lfs import AT_ONCE, MEDIA_TYPE, Found, answers, endpoint, question
from rehub.words.pin import Checkout, LfsPointer
from rehub.words.ref import Remote
from rehub.world.download import Credentials, Limits, download, request
from rehub.world.git.credentials import credentials
from rehub.world.store import Store

log = logging.getLogger("rehub")
_CLOSED = {401, 403, 404}  # what servers say to those who may not read a repository
_SHOWN = 3  # reasons in a message


def complete(checkout: Checkout, world: Fetching, environ: Mapping[str, str]) -> Checkout:
    """Let the files that git LFS keeps lie in a checkout, as links to the store's; what cannot be had stays a pointer.

    Args:
        checkout: a pin's.
        world: settings and store.
        environ: where tokens are looked for.

    Returns:
        The checkout, whose ``lfs`` are those that are still pointers, and ``missing`` says why.
    """
    if checkout.pin is None or checkout.pin.tree is None or not checkout.lfs:
        return checkout
    why: dict[str, str] = {}
    wanted = {each.oid.hex: each for each in checkout.lfs}
    needed = list(wanted.values())
    try:
        needed = [each for each in needed if not _is_there(each, world)]
        if needed := _unmirrored(needed, checkout.pin.remote, world):
            why |= _fetched(needed, checkout, world, environ)
    except RehubError as error:
        why |= {each.oid.hex: str(error).replace("\n", " ") for each in needed}
    left, root = [each for each in checkout.lfs if each.oid.hex in why], checkout.root
    try:
        root = world.store.trees.fill(checkout.pin.tree, [each for each in checkout.lfs if each.oid.hex not in why])
    except (StoreError, DigestMismatchError) as error:
        left, why = list(checkout.lfs), {"": str(error).replace("\n", " ")}
    return replace(checkout, root=root, lfs=tuple(left), missing="; ".join(list(dict.fromkeys(why.values()))[:_SHOWN]))


def _is_there(pointer: LfsPointer, world: Fetching) -> bool:
    try:
        return world.store.blobs.find(pointer.oid, always=world.settings.verify == "always") is not None
    except DigestMismatchError as error:
        log.warning("a file of git LFS was damaged; it is fetched anew: %s", error)
        return False


def _fetched(
    needed: Sequence[LfsPointer], checkout: Checkout, world: Fetching, environ: Mapping[str, str]
) -> dict[str, str]:
    """Bring objects into the store; give why some of them did not come, by their digits."""
    assert isinstance(checkout.place, Remote)  # noqa: S101 - it has a pin
    if world.settings.offline:
        raise OfflineError(f"what git LFS keeps for {checkout}")
    why: dict[str, str] = {}
    for start in range(0, len(needed), AT_ONCE):
        batch = needed[start : start + AT_ONCE]
        found = _asked(batch, checkout.place, world, environ)
        for each in batch:
            told = found.get(each.oid.hex) or Found(each.oid, why="the server does not say where it is")
            try:
                said = told.why or _brought(each, told, world)
            except (DownloadError, StoreError) as error:
                said = str(error).replace("\n", " ")
            if said:
                why[each.oid.hex] = f"{each.path}: {said}"
    return why


def _unmirrored(needed: Sequence[LfsPointer], remote: Remote, world: Fetching) -> list[LfsPointer]:
    """Bring from static mirrors what they have; give the others."""
    if not needed or not world.settings.static_mirrors(remote.url):
        return list(needed)
    from rehub.verbs.mirror.asking import Mirrors
    from rehub.verbs.mirror.files import file_of_digest

    mirrors, left = Mirrors.of(remote.url, world.settings), []
    for each in needed:
        watch, part = watching(each.path, world.progress), world.store.part(f"lfs-{each.oid.hex}")
        with ExitStack() as stack:
            found = file_of_digest(each.oid, each.size, part, mirrors, stack, what=each.path, watch=watch)
            if found:
                world.store.blobs.add(found)
            else:
                left.append(each)
    return left


def _asked(
    pointers: Sequence[LfsPointer], remote: Remote, world: Fetching, environ: Mapping[str, str]
) -> dict[str, Found]:
    """Ask the repository's server where objects are; with credentials only after it has refused strangers."""
    if remote.scheme == "file":
        return {each.oid.hex: Found(each.oid, _beside(remote, each)) for each in pointers}
    url, mirrored = _web(remote, world)
    asked, last = endpoint(url), None
    for said in _says(remote, world, environ, mirrored=mirrored):
        try:
            answer = request(
                asked,
                method="POST",
                body=question(pointers),
                headers={"Accept": MEDIA_TYPE, "Content-Type": MEDIA_TYPE},
                limits=Limits(timeout=world.settings.timeout),
                credentials=_only(asked, said),
            )
        except DownloadError as error:
            last = error
            if error.status not in _CLOSED:
                break
        else:
            found = answers(answer.body, asked=asked)
            return {oid: _with(each, said, asked) for oid, each in found.items()}
    raise last or MalformedError("nobody could be asked")


def _with(found: Found, said: str, asked: str) -> Found:
    """Say at an object's place what the batch API was told, if it is on the same server and wants nothing else."""
    same = said and not found.authorization and _origin(found.href) == _origin(asked)
    return replace(found, authorization=said) if same else found


def _web(remote: Remote, world: Fetching) -> tuple[str, bool]:
    """Give the URL at which a repository is asked by http, and whether it is a mirror's."""
    url, mirrored = world.settings.urls(remote)[0]
    if remote.scheme == "ssh" and not mirrored:
        return f"https://{remote.host}/{remote.path}", False
    return url, mirrored


def _says(remote: Remote, world: Fetching, environ: Mapping[str, str], *, mirrored: bool) -> Iterator[str]:
    """Give what to say to a repository's server, one after the other: nothing first."""
    host = world.settings.host_of(remote)
    web = replace(remote, scheme="https", user="", port=None) if remote.scheme == "ssh" else remote
    for each in credentials(web, environ, mirrored=mirrored, host=host):
        if not each.helpers:
            yield each.header.partition(": ")[2] if each.secret else ""


def _only(url: str, said: str) -> Credentials:
    origin = _origin(url)
    return lambda asked: said if said and asked == origin else None


def _origin(url: str) -> str:
    split = urlsplit(url)
    return f"{split.scheme}://{split.netloc.rpartition('@')[2].lower()}"


def _beside(remote: Remote, pointer: LfsPointer) -> str:
    """Give the place of an object in a repository on this machine. Source: git-lfs, docs/spec.md, "Local storage"."""
    digits = pointer.oid.hex
    return f"{remote.url.rstrip('/')}/lfs/objects/{digits[:2]}/{digits[2:4]}/{digits}"


def _brought(pointer: LfsPointer, found: Found, world: Fetching) -> str:
    """Bring one object into the store, or wait for another process that does; give why it did not come."""
    store: Store = world.store
    part = store.part(f"lfs-{pointer.oid.hex}")

    def done() -> bool:
        return store.blobs.path(pointer.oid).is_file()

    waiting = Waiting(pointer.path, world.settings.timeout, watching(pointer.path, world.progress), done)
    with turn(f"lfs-{pointer.oid.hex}", part, store, waiting) as here:
        if _is_there(pointer, world):
            return ""
        log.info("fetching %s of git LFS", pointer.path)
        limits = Limits(timeout=world.settings.timeout, bytes=pointer.size)
        credential = _only(found.href, found.authorization)
        with download(found.href, here, limits=limits, watch=waiting.watch, credentials=credential) as received:
            if (received.sha256, received.size) != (pointer.oid.hex, pointer.size):
                return f"the server gave other bytes: sha256:{received.sha256}, {received.size} bytes"
            store.blobs.add(received)
    return ""
