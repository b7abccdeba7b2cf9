"""Exploring any object: each kind has its way."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from rehub.verbs.explore.calls import (
    Signature,
    constructor_doc,
    documentation,
    documented,
    is_function,
    name_of,
    place,
    signature,
    unwrapped,
)
from rehub.verbs.explore.carefully import (
    MISSING,
    attempt,
    attributes,
    docstring,
    first_line,
    in_class,
    is_a,
    is_callable,
    is_class,
    is_exactly,
    own,
    qualified,
    shown,
    torch_class,
    type_name,
)
from rehub.verbs.explore.limits import Limits
from rehub.verbs.explore.members import instead, methods
from rehub.verbs.explore.modules import Walk, is_compiled, is_module, parts, sizes, stood_for, training
from rehub.verbs.explore.script import compiled_methods, is_compiled_function, read_schema
from rehub.verbs.explore.tensors import described
from rehub.words.exploration import Exploration, Item, Kind, Method

_DEFAULT = Limits()
_PLAIN = (int, float, complex, bool, str, bytes, type(None))


def explore(value: object, limits: Limits = _DEFAULT, nested: int = 0) -> Exploration:
    """Say what an object is and what can be done with it; it is not called, and none of its properties is asked for.

    Args:
        value: anything; torch is looked at only if somebody has imported it.
        limits: how much of it is told.
        nested: how many containers it lies in.
    """
    for applies, look in _WAYS:
        if applies(value):
            return look(value, limits)
    return _container(value, limits, nested) or _object(value, limits, nested)


def _value(value: object, _: Limits) -> Exploration:
    return Exploration(Kind.VALUE, type_name(type(value)), value=shown(value))


def _tensor(value: object, _: Limits) -> Exploration:
    return Exploration(Kind.TENSOR, type_name(type(value)), value=described(value))


def _module(value: object, limits: Limits) -> Exploration:
    inner = stood_for(value)
    if inner is not None:
        found = _module(inner, limits)
        return replace(found, notes=(*found.notes, f"seen through {type_name(type(value))}"))
    walk = Walk(limits)
    root = walk.node(value)
    found = _described(type(value), Kind.MODULE, limits)
    found = _compiled(found, value, root.type) if is_compiled(value) else _forward(found, value)
    return replace(
        found,
        sizes=sizes(root, walk),
        training=training(value),
        parts=parts(root, limits),
        notes=(*found.notes, *walk.notes),
    )


def _forward(found: Exploration, value: object) -> Exploration:
    """Say how a module is called; hooks of some libraries put another ``forward`` into the object."""
    kind = type(value)
    put = instead(value, "forward")
    function = in_class(kind, "forward") if put is None else put
    unwritten = own(torch_class("nn", "Module") or object).get("forward")
    if function is MISSING or function is unwritten:
        return replace(found, notes=(*found.notes, "its class defines no forward"))
    doc = documentation(kind, "forward", function)
    return _called(found, "forward", function, doc, docstring(kind) if put is None else "", bound=put is None)


def _compiled(found: Exploration, value: object, original: str) -> Exploration:
    """Say how a compiled module is called, and which methods it keeps."""
    kept = compiled_methods(value)
    found = replace(found, methods=(*(each for each, _ in kept), *found.methods), summary="", place=None)
    found = replace(found, notes=(*found.notes, f"TorchScript, compiled from {original}: it has no documentation"))
    if not kept or kept[0][0].name != "forward":
        return found
    method, known = kept[0]
    inputs, returns, shape = documented(known, "")
    return replace(found, call=method, inputs=inputs, returns=returns, returns_shape=shape)


def _called(  # noqa: PLR0913 - a call is that much
    found: Exploration, name: str, function: Any, doc: str, class_doc: str = "", *, bound: bool
) -> Exploration:
    """Add how something is called, in full."""
    known = signature(function, bound=bound)
    inputs, returns, shape = documented(known or Signature(), doc, class_doc)
    method = Method(name, signature=str(known) if known else "", summary=first_line(doc), place=place(function))
    return replace(found, call=method, inputs=inputs, returns=returns, returns_shape=shape)


def _described(kind: type, how: Kind, limits: Limits) -> Exploration:
    """Say what can be said of any object of a class: where that is defined, and its methods."""
    can, common = methods(kind, limits.methods)
    notes = (f"only the first {limits.methods} methods are told",) if len(can) == limits.methods else ()
    summary = first_line(docstring(kind))
    return Exploration(how, type_name(kind), "", summary, place(kind), methods=can, common=common, notes=notes)


def _class(kind: Any, limits: Limits) -> Exploration:
    found = replace(_described(kind, Kind.CLASS, limits), type=type_name(type(kind)), name=qualified(kind))
    return _called(found, qualified(kind), kind, constructor_doc(kind), bound=False)


def _compiled_function(value: Any, _: Limits) -> Exploration:
    name = attempt(lambda: str(value.name), "")
    known = attempt(lambda: read_schema(value.schema), Signature())
    found = Exploration(Kind.FUNCTION, type_name(type(value)), name, call=Method(name, signature=str(known)))
    return replace(found, inputs=known.parameters, returns=known.returns)


def _function(value: object, _: Limits) -> Exploration:
    name, doc = name_of(value), docstring(unwrapped(value))
    found = Exploration(Kind.FUNCTION, type_name(type(value)), name, first_line(doc), place(value))
    return _called(found, name, value, doc, bound=False)


def _container(value: Any, limits: Limits, nested: int) -> Exploration | None:
    """Explore what a tuple, list or dictionary holds; what an heir of them says of itself is not asked."""
    held = next((each for each in (tuple, list, dict) if is_a(value, each)), None)
    if held is None:
        return None
    own_class = not is_exactly(value, held)
    found = _described(type(value), Kind.CONTAINER, limits)
    found = found if own_class else replace(found, summary="")
    found = replace(found, common=found.common if own_class else (), length=held.__len__(value))
    if nested >= limits.nesting:
        return replace(found, notes=("it lies too deep to be looked into",) if found.length else ())
    items = (Item(key, explore(each, limits, nested + 1)) for key, each in _elements(held, value))
    return replace(found, items=tuple(islice(items, limits.items)))


def _elements(held: type, value: Any) -> Iterator[tuple[str, object]]:
    if held is dict:
        yield from ((f"[{shown(key)}]", each) for key, each in dict.items(value))
        return
    fields = in_class(type(value), "_fields")
    names = [f".{each}" for each in fields if type(each) is str] if is_exactly(fields, tuple) else []
    for at, each in enumerate(held.__iter__(value)):  # type: ignore[attr-defined]
        yield names[at] if at < len(names) else f"[{at}]", each


def _object(value: object, limits: Limits, nested: int) -> Exploration:
    """Explore an object of any other class, and the modules that it keeps."""
    found = _described(type(value), Kind.OBJECT, limits)
    if is_callable(value):
        function = in_class(type(value), "__call__")
        found = _called(found, "__call__", function, documentation(type(value), "__call__", function), bound=True)
    public = ((name, each) for name, each in attributes(value).items() if type(name) is str and name[:1] != "_")
    items = (Item(f".{name}", explore(each, limits, nested + 1)) for name, each in public if is_module(each))
    return replace(found, items=tuple(islice(items, limits.items)) if nested < limits.nesting else ())


_WAYS: list[tuple[Callable[[object], bool], Callable[[Any, Limits], Exploration]]] = [
    (lambda value: is_exactly(value, *_PLAIN), _value),
    (is_module, _module),
    (is_class, _class),
    (is_compiled_function, _compiled_function),
    (lambda value: is_function(value) or is_function(unwrapped(value)), _function),
    (lambda value: is_a(value, torch_class("Tensor")), _tensor),
]
