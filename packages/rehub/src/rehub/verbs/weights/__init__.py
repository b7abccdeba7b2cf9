"""Weights by URL: fetched, verified, kept, read."""

from rehub.verbs.weights.bringing import Transfer, download_to, fetch_weights
from rehub.verbs.weights.reading import NOBODY, Permission, read_weights

__all__ = ["NOBODY", "Permission", "Transfer", "download_to", "fetch_weights", "read_weights"]
