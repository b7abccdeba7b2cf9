"""Operators of torch are the process's: a name that one checkout gave away must not come to mean another's code.

``torch.library.custom_op`` replaces an operator of the same name without a word, and whoever holds a model of the first
checkout then runs the second one's operator; ``Library.define`` fails, and names lines where nobody finds a commit. So
each name is remembered with the checkout that defined it first.
"""

import re
from collections.abc import Callable
from functools import partial
from types import FrameType, ModuleType
from typing import Any

from rehub.words.errors import OperatorClashError
from rehub.world.scope.asked import Scopes
from rehub.world.scope.detours import Way, detour
from rehub.world.scope.scope import Scope

_NAME = re.compile(r"\s*([\w.:]+)")


class Operators:
    """Who defined which operator: full names, ``namespace::name.overload``, to the label of a checkout."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes
        self._owners: dict[str, tuple[str, str]] = {}

    def watch(self, library: ModuleType) -> None:
        """Look at every definition from here on."""
        watched: dict[Any, Callable[..., str]] = {
            getattr(library, "custom_op", None): _first,
            getattr(library, "define", None): _first,
            getattr(getattr(library, "Library", None), "define", None): _of_library,
            getattr(getattr(library, "Library", None), "__init__", None): _namespace,
        }
        for function, named in watched.items():
            detour(function, partial(self._choose, named))

    def _choose(self, named: Callable[..., str], before: Way, caller: FrameType | None) -> Way:
        scope = self._scopes.behind(caller)
        if scope is None:
            return before

        def define(*args: Any, **kwargs: Any) -> Any:
            operator = named(*args, **kwargs)
            self.check(operator, scope)
            made = before(*args, **kwargs)
            self._owners.setdefault(operator, (scope.name, scope.label))
            return made

        return define

    def check(self, operator: str, scope: Scope) -> None:
        """Let a checkout define an operator that is nobody else's.

        Raises:
            OperatorClashError: another checkout has defined it.
        """
        owner, first = self._owners.get(operator, (scope.name, scope.label))
        if operator and owner != scope.name:
            raise OperatorClashError(operator, first, scope.label)


def _first(name: Any = "", *_: Any, **__: Any) -> str:
    """Give the operator that ``custom_op("ns::name", …)`` and ``define("ns::name", …)`` are about."""
    return _named(name)


def _of_library(self: Any, schema: Any = "", *_: Any, **__: Any) -> str:
    """Give the operator that ``Library("ns", …).define("name(Tensor x) -> Tensor")`` is about."""
    name = _named(schema)
    return name if "::" in name or not name else f"{self.ns}::{name}"


def _namespace(self: Any, ns: Any = "", kind: Any = "", *_: Any, **__: Any) -> str:  # noqa: ARG001
    """Give the namespace that ``Library("ns", "DEF")`` takes for itself; the other kinds share theirs."""
    return f"{ns}::" if kind == "DEF" else ""


def _named(text: Any) -> str:
    found = _NAME.match(text) if isinstance(text, str) else None
    return found[1] if found else ""
