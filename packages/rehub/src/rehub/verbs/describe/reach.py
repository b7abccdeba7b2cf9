"""Which modules of the repository a hubconf leads to: at its own import, or ever."""

import ast
from collections import deque
from collections.abc import Iterator

from rehub.verbs.describe.modules import Modules
from rehub.words.reading.bindings import Via
from rehub.words.reading.source import Source


def reached(
    modules: Modules, start: Source, *, lazily: bool, max_modules: int, max_bytes: int | None = None
) -> list[Source]:
    """Give the hubconf and the repository's modules that it imports, directly or through others, nearest first.

    Args:
        lazily: follow imports inside functions as well.
        max_bytes: of source text together.
    """
    found = {start.file: start}
    waiting = [start]
    left = max_bytes if max_bytes is not None else modules.limits.bytes
    while waiting and len(found) < max_modules and left > 0:
        now = waiting.pop(0)
        for file in _imported(modules, now, lazily=lazily):
            if file in found or len(found) >= max_modules or left <= 0:
                continue
            if (source := modules.source(file)) is not None:
                left -= sum(map(len, source.lines))
                found[file] = source
                waiting.append(source)
    return list(found.values())


def _imported(modules: Modules, source: Source, *, lazily: bool) -> Iterator[str]:
    """Give the files that a module's imports run, in order."""
    for module, level, name in _everywhere(source) if lazily else _at_import(modules, source):
        place = None
        for place in modules.chain(module, level, source):
            if place.is_file:
                yield place.path
        below = modules.sub(place, name) if place and name else None
        if below and below.is_file:
            yield below.path


def _at_import(modules: Modules, source: Source) -> Iterator[tuple[str, int, str]]:
    for binding in modules.bindings(source).all:
        if binding.via is Via.MODULE:
            yield binding.module, 0, ""
        elif binding.via in {Via.FROM, Via.STAR}:
            yield binding.module, binding.level, binding.attribute


def _everywhere(source: Source) -> Iterator[tuple[str, int, str]]:
    # Statements only: an import is never inside an expression, and of these there are ten times as many.
    waiting: deque[ast.AST] = deque([source.tree])
    while waiting:
        node = waiting.popleft()
        if isinstance(node, ast.Import):
            yield from ((each.name, 0, "") for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", node.level, each.name) for each in node.names)
        for block in ("body", "orelse", "finalbody", "handlers", "cases"):
            waiting += getattr(node, block, [])
