"""Literals worked out without running anything: ``["b" + str(i) for i in range(9)]``, ``f"{BASE}/x.pth"``, tables.

Only pure operations on text, numbers, lists and dictionaries are known; everything else is :data:`UNKNOWN`. Steps,
items and characters are limited, since hostile code may double a string sixty times.
"""

import ast
import re
from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from itertools import islice
from typing import Final

MAX_STEPS = 200_000  # nodes visited, by one call or for one module
MAX_ITEMS = 10_000  # of one list or dictionary
MAX_TEXT = 20_000  # characters of one string
MAX_DEPTH = 40  # nested expressions
MAX_NUMBER = 10**6


class Unknown(Enum):
    """The type of :data:`UNKNOWN`."""

    UNKNOWN = "unknown"

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown.UNKNOWN
"""What cannot be worked out by reading."""


def fold(node: ast.expr, names: Mapping[str, object] | None = None) -> object:
    """Work out an expression, given the values of some names.

    Lists, tuples and sets give a list; values inside a list or dictionary may be :data:`UNKNOWN` one by one.

    Example:
        >>> fold(ast.parse("[f'b{i}' for i in range(3)]", mode="eval").body)
        ['b0', 'b1', 'b2']
    """
    return Folding().value(node, names or {})


def bound(target: ast.expr, value: object) -> dict[str, object]:
    """Give the names that ``target = value`` binds; what does not fit is :data:`UNKNOWN`."""
    if isinstance(target, ast.Name):
        return {target.id: value}
    if not isinstance(target, ast.Tuple | ast.List):
        return {}
    values = value if isinstance(value, list) and len(value) == len(target.elts) else [UNKNOWN] * len(target.elts)
    found: dict[str, object] = {}
    for each, part in zip(target.elts, values, strict=True):
        found |= {each.id: part} if isinstance(each, ast.Name) else bound(each, part)
    return found


class Folding:
    """Workings-out that share one count of steps, so that a thousand expensive statements stay cheap too."""

    def __init__(self, steps: int = MAX_STEPS) -> None:
        self.steps = steps

    def value(self, node: ast.expr, names: Mapping[str, object], depth: int = 0) -> object:
        """Work out an expression, as :func:`fold` does."""
        self.steps -= 1
        if self.steps < 0 or depth > MAX_DEPTH:
            return UNKNOWN
        known = _KINDS.get(type(node))
        return _limited(known(self, node, names, depth + 1)) if known else UNKNOWN


def _constant(_work: Folding, node: ast.Constant, _names: Mapping[str, object], _depth: int) -> object:
    return node.value if isinstance(node.value, str | int | float | None) else UNKNOWN


def _name(_work: Folding, node: ast.Name, names: Mapping[str, object], _depth: int) -> object:
    return names.get(node.id, UNKNOWN)


def _minus(work: Folding, node: ast.UnaryOp, names: Mapping[str, object], depth: int) -> object:
    value = work.value(node.operand, names, depth)
    return -value if isinstance(node.op, ast.USub) and isinstance(value, int) else UNKNOWN


def _text(work: Folding, node: ast.JoinedStr, names: Mapping[str, object], depth: int) -> object:
    parts = [work.value(part, names, depth) for part in node.values]
    return _joined("", parts)


def _shown(work: Folding, node: ast.FormattedValue, names: Mapping[str, object], depth: int) -> object:
    value = work.value(node.value, names, depth)
    spec = work.value(node.format_spec, names, depth) if node.format_spec else ""
    if not isinstance(value, str | int | float) or node.conversion != -1:
        return UNKNOWN
    if not (isinstance(spec, str) and re.fullmatch(r"0?[1-9]?|0?[1-9]?d|\.[1-9]f|", spec)):
        return UNKNOWN
    try:
        return format(value, spec)
    except ValueError:
        return UNKNOWN


