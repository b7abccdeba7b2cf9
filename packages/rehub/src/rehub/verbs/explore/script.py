"""TorchScript: compiled code keeps no Python function, only a schema."""

from typing import Any

from rehub.verbs.explore.calls import Signature
from rehub.verbs.explore.carefully import attempt, attributes, is_a, shown, torch_class
from rehub.words.exploration import Input, Method
from rehub.words.hubconf import ParameterKind


def is_compiled_function(value: object) -> bool:
    """Say whether something is a function in TorchScript."""
    return is_a(value, torch_class("jit", "ScriptFunction"))


def compiled_methods(module: object) -> list[tuple[Method, Signature]]:
    """Give the methods of a compiled module, ``forward`` first."""
    code: Any = attributes(module).get("_c")
    names: list[str] = attempt(lambda: [str(each) for each in code._method_names()], [])  # noqa: SLF001
    public = sorted((name for name in names if not name.startswith("_")), key=lambda name: (name != "forward", name))
    found = [(name, attempt(lambda: read_schema(code._get_method(name).schema), None)) for name in public]  # noqa: B023, SLF001
    return [(Method(name, signature=str(each), owner="TorchScript"), each) for name, each in found if each]


def read_schema(schema: Any) -> Signature:
    """Read TorchScript's own form of a signature."""
    given = [_input(each) for each in schema.arguments if each.name != "self"]
    results = [str(each.type).replace("NoneType", "None") for each in schema.returns]
    return Signature(tuple(given), results[0] if len(results) == 1 else f"({', '.join(results)})" if results else None)


def _input(each: Any) -> Input:
    default = shown(each.default_value) if each.has_default_value() else None
    kind = ParameterKind.KEYWORD_ONLY if each.kwarg_only else ParameterKind.POSITIONAL_OR_KEYWORD
    return Input(each.name, kind, str(each.type), default)
