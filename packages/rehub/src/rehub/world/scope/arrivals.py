"""Something is done when a module arrives: now, if it was imported before, and right after each time that it is."""

import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, cast

Then = Callable[[ModuleType], None]


class Arrivals:
    """Stands on ``sys.meta_path``: a module that is reloaded, or imported anew, arrives again."""

    def __init__(self) -> None:
        self._waiting: dict[str, Then] = {}

    def when(self, name: str, then: Then) -> None:
        """Do something with a module as soon as it is there; a second time replaces the first.

        A module that is just being imported is not there yet, and arrives when it is reloaded.
        """
        self._waiting[name] = then
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)
        module = sys.modules.get(name)
        if module is not None and not getattr(getattr(module, "__spec__", None), "_initializing", False):
            then(module)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module as everybody else would, and have it watched."""
        if fullname not in self._waiting:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None) if finder is not self else None
            spec: ModuleSpec | None = find(fullname, path, target) if find else None
            if spec is not None and spec.loader is not None:
                spec.loader = cast("Loader", _Watched(spec.loader, self._waiting[fullname]))
                return spec
        return None


class _Watched:
    """A loader that lets somebody else load, and then steps aside: the module knows only its own loader."""

    def __init__(self, real: Any, then: Then) -> None:
        self._real, self._then = real, then

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Let the real loader make the module."""
        return cast("ModuleType | None", self._real.create_module(spec))

    def exec_module(self, module: ModuleType) -> None:
        """Let the real loader fill the module, then do what was waited for."""
        if module.__spec__ is not None:
            module.__spec__.loader = self._real
        module.__loader__ = self._real
        self._real.exec_module(module)
        self._then(module)


_OURS = Arrivals()


def when(name: str, then: Then) -> None:
    """Do something with a module as soon as it is there: now, or right after it is imported; and each time again."""
    _OURS.when(name, then)
