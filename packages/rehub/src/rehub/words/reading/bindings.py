"""Which names a module binds when it is imported, and how, read from its syntax tree."""

import ast
from collections.abc import Iterable, MutableMapping
from dataclasses import replace
from functools import cached_property

from rehub.words.hubconf import Dynamic
from rehub.words.reading.binding import (
    Binding,
    Bindings,
    Via,
    conditional,
    gives_up,
    imported,
    merged,
    unvalued,
)
from rehub.words.reading.changes import change, changed_name, filled
from rehub.words.reading.fold import Folding, Lazy, bound, held, layers, stacked, within
from rehub.words.reading.making import Making, is_module, is_namespace, makers, making
from rehub.words.reading.plain import UNKNOWN, listed, same
from rehub.words.reading.source import Source
from rehub.words.reading.statements import bodies, branches, executed

MAX_NAMES = 20_000  # bindings of one module
MAX_NESTING = 50  # blocks in blocks


def bindings(
    source: Source, max_names: int = MAX_NAMES, *, folding: Folding | None = None, names: Lazy | None = None
) -> Bindings:
    """Read the bindings of a module.

    Args:
        source: the module.
        max_names: bindings that are kept.
        folding: works out constants; of other modules too, if it knows these.
        names: what the module's names stand for in the end, for those that are not worked out here.

    Example:
        >>> from rehub.words.reading.source import parse
        >>> [(b.name, b.via) for b in bindings(parse("m.py", "import os.path as p")).all]
        [('p', <Via.MODULE: 'import'>)]
    """
    collector = _Collector(source, max_names, folding or Folding(), names)
    found = collector.block(source.tree.body, 0)
    collector.called_makers()
    places: dict[str, list[int]] = {}
    for place, each in enumerate(found):
        places.setdefault(each.name, []).append(place)
    dynamic = sorted(collector.dynamic.values(), key=lambda each: each.line)
    return Bindings(tuple(found), tuple(dynamic), collector.own, places)


