"""What an object can do: the public methods that its class and the bases of that define."""

import functools
import sys
import types
from collections.abc import Iterator
from itertools import islice
from typing import Any

from rehub.verbs.explore.calls import documentation, held_by, is_function, place, signature, unwrapped
from rehub.verbs.explore.carefully import (
    attributes,
    first_line,
    is_a,
    is_callable,
    is_class,
    module_of,
    mro,
    own,
    qualified,
    torch_class,
    type_name,
)
from rehub.words.exploration import Common, Method, MethodKind

_WELL_KNOWN = {
    ("nn", "Module"): "torch.nn.Module",
    ("jit", "ScriptModule"): "torch.jit.ScriptModule",
    ("jit", "RecursiveScriptModule"): "torch.jit.ScriptModule",
    ("Tensor",): "torch.Tensor",
    ("_C", "TensorBase"): "torch.Tensor",
}
_KINDS = {staticmethod: MethodKind.STATIC_METHOD, classmethod: MethodKind.CLASS_METHOD}
_UNCALLED = {None, MethodKind.PROPERTY}
_PROPERTIES = (property, functools.cached_property, types.GetSetDescriptorType, types.MemberDescriptorType)


def methods(kind: type, limit: int) -> tuple[tuple[Method, ...], tuple[Common, ...]]:
    """Give a class's public methods, and the names of those that all objects of well-known classes have.

    Args:
        kind: the class.
        limit: how many are described.
    """
    seen: set[str] = set()
    described: list[Method] = []
    common: dict[str, list[str]] = {}
    for base in mro(kind):
        fresh = [(name, raw) for name, raw in _public(base) if name not in seen]
        seen |= {name for name, _ in fresh}
        if owner := _well_known(base):
            common.setdefault(owner, []).extend(name for name, raw in fresh if _kind(raw) not in _UNCALLED)
        else:
            made = (_method(kind, base, name, raw) for name, raw in fresh)
            described += islice((each for each in made if each), limit - len(described))
    return tuple(described), tuple(Common(owner, tuple(sorted(names))) for owner, names in common.items() if names)


def _well_known(base: type) -> str:
    """Give the name of a class that needs no explaining, of torch or of Python itself; empty of any other."""
    for path, name in _WELL_KNOWN.items():
        if torch_class(*path) is base:
            return name
    module = module_of(base)
    return type_name(base) if module.partition(".")[0] in sys.stdlib_module_names else ""


def _public(base: type) -> Iterator[tuple[str, Any]]:
    return ((name, raw) for name, raw in own(base).items() if type(name) is str and not name.startswith("_"))


def _kind(raw: object) -> MethodKind | None:
    """Say how something in a class is reached; ``None`` if it is no method: data, or a class."""
    for holder, kind in _KINDS.items():
        if is_a(raw, holder):
            return kind
    if any(is_a(raw, each) for each in _PROPERTIES):
        return MethodKind.PROPERTY
    return MethodKind.METHOD if not is_class(raw) and (is_function(raw) or is_callable(raw)) else None


def _method(kind: type, base: type, name: str, raw: Any) -> Method | None:
    how = _kind(raw)
    if how is None or type(raw) is types.MemberDescriptorType:  # of __slots__: data
        return None
    inner = held_by(raw)
    found = signature(inner, bound=how is not MethodKind.STATIC_METHOD) if how is not MethodKind.PROPERTY else None
    return Method(
        name=name,
        kind=how,
        signature=str(found) if found else "",
        summary=first_line(documentation(kind, name, inner)),
        owner=qualified(base),
        place=place(inner),
    )


def instead(value: object, name: str) -> Any:
    """Give a function that was put into an object in a method's place; ``None`` if there is none."""
    found = attributes(value).get(name)
    return found if is_function(found) or is_function(unwrapped(found)) else None
