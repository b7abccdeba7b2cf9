"""Remembering what loaded objects were made from, for as long as they live and without touching them."""

import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import partial
from itertools import islice
from typing import Any

from rehub.words.errors import ProvenanceNotFoundError
from rehub.words.provenance import Provenance

_PARTS = 1_000  # elements of a list or dictionary that are remembered
_KNOWN: dict[int, tuple["weakref.ref[Any]", Provenance]] = {}
_NESTED: ContextVar[list[Provenance] | None] = ContextVar("_NESTED", default=None)


@contextmanager
def gathering() -> Iterator[list[Provenance]]:
    """Collect what is loaded meanwhile in this thread, one level deep."""
    found: list[Provenance] = []
    token = _NESTED.set(found)
    try:
        yield found
    finally:
        _NESTED.reset(token)


def remember(value: Any, provenance: Provenance) -> None:
    """Note what an object was made from, and tell the load that this one is nested in, if there is one."""
    if (outer := _NESTED.get()) is not None:
        outer.append(provenance)
    for each in (value, *_parts(value)):
        key = id(each)
        with suppress(TypeError):  # numbers, texts and tuples cannot be followed
            _KNOWN[key] = weakref.ref(each, partial(_forget, key)), provenance


def _forget(key: int, _: object) -> None:
    _KNOWN.pop(key, None)


def provenance_of(value: Any) -> Provenance:
    """Give what an object was made from; of a tuple, list or dictionary what its parts were made from.

    Raises:
        ProvenanceNotFoundError: no load of this process returned it, or its parts come from several.
    """
    if (known := _find(value)) is not None:
        return known
    found = {id(each): each for part in _parts(value) if (each := _find(part)) is not None}
    if len(found) == 1:
        return next(iter(found.values()))
    raise ProvenanceNotFoundError(type(value).__qualname__, len(found))


def _find(value: Any) -> Provenance | None:
    reference, provenance = _KNOWN.get(id(value), (None, None))
    return provenance if reference is not None and reference() is value else None


def _parts(value: Any) -> list[Any]:
    """Give what a container holds, by Python's own means: a class may say that it is another, or load when asked."""
    kind = type(value)
    for base, parts in ((dict, dict.values), (tuple, tuple.__iter__), (list, list.__iter__)):
        if issubclass(kind, base):
            return list(islice(parts(value), _PARTS))
    return []
