"""Telling a provenance of weights, where there can be one."""

import sys

from rehub.words.digest import Digest

_IMPORTER = "rehub.world.scope.importlib_bootstrap"  # who imports checkouts


def note_weights(url: str, digest: Digest, size: int) -> None:
    """Note a file that rehub has brought, or had already, if that was done for a repository's code.

    As long as no checkout was opened in this process there is none, and nothing of it need be imported.

    Args:
        url: where it comes from.
        digest: of its bytes.
        size: in bytes.
    """
    if _IMPORTER in sys.modules:
        from rehub.verbs import provenance

        provenance.note_weights(url, digest, size)
