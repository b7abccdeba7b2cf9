"""Remembering what loaded objects were made from, for as long as they live; models carry it to their copies, too."""

import os
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import Any, Literal

from rehub.verbs import label
from rehub.words.digest import Digest
from rehub.words.environment import Environment
from rehub.words.errors import ProvenanceNotFoundError
from rehub.words.provenance import Provenance, UsedWeights
from rehub.words.unverified import without_secrets
from rehub.world.environment import packages, surroundings
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
        environment: in what, but for the packages.
    """

    provenance: Provenance
    notes: Notes
    since: int
    nested: tuple["Made", ...]
    environment: Environment

    def now(self) -> Provenance:
        """Give all that is known by now."""
        return replace(
            self.provenance,
            nested=tuple(each.now() for each in self.nested),
            weights=tuple(dict.fromkeys([*self.provenance.weights, *self.notes.late(self.since)])),
            unverified=self.notes.unverified,
            environment=self.environment.with_packages(*packages(self.imported())),
        )

    def imported(self) -> Iterator[str]:
        """Name what its code, and that of what is nested in it, has imported by now."""
        yield from list(self.notes.packages)
        for each in self.nested:
            yield from each.imported()


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
        known = replace(provenance, weights=weights)
        return Made(known, self.notes, self.since, tuple(self.nested), surroundings())


_KNOWN: dict[int, tuple["weakref.ref[Any]", Made]] = {}
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


def note_weights(url: str, digest: Digest, size: int) -> Literal["call", "later", "nobody"]:
    """Note a file that rehub has brought, or had already, if that was done for a repository's code.

    What comes while an entry is called belongs to what it makes; what comes because a module is imported, which happens
    once, to whatever the repository makes. What comes later, say with the first call of a model, is added to the
    provenance of all that the repository's entries have made by then: whose it is, nothing tells.

    Args:
        url: where it comes from; what could be secret in it is left out.
        digest: of its bytes.
        size: in bytes.

    Returns:
        Whose they are: ``call`` of what a call makes that is under way, ``later`` of what was made before, ``nobody``.
    """
    caller = sys._getframe(1)  # noqa: SLF001 - the way to one's caller
    scope = importer().behind(caller)
    if scope is None:
        return "nobody"
    weights, call = UsedWeights(without_secrets(url), digest.hex, size), _GATHERING.get()
    if importer().is_importing(caller):
        scope.notes.imported.setdefault(weights)
    if call is not None and not call.is_over and call.notes is scope.notes:
        call.weights.setdefault(weights)
        return "call" if call.is_heard else "nobody"
    scope.notes.add_late(weights)
    return "later"


def remember(value: Any, made: Made) -> None:
    """Note what an object was made from, and tell the load that this one is nested in, if there is one."""
    if (outer := _GATHERING.get()) is not None:
        outer.nested.append(made)
    for each in (value, *_parts(value)):
        key = id(each)
        with suppress(TypeError):  # numbers, texts and tuples cannot be followed
            _KNOWN[key] = weakref.ref(each, partial(_forget, key)), made
        label.attach(each, made)


def _forget(key: int, _: object) -> None:
    _KNOWN.pop(key, None)


def provenance_of(value: Any) -> Provenance:
    """Give what an object was made from, by now; of a tuple, list or dictionary what its parts were made from.

    Raises:
        ProvenanceNotFoundError: no load returned it, nor what it was copied from; or its parts come from several.
        MalformedError: it comes from a pickle, and what that says cannot be read.
    """
    if (known := _find(value)) is not None:
        return _told(known)
    parts = [each for part in _parts(value) if (each := _find(part)) is not None]
    found = {each if isinstance(each, bytes) else id(each): each for each in parts}
    if len(found) == 1:
        return _told(parts[0])
    raise ProvenanceNotFoundError(type(value).__qualname__, len(found))


def _find(value: Any) -> label.Telling | bytes | None:
    """Find what knows of an object: this process's memory, or what the object carries as a copy, or from a pickle."""
    reference, made = _KNOWN.get(id(value), (None, None))
    if reference is not None and reference() is value:
        return made
    carried = label.carried(value)
    return carried.made if isinstance(carried, label.Label) else carried


def _told(known: label.Telling | bytes) -> Provenance:
    return _with_news(label.read(known)) if isinstance(known, bytes) else known.now()


def _with_news(provenance: Provenance) -> Provenance:
    """Add to what a pickle says what the same repositories' code has got past rehub in this process."""
    where = provenance.pin.short if provenance.pin else provenance.place
    here = (each.notes.unverified for each in list(importer().scopes.values()) if each.label == where)
    unverified = dict.fromkeys([*provenance.unverified, *(each for found in here for each in found)])
    return replace(provenance, unverified=tuple(unverified), nested=tuple(map(_with_news, provenance.nested)))


def _parts(value: Any) -> list[Any]:
    """Give what a container holds, by Python's own means: a class may say that it is another, or load when asked."""
    kind = type(value)
    for base, parts in ((dict, dict.values), (tuple, tuple.__iter__), (list, list.__iter__)):
        if issubclass(kind, base):
            return list(islice(parts(value), _PARTS))
    return []
