"""How something is called: its signature as Python knows it, and what its documentation says of each parameter."""

import functools
import inspect
import types
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from rehub.verbs.describe.documentation import Told, read_docstring
from rehub.verbs.explore.carefully import (
    annotation,
    attempt,
    attributes,
    docstring,
    in_class,
    is_a,
    is_class,
    is_exactly,
    is_guarded,
    module_of,
    mro,
    own,
    qualified,
    shown,
    torch_class,
)
from rehub.words.exploration import Input, Place
from rehub.words.hubconf import ParameterKind
from rehub.words.reading.shape import shape_in, shapes_in
from rehub.words.reading.signature import render

_MAX_WRAPPED = 20  # decorators around one function
_EMPTY = inspect.Parameter.empty
_FIRST = {ParameterKind.POSITIONAL_ONLY, ParameterKind.POSITIONAL_OR_KEYWORD}
_HOLDERS = {staticmethod: "__func__", classmethod: "__func__", property: "fget", functools.cached_property: "func"}
_CODE = (types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType, types.WrapperDescriptorType)


@dataclass(frozen=True, slots=True)
class Signature:
    """Parameters and the annotation of the result."""

    parameters: tuple[Input, ...] = ()
    returns: str | None = None

    def __str__(self) -> str:
        return render(self.parameters, self.returns)


def is_function(value: object) -> bool:
    """Say whether an object is a function in one of the forms that Python has."""
    kinds = (*_CODE, types.MethodType, types.MethodWrapperType, types.ClassMethodDescriptorType, functools.partial)
    return is_exactly(value, *kinds)


def signature(function: object, *, bound: bool = False) -> Signature | None:
    """Give a signature, without its first parameter if that is ``self``; ``None`` if it cannot be known."""
    found = attempt(lambda: _read(function), None) if not is_guarded(function) else None
    if found and bound and found.parameters and found.parameters[0].kind in _FIRST:
        return replace(found, parameters=found.parameters[1:])
    return found


def _read(function: Any) -> Signature:
    told = inspect.signature(function)
    returns = None if told.return_annotation is _EMPTY else annotation(told.return_annotation)
    return Signature(tuple(map(_input, told.parameters.values())), returns)


def _input(given: inspect.Parameter) -> Input:
    kind = ParameterKind(given.kind.description)
    typed = None if given.annotation is _EMPTY else annotation(given.annotation)
    return Input(given.name, kind, typed, None if given.default is _EMPTY else shown(given.default))


def documented(found: Signature, doc: str, class_doc: str = "") -> tuple[tuple[Input, ...], str | None, str | None]:
    """Give the parameters with what is said of them, what is said of the result, and its shape.

    Args:
        found: the signature.
        doc: the docstring.
        class_doc: that of the class, where PyTorch's own modules keep the shapes of their ``forward``.
    """
    told = read_docstring(doc)
    section = shapes_in(class_doc) | shapes_in(doc)
    inputs = [_documented(each, told, section) for each in found.parameters]
    if inputs and inputs[0].shape is None and inputs[0].kind in _FIRST:
        inputs[0] = replace(inputs[0], shape=section.get("input"))
    returns = told.returns or found.returns
    return tuple(inputs), returns, shape_in(found.returns) or shape_in(told.returns) or section.get("output")


def _documented(given: Input, told: Told, section: dict[str, str]) -> Input:
    said = told.parameters.get(given.name)
    shapes = map(shape_in, (given.annotation, told.types.get(given.name), said))
    shape = next(filter(None, shapes), section.get(given.name.lower()))
    return replace(given, doc=said or None, shape=shape, annotation=given.annotation or _type(told, given.name))


def _type(told: Told, name: str) -> str | None:
    """Give a type that only the docstring names, without what else is said there of it."""
    said = told.types.get(name, "").replace("`", "").split(", ")[0].split(" of shape")[0].strip()
    return said or None


def place(value: object) -> Place | None:
    """Say where a function or class is defined."""
    if is_class(value):
        return _place_of_class(value)
    function = unwrapped(value)
    code = function.__code__ if type(function) is types.FunctionType else None
    module = attempt(lambda: function.__module__, None)
    name = module if type(module) is str else ""
    if code:
        return Place(name, code.co_filename if not code.co_filename.startswith("<") else "", code.co_firstlineno)
    return Place(name) if name else None


def _place_of_class(kind: type) -> Place | None:
    module = module_of(kind)
    if module in {"builtins", ""}:
        return None
    if is_guarded(kind):
        return Place(module)
    lines: Callable[[], tuple[str, int]] = lambda: (inspect.getsourcefile(kind) or "", inspect.findsource(kind)[1] + 1)  # noqa: E731
    file, line = attempt(lines, ("", 0))
    return Place(module, file, line)


def unwrapped(value: Any) -> Any:
    """Give the function below decorators, bindings and partials, as far as these say what they hold."""
    for _ in range(_MAX_WRAPPED):
        if type(value) is functools.partial:
            value = value.func
        elif type(value) is types.MethodType:
            value = value.__func__
        elif "__wrapped__" in attributes(value):
            value = attributes(value)["__wrapped__"]
        else:
            break
    return value


def name_of(value: object) -> str:
    """Give the name of a function or class."""
    if is_class(value):
        return qualified(value)
    function = unwrapped(value)
    if is_class(function):
        return qualified(function)
    name = attempt(lambda: function.__name__, None) if is_function(function) else None
    return name if type(name) is str else qualified(type(value))


def documentation(kind: type, name: str, function: object) -> str:
    """Give a method's docstring, or that of the method which it takes the place of; torch's own says nothing."""
    if doc := docstring(unwrapped(function)):
        return doc
    for base in mro(kind):
        inner = held_by(own(base).get(name)) if base is not torch_class("nn", "Module") else None
        if is_function(inner) and (doc := docstring(unwrapped(inner))):
            return doc
    return ""


def held_by(raw: Any) -> Any:
    """Give the function that a method, property or the like holds."""
    for kind, name in _HOLDERS.items():
        if is_a(raw, kind):
            return attempt(lambda: getattr(raw, name), None)  # noqa: B023 - called at once
    return raw


def constructor_doc(kind: type) -> str:
    """Give what a class and its constructor say of themselves."""
    maker = in_class(kind, "__init__")
    inner = docstring(unwrapped(maker)) if type(maker) is types.FunctionType else ""
    return f"{docstring(kind)}\n\n{inner}".strip()
