"""Modules asked for by a name that is data: ``importlib.import_module("models")``, ``find_spec``.

For code of a checkout such a name means what it means in an import statement. A library that is told a name by code of
a checkout (``mock.patch("models.net.Net")``, a configuration that names its classes) asks in its place: the name means
the checkout's module, unless it is one that everybody has.
"""

import importlib
import importlib.util
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any, Protocol

from rehub.world.scope.detours import Way, detour
from rehub.world.scope.scope import Scope, is_everybodys


class Scopes(Protocol):
    """Tells whose code something is done for."""

    def of(self, module: object) -> Scope | None:
        """Give the scope of a module, by its full name."""

    def behind(self, frame: FrameType | None) -> Scope | None:
        """Give the scope whose code a call was made for."""


def lead_imports(scopes: Scopes) -> None:
    """Let ``importlib.import_module`` and ``find_spec`` know scopes, whoever imported them before."""
    for function in (importlib.import_module, importlib.util.find_spec):
        detour(function, partial(_choose, scopes))


def _choose(scopes: Scopes, before: Way, caller: FrameType | None) -> Way:
    where = caller.f_globals.get("__name__") if caller is not None else None
    if (scope := scopes.of(where)) is not None:
        return partial(_asked, before, partial(_means, scope), scope.name)
    own = str(where).partition(".")[0]
    if own != "rehub" and (scope := scopes.behind(caller)) is not None:
        means = scope.means

        def lends(name: str) -> bool:
            top = name.partition(".")[0]
            return top != own and means(name) and not is_everybodys(top)

        return partial(_asked, before, lends, scope.name)
    return before


def _means(scope: Scope, name: str) -> bool:
    """Say whether code of a checkout means one of its own modules; what else it means is noted."""
    if not (own := scope.means(name)):
        scope.notes.add_package(name)
    return own


def _asked(before: Way, means: Callable[[str], bool], start: str, name: Any, package: Any = None) -> Any:
    """Ask for the full name, if the name is one of the checkout's; the function's own parameters come last."""
    relative = isinstance(name, str) and name.startswith(".") and isinstance(package, str)
    full = importlib.util.resolve_name(name, package) if relative else name
    if not isinstance(full, str) or full.startswith((".", "rehub.repos.")):
        return before(name, package)
    return before(f"{start}.{full}") if means(full) else before(name, package)
