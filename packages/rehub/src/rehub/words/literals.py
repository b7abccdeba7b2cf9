"""An argument as one line of text: what Python writes for plain values, read again without running anything."""

import ast
import math
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_MAX_TEXT = 1 << 20  # characters
_DECIMAL = 10_000  # bits of a number that Python writes in decimal digits; of longer ones it refuses to
_NUMBERS: dict[str, Any] = {
    "inf": math.inf,
    "nan": math.nan,
    "infj": complex(0, math.inf),
    "nanj": complex(0, math.nan),
}
_NAMED = re.compile(r"""([^\W\d]\w*|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")=(.*)""", re.DOTALL)
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
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
    return hex(value) if kind is int and value.bit_length() > _DECIMAL else repr(value)


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
            return _value(ast.parse(text.strip(" \t"), mode="eval").body)
    except _FAULTS:
        return text


def spell_call(args: Iterable[Any], kwargs: Iterable[tuple[str, Any]]) -> Iterator[str]:
    """Write arguments as they are typed at the command line.

    Example:
        >>> list(spell_call([3], [("pretrained", True), ("no-name", "x")]))
        ['3', 'pretrained=True', "'no-name'='x'"]
    """
    yield from map(spell, args)
    for name, value in kwargs:
        yield f"{name if _IDENTIFIER.fullmatch(name) else repr(name)}={spell(value)}"


def unspell_call(texts: Iterable[str]) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
    """Read arguments as they are typed.

    Raises:
        ValueError: a name is given twice, or a value without a name follows one with a name.

    Example:
        >>> unspell_call(["3", "pretrained=True", "mode=fast"])
        ((3,), {'pretrained': True, 'mode': 'fast'})
    """
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for text in texts:
        found = _NAMED.fullmatch(text)
        if not found and kwargs:
            msg = f"{text!r} follows a named argument\n  expected name=VALUE"
            raise ValueError(msg)
        if not found:
            args.append(unspell(text))
            continue
        name = found[1] if _IDENTIFIER.fullmatch(found[1]) else unspell(found[1])
        if name in kwargs:
            msg = f"the argument {name} is given twice"
            raise ValueError(msg)
        kwargs[name] = unspell(found[2])
    return tuple(args), kwargs


def _value(node: ast.expr) -> Any:
    """Give a node's value: what ``ast.literal_eval`` reads, and what it does not of what ``repr`` writes.

    Raises:
        ValueError, TypeError: it is more than a literal.
    """
    found: Any
    match node:
        case ast.Name(id=name) if name in _NUMBERS:
            found = _NUMBERS[name]
        case ast.UnaryOp(op=ast.USub(), operand=ast.Name(id=name)) if name in _NUMBERS:
            found = -_NUMBERS[name]
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as sign, right=right):
            found = _complex(_value(left), _value(right) * (1 if isinstance(sign, ast.Add) else -1))
        case ast.Call(func=ast.Name(id="frozenset"), args=[*args], keywords=[]) if len(args) <= 1:
            found = frozenset(_value(args[0]) if args else ())
        case _:
            found = _collection(node)
    return found


def _complex(real: Any, imaginary: Any) -> complex:
    if type(real) in {int, float} and type(imaginary) is complex:
        return complex(real, imaginary.imag)
    msg = "it has to be worked out"
    raise ValueError(msg)


def _collection(node: ast.expr) -> Any:
    match node:
        case ast.List(elts=items):
            return [_value(each) for each in items]
        case ast.Tuple(elts=items):
            return tuple(_value(each) for each in items)
        case ast.Set(elts=items):
            return {_value(each) for each in items}
        case ast.Dict(keys=keys, values=values) if None not in keys:
            return {_value(key): _value(each) for key, each in zip(keys, values, strict=True) if key}
    found = ast.literal_eval(node)
    if found is ...:
        msg = "it is no value that an entry could want"
        raise ValueError(msg)
    return found
