"""Which functions and classes a pickle names, in whatever way it does, so that a refusal can say so."""

from collections.abc import Iterator
from typing import Any

from rehub.words.weightfiles.allowed import is_allowed, modern
from rehub.words.weightfiles.faults import Fault
from rehub.words.weightfiles.instructions import instructions

COMPUTED = "a name that the pickle works out itself"
_MOST = 200_000  # instructions; what a refusal does not name is refused all the same
_TEXTS = {"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE", "STRING", "BINSTRING", "SHORT_BINSTRING"}
_GETS, _PUTS = {"BINGET", "LONG_BINGET", "GET"}, {"BINPUT", "LONG_BINPUT", "PUT", "MEMOIZE"}
_OTHER = {"REDUCE", "BUILD", "OBJ", "NEWOBJ"}
_SHOWN = 100  # letters of a name


def named(data: bytes, start: int = 0) -> list[str]:
    """Give the names that weights have no need for, in order, each once; as far as the pickle can be followed."""
    found: dict[str, None] = {}
    try:
        for name in _names(data, start):
            if not is_allowed(name):
                found[name] = None
    except Fault:
        pass  # whatever it is after that, it was refused
    return list(found)


def _names(data: bytes, start: int) -> Iterator[str]:
    texts = _Texts()
    for name, argument, _ in instructions(data, start, _MOST):
        if name in {"GLOBAL", "INST"}:
            yield modern(*argument)[: 2 * _SHOWN]
        elif name == "STACK_GLOBAL":
            yield texts.joined()
        elif name.startswith("EXT"):
            yield f"extension {argument} of copyreg"
        else:
            texts.note(name, argument)


class _Texts:
    """The last two texts, of which newer pickles make names."""

    def __init__(self) -> None:
        self._last = ["", ""]
        self._memo: dict[int, str] = {}

    def note(self, name: str, argument: Any) -> None:
        """Follow an instruction, if it has to do with texts."""
        if name in _TEXTS:
            self._last = [self._last[1], _text(argument)]
        elif name in _GETS:
            self._last = [self._last[1], self._memo.get(_key(argument), "")]
        elif name in _PUTS:
            self._memo[len(self._memo) if name == "MEMOIZE" else _key(argument)] = self._last[1]
        elif name in _OTHER:
            self._last = ["", ""]

    def joined(self) -> str:
        """Give the name that they make."""
        return ".".join(self._last) if all(self._last) else COMPUTED


def _text(argument: Any) -> str:
    text = argument.decode("utf-8", "replace") if isinstance(argument, bytes) else str(argument)
    return text.strip("'\"")[:_SHOWN]


def _key(argument: Any) -> int:
    try:
        return int(argument)
    except ValueError:
        return -1
