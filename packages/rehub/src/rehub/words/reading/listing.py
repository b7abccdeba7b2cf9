"""Lists of names that a module writes down: ``dependencies`` and ``__all__``.

Both are read the same way: a literal list or tuple, sums of them, and every later ``+=``, ``append``, ``extend``,
``insert`` and ``remove`` at the top level of the file, wherever that stands.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from rehub.words.reading.fold import Folding
from rehub.words.reading.plain import UNKNOWN, listed
from rehub.words.reading.source import Source
from rehub.words.reading.statements import executed


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list of names holds, in order.

    Attributes:
        names: each with the line that says it.
        line: of the first statement about the list.
        unknown: what could not be known by reading, with its line.
        is_text: it is one string, which Python takes letter by letter.
    """

    names: tuple[tuple[str, int], ...]
    line: int
    unknown: tuple[tuple[str, int], ...] = ()
    is_text: bool = False


def listing(source: Source, name: str) -> Listing | None:
    """Read the list of that name, or give ``None`` if the module has none.

    Example:
        >>> from rehub.words.reading.source import parse
        >>> listing(parse("hubconf.py", "dependencies = ['torch'] + ['timm']"), "dependencies").names
        (('torch', 1), ('timm', 1))
    """
    reader = _Reader(source, name)
    for statement in executed(source.tree):
        reader.read(statement)
    if reader.line is None:
        return None
    return Listing(tuple(reader.names), reader.line, tuple(reader.unknown), reader.is_text)


class _Reader:
    def __init__(self, source: Source, name: str) -> None:
        self.source, self.name = source, name
        self.names: list[tuple[str, int]] = []
        self.unknown: list[tuple[str, int]] = []
        self.line: int | None = None
        self.is_text = False
        self.others: dict[str, ast.expr] = {}
        self.folding = Folding()

    def read(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Assign(targets=[ast.Name(id=target)], value=ast.expr() as value):
                self._assign(target, value)
            case ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value):
                self._assign(target, value)
            case ast.AugAssign(target=ast.Name(id=self.name), op=ast.Add(), value=value):
                self._touch(statement)
                self._add(value)
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=self.name), attr=verb), args=arguments)):
                self._touch(statement)
                self._change(verb, arguments, statement)
            case _:
                pass

    def _assign(self, target: str, value: ast.expr) -> None:
        if target != self.name:
            self.others[target] = value
            return
        self._touch(value)
        earlier = self.names
        self.names, self.unknown, self.is_text = [], [], False
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            self.names, self.is_text = [(value.value, value.lineno)], True
            return
        # "dependencies = dependencies + [...]" keeps what was there.
        for part in _terms(value):
            if isinstance(part, ast.Name) and part.id == self.name:
                self.names += earlier
            else:
                self._add(part)

    def _touch(self, node: ast.AST) -> None:
        self.line = self.line or getattr(node, "lineno", 1)

    def _change(self, verb: str, arguments: list[ast.expr], statement: ast.stmt) -> None:
        if verb == "append" and len(arguments) == 1:
            self._one(arguments[0])
        elif verb == "extend" and len(arguments) == 1:
            self._add(arguments[0])
        elif verb == "insert" and len(arguments) == 2:  # noqa: PLR2004 - where, what
            self._one(arguments[1])
        elif verb == "remove" and arguments and isinstance(arguments[0], ast.Constant):
            self.names = [each for each in self.names if each[0] != arguments[0].value]
        elif verb not in {"sort", "reverse", "count", "index", "copy"}:
            self.unknown.append((self.source.shown(statement), statement.lineno))

    def _add(self, value: ast.expr) -> None:
        for part in _terms(value):
            seen = self.others.get(part.id, part) if isinstance(part, ast.Name) else part
            if isinstance(seen, ast.List | ast.Tuple | ast.Set) and not any(
                isinstance(e, ast.Starred) for e in seen.elts
            ):
                for each in seen.elts:
                    self._one(each)
            else:
                self._folded(seen)

    def _folded(self, value: ast.expr) -> None:
        names = listed(self.folding.value(value, {}))
        if names is None or not all(isinstance(each, str) for each in names):
            self.unknown.append((self.source.shown(value), value.lineno))
        else:
            self.names += [(str(each), value.lineno) for each in names]

    def _one(self, node: ast.expr) -> None:
        value = self.folding.value(node, {})
        if value is UNKNOWN or not isinstance(value, str):
            self.unknown.append((self.source.shown(node), node.lineno))
        else:
            self.names.append((value, node.lineno))


def _terms(value: ast.expr) -> Iterator[ast.expr]:
    """Give ``a``, ``b``, ``c`` of ``a + b + c``, without recursion: the left side may be ten thousand deep."""
    right: list[ast.expr] = []
    while isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        right.append(value.right)
        value = value.left
    yield value
    yield from reversed(right)
