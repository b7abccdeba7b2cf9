"""Weights by URL: fetched, verified, kept, read."""

from typing import TYPE_CHECKING, Any

from rehub.verbs.weights.bringing import fetch_weights
from rehub.verbs.weights.known import read_brought
from rehub.verbs.weights.reading import NOBODY, Permission, read_weights
from rehub.verbs.weights.transfer import Transfer

if TYPE_CHECKING:
    from rehub.verbs.weights.infolder import download_to

__all__ = [
    "NOBODY",
    "Permission",
    "Transfer",
    "download_to",
    "fetch_weights",
    "read_brought",
    "read_weights",
]


def __getattr__(name: str) -> Any:
    """Import what brings files when it is first used: who loads what is there already does without."""
    if name != "download_to":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    from rehub.verbs.weights.infolder import download_to

    return download_to
