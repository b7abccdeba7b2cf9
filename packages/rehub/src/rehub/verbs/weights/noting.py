"""Telling a provenance of weights, where there can be one, and the lock in use."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rehub.words.digest import Digest

if TYPE_CHECKING:
    from rehub.verbs.locked import Locks

_IMPORTER = "rehub.world.scope.importlib_bootstrap"  # who imports checkouts


def note_weights(url: str, digest: Digest, size: int, locks: Locks | None = None) -> None:
    """Note a file that rehub has brought, or had already, if that was done for a repository's code.

    As long as no checkout was opened in this process there is none, and nothing of it need be imported.
    What a call brings is recorded with what it makes; anything else is recorded here.

    Args:
        url: where it comes from.
        digest: of its bytes.
        size: in bytes.
        locks: the lock in use, if there is one.

    Raises:
        DigestMismatchError, LockFileError: it could not be recorded.
    """
    whose = "nobody"
    if _IMPORTER in sys.modules:
        from rehub.verbs import provenance

        whose = provenance.note_weights(url, digest, size)
    if locks is not None and not locks.only and whose != "call":
        from rehub.verbs import record

        if whose == "later":
            record.renew(locks.path)
        record.record_weights(locks.path, url, digest, size)
