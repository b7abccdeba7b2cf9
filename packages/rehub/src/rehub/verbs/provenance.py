"""Remembering what loaded objects were made from, for as long as they live and without touching them."""

import os
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import Any

from rehub.words.digest import Digest
from rehub.words.errors import ProvenanceNotFoundError
from rehub.words.provenance import Provenance, UsedWeights
from rehub.words.unverified import without_secrets
from rehub.world.scope import Notes, Scope, importer

_PARTS = 1_000  # elements of a list or dictionary that are remembered


@dataclass(frozen=True, slots=True)
class Made:
    """What an object was made from, as it was known when the entry returned, and where what is noted later stands.

    Attributes:
        provenance: as it was known then, but for what is nested.
        notes: of the scope whose entry was called.
        since: the moment when the call began.
        nested: what the entry itself loaded.
    """

    provenance: Provenance
    notes: Notes
    since: int
    nested: tuple["Made", ...]

    def now(self) -> Provenance:
        """Give all that is known by now."""
        weights = dict.fromkeys([*self.provenance.weights, *self.notes.late(self.since)])
        nested = tuple(each.now() for each in self.nested)
        return replace(self.provenance, nested=nested, weights=tuple(weights), unverified=self.notes.unverified)


@dataclass(slots=True)
class Gathering:
    """What is noted while an entry is called, in the thread of the call and in those that it starts.

    Attributes:
        notes: of the scope whose entry it is.
        since: the moment when the call began.
        nested: what it loaded, one level deep.
        weights: what rehub brought for it.
        is_over: the call has returned; a thread that it started may still be at work.
        process: whose call it is; what a fork of it brings, it never hears of.
    """

    notes: Notes
    since: int
    nested: list[Made] = field(default_factory=list)
    weights: dict[UsedWeights, None] = field(default_factory=dict)
    is_over: bool = False
    process: int = field(default_factory=os.getpid)

    @property
    def is_heard(self) -> bool:
        """Whether what is noted here will be part of what the call makes."""
        return not self.is_over and self.process == os.getpid()

    def made(self, provenance: Provenance) -> Made:
        """Give what the call has made, with what is noted so far."""
        weights = tuple(dict.fromkeys([*self.notes.imported, *self.weights]))
        return Made(replace(provenance, weights=weights), self.notes, self.since, tuple(self.nested))


_KNOWN: dict[int, tuple["weakref.ref[Any]", Provenance, Made]] = {}
_GATHERING: ContextVar[Gathering | None] = ContextVar("_GATHERING", default=None)


@contextmanager
def gathering(scope: Scope) -> Iterator[Gathering]:
    """Note what is loaded and brought while a scope's entry is called."""
    found = Gathering(scope.notes, scope.notes.now)
    token = _GATHERING.set(found)
    try:
        yield found
    finally:
        found.is_over = True
        _GATHERING.reset(token)


def is_nested() -> bool:
    """Say whether an entry is being called that will be said to have loaded what is loaded now."""
    call = _GATHERING.get()
    return call is not None and call.is_heard


def note_weights(url: str, digest: Digest, size: int) -> bool:
    """Note a file that rehub has brought, or had already, if that was done for a repository's code.

    What comes while an entry is called belongs to what it makes; what comes because a module is imported, which happens
    once, to whatever the repository makes. What comes later, say with the first call of a model, is added to the
    provenance of all that the repository's entries have made by then: whose it is, nothing tells.

    Args:
        url: where it comes from; what could be secret in it is left out.
        digest: of its bytes.
        size: in bytes.

    Returns:
        Whether they will be part of what a call makes that is under way.
    """
    caller = sys._getframe(1)  # noqa: SLF001 - the way to one's caller
    scope = importer().behind(caller)
    if scope is None:
        return False
    weights, call = UsedWeights(without_secrets(url), digest.hex, size), _GATHERING.get()
    if importer().is_importing(caller):
        scope.notes.imported.setdefault(weights)
    if call is not None and not call.is_over and call.notes is scope.notes:
        call.weights.setdefault(weights)
        return call.is_heard
    scope.notes.add_late(weights)
    return False


def remember(value: Any, made: Made) -> Provenance:
    """Note what an object was made from, and tell the load that this one is nested in, if there is one."""
    if (outer := _GATHERING.get()) is not None:
        outer.nested.append(made)
    provenance = made.now()
    for each in (value, *_parts(value)):
        key = id(each)
        with suppress(TypeError):  # numbers, texts and tuples cannot be followed
            _KNOWN[key] = weakref.ref(each, partial(_forget, key)), provenance, made
    return provenance


def _forget(key: int, _: object) -> None:
    _KNOWN.pop(key, None)


def provenance_of(value: Any) -> Provenance:
    """Give what an object was made from, by now; of a tuple, list or dictionary what its parts were made from.

    Raises:
        ProvenanceNotFoundError: no load of this process returned it, or its parts come from several.
    """
    if (known := _find(value)) is not None:
        return known.now()
    found = {id(each): each for part in _parts(value) if (each := _find(part)) is not None}
    if len(found) == 1:
        return next(iter(found.values())).now()
    raise ProvenanceNotFoundError(type(value).__qualname__, len(found))


def _find(value: Any) -> Made | None:
    reference, _, made = _KNOWN.get(id(value), (None, None, None))
    return made if reference is not None and reference() is value else None


def _parts(value: Any) -> list[Any]:
    """Give what a container holds, by Python's own means: a class may say that it is another, or load when asked."""
    kind = type(value)
    for base, parts in ((dict, dict.values), (tuple, tuple.__iter__), (list, list.__iter__)):
        if issubclass(kind, base):
            return list(islice(parts(value), _PARTS))
    return []
