"""Literals worked out without running anything: ``["b" + str(i) for i in range(9)]``, ``f"{BASE}/x.pth"``, tables.

Only pure operations on text, numbers, lists and dictionaries are known; everything else is :data:`UNKNOWN`. Steps,
items and characters are limited, since hostile code may double a string sixty times.

A :class:`Folding` knows one module. Whoever knows the others makes an heir of it, which says what the names of a
repository stand for (a :class:`~rehub.words.reading.plain.Thing`), and what calling them gives.
"""

import ast
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from rehub.words.reading.methods import FUNCTIONS, method
from rehub.words.reading.operations import (
    MAX_ITEMS,
    compared,
    formatted,
    joined,
    limited,
    summed,
)
from rehub.words.reading.plain import UNKNOWN, listed, truth

MAX_STEPS = 200_000  # nodes visited, by one call or for one module
MAX_DEPTH = 40  # nested expressions


@dataclass(slots=True)
class Budget:
    """What is left of the work that may be done; shared by everybody who works on the same question.

    Attributes:
        steps: nodes that may still be visited.
        depth: expressions, blocks and calls in one another, at this moment.
        doubts: conditions that are not known, at this moment: what happens below them may happen or not.
    """

    steps: int = MAX_STEPS
    depth: int = 0
    doubts: int = 0


@dataclass(frozen=True, slots=True)
class Arguments:
    """The values that a call is given."""

    args: list[object]
    words: dict[str, object] = field(default_factory=dict)


class Lazy(Mapping[str, object]):
    """Names that are looked up when they are asked for: a module's, as opposed to a loop's or a function's own."""


