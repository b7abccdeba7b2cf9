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

    from rehub import compat as compat
    from rehub.api import download_url_to_file as download_url_to_file
    from rehub.api import entry as entry
    from rehub.api import explore as explore
    from rehub.api import get_dir as get_dir
    from rehub.api import help as help  # noqa: A004
    from rehub.api import inspect as inspect
    from rehub.api import install as install
    from rehub.api import list as list  # noqa: A004
    from rehub.api import load as load
    from rehub.api import load_state_dict_from_url as load_state_dict_from_url
    from rehub.api import provenance as provenance
    from rehub.api import recording as recording
    from rehub.api import set_dir as set_dir
    from rehub.bound import BoundEntry as BoundEntry
    from rehub.hub import Hub as Hub
    from rehub.words.errors import *  # noqa: F403
    from rehub.words.exploration import Exploration as Exploration
    from rehub.words.inspection import Inspection as Inspection
    from rehub.words.provenance import Provenance as Provenance

_WHERE = {
    "rehub.api": [
        "download_url_to_file",
        "entry",
        "explore",
        "get_dir",
        "help",
        "inspect",
        "install",
        "list",
        "load",
        "load_state_dict_from_url",
        "provenance",
        "recording",
        "set_dir",
    ],
    "rehub.bound": ["BoundEntry"],
    "rehub.hub": ["Hub"],
    "rehub.words.inspection": ["Inspection"],
    "rehub.words.provenance": ["Provenance"],
    "rehub.words.errors": [
        "AuthenticationError",
        "DeclinedError",
        "DigestMismatchError",
        "DownloadError",
        "EntryNotFoundError",
        "GitMissingError",
        "GoneUpstreamError",
        "HostKeyError",
        "HubconfFailedError",
        "HubconfNotFoundError",
        "LockConflictError",
        "LockFileError",
        "MalformedError",
        "MalformedLockError",
        "MalformedRefError",
        "MalformedSettingError",
        "MalformedWeightsError",
        "MissingDependencyError",
        "NotFoundError",
        "NotLockedError",
        "OfflineError",
        "OperatorClashError",
        "ProvenanceNotFoundError",
        "RefNotFoundError",
        "RefusedTreeError",
        "RehubError",
        "RemoteRefusedError",
        "RepositoryNotFoundError",
        "RunError",
        "SolverError",
        "StoreError",
        "TrustError",
        "UnexpectedResultError",
        "UnreachableError",
        "UnsafeWeightsError",
        "UntrustedError",
        "WorldError",
        "WrongHashError",
    ],
    "rehub.words.exploration": ["Exploration"],
}
_HOME = {name: module for module, names in _WHERE.items() for name in names}

_MODULES = ("compat",)

__all__ = ["__version__", *_HOME, *_MODULES]  # noqa: PLE0604 - strings, made from the table above


def __getattr__(name: str) -> object:
    """Import a public name when it is first used."""
    if name in _MODULES:
        from importlib import import_module

        return import_module(f"rehub.{name}")
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
