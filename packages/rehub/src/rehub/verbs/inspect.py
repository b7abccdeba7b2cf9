"""Reading a checkout, and keeping what reading gave: a tree never changes, so it is read once."""

import logging
from collections.abc import Callable

from rehub.words.errors import HubconfNotFoundError, StoreError
from rehub.words.hubconf import Hubconf
from rehub.words.pin import Checkout
from rehub.world.store import Records

log = logging.getLogger("rehub")


def inspect(
    checkout: Checkout, records: Records, *, version: str, still_there: Callable[[], bool] = lambda: True
) -> Hubconf:
    """Read a checkout's hubconf and what it leads to. Nothing of it is run.

    Args:
        checkout: whose files.
        records: where a tree's reading is kept; a folder of the user's own is read anew each time.
        version: of rehub; another version reads again.
        still_there: says whether the files are all there, and unchanged: another process may prune the store.

    Raises:
        HubconfNotFoundError: there is no ``hubconf.py``.
        StoreError: the files were taken away while they were read.
    """
    tree = checkout.pin.tree if checkout.pin else None
    if tree and (kept := _kept(records.find_described(tree, version))):
        return kept
    found = _read(checkout, still_there)
    if tree:
        try:
            records.save_described(tree, version, found.as_dict())
        except StoreError as error:  # a read-only store answers, too; it only reads again next time
            log.debug("what reading %s gave was not kept: %s", checkout, error)
    return found


def _read(checkout: Checkout, still_there: Callable[[], bool]) -> Hubconf:
    """Read the files; what was read of files that are gone by then counts for nothing."""
    from rehub.verbs.describe import describe
    from rehub.world.folder import Tree

    try:
        found = describe(Tree(checkout.root), where=str(checkout))
    except HubconfNotFoundError:
        if still_there():
            raise
    else:
        if still_there():
            return found
    raise StoreError(str(checkout.root), "another process has removed it while it was read", "Run it again.")


def _kept(data: dict[str, object] | None) -> Hubconf | None:
    try:
        return Hubconf.from_dict(data) if data else None
    except (AttributeError, LookupError, TypeError, ValueError):
        return None