def _sum(work: Folding, node: ast.BinOp, names: Mapping[str, object], depth: int) -> object:
    left, right = work.value(node.left, names, depth), work.value(node.right, names, depth)
    if not isinstance(node.op, ast.Add):
        return UNKNOWN
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    if isinstance(left, int) and isinstance(right, int):
        return left + right
    return [*left, *right] if isinstance(left, list) and isinstance(right, list) else UNKNOWN


def _items(work: Folding, node: ast.List | ast.Tuple | ast.Set, names: Mapping[str, object], depth: int) -> object:
    found: list[object] = []
    for each in node.elts:
        value = work.value(each.value if isinstance(each, ast.Starred) else each, names, depth)
        if not isinstance(each, ast.Starred):
            found.append(value)
        elif isinstance(value, list):
            found.extend(value)
        else:
            return UNKNOWN
    return found


def _table(work: Folding, node: ast.Dict, names: Mapping[str, object], depth: int) -> object:
    found: dict[object, object] = {}
    for key, each in zip(node.keys, node.values, strict=True):
        value = work.value(each, names, depth)
        if key is None:  # {**other}
            if not isinstance(value, dict):
                return UNKNOWN
            found |= value
        elif isinstance(folded := work.value(key, names, depth), str | int | float):
            found[folded] = value
        else:
            return UNKNOWN
    return found


def _rounds(
    work: Folding, loops: list[ast.comprehension], names: Mapping[str, object], depth: int
) -> list[Mapping[str, object]] | None:
    """Give the names in each round of a comprehension, or ``None`` if its loops cannot be known."""
    now: list[Mapping[str, object]] = [names]
    for loop in loops:
        after: list[Mapping[str, object]] = []
        for each in now:
            values = listed(work.value(loop.iter, each, depth))
            if values is None or loop.ifs or loop.is_async or len(after) + len(values) > MAX_ITEMS:
                return None
            # A view, not a copy: rounds times names would be a great many.
            after += [ChainMap(bound(loop.target, value), each) for value in values]  # type: ignore[arg-type]
        now = after
    return now


def _comprehension(
    work: Folding, node: ast.ListComp | ast.SetComp | ast.GeneratorExp, names: Mapping[str, object], depth: int
) -> object:
    rounds = _rounds(work, node.generators, names, depth)
    return UNKNOWN if rounds is None else [work.value(node.elt, each, depth) for each in rounds]


def _mapping(work: Folding, node: ast.DictComp, names: Mapping[str, object], depth: int) -> object:
    rounds = _rounds(work, node.generators, names, depth)
    if rounds is None:
        return UNKNOWN
    pairs = [(work.value(node.key, each, depth), work.value(node.value, each, depth)) for each in rounds]
    return dict(pairs) if all(isinstance(key, str | int | float) for key, _ in pairs) else UNKNOWN


def _item(work: Folding, node: ast.Subscript, names: Mapping[str, object], depth: int) -> object:
    value, key = work.value(node.value, names, depth), work.value(node.slice, names, depth)
    if isinstance(value, dict) and isinstance(key, str | int | float):
        return value.get(key, UNKNOWN)
    if isinstance(value, list) and isinstance(key, int) and -len(value) <= key < len(value):
        return value[key]
    return UNKNOWN


def _call(work: Folding, node: ast.Call, names: Mapping[str, object], depth: int) -> object:
    if isinstance(node.func, ast.Name) and node.func.id == "dict" and not node.args:
        return {word.arg: work.value(word.value, names, depth) for word in node.keywords if word.arg}
    if node.keywords or any(isinstance(each, ast.Starred) for each in node.args):
        return UNKNOWN
    arguments = [work.value(each, names, depth) for each in node.args]
    if isinstance(node.func, ast.Name):
        known = _FUNCTIONS.get(node.func.id) if node.func.id not in names else None
        return known(arguments) if known else UNKNOWN
    if isinstance(node.func, ast.Attribute):
        return _method(work.value(node.func.value, names, depth), node.func.attr, arguments)
    return UNKNOWN


def listed(value: object) -> list[object] | None:
    """Give what a loop over the value goes through, or ``None``."""
    if isinstance(value, dict):
        return list(value)
    return value if isinstance(value, list) else None


