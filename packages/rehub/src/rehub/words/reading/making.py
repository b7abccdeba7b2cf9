"""Statements that make names of a module without spelling them: ``globals()[k] = …``, ``setattr``, ``exec``.

``locals()`` at the top level of a module is ``globals()``.
"""

import ast
from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Making:
    """One such statement.

    Attributes:
        reason: what is done, in words.
        key: the expression that gives the name, if one name is made.
        value: what the name then stands for.
        table: the dictionary, if one is poured into the module.
    """

    reason: str
    key: ast.expr | None = None
    value: ast.expr | None = None
    table: ast.expr | None = None


def making(statement: ast.stmt, aliases: Collection[str] = ()) -> Making | None:
    """Recognise a statement that makes names at run time.

    Args:
        aliases: names that hold ``globals()`` or ``sys.modules[__name__]``.
    """
    match statement:
        case ast.Assign(targets=[ast.Subscript(value=space, slice=key)], value=value) if is_namespace(space, aliases):
            return Making(f"{_called(space)}[…] = …", key, value)
        case ast.Assign(targets=[ast.Subscript() as target]) if is_module(target):
            return Making("the module is replaced by another object")
        case ast.Assign(targets=[ast.Attribute(value=owner, attr="__class__")]) if is_module(owner, aliases):
            return Making("the module is given another class")
        case ast.Expr(value=ast.Call() as call):
            return _call(call, aliases)
    return None


def _call(call: ast.Call, aliases: Collection[str]) -> Making | None:  # noqa: PLR0911 - one case a form
    match call:
        case ast.Call(func=ast.Attribute(value=space, attr="update"), args=[table], keywords=[]) if is_namespace(
            space, aliases
        ):
            return Making(f"{_called(space)}.update(…)", table=table)
        case ast.Call(func=ast.Attribute(value=space, attr="update"), args=[], keywords=words) if is_namespace(
            space, aliases
        ):
            keys: list[ast.expr | None] = [ast.Constant(word.arg) if word.arg else None for word in words]
            return Making(f"{_called(space)}.update(…)", table=ast.Dict(keys, [word.value for word in words]))
        case ast.Call(func=ast.Attribute(value=space, attr="update")) if is_namespace(space, aliases):
            return Making(f"{_called(space)}.update(…)")
        case ast.Call(func=ast.Attribute(value=space, attr="setdefault" | "__setitem__"), args=[key, value]) if (
            is_namespace(space, aliases)
        ):
            return Making(f"{_called(space)}[…] = …", key, value)
        case ast.Call(func=ast.Name(id="setattr"), args=[owner, key, value]) if is_module(owner, aliases):
            return Making("setattr on the module", key, value)
        case ast.Call(func=ast.Name(id="exec")):
            return Making("exec(…)")
    return None


def is_namespace(node: ast.expr, aliases: Collection[str] = ()) -> bool:
    """Say whether an expression is the module's own dictionary."""
    match node:
        case ast.Call(func=ast.Name(id="globals" | "locals" | "vars"), args=[]):
            return True
        case ast.Call(func=ast.Name(id="vars"), args=[owner]):
            return is_module(owner, aliases)
        case ast.Attribute(value=owner, attr="__dict__"):
            return is_module(owner, aliases)
        case ast.Name(id=name):
            return name in aliases
    return False


def is_module(node: ast.expr, aliases: Collection[str] = ()) -> bool:
    """Say whether an expression is the module itself."""
    match node:
        case ast.Subscript(value=ast.Attribute(attr="modules") | ast.Name(id="modules"), slice=ast.Name(id="__name__")):
            return True
        case ast.Call(
            func=ast.Attribute(attr="import_module") | ast.Name(id="import_module"), args=[ast.Name(id="__name__")]
        ):
            return True
        case ast.Name(id=name):
            return name in aliases
    return False


def makers(tree: ast.Module) -> dict[str, tuple[int, Making]]:
    """Give the module's functions that make names of the module when called, with the line that does it."""
    found: dict[str, tuple[int, Making]] = {}
    for function in tree.body:
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            made = making(node) if isinstance(node, ast.stmt) else None
            # In a function locals() is its own, and exec cannot bind there.
            if made and not made.reason.startswith(("locals", "vars", "exec")):
                found[function.name] = (getattr(node, "lineno", function.lineno), made)
                break
    return found


def _called(space: ast.expr) -> str:
    match space:
        case ast.Call(func=ast.Name(id=name), args=[]):
            return f"{name}()"
    return "the module's dictionary"
