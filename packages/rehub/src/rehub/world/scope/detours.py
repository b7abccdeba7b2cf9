"""A function of somebody else's is led another way, for whoever holds it.

Replacing a module's attribute reaches those who look it up later; whoever said ``from torch.hub import load`` before
keeps the old function. So the function object stays the same one, and its code is replaced by a few lines that ask
which way to go. The code that it had goes on under another object, and is the usual answer.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType, FunctionType
from typing import Any

Way = Callable[..., Any]
Choose = Callable[[Way, FrameType | None], Way]
"""Given what a function did before and its caller's frame, gives what is called instead; or that very function.

There is no frame where C code calls it and no Python is under way, as when a thread begins or the process ends.
"""

_MARK = "__rehub_before__"
# Frames of that file are left out when Python says where a warning comes from.
_UNSEEN = str(Path(__file__).with_name("importlib_bootstrap.py"))


def detour(function: Any, choose: Choose) -> None:
    """Lead all calls of a function another way; a second time replaces the first.

    What its signature, documentation and place in the source are, everybody still reads of the old one.

    Args:
        function: a plain function of Python; what is none stays as it is.
        choose: asked at each call.
    """
    if not isinstance(function, FunctionType) or function.__closure__:
        return
    before = original(function)
    if before is function:
        before = _copy(function)
        function.__dict__ |= {_MARK: before, "__wrapped__": before}

    def way() -> Way:
        return choose(before, caller(2))

    # In this order: another thread may call it at any moment, with the old code or the new.
    function.__kwdefaults__ = {**(function.__kwdefaults__ or {}), "__rehub__": way}
    function.__code__ = _led.__code__.replace(
        co_filename=_UNSEEN, co_name=function.__name__, co_qualname=function.__qualname__
    )
    function.__defaults__, function.__kwdefaults__ = None, {"__rehub__": way}


def caller(depth: int) -> FrameType | None:
    """Give the frame so many calls above the one that asks; ``None`` if there is none."""
    try:
        return sys._getframe(depth + 1)  # noqa: SLF001 - the way to one's caller
    except ValueError:
        return None


def original(function: Any) -> Any:
    """Give what a function was before it was led another way; itself, if it never was."""
    return getattr(function, _MARK, function)


def undo(function: Any) -> None:
    """Let a function do again what it did before."""
    before = original(function)
    if before is not function:
        function.__defaults__ = before.__defaults__
        function.__kwdefaults__ = {**(before.__kwdefaults__ or {}), **(function.__kwdefaults__ or {})}
        function.__code__ = before.__code__
        function.__kwdefaults__ = before.__kwdefaults__
        for name in (_MARK, "__wrapped__"):
            del function.__dict__[name]


def _led(*args: Any, __rehub__: Callable[[], Way], **kwargs: Any) -> Any:
    return __rehub__()(*args, **kwargs)


def _copy(function: FunctionType) -> FunctionType:
    again = FunctionType(function.__code__, function.__globals__, function.__name__, function.__defaults__)
    again.__kwdefaults__ = function.__kwdefaults__
    again.__dict__.update(function.__dict__)
    for name in ("__module__", "__qualname__", "__doc__", "__annotations__"):
        setattr(again, name, getattr(function, name))
    return again
