"""The values that reading works with: text, numbers, ``None``, lists, dictionaries, and what is not known.

Tuples and sets are lists here. What belongs to a repository, a function or a module, is a :class:`Thing`.
"""

from collections.abc import Iterable
from enum import Enum
from typing import Final

MAX_SHOWN = 200  # characters of a value that is written out


class Unknown(Enum):
    """The type of :data:`UNKNOWN`."""

    UNKNOWN = "unknown"

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown.UNKNOWN
"""What cannot be worked out by reading."""


class Thing:
    """Something of a repository that is no plain value; what it is, only who made it knows."""

    __slots__ = ()

    @property
    def counts(self) -> bool | None:
        """Whether it counts as true in a condition; ``None`` if that is not known."""
        return True


class Table(dict[object, object]):
    """A dictionary that a module keeps, which other modules may fill.

    Attributes:
        home: the module's file, and the name that it has there.
        complete: all that is put into it is known, and sure to be put there.
    """

    def __init__(self, found: dict[object, object], home: tuple[str, str]) -> None:
        super().__init__(found)
        self.home = home
        self.complete = True


def listed(value: object) -> list[object] | None:
    """Give what a loop over the value goes through, or ``None``."""
    if isinstance(value, dict | str):
        return list(value)
    return value if isinstance(value, list) else None


def truth(value: object) -> bool | None:
    """Say whether a value counts as true; ``None`` if it is not known."""
    if isinstance(value, Thing):
        return value.counts
    return None if value is UNKNOWN else bool(value)


def same(one: object, other: object) -> bool:
    """Say whether two values are the same; lists only if they are one, as comparing nested ones may take for ever."""
    plain = isinstance(one, str | int | float) and isinstance(other, str | int | float)
    return one is other or (plain and one == other)


def written(value: object, most: int = MAX_SHOWN) -> str | None:
    """Write a plain value as Python would; ``None`` if part of it is not known, or if it is long.

    ``repr`` is not asked: a list of lists that hold each other a thousand times over is short to make, not to write.
    """
    parts: list[str] = []
    return "".join(parts) if _write(value, parts, most) >= 0 else None


def _write(value: object, parts: list[str], left: int) -> int:
    """Append the parts of a value; give how many characters are left, negative if it cannot be written."""
    match value:
        case str() if len(value) > left:
            return -1
        case str() | int() | float() | None:
            return _append(repr(value), parts, left)
        case list():
            return _sequence(value, "[]", parts, left)
        case dict():
            pairs = [part for key, each in list(value.items())[: left + 1] for part in (key, each)]
            return _sequence(pairs, "{}", parts, left, pairs=True)
    return -1


def _sequence(values: list[object], braces: str, parts: list[str], left: int, *, pairs: bool = False) -> int:
    left = _append(braces[0], parts, left)
    for place, each in enumerate(values):
        if left < 0:
            return left
        if place:
            left = _append(": " if pairs and place % 2 else ", ", parts, left)
        left = _write(each, parts, left)
    return _append(braces[1], parts, left)


def _append(text: str, parts: list[str], left: int) -> int:
    parts.append(text)
    return left - len(text)


def all_text(values: Iterable[object]) -> bool:
    """Say whether all values are text."""
    return all(isinstance(each, str) for each in values)
