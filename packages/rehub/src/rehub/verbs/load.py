"""Running an entry: the only place where a repository's code is run, and what must be true before it is."""

import logging
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from rehub.verbs.provenance import Made, gathering, remember
from rehub.words.dependencies import install_line
from rehub.words.errors import EntryNotFoundError, HubconfNotFoundError, MissingDependencyError, StoreError
from rehub.words.hubconf import Hubconf
from rehub.words.pin import Checkout
from rehub.words.provenance import Provenance
from rehub.world.packages import is_importable
from rehub.world.scope import PACKAGE, Bytecode, Proof, Scope, importer, inside, shorten, tag, tell_children
from rehub.world.store import Store

log = logging.getLogger("rehub")
_READ_ONLY = (
    "Checkouts are read-only, and only their own files are imported. A repository that builds or writes something in "
    "its own folder works from a clone of yours: git clone it, and load ./its-folder"
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What an entry gave, and what it was made from.

    Attributes:
        value: whatever the entry returned; usually a model.
        checkout: the files it came from.
        made: knows what it was made from.
    """

    value: Any
    checkout: Checkout
    made: Made

    @property
    def provenance(self) -> Provenance:
        """The pin, the entry, its arguments, and what the entry itself loaded and used up to now."""
        return self.made.now()


def check_entry(checkout: Checkout, hubconf: Hubconf, name: str) -> None:
    """Refuse an entry that reading knows is not there, before any foreign line runs.

    Raises:
        EntryNotFoundError: there is no such entry. Where names are made at run time, running decides.
    """
    known = {*hubconf.names, *(leak.name for leak in hubconf.leaks)}
    if not isinstance(name, str):
        raise EntryNotFoundError(str(checkout), repr(name), hubconf.names, "  an entry is named by a string")
    if name not in known and not name.startswith("_") and not hubconf.dynamic and not hubconf.problems:
        raise EntryNotFoundError(str(checkout), name, hubconf.names)


def check_dependencies(checkout: Checkout, hubconf: Hubconf) -> None:
    """Refuse a hubconf whose dependencies are not installed, before any foreign line runs.

    Raises:
        MissingDependencyError: some are not; says the pip line.
    """
    names = [each.name for each in hubconf.dependencies or ()]
    missing = [name for name in names if not is_importable(name) and not _is_own(checkout, name)]
    if missing:
        raise MissingDependencyError(str(checkout), missing, install_line(missing))


def _is_own(checkout: Checkout, name: str) -> bool:
    top = checkout.root / name.partition(".")[0]
    return top.is_dir() or top.with_suffix(".py").is_file()


def open_scope(checkout: Checkout, store: Store, opener: object = None) -> Scope:
    """Make a checkout importable in this process, and in those that it starts; give its scope.

    Args:
        checkout: whose modules.
        store: where its manifest and byte-code are.
        opener: whoever answers when its code calls torch.hub.

    Raises:
        RunError: another checkout is imported under the same name.
        StoreError: the checkout's manifest was taken away.
    """
    import_module(PACKAGE)
    name = f"{PACKAGE}.{checkout.name}"
    known = importer().scopes.get(name)
    if known is None or known.proof.root != checkout.root:
        proof = Proof(checkout.root, _files(checkout, store))
        known = Scope(name, proof, _bytecode(checkout, store), str(checkout))
    scope = importer().open(known)
    scope.opener = opener or scope.opener
    scope.renew()
    tell_children(checkout.name, note_of(checkout, store))
    return scope


def note_of(checkout: Checkout, store: Store) -> dict[str, str]:
    """Say what a checkout is, for processes that this one starts."""
    pin = checkout.pin
    if pin is None or pin.tree is None:
        return {"folder": str(checkout.root)}
    return {"store": str(store.root), "remote": pin.remote.url, "commit": pin.commit, "tree": pin.tree.hex}


def _files(checkout: Checkout, store: Store) -> dict[str, str] | None:
    """Give the SHA-256 of each file of a pin; a folder of the user's own has nothing to be compared with."""
    if checkout.pin is None:
        return None
    if checkout.pin.tree is None or (manifest := store.trees.manifest(checkout.pin.tree)) is None:
        raise StoreError(str(checkout.root), "its manifest has been taken away since it was fetched", "Load it again.")
    return {path: seen.sha256 for path, seen in manifest.files.items()}


def _bytecode(checkout: Checkout, store: Store) -> Bytecode:
    return Bytecode(store.bytecode_dir(tag()) if checkout.pin else None)


def run_entry(  # noqa: PLR0913 - a call, and where it happens
    checkout: Checkout, name: str, args: Sequence[Any], kwargs: dict[str, Any], *, store: Store, opener: object = None
) -> Loaded:
    """Import a checkout's hubconf and call an entry; whoever calls this has asked the trust policy.

    Args:
        checkout: whose code.
        name: the entry.
        args: what it is called with.
        kwargs: likewise, by name.
        store: where byte-code is kept.
        opener: whoever answers when the checkout's code calls torch.hub.

    Raises:
        EntryNotFoundError: running made no such callable.
        HubconfNotFoundError: there is no hubconf.py.
        Exception: whatever the repository's code raises arrives as it is.
    """
    scope = open_scope(checkout, store, opener)
    if not (checkout.root / "hubconf.py").is_file():
        if "hubconf.py" in (scope.proof.files or {}):
            raise StoreError(
                str(checkout.root), "another process has removed it since it was fetched", "Load it again."
            )
        raise HubconfNotFoundError(str(checkout))
    if checkout.lfs:
        log.warning("%s holds git LFS pointers, which are not the files they stand for: %s", checkout, _left(checkout))

    def call() -> Any:
        hubconf = import_module(f"{scope.name}.hubconf")
        return _callable(checkout, hubconf, name)(*args, **kwargs)

    with gathering(scope) as found:
        value = _called(checkout, scope, call)
    made = found.made(Provenance.of(checkout, name, args, kwargs))
    remember(value, made)
    return Loaded(value, checkout, made)


def _called(checkout: Checkout, scope: Scope, call: Callable[[], Any]) -> Any:
    """Call a checkout's code; what it raises arrives as it is, with notes where rehub knows more."""
    try:
        return inside(scope, call)
    except BaseException as error:
        shorten(error)
        if checkout.lfs:
            error.add_note(f"{checkout} holds git LFS pointers, which are not the files: {_left(checkout)}")
        if checkout.pin and isinstance(error, OSError) and scope.proof.inside(error.filename):
            error.add_note(_READ_ONLY)
        raise


def _callable(checkout: Checkout, hubconf: types.ModuleType, name: str) -> Any:
    """Give what an entry's name stands for, by torch.hub's rule: it is in ``dir``, and can be called."""
    names = dir(hubconf)
    found = getattr(hubconf, name) if name in names else None
    if not callable(found):
        public = [each for each in names if not each.startswith("_") and callable(getattr(hubconf, each, None))]
        raise EntryNotFoundError(str(checkout), name, public)
    return found


def _left(checkout: Checkout) -> str:
    """Name the files that are still git LFS pointers, and say why."""
    paths = [pointer.path for pointer in checkout.lfs]
    shown = ", ".join(paths[:5]) + (f", … ({len(paths)} in all)" if len(paths) > 5 else "")  # noqa: PLR2004
    return f"{shown} ({checkout.missing})" if checkout.missing else shown


def run_hubconf(checkout: Checkout, *, store: Store, opener: object = None) -> types.ModuleType:
    """Import a checkout's hubconf and call nothing of it; whoever calls this has asked the trust policy.

    Args:
        checkout: whose code.
        store: where byte-code is kept.
        opener: whoever answers when the checkout's code calls torch.hub.

    Raises:
        HubconfNotFoundError: there is no hubconf.py.
        Exception: whatever the repository's code raises arrives as it is.
    """
    if not (checkout.root / "hubconf.py").is_file():
        raise HubconfNotFoundError(str(checkout))
    scope = open_scope(checkout, store, opener)
    found: types.ModuleType = _called(checkout, scope, lambda: import_module(f"{scope.name}.hubconf"))
    return found