def fold(node: ast.expr, names: Mapping[str, object] | None = None) -> object:
    """Work out an expression, given the values of some names.

    Lists, tuples and sets give a list; values inside a list or dictionary may be :data:`UNKNOWN` one by one.

    Example:
        >>> fold(ast.parse("[f'b{i}' for i in range(3) if i != 1]", mode="eval").body)
        ['b0', 'b2']
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


def stacked(*maps: Mapping[str, object]) -> ChainMap[str, object]:
    """Look names up in several mappings, the first that has one; only the first is ever written to."""
    return ChainMap(*maps)  # type: ignore[arg-type]


def within(names: Mapping[str, object], own: dict[str, object]) -> ChainMap[str, object]:
    """Give names in an inner scope. A view, not a copy: rounds of a loop times names would be a great many."""
    return stacked(own, *layers(names))


def layers(names: Mapping[str, object]) -> list[Mapping[str, object]]:
    """Give the mappings in which names are looked up, one after the other."""
    return [*names.maps] if isinstance(names, ChainMap) else [names]


def held(node: ast.expr, names: Mapping[str, object]) -> dict[str, object]:
    """Give the values that the names in an expression have now, but for those that can be looked up at any time."""
    maps = [each for each in layers(names) if not isinstance(each, Lazy)]
    read = [each.id for each in ast.walk(node) if isinstance(each, ast.Name)]
    return {name: next(each[name] for each in maps if name in each) for name in read if any(name in m for m in maps)}


class Folding:
    """Workings-out that share one count of steps, so that a thousand expensive statements stay cheap too."""

    def __init__(self, budget: Budget | None = None) -> None:
        self.budget = budget or Budget()

    def value(self, node: ast.expr, names: Mapping[str, object]) -> object:
        """Work out an expression, as :func:`fold` does."""
        budget = self.budget
        budget.steps -= 1
        if budget.steps < 0 or budget.depth > MAX_DEPTH:
            return UNKNOWN
        known = _KINDS.get(type(node))
        if known is None:
            return UNKNOWN
        budget.depth += 1
        found = limited(known(self, node, names))
        budget.depth -= 1
        return found

    def arguments(self, node: ast.Call, names: Mapping[str, object]) -> Arguments | None:
        """Work out what a call is given; ``None`` if not even how many values these are can be known."""
        args: list[object] = []
        for each in node.args:
            value = self.value(each.value if isinstance(each, ast.Starred) else each, names)
            if isinstance(each, ast.Starred) and not isinstance(value, list):
                return None
            args += value if isinstance(each, ast.Starred) and isinstance(value, list) else [value]
        words: dict[str, object] = {}
        for word in node.keywords:
            value = self.value(word.value, names)
            if word.arg is None and not isinstance(value, dict):
                return None
            words |= {word.arg: value} if word.arg else value if isinstance(value, dict) else {}
        return Arguments(args, words)

    # What only an heir knows, who has other modules.

    def attribute(self, owner: object, name: str) -> object:  # noqa: ARG002 - the heir's signature
        """Give what ``owner.name`` stands for."""
        return UNKNOWN

    def call(self, node: ast.Call, function: object, given: Arguments, names: Mapping[str, object]) -> object:  # noqa: ARG002
        """Give what a call of a ``Thing`` gives, or of a builtin of which nothing is known here."""
        return UNKNOWN

    def anonymous(self, node: ast.Lambda, names: Mapping[str, object]) -> object:  # noqa: ARG002
        """Give what a lambda stands for."""
        return UNKNOWN

    def defined(
        self,
        node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef,  # noqa: ARG002
        names: Mapping[str, object],  # noqa: ARG002
    ) -> object:
        """Give what a definition inside a function stands for."""
        return UNKNOWN

    def imported(self, node: ast.Import | ast.ImportFrom) -> dict[str, object]:
        """Give the names that an import inside a function binds."""
        return {each.asname or each.name.partition(".")[0]: UNKNOWN for each in node.names}

    def set_attribute(self, owner: object, name: str, value: object) -> None:
        """Take notice of ``owner.name = value``."""


def _constant(_work: Folding, node: ast.Constant, _names: Mapping[str, object]) -> object:
    return node.value if isinstance(node.value, str | int | float | None) else UNKNOWN


def _name(_work: Folding, node: ast.Name, names: Mapping[str, object]) -> object:
    return names.get(node.id, UNKNOWN)


def _unary(work: Folding, node: ast.UnaryOp, names: Mapping[str, object]) -> object:
    value = work.value(node.operand, names)
    if isinstance(node.op, ast.Not):
        sure = truth(value)
        return UNKNOWN if sure is None else not sure
    return -value if isinstance(node.op, ast.USub) and isinstance(value, int) else UNKNOWN


def _text(work: Folding, node: ast.JoinedStr, names: Mapping[str, object]) -> object:
    return joined("", [work.value(part, names) for part in node.values])


def _shown(work: Folding, node: ast.FormattedValue, names: Mapping[str, object]) -> object:
    value = work.value(node.value, names)
    spec = work.value(node.format_spec, names) if node.format_spec else ""
    return formatted(value, spec) if node.conversion == -1 else UNKNOWN


def _sum(work: Folding, node: ast.BinOp, names: Mapping[str, object]) -> object:
    return summed(node.op, work.value(node.left, names), work.value(node.right, names))


def _both(work: Folding, node: ast.BoolOp, names: Mapping[str, object]) -> object:
    """Give ``a and b``, ``a or b``: one operand may decide, whatever the unknown others are."""
    values = [work.value(each, names) for each in node.values]
    decides = isinstance(node.op, ast.Or)
    place = next((place for place, each in enumerate(values) if truth(each) is decides), len(values) - 1)
    if all(truth(each) is not None for each in values[:place]) or isinstance(values[place], bool):
        return values[place]
    return UNKNOWN


def _compare(work: Folding, node: ast.Compare, names: Mapping[str, object]) -> object:
    values = [work.value(each, names) for each in [node.left, *node.comparators]]
    found = [compared(op, values[place], values[place + 1]) for place, op in enumerate(node.ops)]
    if any(each is False for each in found):
        return False
    return UNKNOWN if any(each is UNKNOWN for each in found) else True


def _choice(work: Folding, node: ast.IfExp, names: Mapping[str, object]) -> object:
    sure = truth(work.value(node.test, names))
    return UNKNOWN if sure is None else work.value(node.body if sure else node.orelse, names)


def _items(work: Folding, node: ast.List | ast.Tuple | ast.Set, names: Mapping[str, object]) -> object:
    found: list[object] = []
    for each in node.elts:
        value = work.value(each.value if isinstance(each, ast.Starred) else each, names)
        if not isinstance(each, ast.Starred):
            found.append(value)
        elif isinstance(value, list):
            found.extend(value)
        else:
            return UNKNOWN
    return found


def _table(work: Folding, node: ast.Dict, names: Mapping[str, object]) -> object:
    found: dict[object, object] = {}
    for key, each in zip(node.keys, node.values, strict=True):
        value = work.value(each, names)
        if key is None:  # {**other}
            if not isinstance(value, dict):
                return UNKNOWN
            found |= value
        elif isinstance(folded := work.value(key, names), str | int | float):
            found[folded] = value
        else:
            return UNKNOWN
    return found


def _rounds(
    work: Folding, loops: list[ast.comprehension], names: Mapping[str, object]
) -> list[Mapping[str, object]] | None:
    """Give the names in each round of a comprehension, or ``None`` if its loops cannot be known."""
    now: list[Mapping[str, object]] = [names]
    for loop in loops:
        after: list[Mapping[str, object]] = []
        for each in now:
            values = listed(work.value(loop.iter, each))
            if values is None or loop.is_async or len(after) + len(values) > MAX_ITEMS:
                return None
            for value in values:
                inner = within(each, bound(loop.target, value))
                sure = [truth(work.value(test, inner)) for test in loop.ifs]
                if None in sure:
                    return None
                after += [inner] if all(sure) else []
        now = after
    return now


def _comprehension(
    work: Folding, node: ast.ListComp | ast.SetComp | ast.GeneratorExp, names: Mapping[str, object]
) -> object:
    rounds = _rounds(work, node.generators, names)
    return UNKNOWN if rounds is None else [work.value(node.elt, each) for each in rounds]


def _mapping(work: Folding, node: ast.DictComp, names: Mapping[str, object]) -> object:
    rounds = _rounds(work, node.generators, names)
    if rounds is None:
        return UNKNOWN
    pairs = [(work.value(node.key, each), work.value(node.value, each)) for each in rounds]
    return dict(pairs) if all(isinstance(key, str | int | float) for key, _ in pairs) else UNKNOWN


def _item(work: Folding, node: ast.Subscript, names: Mapping[str, object]) -> object:
    value, key = work.value(node.value, names), work.value(node.slice, names)
    if isinstance(value, dict) and isinstance(key, str | int | float):
        return value.get(key, UNKNOWN)
    if isinstance(value, list | str) and isinstance(key, int) and -len(value) <= key < len(value):
        return value[key]
    return UNKNOWN


def _attribute(work: Folding, node: ast.Attribute, names: Mapping[str, object]) -> object:
    return work.attribute(work.value(node.value, names), node.attr)


def _lambda(work: Folding, node: ast.Lambda, names: Mapping[str, object]) -> object:
    return work.anonymous(node, names)


def _call(work: Folding, node: ast.Call, names: Mapping[str, object]) -> object:
    name = node.func.id if isinstance(node.func, ast.Name) and node.func.id not in names else ""
    if name in {"filter", "map"} and len(node.args) == 2:  # noqa: PLR2004 - what is done, and with what
        return _applied(work, name, node, names)
    given = work.arguments(node, names)
    if given is None:
        return UNKNOWN
    if name in FUNCTIONS:
        return FUNCTIONS[name](given.args, given.words)
    if isinstance(node.func, ast.Attribute):
        owner = work.value(node.func.value, names)
        if isinstance(owner, str | list | dict):
            return method(owner, node.func.attr, given.args, given.words)
        return work.call(node, work.attribute(owner, node.func.attr), given, names)
    return work.call(node, UNKNOWN if name else work.value(node.func, names), given, names)


def _applied(work: Folding, name: str, node: ast.Call, names: Mapping[str, object]) -> object:
    """Give ``filter(lambda n: …, values)`` or ``map(str, values)`` as a list."""
    function, given = node.args
    values = listed(work.value(given, names))
    if values is None:
        return UNKNOWN
    if name == "filter" and isinstance(function, ast.Constant) and function.value is None:
        results: list[object] = values
    else:
        results = list(_each(work, function, values, names))
    if name == "map":
        return results
    sure = [truth(each) for each in results]
    return UNKNOWN if None in sure else [value for value, kept in zip(values, sure, strict=True) if kept]


def _each(work: Folding, function: ast.expr, values: list[object], names: Mapping[str, object]) -> Iterator[object]:
    """Call a function with one argument on each value."""
    plain = function.id if isinstance(function, ast.Name) and function.id not in names else ""
    for value in values:
        match function:
            case ast.Lambda(args=ast.arguments(args=[ast.arg(arg=name)], posonlyargs=[], kwonlyargs=[])):
                yield work.value(function.body, within(names, {name: value}))
            case _ if plain in FUNCTIONS:
                yield FUNCTIONS[plain]([value], {})
            case _:
                call = ast.copy_location(ast.Call(function, [ast.Name("_")], []), function)
                yield work.call(call, work.value(function, names), Arguments([value]), within(names, {"_": value}))


_KINDS: Mapping[type[ast.expr], Callable[..., object]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.UnaryOp: _unary,
    ast.JoinedStr: _text,
    ast.FormattedValue: _shown,
    ast.BinOp: _sum,
    ast.BoolOp: _both,
    ast.Compare: _compare,
    ast.IfExp: _choice,
    ast.List: _items,
    ast.Tuple: _items,
    ast.Set: _items,
    ast.Dict: _table,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _mapping,
    ast.Subscript: _item,
    ast.Attribute: _attribute,
    ast.Lambda: _lambda,
    ast.Call: _call,
}
