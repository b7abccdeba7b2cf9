"""While a checkout's code is called: its folder on ``sys.path``, and everything as it was afterwards."""

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import TypeVar

from rehub.world.scope.importlib_bootstrap import PACKAGE, importer
from rehub.world.scope.offline import tell_libraries, untell_libraries
from rehub.world.scope.scope import Scope, attribute_of
from rehub.world.scope.threads import act_for


@dataclass(slots=True)
class _Before:
    """What the process looked like before the first of the calls that are under way."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    known: list[str] = field(default_factory=list)  # the object that was sys.path
    path: list[str] = field(default_factory=list)
    modules: dict[str, ModuleType] = field(default_factory=dict)
    # The calls under way: for whom, whose thread each is, and whether it must stay offline.
    visits: list[tuple[Scope, int, bool]] = field(default_factory=list)


_BEFORE = _Before()
_Result = TypeVar("_Result")


def inside(scope: Scope, act: Callable[[], _Result]) -> _Result:
    """Call a checkout's code, as :func:`visit` has it."""
    with visit(scope):
        return act_for(scope, act)


def _after_fork() -> None:
    """In a forked child only the thread that forked goes on: the calls of all others are over, and their locks free."""
    _BEFORE.lock = threading.Lock()
    _BEFORE.visits[:] = own = [each for each in _BEFORE.visits if each[1] == threading.get_ident()]
    if importer().running and not own:
        _BEFORE.known[:] = _BEFORE.path
        sys.path = _BEFORE.known
    importer().running[:] = [scope for scope, *_ in own]
    _tell_libraries()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


@contextmanager
def visit(scope: Scope) -> Iterator[None]:
    """Put a checkout at the front of ``sys.path`` while its code is called, and clear away what it changed there.

    It is there to be looked at (``sys.path[0]`` is how some repositories find themselves); nothing is imported by it.
    Calls may overlap, in one thread or in several: each takes away its own entries, the last one restores the rest.
    """
    visiting = scope, threading.get_ident(), importer().is_offline(scope)
    with _BEFORE.lock:
        before = _enter(scope)
        _BEFORE.visits.append(visiting)
        _tell_libraries()
    try:
        yield
    finally:
        with _BEFORE.lock:
            _BEFORE.visits.remove(visiting)
            _leave(scope, before)
            _tell_libraries()


def _tell_libraries() -> None:
    """Have libraries stay offline while any of the calls under way must."""
    if any(offline for *_, offline in _BEFORE.visits):
        tell_libraries()
    else:
        untell_libraries()


def _enter(scope: Scope) -> list[str]:
    running = importer().running
    if not running:
        _BEFORE.known, _BEFORE.path, _BEFORE.modules = sys.path, list(sys.path), _finished_modules()
    if scope not in running:
        scope.publish(_BEFORE.path)
    running.append(scope)
    _drop_finders(scope)
    before = list(sys.path)
    sys.path.insert(0, scope.root)
    return before


def _leave(scope: Scope, before: list[str]) -> None:
    running = importer().running
    scope.learn(sys.path)
    running.remove(scope)
    if running:
        sys.path[:] = _without(before, list(sys.path))
        return
    _BEFORE.known[:] = _BEFORE.path
    sys.path = _BEFORE.known
    _restore_modules(_BEFORE.modules)
    _drop_finders(scope)
    _BEFORE.modules = {}


def _without(before: Sequence[str], now: Sequence[str]) -> list[str]:
    """Give ``sys.path`` as it was before a call, but for what calls of other checkouts have put there since."""
    scopes, running = list(importer().scopes.values()), list(importer().running)

    def stays(entry: str) -> bool:
        owners = [each for each in scopes if each.proof.inside(entry)]
        return entry in _BEFORE.path or not owners or any(each in running for each in owners)

    fresh = [each for each in now if each not in before and any(scope.proof.inside(each) for scope in running)]
    return fresh + [each for each in before if stays(each)]


def _finished_modules() -> dict[str, ModuleType]:
    """Give the modules of the process, without those that another thread is importing: that may yet fail."""

    def is_finished(module: object) -> bool:
        return not getattr(attribute_of(module, "__spec__"), "_initializing", False)

    return {name: module for name, module in list(sys.modules.items()) if is_finished(module)}


def _restore_modules(before: dict[str, ModuleType]) -> None:
    """Undo what a checkout did to ``sys.modules`` by hand: its modules under other names, others' taken away.

    What has merely no spec stays: C libraries put their parts there like that.
    """
    for name, module in list(sys.modules.items()):
        if name not in before and not _is_below(name) and _is_below(attribute_of(module, "__name__")):
            del sys.modules[name]
    for name, module in before.items():
        now = sys.modules.get(name)
        if now is not module and not _is_below(name) and not _was_imported(name, now):
            sys.modules[name] = module


def _is_below(name: object) -> bool:
    return isinstance(name, str) and name.startswith(PACKAGE + ".")


def _was_imported(name: str, module: object) -> bool:
    return getattr(attribute_of(module, "__spec__"), "name", None) == name


def _drop_finders(scope: Scope) -> None:
    """Let ``sys.path``'s finders for a checkout's folders be made anew: whether they find anything has changed."""
    for place in list(sys.path_importer_cache):
        if scope.proof.inside(place):
            sys.path_importer_cache.pop(place, None)
