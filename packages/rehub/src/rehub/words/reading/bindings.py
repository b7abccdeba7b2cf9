"""Which names a module binds when it is imported, and how, read from its syntax tree."""

import ast
from collections import ChainMap
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, replace
from enum import StrEnum

from rehub.words.hubconf import Dynamic
from rehub.words.reading.fold import UNKNOWN, Folding, bound, listed
from rehub.words.reading.making import Making, is_module, is_namespace, makers, making
from rehub.words.reading.source import Source
from rehub.words.reading.statements import bodies, branches, executed

MAX_NAMES = 20_000  # bindings of one module
MAX_NESTING = 50  # blocks in blocks


class Via(StrEnum):
    """How a name is bound."""

    DEF = "def"
    CLASS = "class"
    MODULE = "import"
    FROM = "from … import"
    STAR = "from … import *"
    VALUE = "assignment"
    DELETED = "del"


@dataclass(frozen=True, slots=True)
class Binding:
    """One binding, in the order in which they happen; a later one of the same name wins.

    Attributes:
        name: the name bound; ``*`` for a star import.
        line: where.
        conditional: it happens only if an ``if``, ``try``, ``for``, ``while`` or ``with`` goes its way.
        node: the definition, or the value assigned; ``None`` where no expression stands for the value.
        module: the module imported, dotted.
        level: the dots of a relative import.
        attribute: the name imported from it.
    """

    name: str
    via: Via
    line: int
    conditional: bool = False
    node: ast.expr | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | None = None
    module: str = ""
    level: int = 0
    attribute: str = ""


@dataclass(frozen=True, slots=True)
class Bindings:
    """All bindings of a module, and the places that bind names at run time."""

    all: tuple[Binding, ...]
    dynamic: tuple[Dynamic, ...]
    places: Mapping[str, list[int]]

    def of(self, name: str) -> list[Binding]:
        """Give the bindings that a name may have: its own, and star imports, in order."""
        own = self.places.get(name, ())
        return [self.all[place] for place in sorted((*own, *(self.places.get("*", ()) if name != "*" else ())))]


def bindings(source: Source, max_names: int = MAX_NAMES) -> Bindings:
    """Read the bindings of a module.

    Example:
        >>> from rehub.words.reading.source import parse
        >>> [(b.name, b.via) for b in bindings(parse("m.py", "import os.path as p")).all]
        [('p', <Via.MODULE: 'import'>)]
    """
    collector = _Collector(source, max_names)
    found = collector.block(source.tree.body, 0)
    collector.called_makers()
    places: dict[str, list[int]] = {}
    for place, each in enumerate(found):
        places.setdefault(each.name, []).append(place)
    return Bindings(tuple(found), tuple(sorted(collector.dynamic.values(), key=lambda each: each.line)), places)


