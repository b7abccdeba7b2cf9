"""Allowing code to run, and files of weights to be read in full; and taking that back."""

from pathlib import Path

from rehub.verbs.fetch import Fetching, fetch
from rehub.verbs.weights.opened import opened
from rehub.words.digest import Digest
from rehub.words.errors import MalformedError, MalformedRefError, MalformedSettingError
from rehub.words.ref import Ref, Remote
from rehub.words.trust import Grant, WeightsGrant
from rehub.world.grants import Grants


def allow(ref: Ref, world: Fetching, grants: Grants) -> Grant:
    """Allow a repository: at the one commit that the ref names now, or at any if it names none.

    Raises:
        MalformedRefError: only remote repositories need permission.
        RehubError: a branch, tag or short commit could not be resolved.
    """
    ref = world.settings.meant(ref)
    remote = _remote(ref)
    if ref.rev is None:
        return grants.add(remote.url, None)
    if ref.commit:
        return grants.add(remote.url, ref.commit)
    pin = fetch(ref, world).pin
    return grants.add(remote.url, pin.commit if pin else None)


def disallow(ref: Ref, grants: Grants) -> list[Grant]:
    """Take back what was allowed about a repository, or about one commit of it.

    Raises:
        MalformedRefError: only remote repositories need permission, and a branch or tag was never allowed as such.
    """
    remote = _remote(ref)
    if ref.rev and not ref.commit:
        raise MalformedRefError(
            str(ref), "permissions are kept by commit", f"'rehub trust list' shows them; or name none: {remote}"
        )
    return grants.remove(remote.url, ref.commit)


def allow_weights(what: str, grants: Grants) -> WeightsGrant:
    """Allow a file of weights to be read in full, by its digest; of a file that is here, it is worked out.

    Raises:
        MalformedSettingError: it is neither a digest nor a file.
        OSError: the file cannot be read.
    """
    return grants.add_weights(_digest(what))


def disallow_weights(what: str, grants: Grants) -> list[WeightsGrant]:
    """Take back what was allowed about a file of weights.

    Raises:
        MalformedSettingError: it is neither a digest nor a file.
        OSError: the file cannot be read.
    """
    return grants.remove_weights(_digest(what))


def _digest(what: str) -> Digest:
    if not what.startswith("sha256:") and Path(what).is_file():
        with opened(Path(what)) as file:
            return file.digest
    try:
        return Digest.parse(what)
    except MalformedError as error:
        raise MalformedSettingError("weights", what, "sha256: and 64 hex digits, or a file that is here") from error


def _remote(ref: Ref) -> Remote:
    if isinstance(ref.place, Remote):
        return ref.place
    raise MalformedRefError(str(ref), "it is not a remote repository", "a folder of your own needs no permission")
