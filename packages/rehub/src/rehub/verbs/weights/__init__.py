"""Weights by URL: fetched, verified, kept, read."""

from rehub.verbs.weights.bringing import fetch_weights
from rehub.verbs.weights.infolder import download_to
from rehub.verbs.weights.known import read_brought
from rehub.verbs.weights.reading import NOBODY, Permission, read_weights
from rehub.verbs.weights.transfer import Transfer

__all__ = [
    "NOBODY",
    "Permission",
    "Transfer",
    "download_to",
    "fetch_weights",
    "read_brought",
    "read_weights",
]
