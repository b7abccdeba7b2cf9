"""Look upstream for what a lock names, and say what it would mean to take it. Nothing of the lock is written here."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from rehub.verbs.fetch import Fetching, checkout_of, fetch_pin
from rehub.verbs.update.changes import changes
from rehub.verbs.update.moves import REMOTES_OWN, moved
from rehub.words.callfit import call_text, fit
from rehub.words.errors import (
    DigestMismatchError,
    MalformedSettingError,
    NotFoundError,
    OfflineError,
    RefusedTreeError,
)
from rehub.words.hubconf import Hubconf
from rehub.words.lock import Lock, LockedModel, LockedRepository
from rehub.words.pin import Checkout, Pin
from rehub.words.text import size
from rehub.words.update import LockedCall, News, Update

# What may be wrong with one commit's files; the disk and git are about all of them.
_FILES_OWN = (*REMOTES_OWN, DigestMismatchError, NotFoundError, RefusedTreeError)
_Read = tuple[Checkout, Hubconf]


@dataclass(frozen=True, slots=True)
class Asking:
    """What looking upstream needs.

    Attributes:
        world: settings, store and git.
        read: reads a checkout.
        code: show how the code differs, too.
    """

    world: Fetching
    read: Callable[[Checkout], Hubconf]
    code: bool = False


def update(lock: Lock, where: str, asking: Asking, *, name: str = "") -> Update:
    """Say what has become of each ref of a lock, and what that means for its calls.

    Args:
        lock: what was recorded.
        where: the file, for messages.
        asking: what is needed for it.
        name: only what this model is made of; empty for all.

    Raises:
        MalformedSettingError: no model of the lock has that name.
        OfflineError: rehub may open no socket.
        StoreError, GitMissingError: the disk or git failed.
    """
    chosen = _chosen(lock, where, name)
    refs = tuple(dict.fromkeys(each for model in chosen for each in model.repositories))
    if refs and asking.world.settings.offline:
        raise OfflineError(f"what {refs[0].ref} is upstream now")
    news = tuple(_news(each, lock.models, asking) for each in refs)
    return Update(where, name, news, tuple(each.name for each in chosen if not each.repositories))


def _chosen(lock: Lock, where: str, name: str) -> tuple[LockedModel, ...]:
    found = tuple(each for each in lock.models if name in {"", each.name})
    if name and not found:
        known = ", ".join(each.name for each in lock.models) or f"none, as {where} names no model"
        raise MalformedSettingError("NAME", name, f"the name of a model in {where}: {known}")
    return found


def _news(locked: LockedRepository, models: Iterable[LockedModel], asking: Asking) -> News:
    """Look at one ref; every model that it is a part of is concerned, also those that nobody asked about."""
    concerned = [model for model in models if locked in model.repositories]
    found = moved(locked, asking.world)
    if found.new is None:
        return News(found, tuple(_unread(locked, concerned)))
    try:
        new = _read(found.new, asking)
    except _FILES_OWN as error:
        return News(found, tuple(_unread(locked, concerned)), refused=str(error))
    found = replace(found, new=new[0].pin or found.new)
    try:
        old = _read(found.old, asking)
    except _FILES_OWN as error:
        note = f"what it was cannot be compared: {str(error).partition(chr(10))[0]}"
        found = replace(found, note="\n".join(filter(None, [found.note, note])))
        return News(found, tuple(_calls(locked, concerned, None, new[1])))
    differ = changes(old, new, asking.world.git, code=asking.code)
    return News(found, tuple(_calls(locked, concerned, old[1], new[1])), differ)


def _read(pin: Pin, asking: Asking) -> _Read:
    """Give a commit's files and what reading them gives; they are brought into the store if they are not there.

    Raises:
        HubconfNotFoundError: it has no ``hubconf.py``.
        RehubError: its files cannot be had.
    """
    world = asking.world
    checkout = checkout_of(pin, world.store)
    if checkout is None:
        with world.store.locked(pin.remote):
            checkout = checkout_of(pin, world.store) or fetch_pin(pin, world.source(pin.remote), world)
    return checkout, asking.read(checkout)


def _unread(locked: LockedRepository, models: Iterable[LockedModel]) -> Iterator[LockedCall]:
    for model in models:
        yield LockedCall(model.name, _text(model), inner=model.ref != locked.ref)


def _calls(
    locked: LockedRepository, models: Iterable[LockedModel], old: Hubconf | None, new: Hubconf
) -> Iterator[LockedCall]:
    """Say how the calls fare; which of a nested repository's entries are called, a lock does not say."""
    for model in models:
        call = LockedCall(model.name, _text(model), inner=model.ref != locked.ref)
        yield call if call.inner else _fared(call, model, old, new)


def _fared(call: LockedCall, model: LockedModel, old: Hubconf | None, new: Hubconf) -> LockedCall:
    entry = new.find(model.entry)
    if entry is None and any(each.name == model.entry for each in new.leaks):
        return call
    if entry is None and not new.is_known:
        return replace(call, differs=(f"whether there still is an entry {model.entry}, reading cannot know",))
    if entry is None:
        return replace(call, breaks=(f"there is no entry {model.entry} any more",))
    found = fit(old.find(model.entry) if old else None, entry, model.args, model.kwargs)
    return replace(call, breaks=found.breaks, differs=(*found.differs, *_unnamed(model, old, new)))


def _unnamed(model: LockedModel, old: Hubconf | None, new: Hubconf) -> Iterator[str]:
    """Tell of weights that a call has used, and that the code names no more."""
    then, now = ({each.url for each in found.weights} if found else set() for found in (old, new))
    for each in model.weights:
        if each.url in then - now:
            yield f"it used {each.url} ({size(each.size)}), which its code does not name any more"


def _text(model: LockedModel) -> str:
    return call_text(model.entry, model.args, model.kwargs)
