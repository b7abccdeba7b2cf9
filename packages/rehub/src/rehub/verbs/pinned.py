"""From a pin that somebody vouches for, a lock say, to a checkout: nobody is asked what reaches the commit."""

import logging

from rehub.verbs.fetch import Fetching, checkout_of, fetch_pin
from rehub.words.errors import (
    DigestMismatchError,
    GoneUpstreamError,
    OfflineError,
    RefNotFoundError,
    RepositoryNotFoundError,
)
from rehub.words.pin import Checkout, Pin
from rehub.world.store import Store

log = logging.getLogger("rehub")
_MIRROR = "If it is gone, a mirror that was made while it was there still has it: REHUB_MIRRORS."


def pinned(pin: Pin, world: Fetching) -> Checkout:
    """Give a folder that holds exactly a pin's files: from the store, or fetched by the commit's id.

    Whether a branch or tag reaches the commit is not asked: it was when the pin was made, and need not be any more.

    Args:
        pin: with its tree's digest.
        world: settings, store and git.

    Raises:
        GoneUpstreamError: the repository does not give this commit out any more.
        RepositoryNotFoundError: it is not there at all.
        DigestMismatchError: the commit has other files than the pin says.
        OfflineError: it is not in the store, and no socket may be opened.
        WorldError, RefusedTreeError: as they say.
    """
    if found := find_pinned(pin, world.store, always=world.settings.verify == "always"):
        return found
    if _lies_there(pin, world.store):
        log.warning("the checkout of %s is damaged", pin.short)
    if world.settings.offline and not world.settings.static_mirrors(pin.remote.url):
        raise OfflineError(pin.short)
    source = world.source(pin.remote)
    with world.store.locked(pin.remote):
        # Look again: another process may have done the work while this one waited.
        if found := find_pinned(pin, world.store):
            return found
        try:
            return fetch_pin(pin, source, world)
        except RefNotFoundError as error:
            mirrors = [*world.settings.static_mirrors(pin.remote.url), *(url for url, mirror in source.urls if mirror)]
            raise GoneUpstreamError(str(pin.remote), pin.commit, mirrors) from error
        except RepositoryNotFoundError as error:
            error.add_note(_MIRROR)
            raise


def find_pinned(pin: Pin, store: Store, *, always: bool = False) -> Checkout | None:
    """Give a pin's checkout if the store has it and has seen itself that the commit has these files.

    That a tree of this digest lies there is not enough: then a lock could let the files of one repository, which may
    not run here, pass for another's, which may.

    Args:
        pin: with its tree's digest.
        store: where to look.
        always: hash every file, also those that nothing seems to have touched.

    Raises:
        DigestMismatchError: the commit has other files than the pin says.
    """
    known = store.records.find_pin(pin.remote, pin.commit)
    if known is None or known.tree is None:
        return None
    if pin.tree not in {None, known.tree}:
        raise _other_files(pin, known)
    try:
        return checkout_of(known, store, always=always)
    except DigestMismatchError as error:
        log.debug("the checkout of %s is damaged: %s", pin.short, error)
        return None


def _other_files(pin: Pin, known: Pin) -> DigestMismatchError:
    expected, found = (each.tree.h1 if each.tree else "" for each in (pin, known))
    return DigestMismatchError(f"the tree of {pin.short}", expected, found, "Its files were not used.")


def _lies_there(pin: Pin, store: Store) -> bool:
    """Say whether the store has had a pin's files, and something is in their place."""
    known = store.records.find_pin(pin.remote, pin.commit)
    return known is not None and known.tree is not None and store.trees.folder(known.tree).exists()