def _limited(value: object) -> object:
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT else UNKNOWN
    if isinstance(value, list | dict):
        return value if len(value) <= MAX_ITEMS else UNKNOWN
    if isinstance(value, int) and abs(value) > MAX_NUMBER:
        return UNKNOWN
    return value


def _joined(between: str, parts: list[object]) -> object:
    texts = [part for part in parts if isinstance(part, str)]
    size = sum(map(len, texts)) + len(between) * len(texts)
    return between.join(texts) if len(texts) == len(parts) and size <= MAX_TEXT else UNKNOWN


def _all_text(values: Iterable[object]) -> bool:
    return all(isinstance(each, str) for each in values)


def _str(arguments: list[object]) -> object:
    plain = len(arguments) == 1 and isinstance(arguments[0], str | int | float)
    return str(arguments[0]) if plain else UNKNOWN


def _range(arguments: list[object]) -> object:
    numbers = [each for each in arguments if isinstance(each, int)]
    if len(numbers) != len(arguments) or not 1 <= len(numbers) <= 3 or numbers[2:] == [0]:  # noqa: PLR2004 - start, stop, step
        return UNKNOWN
    return list(islice(range(*numbers), MAX_ITEMS + 1))


def _list(arguments: list[object]) -> object:
    found = listed(arguments[0]) if len(arguments) == 1 else None
    return list(found) if found is not None else UNKNOWN


def _sorted(arguments: list[object]) -> object:
    found = listed(arguments[0]) if len(arguments) == 1 else None
    return sorted(found) if found is not None and _all_text(found) else UNKNOWN  # type: ignore[type-var]


def _enumerate(arguments: list[object]) -> object:
    found = listed(arguments[0]) if len(arguments) == 1 else None
    return [[place, each] for place, each in enumerate(found)] if found is not None else UNKNOWN


def _zip(arguments: list[object]) -> object:
    found = [listed(each) for each in arguments]
    known = [each for each in found if each is not None]
    return [list(each) for each in zip(*known, strict=False)] if len(known) == len(found) else UNKNOWN


def _method(value: object, name: str, arguments: list[object]) -> object:
    if isinstance(value, dict) and not arguments:
        pairs: dict[str, object] = {
            "items": [[key, each] for key, each in value.items()],
            "keys": list(value),
            "values": list(value.values()),
        }
        return pairs.get(name, UNKNOWN)
    if not isinstance(value, str):
        return UNKNOWN
    if name == "join" and len(arguments) == 1 and isinstance(arguments[0], list):
        return _joined(value, arguments[0])
    if name in _TEXT_METHODS and _all_text(arguments):
        return _text_method(value, name, [str(each) for each in arguments])
    return UNKNOWN


def _text_method(value: str, name: str, arguments: list[str]) -> object:
    if name == "replace" and (len(arguments) != 2 or len(value) * len(arguments[1]) > MAX_TEXT**2 // 100):  # noqa: PLR2004
        return UNKNOWN
    try:
        changed = getattr(value, name)(*arguments)
    except (TypeError, ValueError, LookupError):
        return UNKNOWN
    return changed if isinstance(changed, str | list) else UNKNOWN


_TEXT_METHODS = frozenset(
    {"replace", "lower", "upper", "strip", "lstrip", "rstrip", "removeprefix", "removesuffix", "split", "title"}
)
_FUNCTIONS: Mapping[str, Callable[[list[object]], object]] = {
    "str": _str,
    "range": _range,
    "list": _list,
    "tuple": _list,
    "set": _list,
    "sorted": _sorted,
    "enumerate": _enumerate,
    "zip": _zip,
}
_KINDS: Mapping[type[ast.expr], Callable[..., object]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.UnaryOp: _minus,
    ast.JoinedStr: _text,
    ast.FormattedValue: _shown,
    ast.BinOp: _sum,
    ast.List: _items,
    ast.Tuple: _items,
    ast.Set: _items,
    ast.Dict: _table,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _mapping,
    ast.Subscript: _item,
    ast.Call: _call,
}
