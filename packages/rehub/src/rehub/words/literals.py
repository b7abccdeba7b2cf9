"""An argument as one line of text: what Python writes for plain values, read again without running anything."""

import ast
import math
import warnings
from collections.abc import Iterable
from typing import Any

_MAX_TEXT = 1 << 20  # characters
_FLOATS = {"inf": math.inf, "nan": math.nan}
_FAULTS = (ValueError, SyntaxError, TypeError, MemoryError, RecursionError)


def spell(value: Any) -> str:
    """Write a literal as Python does, but sets in an order that does not change from process to process.

    Example:
        >>> spell({"depth": (1, 2.5)}), spell({"b", "a"}), spell(frozenset())
        ("{'depth': (1, 2.5)}", "{'a', 'b'}", 'frozenset()')
    """
    kind = type(value)
    if kind is dict:
        return "{" + ", ".join(f"{spell(key)}: {spell(each)}" for key, each in value.items()) + "}"
    if kind in {set, frozenset}:
        inner = "{" + ", ".join(sorted(map(spell, value))) + "}" if value else ""
        return f"{kind.__name__}({inner})" if kind is frozenset or not value else inner
    if kind is list:
        return f"[{_row(value)}]"
    if kind is tuple:
        return f"({_row(value)},)" if len(value) == 1 else f"({_row(value)})"
    return repr(value)


def _row(values: Iterable[Any]) -> str:
    return ", ".join(map(spell, values))


def unspell(text: str) -> Any:
    """Read what :func:`spell` writes; what is no literal is a string, as at the command line.

    Example:
        >>> unspell("[1, inf]"), unspell("frozenset({1})"), unspell("DEFAULT"), unspell("'3'")
        ([1, inf], frozenset({1}), 'DEFAULT', '3')
    """
    if len(text) > _MAX_TEXT:
        return text
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the compiler, about strings that were never meant as Python
            return _value(ast.parse(text.strip(), mode="eval").body)
    except _FAULTS:
        return text


def _value(node: ast.expr) -> Any:
    """Give a node's value; unlike ``ast.literal_eval`` also infinity, not-a-number and frozen sets.

    Raises:
        ValueError, TypeError: it is more than a literal.
    """
    match node:
        case ast.Name(id="inf" | "nan" as name):
            return _FLOATS[name]
        case ast.UnaryOp(op=ast.USub(), operand=ast.Name(id="inf")):
            return -math.inf
        case ast.Call(func=ast.Name(id="frozenset"), args=args, keywords=[]) if len(args) <= 1:
            return frozenset(_value(args[0]) if args else ())
        case ast.List(elts=items):
            return [_value(each) for each in items]
        case ast.Tuple(elts=items):
            return tuple(_value(each) for each in items)
        case ast.Set(elts=items):
            return {_value(each) for each in items}
        case ast.Dict(keys=keys, values=values) if all(keys):
            return {_value(key): _value(each) for key, each in zip(keys, values, strict=True) if key}
    return ast.literal_eval(node)
