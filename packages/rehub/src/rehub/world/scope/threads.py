"""Threads that a checkout's code starts, or has a library start, go on acting for it.

A thread's stack begins anew: where it holds nothing but a library's frames, as in a pool of workers that fetch files,
nothing on it says for whom. So the thread itself is told when it starts; and a pool's thread, which may have been there
before, with each piece of work.
"""

import threading
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from types import FrameType, ModuleType
from typing import Any, TypeVar

from rehub.world.scope.arrivals import when
from rehub.world.scope.detours import Way, detour
from rehub.world.scope.scope import Scope

_MARK = "__rehub_scope__"
_Result = TypeVar("_Result")


def act_for(scope: Scope, act: Callable[[], _Result]) -> _Result:  # noqa: ARG001 - its frame is looked at
    """Do something for a checkout's code.

    This frame's variable ``scope`` says for whom, to who asks from further up: :meth:`Importer.behind`.
    """
    return act()


def lead_threads(behind: Callable[[FrameType | None], Scope | None]) -> None:
    """Let threads know for whose code they were started."""

    def choose(before: Way, caller: FrameType | None) -> Way:
        scope = behind(caller)
        if scope is None:
            return before

        def start(self: threading.Thread) -> None:
            # With the context of who starts it: what it loads is noted as what the entry loaded.
            vars(self).update({_MARK: scope, "run": partial(copy_context().run, self.run)})
            before(self)

        return start

    detour(threading.Thread.start, choose)
    when("concurrent.futures.thread", partial(_lead_pools, behind))


def _lead_pools(behind: Callable[[FrameType | None], Scope | None], pools: ModuleType) -> None:
    """Let the threads of a pool, whoever started them, know for whose code each piece of work is done."""

    def choose(before: Way, caller: FrameType | None) -> Way:
        scope = behind(caller)
        if scope is None:
            return before

        def submit(self: Any, fn: Way, /, *args: Any, **kwargs: Any) -> Any:
            return before(self, act_for, scope, partial(fn, *args, **kwargs))

        return submit

    detour(pools.ThreadPoolExecutor.submit, choose)


def scope_of_thread() -> Scope | None:
    """Give the scope for whose code this thread was started."""
    # Not current_thread(): for a thread that Python did not start, it would make an object, and keep it.
    thread = threading._active.get(threading.get_ident())  # type: ignore[attr-defined]  # noqa: SLF001
    return vars(thread).get(_MARK) if thread is not None else None
