"""Operators and formats on plain values, within limits."""

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any

from rehub.words.reading.plain import UNKNOWN, Thing

MAX_ITEMS = 10_000  # of one list or dictionary
MAX_TEXT = 20_000  # characters of one string
MAX_NUMBER = 10**6
_SPEC = re.compile(r"0?[1-9]?|0?[1-9]?d|\.[1-9]f|")
_PLAIN = str | int | float | None


def limited(value: object) -> object:
    """Give a value, unless it has grown too large."""
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT else UNKNOWN
    if isinstance(value, list | dict):
        return value if len(value) <= MAX_ITEMS else UNKNOWN
    if isinstance(value, int) and abs(value) > MAX_NUMBER:
        return UNKNOWN
    return value


def joined(between: str, parts: list[object]) -> object:
    """Join texts."""
    texts = [part for part in parts if isinstance(part, str)]
    size = sum(map(len, texts)) + len(between) * len(texts)
    return between.join(texts) if len(texts) == len(parts) and size <= MAX_TEXT else UNKNOWN


def formatted(value: object, spec: object = "") -> object:
    """Give a value as an f-string writes it; only short and harmless formats are known."""
    if not isinstance(value, str | int | float) or not (isinstance(spec, str) and _SPEC.fullmatch(spec)):
        return UNKNOWN
    try:
        return format(value, spec)
    except ValueError:
        return UNKNOWN


def summed(op: ast.operator, left: object, right: object) -> object:  # noqa: PLR0911 - one line an operator
    """Give ``left + right``, or the same with another operator; sizes are looked at before anything is made."""
    match op, left, right:
        case (ast.Add(), str(), str()) | (ast.Add(), int(), int()) | (ast.Add(), list(), list()):
            return left + right  # type: ignore[operator]
        case (ast.Sub() | ast.Mult(), int(), int()):
            return left - right if isinstance(op, ast.Sub) else left * right
        case (ast.Mult(), str() | list(), int()) if len(left) * right <= MAX_ITEMS:
            return left * right
        case (ast.Mult(), int(), str() | list()):
            return summed(op, right, left)
        case (ast.BitOr(), dict(), dict()):
            return {**left, **right}
        case (ast.Mod(), str(), _):
            return _percent(left, right if isinstance(right, list) else [right])
    return UNKNOWN


def _percent(text: str, values: list[object]) -> object:
    """Give ``"%s_%d" % values``."""
    parts = re.split(r"%(%|s|d|i)", text)
    if "%" in "".join(parts[::2]) or sum(sign != "%" for sign in parts[1::2]) != len(values):
        return UNKNOWN
    waiting = iter(values)
    shown = ["%" if sign == "%" else formatted(next(waiting)) for sign in parts[1::2]]
    return joined("", [part for pair in zip(parts[::2], [*shown, ""], strict=True) for part in pair])


def compared(op: ast.cmpop, left: object, right: object) -> object:
    """Give ``left == right``, or the same with another operator."""
    if isinstance(op, ast.In | ast.NotIn):
        found = _contains(right, left)
        return found if found is UNKNOWN else found is isinstance(op, ast.In)
    if isinstance(left, _PLAIN) and isinstance(right, _PLAIN):
        return _ordered(op, left, right)
    kinds = {isinstance(left, Thing), isinstance(right, Thing)}
    if kinds == {True, False} and (isinstance(left, _PLAIN) or isinstance(right, _PLAIN)):
        # A function is no text and no number.
        same = {ast.Eq: False, ast.Is: False, ast.NotEq: True, ast.IsNot: True}
        return same.get(type(op), UNKNOWN)
    return UNKNOWN


def _ordered(op: ast.cmpop, left: Any, right: Any) -> object:
    if isinstance(op, ast.Is | ast.IsNot):
        single = left is None or right is None or (isinstance(left, bool) and isinstance(right, bool))
        return (left is right) is isinstance(op, ast.Is) if single else UNKNOWN
    try:
        return _ORDERS[type(op)](left, right)
    except (KeyError, TypeError):
        return UNKNOWN


def _contains(whole: object, part: object) -> object:
    if isinstance(whole, str):
        return part in whole if isinstance(part, str) else UNKNOWN
    if not isinstance(whole, list | dict) or not isinstance(part, _PLAIN):
        return UNKNOWN
    plain = [each for each in whole if isinstance(each, _PLAIN)]
    if part in plain:
        return True
    return False if len(plain) == len(whole) else UNKNOWN


_ORDERS: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
}
