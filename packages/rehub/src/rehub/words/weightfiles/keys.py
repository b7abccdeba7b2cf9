"""What may be a key of a dictionary, or a member of a set: what can be told apart quickly, whoever chose it.

A tuple of tuples of tuples takes forever to hash, numbers can be chosen so that they all collide, and one list can be
made into a million sets.
"""

from typing import Any

from rehub.words.weightfiles.faults import Unsound
from rehub.words.weightfiles.values import Global

_LARGEST = 1 << 60  # of a number; above, different ones have equal hashes. Source: CPython, Include/pyhash.h
_MAX_ODD = 4096  # tuples and floats in one pickle
_MAX_LENGTH = 16  # of a tuple
_MAX_COPIED = 1 << 20  # values, or pieces of 64 bytes, that calls take over from their arguments


class Keys:
    """Counts the keys of one pickle."""

    def __init__(self) -> None:
        self._odd = 0
        self._copied = 0

    def copy(self, count: int) -> None:
        """Count what a call takes over from its arguments.

        Raises:
            Unsound: there is too much of it.
        """
        self._copied += count
        if self._copied > _MAX_COPIED:
            raise Unsound("in its pickle, dictionaries, sets and bytes are made of others, again and again")

    def check(self, key: Any) -> None:
        """Refuse a key that no weights have.

        Raises:
            Unsound: it is one.
        """
        kind = type(key)
        if kind is str or kind is bool or key is None or kind is bytes or kind is Global:
            return
        if kind is int and -_LARGEST < key < _LARGEST:
            return
        if kind not in {tuple, float}:
            raise Unsound("in its pickle, a key of a dictionary is no text, number or short tuple of them")
        self._check_odd(key)

    def _check_odd(self, key: Any) -> None:
        self._odd += 1
        if self._odd > _MAX_ODD:
            raise Unsound(f"in its pickle, more than {_MAX_ODD} keys are tuples or fractions")
        parts = key if isinstance(key, tuple) else ()
        if len(parts) > _MAX_LENGTH or any(isinstance(part, tuple) for part in parts):
            raise Unsound(f"in its pickle, a key is a tuple of more than {_MAX_LENGTH} parts, or of tuples")
        for part in parts:
            self.check(part)
