"""Statements that change a list or a table which a name holds: ``MODELS["a"] = f``, ``NAMES += […]``, ``.append``."""

import ast
from collections.abc import Iterator, MutableMapping

from rehub.words.reading.fold import Arguments, Folding
from rehub.words.reading.operations import MAX_ITEMS
from rehub.words.reading.plain import UNKNOWN, Table

_CHANGERS = frozenset(
    {
        *("append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse", "add", "discard", "appendleft"),
        *("update", "setdefault", "__setitem__", "popitem", "__delitem__"),
    }
)
_COST = 8  # items that are copied for one step


def changed_name(node: ast.AST) -> str | None:
    """Give the name of the list or table that a statement changes; ``None`` if it is no such statement.

    Example:
        >>> changed_name(ast.parse("MODELS['a'] = f").body[0]), changed_name(ast.parse("NAMES.append(f)").body[0])
        ('MODELS', 'NAMES')
    """
    target = changed(node)
    while isinstance(target, ast.Subscript | ast.Attribute):
        target = target.value
    return target.id if isinstance(target, ast.Name) else None


def changed(node: ast.AST) -> ast.expr | None:
    """Give the expression of the list or table that a statement changes."""
    match node:
        case ast.Assign(targets=[ast.Subscript(value=target)]) | ast.AugAssign(target=ast.Subscript(value=target)):
            return target
        case ast.Delete(targets=[ast.Subscript(value=target)]):
            return target
        case ast.AugAssign(target=ast.Name() as target):
            return target
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=target, attr=verb))) if verb in _CHANGERS:
            return target
    return None


def filled(tree: ast.Module) -> Iterator[str]:
    """Give the lists and tables of a module that its functions change when they are called."""
    # Statements only, as they are a tenth of the nodes.
    waiting: list[tuple[ast.AST, bool]] = [(tree, False)]
    while waiting:
        node, inside = waiting.pop()
        if inside and (name := changed_name(node)):
            yield name
        inside = inside or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for block in ("body", "orelse", "finalbody", "handlers", "cases"):
            waiting += [(each, inside) for each in getattr(node, block, ())]


def change(node: ast.stmt, names: MutableMapping[str, object], folding: Folding) -> None:
    """Carry out such a statement: the name then holds another value, which is unknown if it cannot be worked out.

    A copy is changed, as others may hold the first one; but a :class:`Table` is one and the same everywhere.
    """
    target = changed(node)
    if target is None:
        return
    before = folding.value(target, names)
    if isinstance(before, Table):
        _fill(before, _after(node, {}, names, folding), sure=not folding.budget.doubts)
        return
    after = _after(node, before, names, folding)
    if isinstance(target, ast.Name):
        names[target.id] = after
    elif (name := changed_name(node)) and name in names and not isinstance(names[name], Table):
        names[name] = UNKNOWN  # MODELS[a][b] = f


def _fill(table: Table, after: object, *, sure: bool) -> None:
    known = isinstance(after, dict) and len(after) + len(table) <= MAX_ITEMS
    if isinstance(after, dict) and known:
        table.update(after)
    table.complete = table.complete and known and sure


def _after(node: ast.stmt, before: object, names: MutableMapping[str, object], folding: Folding) -> object:
    if not isinstance(before, list | dict | str | int):
        return UNKNOWN
    folding.budget.steps -= len(before) // _COST if isinstance(before, list | dict) else 0
    match node:
        case ast.Assign(targets=[ast.Subscript(slice=key)], value=value):
            return _with(before, folding.value(key, names), folding.value(value, names))
        case ast.AugAssign(target=ast.Name(id=name), op=sign, value=value):
            return folding.value(ast.BinOp(ast.Name(name), sign, value), names)
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=verb)) as call):
            given = folding.arguments(call, names)
            return _called(before, verb, given) if given else UNKNOWN
    return UNKNOWN


def _with(before: object, key: object, value: object) -> object:
    return {**before, key: value} if isinstance(before, dict) and isinstance(key, str | int | float) else UNKNOWN


def _called(before: object, verb: str, given: Arguments) -> object:  # noqa: PLR0911 - one line a method
    match before, verb, given.args:
        case list(), "append" | "add" | "appendleft", [value]:
            return [*before, value]
        case list(), "extend", [list(values)]:
            return [*before, *values]
        case dict(), "__setitem__", [key, value]:
            return _with(before, key, value)
        case dict(), "setdefault", [key, value]:
            return before if isinstance(key, str) and key in before else _with(before, key, value)
        case dict(), "update", [dict(other)]:
            return {**before, **other, **given.words}
        case dict(), "update", []:
            return {**before, **given.words}
    return UNKNOWN