class _Collector:
    """One pass over a module, which works out constants as it goes."""

    def __init__(self, source: Source, max_names: int) -> None:
        self.source, self.left = source, max_names
        self.constants: MutableMapping[str, object] = {}
        self.values: dict[str, ast.expr] = {}
        self.aliases: set[str] = set()
        self.dynamic: dict[int, Dynamic] = {}
        self.folding = Folding()

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
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return [Binding(node.name, Via.DEF, node.lineno, node=node)]
            case ast.ClassDef():
                return [Binding(node.name, Via.CLASS, node.lineno, node=node)]
            case ast.Import() | ast.ImportFrom():
                return _imported(node)
            case ast.Assign():
                return [each for target in node.targets for each in self.assigned(target, node.value)]
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                return self.assigned(target, value)
            case ast.AugAssign(target=ast.Name(id=name), op=sign, value=value):
                self.constants[name] = self.folding.value(ast.BinOp(ast.Name(name), sign, value), self.constants)
                return []
            case ast.Delete():
                return [
                    Binding(each.id, Via.DELETED, node.lineno) for each in node.targets if isinstance(each, ast.Name)
                ]
        return self.compound(node, depth)

    def compound(self, node: ast.stmt, depth: int) -> list[Binding]:
        match node:
            case ast.If():
                ways = branches(node)
                sure = bool(ways) and ways[-1][0] is None
                return _merged([self.block(body, depth) for _, body in ways], exhaustive=sure)
            case ast.Try() | ast.TryStar():
                return self.attempt(node, depth)
            case ast.For():
                return self.loop(node, depth)
            case ast.With() | ast.AsyncWith():
                targets = [item.optional_vars for item in node.items if item.optional_vars]
                opened = [each for target in targets for each in _targets(target, node.lineno)]
                return opened + _conditional(self.block(node.body, depth))
            case ast.While() | ast.Match():
                return _merged([self.block(body, depth) for body in bodies(node)], exhaustive=False)
        return []

    def attempt(self, node: ast.Try | ast.TryStar, depth: int) -> list[Binding]:
        tried = self.block([*node.body, *node.orelse], depth)
        handled = [self.block(each.body, depth) for each in node.handlers if not _gives_up(each.body)]
        # Before the fallbacks, so that of "try: from a import f" and "except: f = None" the import is described.
        found = _merged([tried, *handled], exhaustive=True) if node.handlers else tried
        return found + self.block(node.finalbody, depth)

    def loop(self, node: ast.For, depth: int) -> list[Binding]:
        """Go round a loop that makes names once for each value, if its values can be worked out."""
        makes = any(making(each, self.aliases) for each in executed(ast.Module([node], [])))
        values = listed(self.folding.value(node.iter, self.constants)) if makes else None
        before = self.constants
        found = []
        if values is None:
            self.constants = ChainMap(dict.fromkeys(_names(node.target), UNKNOWN), before)
            found += _conditional(self.block(node.body, depth))
        for value in values or []:
            if self.left <= 0:
                break
            self.left -= 1
            self.constants = ChainMap(bound(node.target, value), before)
            found += self.block(node.body, depth)
        self.constants = before
        self.constants.update(dict.fromkeys(_names(node.target), UNKNOWN))
        return _targets(node.target, node.lineno) + found + self.block(node.orelse, depth)

    def assigned(self, target: ast.expr, value: ast.expr) -> list[Binding]:
        match target:
            case ast.Name(id=name):
                if is_namespace(value) or is_module(value):
                    self.aliases.add(name)
                self.constants[name] = self.folding.value(value, self.constants)
                self.values[name] = value
                return [Binding(name, Via.VALUE, target.lineno, node=value)]
            case ast.Tuple() | ast.List():
                pairs = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts)
                if not pairs or not isinstance(value, ast.Tuple | ast.List):
                    return _targets(target, target.lineno)
                together = zip(target.elts, value.elts, strict=True)
                return [
                    Binding(left.id, Via.VALUE, left.lineno, node=right)
                    for left, right in together
                    if isinstance(left, ast.Name)
                ]
        return []

    def made(self, node: ast.stmt, made: Making) -> list[Binding]:
        """Bind the names that a ``globals()[k] = v`` makes, if they can be worked out; else note the place."""
        if made.key is not None:
            name = self.folding.value(made.key, self.constants)
            if isinstance(name, str):
                return [Binding(name, Via.VALUE, node.lineno, node=made.value)]
        if made.table is not None and (found := self.poured(made.table, node.lineno)) is not None:
            return found
        self.make_dynamic(node, made.reason)
        return []

    def poured(self, table: ast.expr, line: int) -> list[Binding] | None:
        if isinstance(table, ast.Name):
            table = self.values.get(table.id, table)
        if isinstance(table, ast.Dict) and None not in table.keys:
            names = [self.folding.value(key, self.constants) for key in table.keys if key]
            if all(isinstance(name, str) for name in names):
                return [
                    Binding(str(name), Via.VALUE, line, node=value)
                    for name, value in zip(names, table.values, strict=True)
                ]
        if isinstance(table, ast.DictComp):
            folded = self.folding.value(table, self.constants)
            if isinstance(folded, dict) and all(isinstance(name, str) for name in folded):
                return [Binding(str(name), Via.VALUE, line, node=table.value) for name in folded]
        return None

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


def _imported(node: ast.Import | ast.ImportFrom) -> list[Binding]:
    if isinstance(node, ast.Import):
        # "import a.b" binds a; "import a.b as c" binds the module a.b.
        return [
            Binding(
                each.asname or each.name.partition(".")[0],
                Via.MODULE,
                node.lineno,
                module=each.name,
                attribute=each.asname or "",
            )
            for each in node.names
        ]
    return [
        Binding(
            each.asname or each.name,
            Via.STAR if each.name == "*" else Via.FROM,
            node.lineno,
            module=node.module or "",
            level=node.level,
            attribute=each.name,
        )
        for each in node.names
    ]


def _targets(target: ast.expr, line: int) -> list[Binding]:
    """Bind the names of a target whose value no expression stands for."""
    return [Binding(name, Via.VALUE, line) for name in _names(target)]


def _names(target: ast.expr) -> list[str]:
    return [each.id for each in ast.walk(target) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)]


def _conditional(found: list[Binding]) -> list[Binding]:
    return [replace(each, conditional=True) for each in found if each.via is not Via.DELETED]


def _merged(ways: list[list[Binding]], *, exhaustive: bool) -> list[Binding]:
    """Join the bindings of branches, of which one is taken; the first branch wins, unless it says only ``None``."""
    names = [{each.name for each in way} for way in ways]
    always = set.intersection(*names) if exhaustive and names else set()
    found: list[Binding] = []
    for place in reversed(range(len(ways))):
        elsewhere = set().union(*(names[:place] + names[place + 1 :]))
        kept = [each for each in ways[place] if not (_is_none(each) and each.name in elsewhere)]
        found += [each for each in kept if each.name in always] + _conditional(
            [each for each in kept if each.name not in always]
        )
    return found


def _is_none(binding: Binding) -> bool:
    return isinstance(binding.node, ast.Constant) and binding.node.value is None


def _gives_up(body: list[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], ast.Raise)


def _called(statement: ast.stmt) -> list[str]:
    match statement:
        case ast.FunctionDef(decorator_list=decorators) | ast.ClassDef(decorator_list=decorators):
            calls = [each.func if isinstance(each, ast.Call) else each for each in decorators]
        case ast.Expr(value=ast.Call(func=function)):
            calls = [function]
        case _:
            calls = []
    return [each.id for each in calls if isinstance(each, ast.Name)]
