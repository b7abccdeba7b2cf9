"""The package below which every checkout is imported, as ``rehub.repos.<owner>_<repo>_<digits of its digest>``.

Importing it puts the finder in place. So a name below it means the same in a process that never heard of the
checkout, as in a worker that unpickles a model: the finder looks it up in the store, asks the trust policy, and
imports from there.
"""

import importlib
from pathlib import Path

from rehub.words.errors import UntrustedError
from rehub.words.pin import Checkout
from rehub.words.ref import Folder
from rehub.world.scope import Scope, importer, told, visit
from rehub.world.store import Store

__path__ = []  # nothing lies here; the finder knows where everything is


def _locate(name: str) -> Scope | None:
    """Find a checkout by the name of its package, if its code may run here.

    Raises:
        UntrustedError: it is in the store, and nobody allowed it.
    """
    from rehub.verbs.load import open_scope

    found = _told(name) or _admitted(name)
    return open_scope(*found) if found else None


def _told(name: str) -> tuple[Checkout, Store] | None:
    """Find what a parent process was allowed to run, in the store that it used."""
    from rehub.verbs.fetch import checkout_named

    kind, path = told(name) or ("", "")
    store = Store(Path(path))
    if kind == "folder" and Path(path).is_dir():
        return Checkout(Folder(path), Path(path), name), store
    checkouts = checkout_named(name, store) if kind == "store" else []
    return (checkouts[0], store) if checkouts else None


def _admitted(name: str) -> tuple[Checkout, Store] | None:
    """Find what lies in this process's own store, and may run here."""
    from rehub.hub import Hub
    from rehub.verbs.fetch import checkout_named

    hub = Hub()
    refused: UntrustedError | None = None
    for checkout in checkout_named(name, hub.store):
        try:
            hub.admit(checkout)
        except UntrustedError as error:
            refused = error
        else:
            return checkout, hub.store
    if refused:
        raise refused
    return None


def _prepare(scope: Scope) -> None:
    """Run a checkout's hubconf, as a load would."""
    with visit(scope):
        importlib.import_module(f"{scope.name}.hubconf")


importer().locate, importer().prepare = _locate, _prepare
importer().install()
