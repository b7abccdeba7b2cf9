"""Tracebacks that show the repository's lines, without those of the import system in between."""

from itertools import pairwise
from pathlib import Path
from types import TracebackType

from rehub.world.scope import importlib_bootstrap

_IMPORTLIB = str(Path("importlib", "__init__.py"))


def shorten(error: BaseException) -> None:
    """Take the import system's frames out of an exception's traceback, and out of those that led to it.

    Python does so for its own ``__import__``; the exception stays the same object.
    """
    seen: set[int] = set()
    todo: list[BaseException | None] = [error]
    while todo:
        each = todo.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            each.__traceback__ = _without(each.__traceback__)
            todo += [each.__cause__, each.__context__]


def _without(trace: TracebackType | None) -> TracebackType | None:
    kept: list[TracebackType | None] = []
    while trace is not None:
        if not _is_internal(trace.tb_frame.f_code.co_filename):
            kept.append(trace)
        trace = trace.tb_next
    for one, after in pairwise([*kept, None]):
        if one is not None:
            one.tb_next = after
    return kept[0] if kept else None


def _is_internal(filename: str) -> bool:
    return (
        filename.startswith("<frozen importlib")
        or filename == importlib_bootstrap.__file__
        or filename.endswith(_IMPORTLIB)
    )
