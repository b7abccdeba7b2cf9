"""Load any published model in one line, and get the same one tomorrow.

>>> import rehub
>>> rehub.list("acme/shapes")
['circle', 'square']

Importing this module costs next to nothing: everything is imported when it is first used.
"""

from typing import TYPE_CHECKING

from rehub._version import __version__

if TYPE_CHECKING:
    import builtins

    from rehub.api import entry as entry
    from rehub.api import explore as explore
    from rehub.api import get_dir as get_dir
    from rehub.api import help as help  # noqa: A004
    from rehub.api import inspect as inspect
    from rehub.api import list as list  # noqa: A004
    from rehub.api import load as load
    from rehub.api import provenance as provenance
    from rehub.api import set_dir as set_dir
    from rehub.hub import BoundEntry as BoundEntry
    from rehub.hub import Hub as Hub
    from rehub.hub import Inspection as Inspection
    from rehub.words.errors import *  # noqa: F403
    from rehub.words.exploration import Exploration as Exploration
    from rehub.words.provenance import Provenance as Provenance

_WHERE = {
    "rehub.api": ["entry", "explore", "get_dir", "help", "inspect", "list", "load", "provenance", "set_dir"],
    "rehub.hub": ["BoundEntry", "Hub", "Inspection"],
    "rehub.words.provenance": ["Provenance"],
    "rehub.words.errors": [
        "AuthenticationError",
        "DigestMismatchError",
        "EntryNotFoundError",
        "GitMissingError",
        "HostKeyError",
        "HubconfFailedError",
        "HubconfNotFoundError",
        "MalformedError",
        "MalformedRefError",
        "MalformedSettingError",
        "MissingDependencyError",
        "NotFoundError",
        "OfflineError",
        "OperatorClashError",
        "ProvenanceNotFoundError",
        "RefNotFoundError",
        "RefusedTreeError",
        "RehubError",
        "RemoteRefusedError",
        "RepositoryNotFoundError",
        "RunError",
        "StoreError",
        "TrustError",
        "UnexpectedResultError",
        "UnreachableError",
        "UntrustedError",
        "WorldError",
    ],
    "rehub.words.exploration": ["Exploration"],
}
_HOME = {name: module for module, names in _WHERE.items() for name in names}

__all__ = ["__version__", *_HOME]  # noqa: PLE0604 - strings, made from the table above


def __getattr__(name: str) -> object:
    """Import a public name when it is first used."""
    if name not in _HOME:
        msg = f"module 'rehub' has no attribute {name!r}"
        raise AttributeError(msg)
    from importlib import import_module

    value: object = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> "builtins.list[str]":
    """Name everything public, imported yet or not."""
    return sorted(__all__)
