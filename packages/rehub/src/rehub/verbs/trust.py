"""Allowing code to run, and taking that back."""

from rehub.verbs.fetch import Fetching, fetch
from rehub.words.errors import MalformedRefError
from rehub.words.ref import Ref, Remote
from rehub.words.trust import Grant
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


def _remote(ref: Ref) -> Remote:
    if isinstance(ref.place, Remote):
        return ref.place
    raise MalformedRefError(str(ref), "it is not a remote repository", "a folder of your own needs no permission")
