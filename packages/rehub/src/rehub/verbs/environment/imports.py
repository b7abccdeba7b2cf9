"""Which packages that are not its own a repository imports: with its hubconf, or later."""

import ast
from collections import deque
from collections.abc import Iterator
from sys import stdlib_module_names

from rehub.verbs.describe.modules import Limits, Modules
from rehub.verbs.describe.reach import reached
from rehub.words.hubconf import Problem
from rehub.words.needs import Use, Where
from rehub.words.reading.searchpath import search_path
from rehub.words.reading.source import Source
from rehub.world.folder import Tree

_HUBCONF = "hubconf.py"
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


def imports(tree: Tree, limits: Limits | None = None) -> tuple[dict[str, tuple[Use, Where]], tuple[Problem, ...]]:
    """Give the import names of packages from outside, each with when it is needed and where it is first imported.

    What Python itself holds is left out, and so are modules of the repository. An import that may fail (in a ``try``,
    an ``if``) or that only a function makes is for later.

    Returns:
        The imports, and what could not be read.
    """
    modules = Modules(tree, limits or Limits())
    hubconf = modules.source(_HUBCONF)
    if hubconf is None:
        return {}, tuple(modules.problems.values())
    modules.roots = (*search_path(hubconf), "")
    most = modules.limits
    at_once = reached(modules, hubconf, lazily=False, max_modules=most.weight_modules)
    ever = reached(modules, hubconf, lazily=True, max_modules=most.weight_modules, max_bytes=most.weight_bytes)
    found: dict[Use, dict[str, Where]] = {Use.LATER: {}, Use.LOAD: {}}
    loaded = {source.file for source in at_once}
    for source in [*at_once, *(each for each in ever if each.file not in loaded)]:
        for name, line, certain in _imported(modules, source):
            use = Use.LOAD if certain and source.file in loaded else Use.LATER
            found[use].setdefault(name, Where(source.file, line))
    told = {name: (use, where) for use, names in found.items() for name, where in names.items()}
    return told, tuple(modules.problems.values())


def _imported(modules: Modules, source: Source) -> Iterator[tuple[str, int, bool]]:
    """Give what a module and its functions import from outside: name, line, and whether importing it always does."""
    waiting: deque[tuple[ast.AST, bool]] = deque([(source.tree, True)])
    while waiting:
        node, certain = waiting.popleft()
        for module in _named(node):
            if _is_outside(modules, module, source):
                yield _top(module), getattr(node, "lineno", 1), certain
        for block in _BLOCKS:
            waiting += ((each, certain and _always(node, block)) for each in getattr(node, block, []))


def _named(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [each.name for each in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and not node.level and node.module else []


def _always(node: ast.AST, block: str) -> bool:
    """Say whether a block of a statement is run whatever happens, unless something fails."""
    if isinstance(node, ast.Try | ast.TryStar):
        return block == "finalbody" or (block == "body" and not node.handlers)
    return isinstance(node, ast.Module | ast.With | ast.ClassDef)


def _is_outside(modules: Modules, module: str, source: Source) -> bool:
    return bool(module) and _top(module) not in stdlib_module_names and modules.find(_top(module), 0, source) is None


def _top(module: str) -> str:
    return module.partition(".")[0]
