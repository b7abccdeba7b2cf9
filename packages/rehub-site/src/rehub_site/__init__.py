"""The hub: submissions, checks, review, model pages, leaderboards and records, on the public names of ``rehub``."""

from rehub_site._version import __version__

__all__ = ["__version__"]
