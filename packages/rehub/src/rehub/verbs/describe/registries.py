"""Tables that other modules fill as they are imported: ``@register`` and the like.

A **filler** is a function that puts something into the table, or that calls one which does. The statements of all
modules that are imported are looked through for the table's and the fillers' names; where they decorate with a filler
or call one, that call is gone through as :mod:`~rehub.words.reading.running` does it.
"""

import ast
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rehub.words.reading.changes import changed
from rehub.words.reading.fold import stacked
from rehub.words.reading.plain import Table
from rehub.words.reading.running import Running
from rehub.words.reading.source import Source
from rehub.words.reading.statements import bodies

if TYPE_CHECKING:
    from rehub.verbs.describe.reckoning import Reckoning

MAX_LAYERS = 4  # fillers that call fillers
_DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def fill(reckoning: "Reckoning", table: Table) -> None:
    """Put into a table whatever the repository's modules put there when they are imported."""
    sources = reckoning.reached()
    named = {table.home[1]}
    fillers: set[str] = set()
    for _ in range(MAX_LAYERS):
        more = {name for source in _mentioning(sources, named | fillers) for name in _fillers(source, named, fillers)}
        if more <= fillers:
            break
        fillers |= more
    for source in _mentioning(sources, named | fillers):
        for statement in _at_import(source.tree.body):
            if _names_in(statement) & (fillers | named):
                _go_through(reckoning, source, statement)
    if reckoning.budget.steps < 0 or reckoning.names.modules.is_cut:
        table.complete = False


def _go_through(reckoning: "Reckoning", source: Source, statement: ast.stmt) -> None:
    Running(reckoning.reader(source)).statement(statement, stacked({}, reckoning.scope(source)))


def _mentioning(sources: list[Source], names: set[str]) -> list[Source]:
    return [source for source in sources if _mentions(source.lines, names)]


def _mentions(lines: Sequence[str], names: set[str]) -> bool:
    """Say whether the text holds a name: most hold none, and looking at syntax trees takes much longer."""
    text = "\n".join(lines)
    return any(name in text for name in names)


def _fillers(source: Source, tables: set[str], fillers: set[str]) -> Iterator[str]:
    """Give the functions of a module, and methods of its classes, that fill one of the tables, or call a filler."""
    for function in _functions(source.tree):
        lines = source.lines[function.lineno - 1 : function.end_lineno]
        if not _mentions(lines, tables | fillers):
            continue
        for node in ast.walk(function):
            target = changed(node)
            called = node.func if isinstance(node, ast.Call) else None
            if (target is not None and _last(target) in tables) or (called is not None and _last(called) in fillers):
                yield function.name
                break


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    for statement in tree.body:
        inner = statement.body if isinstance(statement, ast.ClassDef) else [statement]
        yield from (each for each in inner if isinstance(each, ast.FunctionDef))


def _at_import(statements: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Give the statements that run at import: loops as a whole, of ``if``, ``try`` and ``with`` what is in them."""
    for statement in statements:
        if isinstance(statement, ast.If | ast.Try | ast.TryStar | ast.With):
            for body in bodies(statement):
                yield from _at_import(body)
        else:
            yield statement


def _names_in(statement: ast.stmt) -> set[str]:
    """Give the names that a statement uses when it runs: of a definition, those of its decorators."""
    parts: list[ast.AST] = [statement]
    if isinstance(statement, _DEFINITIONS):
        parts = [*statement.decorator_list]
    return {_last(node) for part in parts for node in ast.walk(part) if isinstance(node, ast.Name | ast.Attribute)}


def _last(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
