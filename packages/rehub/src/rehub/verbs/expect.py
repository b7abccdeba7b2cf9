"""Holding what an entry made against what the caller expects of it."""

from collections.abc import Sequence
from typing import Any

from rehub.verbs.explore.carefully import is_a, shown, type_name
from rehub.words.errors import UnexpectedResultError
from rehub.words.pin import Checkout

_SHOWN = 5  # elements


def check_result(value: object, expected: Sequence[type], checkout: Checkout, entry: str) -> None:
    """Refuse what an entry made if it is nothing of what was expected.

    Args:
        value: what it made.
        expected: classes.
        checkout: whose entry.
        entry: its name.

    Raises:
        UnexpectedResultError: it is of none of these classes.
    """
    if isinstance(value, tuple(expected)):
        return
    names = [type_name(each) for each in expected]
    raise UnexpectedResultError(str(checkout.pin or checkout), entry, names, _told(value), _advice(value, expected))


def _told(value: object) -> str:
    """Say what something is: of a tuple, list or dictionary also what it holds."""
    elements = _elements(value)
    held = [f"{key}: {type_name(type(each))}" for key, each in elements[:_SHOWN]]
    more = ["…"] if len(elements) > _SHOWN else []
    return type_name(type(value)) + (f" of {len(elements)} ({', '.join(held + more)})" if held else "")


def _advice(value: object, expected: Sequence[type]) -> str:
    """Say where in a tuple, list or dictionary that lies which was expected."""
    for key, each in _elements(value):
        if isinstance(each, tuple(expected)):
            return f"Without expect, element {key} of the result is one."
    return ""


def _elements(value: Any) -> list[tuple[str, object]]:
    if is_a(value, dict):
        return [(shown(key), each) for key, each in dict.items(value)]
    held: Any = next((each for each in (tuple, list) if is_a(value, each)), None)
    return [(str(at), each) for at, each in enumerate(held.__iter__(value))] if held else []
