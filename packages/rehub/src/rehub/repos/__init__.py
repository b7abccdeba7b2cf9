"""The package below which every checkout is imported, as ``rehub.repos.<owner>_<repo>_<digits of its digest>``.

Importing it puts the finder in place. So a name below it means the same in a process that never heard of the
checkout, as in a worker that unpickles a model: the finder looks it up in the store, asks the trust policy, and
imports from there.
"""

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rehub.words.digest import Digest
from rehub.words.errors import MalformedError, RehubError, RunError, UntrustedError
from rehub.words.pin import Checkout, Pin
from rehub.words.ref import Folder, Ref, Remote
from rehub.world.scope import PACKAGE, Scope, importer, inside, told
from rehub.world.store import Store

if TYPE_CHECKING:
    from rehub.hub import Hub

__path__ = []  # nothing lies here; the finder knows where everything is


def _locate(name: str) -> Scope | None:
    """Find a checkout by the name of its package, if its code may run here.

    Raises:
        UntrustedError: it is in the store, and nobody allowed it.
        RunError: several trees have the name.
    """
    from rehub.verbs.load import open_scope

    found = _told(name) or _in_store(name)
    return open_scope(*found) if found else None


def _told(name: str) -> tuple[Checkout, Store] | None:
    """Find exactly what a parent process has opened, in the store that it used.

    That it ran there is permission enough, unless the policy is never to run what was not allowed by name.
    """
    from rehub.hub import Hub
    from rehub.verbs.fetch import checkout_of

    note = told(name)
    if "folder" in note and Path(note["folder"]).is_dir():
        return Checkout(Folder(note["folder"]), Path(note["folder"]), name), Store(Path(note["folder"]))
    if (pin := _pin(note)) is None:
        return None
    store = Store(Path(note["store"]))
    checkout = checkout_of(pin, store)
    if checkout is None or checkout.name != name:
        return None
    hub = Hub()
    if hub.settings.trust == "never":
        hub.admit(checkout)
    _check_lock(hub, checkout)
    return checkout, store


def _pin(note: Mapping[str, str]) -> Pin | None:
    """Read the pin in a note; ``None`` if there is none, or it is damaged."""
    try:
        place = Ref.parse(note["remote"]).place
        return Pin(place, note["commit"], Digest.parse(note["tree"])) if isinstance(place, Remote) else None
    except (KeyError, MalformedError):
        return None


def _in_store(name: str) -> tuple[Checkout, Store] | None:
    """Find what lies in this process's own store under a name, and may run here."""
    from rehub.hub import Hub
    from rehub.verbs.fetch import checkout_named

    hub = Hub()
    checkouts = checkout_named(name, hub.store)
    checked_name(name, checkouts)
    refused: UntrustedError | None = None
    for checkout in checkouts:
        try:
            hub.admit(checkout)
        except UntrustedError as error:
            refused = error
        else:
            _check_lock(hub, checkout)
            return checkout, hub.store
    if refused:
        raise refused
    return None


def _check_lock(hub: "Hub", checkout: Checkout) -> None:
    """Let a checkout be imported that nobody has loaded in this process, unless the lock in use must have it."""
    if locks := hub.locks:
        locks.check_checkout(checkout)


def checked_name(name: str, checkouts: Sequence[Checkout]) -> None:
    """Refuse a name that several trees have: its digits are few enough for somebody to make another one with them.

    Raises:
        RunError: the checkouts are of different trees.
    """
    trees = {str(checkout.pin.tree) for checkout in checkouts if checkout.pin}
    if len(trees) > 1:
        msg = f"{PACKAGE}.{name} is the name of several trees: {', '.join(sorted(trees))}"
        raise RunError(f"{msg}\nNone of them was run. 'rehub cache prune' removes those that are not in use.")


def _prepare(scope: Scope) -> None:
    """Run a checkout's hubconf, as a load would."""
    inside(scope, lambda: importlib.import_module(f"{scope.name}.hubconf"))


def _is_offline(scope: Scope) -> bool:
    """Say whether a checkout's code may connect to nobody: its hub is offline, or must load what a lock names.

    Unreadable settings are told elsewhere.
    """
    from rehub.nested import hub_of

    try:
        settings = hub_of(scope).settings
    except RehubError:
        return False
    return settings.offline or settings.locked


def _answer_torch_hub() -> None:
    """Have the calls that checkouts make of torch.hub answered by rehub."""
    from rehub.takeover import lead_torch_hub

    lead_torch_hub()


importer().locate, importer().prepare, importer().is_offline = _locate, _prepare, _is_offline
importer().install()
_answer_torch_hub()
