"""Pickles that name a repository's modules plainly (``models.yolo.Model``), read by that repository's code.

Such files were written by scripts that ran in the repository's folder. A name of theirs means the module of the
checkout whose code asked for the file, directly or through ``torch.load``; whoever reads pickles of his own sees no
difference. The C unpickler looks into ``sys.modules`` by the plain name, so the name is made full before it does.
"""

import io
import pickle
import sys
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

from rehub.world.scope.asked import Scopes
from rehub.world.scope.detours import Way, caller, detour
from rehub.world.scope.scope import Scope, is_everybodys

Find = Callable[[str, str], Any]


def lead_unpickling(scopes: Scopes) -> None:
    """Let the unpicklers of the process know scopes: C's, which others inherit from and call, and Python's."""
    # C's own class, once; what somebody else has put there is theirs.
    if getattr(pickle.Unpickler, "__module__", "") == "_pickle":
        unpickler = _unpickler(scopes, pickle.Unpickler)
        pickle.Unpickler, pickle.load, pickle.loads = unpickler, *_readers(scopes, unpickler)  # type: ignore[misc]
    detour(pickle._Unpickler.find_class, partial(_choose, scopes))  # noqa: SLF001


def _unpickler(scopes: Scopes, known: type[pickle.Unpickler]) -> type[pickle.Unpickler]:
    class Unpickler(known):  # type: ignore[valid-type, misc]
        def find_class(self, module: str, name: str) -> Any:
            scope = scopes.behind(caller(1))
            return _found(super().find_class, scope, module, name)

    _named(Unpickler, "Unpickler")
    return Unpickler


def _readers(scopes: Scopes, unpickler: type[pickle.Unpickler]) -> "tuple[_Reader, _Reader]":
    plain_load, plain_loads = pickle.load, pickle.loads

    def load(file: Any, **options: Any) -> Any:
        if scopes.behind(caller(2)) is None:
            return plain_load(file, **options)
        return unpickler(file, **options).load()

    def loads(data: Any, /, **options: Any) -> Any:
        if scopes.behind(caller(2)) is None:
            return plain_loads(data, **options)
        return unpickler(io.BytesIO(data), **options).load()

    return _Reader(plain_load, load), _Reader(plain_loads, loads)


class _Reader:
    """Stands for one of pickle's functions, which are C's: as an attribute of a class it does not become a method."""

    def __init__(self, known: Callable[..., Any], read: Callable[..., Any]) -> None:
        self._read = read
        self.__name__, self.__doc__, self.__text_signature__ = known.__name__, known.__doc__, known.__text_signature__  # type: ignore[attr-defined]
        _named(self, known.__name__)

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        return self._read(*args, **kwargs)

    def __reduce__(self) -> str:
        return self.__name__

    def __repr__(self) -> str:
        return f"<function pickle.{self.__name__}>"


def _named(made: Any, name: str) -> None:
    """Give it pickle's own name: others may pickle a reference to it, for readers who never heard of rehub."""
    made.__module__, made.__qualname__ = "pickle", name


def _choose(scopes: Scopes, before: Way, caller: FrameType | None) -> Way:
    scope = scopes.behind(caller)

    def find_class(self: Any, module: str, name: str) -> Any:
        return _found(partial(before, self), scope, module, name)

    return before if scope is None else find_class


def _found(find: Find, scope: Scope | None, module: str, name: str) -> Any:
    """Find what a pickle names: in the checkout first, as its code would; Python's own modules stay Python's."""
    top = module.partition(".")[0]
    if scope is None or top in sys.stdlib_module_names or not scope.means(module):
        return find(module, name)
    try:
        return find(f"{scope.name}.{module}", name)
    except (ModuleNotFoundError, AttributeError):
        if not is_everybodys(top):
            raise
    return find(module, name)