class _Collector:
    """One pass over a module, which works out constants as it goes."""

    def __init__(self, source: Source, max_names: int, folding: Folding, names: Lazy | None) -> None:
        self.source, self.left, self.folding = source, max_names, folding
        self.own: dict[str, object] = {}
        self.constants: MutableMapping[str, object] = self.own if names is None else stacked(self.own, names)
        self.values: dict[str, ast.expr] = {}
        self.aliases: set[str] = set()
        self.dynamic: dict[int, Dynamic] = {}

    @cached_property
    def filled(self) -> frozenset[str]:
        """The lists and tables that functions of the module change when they are called."""
        return frozenset(filled(self.source.tree))

    def block(self, statements: list[ast.stmt], depth: int) -> list[Binding]:
        found: list[Binding] = []
        for statement in statements:
            if self.left <= 0 or depth > MAX_NESTING:
                self.make_dynamic(statement, "more names than are read")
                break
            new = self.statement(statement, depth + 1)
            self.left -= len(new)
            found += new
        return found

    def statement(self, node: ast.stmt, depth: int) -> list[Binding]:  # noqa: C901, PLR0911 - one case a form
        if made := making(node, self.aliases):
            return self.made(node, made)
        if name := changed_name(node):
            self.change(node, name)
            return []
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                return [self.defined(node)]
            case ast.Import() | ast.ImportFrom():
                found = imported(node)
                self.forget(each.name for each in found)
                return found
            case ast.Assign():
                return [each for target in node.targets for each in self.assigned(target, node.value)]
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                return self.assigned(target, value)
            case ast.Expr(value=ast.Call() as call):
                self.hand_over(call)
                return []
            case ast.Delete():
                return [
                    Binding(each.id, Via.DELETED, node.lineno) for each in node.targets if isinstance(each, ast.Name)
                ]
        return self.compound(node, depth)

    def defined(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Binding:
        self.forget([node.name])
        return Binding(node.name, Via.CLASS if isinstance(node, ast.ClassDef) else Via.DEF, node.lineno, node=node)

    def forget(self, names: Iterable[str]) -> None:
        """Let names stand for what they are bound to from here on, instead of a constant."""
        for name in names:
            for each in layers(self.constants):
                if isinstance(each, dict):
                    each.pop(name, None)

    def change(self, node: ast.stmt, name: str) -> None:
        """Follow what becomes of a list or table; what becomes of one that functions fill is not to be seen here."""
        if name in self.filled:
            self.forget([name])
        else:
            change(node, self.constants, self.folding)

    def hand_over(self, call: ast.Call) -> None:
        """Give a list or table to a function, which may fill it."""
        for each in call.args:
            if isinstance(each, ast.Name) and isinstance(self.own.get(each.id), list | dict):
                self.own[each.id] = UNKNOWN

    def compound(self, node: ast.stmt, depth: int) -> list[Binding]:
        match node:
            case ast.If():
                ways = branches(node)
                sure = bool(ways) and ways[-1][0] is None
                return self.ways([body for _, body in ways], depth, exhaustive=sure)
            case ast.Try() | ast.TryStar():
                return self.attempt(node, depth)
            case ast.For():
                return self.loop(node, depth)
            case ast.With() | ast.AsyncWith():
                targets = [item.optional_vars for item in node.items if item.optional_vars]
                opened = [each for target in targets for each in unvalued(target, node.lineno)]
                return opened + conditional(self.block(node.body, depth))
            case ast.While() | ast.Match():
                return self.ways(bodies(node), depth, exhaustive=False)
        return []

    def ways(self, blocks: list[list[ast.stmt]], depth: int, *, exhaustive: bool) -> list[Binding]:
        """Take several ways, of which one is taken; a constant that they set differently is unknown afterwards."""
        before = self.constants
        found: list[list[Binding]] = []
        ends: list[dict[str, object]] = []
        for block in blocks:
            ends.append({})
            self.constants = within(before, ends[-1])
            found.append(self.block(block, depth))
        self.constants = before
        ends += [] if exhaustive else [{}]
        for name in {name for end in ends for name in end}:
            values = [end.get(name, before.get(name, UNKNOWN)) for end in ends]
            before[name] = values[0] if all(same(each, values[0]) for each in values) else UNKNOWN
        return merged(found, exhaustive=exhaustive)

    def attempt(self, node: ast.Try | ast.TryStar, depth: int) -> list[Binding]:
        tried = self.block([*node.body, *node.orelse], depth)
        constants, self.constants = self.constants, within(self.constants, {})
        handled = [self.block(each.body, depth) for each in node.handlers if not gives_up(each.body)]
        self.constants = constants
        # Before the fallbacks, so that of "try: from a import f" and "except: f = None" the import is described.
        found = merged([tried, *handled], exhaustive=True) if node.handlers else tried
        return found + self.block(node.finalbody, depth)

    def loop(self, node: ast.For, depth: int) -> list[Binding]:
        """Go round a loop that makes names, or fills a table, once for each value, if its values can be worked out."""
        inner = list(executed(ast.Module([node], [])))
        makes = any(making(each, self.aliases) for each in inner)
        goes = makes or any(isinstance(self.constants.get(changed_name(each) or ""), list | dict) for each in inner)
        values = listed(self.folding.value(node.iter, self.constants)) if goes else None
        target = unvalued(node.target, node.lineno)
        self.constants.update(bound(node.target, UNKNOWN))
        if values is None:
            return [*target, *self.ways([node.body], depth, exhaustive=False), *self.block(node.orelse, depth)]
        found = self.rounds(node, values, depth) if makes else self.last_round(node, values, depth)
        left = bound(node.target, values[-1] if values else UNKNOWN)
        known = [replace(each, made=True, value=left[each.name], leftover=True) for each in target if each.name in left]
        return [*(each for each in known if each.value is not UNKNOWN), *found, *self.block(node.orelse, depth)]

    def rounds(self, node: ast.For, values: list[object], depth: int) -> list[Binding]:
        found: list[Binding] = []
        for value in values:
            if self.left <= 0:
                self.make_dynamic(node, "more names than are read")
                break
            self.left -= 1
            self.constants.update(bound(node.target, value))
            found += self.block(node.body, depth)
        return found

    def last_round(self, node: ast.For, values: list[object], depth: int) -> list[Binding]:
        """Fill tables in every round; the names are the same in all of them."""
        left, found = self.left, list[Binding]()
        for value in values:
            self.left = left
            self.constants.update(bound(node.target, value))
            found = self.block(node.body, depth)
            if self.folding.budget.steps < 0:
                names = [changed_name(each) for each in executed(ast.Module(node.body, []))]
                self.constants.update(dict.fromkeys(filter(None, names), UNKNOWN))
                break
        return found

    def assigned(self, target: ast.expr, value: ast.expr) -> list[Binding]:
        match target:
            case ast.Name(id=name):
                if is_namespace(value) or is_module(value):
                    self.aliases.add(name)
                found = self.folding.value(value, self.constants)
                self.values[name] = value
                if isinstance(found, list | dict) and name in self.filled:
                    self.forget([name])
                else:
                    self.constants[name] = found
                return [Binding(name, Via.VALUE, target.lineno, node=value)]
            case ast.Tuple() | ast.List():
                self.constants.update(bound(target, self.folding.value(value, self.constants)))
                pairs = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts)
                if not pairs or not isinstance(value, ast.Tuple | ast.List):
                    return unvalued(target, target.lineno)
                together = zip(target.elts, value.elts, strict=True)
                return [
                    Binding(left.id, Via.VALUE, left.lineno, node=right)
                    for left, right in together
                    if isinstance(left, ast.Name)
                ]
        return []

    def made(self, node: ast.stmt, made: Making) -> list[Binding]:
        """Bind the names that a ``globals()[k] = v`` makes, if they can be worked out; else note the place."""
        if made.key is not None and made.value is not None:
            name = self.folding.value(made.key, self.constants)
            if isinstance(name, str):
                value = self.folding.value(made.value, self.constants)
                values = held(made.value, self.constants)
                return [Binding(name, Via.VALUE, node.lineno, node=made.value, made=True, value=value, values=values)]
        if made.table is not None and (found := self.poured(made.table, node.lineno)) is not None:
            return found
        self.make_dynamic(node, made.reason)
        return []

    def poured(self, table: ast.expr, line: int) -> list[Binding] | None:
        found = self.folding.value(table, self.constants)
        if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
            return None
        if isinstance(table, ast.Name):
            table = self.values.get(table.id, table)
        nodes = self.nodes(table, found)
        return [
            Binding(str(name), Via.VALUE, line, node=nodes.get(name), made=True, value=value)
            for name, value in found.items()
        ]

    def nodes(self, table: ast.expr, found: dict[object, object]) -> dict[object, ast.expr]:
        """Give the expressions of a table's values, where each has one of its own."""
        match table:
            case ast.DictComp(value=value):
                return dict.fromkeys(found, value)
            case ast.Dict(keys=keys, values=values):
                pairs = [(key, value) for key, value in zip(keys, values, strict=True) if key]
                return {
                    folded: value
                    for key, value in pairs
                    if isinstance(folded := self.folding.value(key, self.constants), str)
                }
        return {}

    def make_dynamic(self, node: ast.stmt, reason: str) -> None:
        self.dynamic.setdefault(node.lineno, Dynamic(self.source.file, node.lineno, reason))

    def called_makers(self) -> None:
        """Note functions of this module that make names, if the top level calls them or decorates with them."""
        known = makers(self.source.tree)
        if not known:
            return
        for statement in executed(self.source.tree):
            for call in _called(statement):
                if call in known:
                    line, made = known[call]
                    self.dynamic.setdefault(line, Dynamic(self.source.file, line, f"{made.reason} in {call}()"))


def _called(statement: ast.stmt) -> list[str]:
    match statement:
        case ast.FunctionDef(decorator_list=decorators) | ast.ClassDef(decorator_list=decorators):
            calls = [each.func if isinstance(each, ast.Call) else each for each in decorators]
        case ast.Expr(value=ast.Call(func=function)):
            calls = [function]
        case _:
            calls = []
    return [each.id for each in calls if isinstance(each, ast.Name)]
