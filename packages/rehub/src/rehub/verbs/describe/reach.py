"""Which modules of the repository a hubconf leads to: at its own import, or ever."""

import ast
import re
from collections import deque
from collections.abc import Iterator

from rehub.verbs.describe.modules import Modules, Place
from rehub.words.reading.binding import Via
from rehub.words.reading.source import Source

_LISTS = re.compile(r"\b(listdir|scandir|iter_modules|walk_packages|r?glob)\(")
_IMPORTS = re.compile(r"\b(import_module|__import__)\(")


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
    yield from _beside(modules, source)


def _beside(modules: Modules, source: Source) -> Iterator[str]:
    """Give what lies beside a package's ``__init__.py`` that imports whatever lies there, by looking into its folder.

    fairseq/models/__init__.py (fairseq 0.12) does, as packages do whose modules register themselves.
    """
    if not source.file.endswith("__init__.py") or not _LISTS.search(text := "\n".join(source.lines)):
        return
    place = Place(source.file, is_file=True)
    for name in modules.tree.names(source.folder) if _IMPORTS.search(text) else ():
        below = modules.sub(place, name.removesuffix(".py"))
        if not name.startswith((".", "_")) and below and below.is_file:
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
