"""Functions of others that are led another way, and modules that are waited for."""

import _thread
import importlib
import inspect
import pickle
import sys
import threading
import time
import types
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehub.world.scope import detour, original, undo, when


def _made(module: str = "somebodys") -> types.ModuleType:
    space = types.ModuleType(module)
    text = (
        'def f(a, b=2, *rest, c=3, **more):\n    """Add."""\n    return a + b + c\n'
        "def shout(): __import__('warnings').warn('careful', stacklevel=2)\n"
    )
    exec(compile(text, "somebodys.py", "exec"), space.__dict__)
    return space


def test_whoever_holds_the_function_is_led() -> None:
    """A function that was imported before is led as well, and knows its caller; undone, it is the old one again."""
    module = _made()
    held = module.f
    seen: list[str] = []

    def choose(before: object, caller: types.FrameType) -> object:
        seen.append(caller.f_code.co_name)
        return before if len(seen) > 1 else lambda *_, **__: "led"

    detour(held, choose)
    assert (held(1), module.f(1), held(1, 1, c=1)) == ("led", 6, 3)
    assert seen == ["test_whoever_holds_the_function_is_led"] * 3
    undo(held)
    undo(held)
    assert (held(1), len(seen), original(held)) == (6, 3, held)


def test_a_second_way_replaces_the_first() -> None:
    """Leading a function twice does not make a chain."""
    f = _made().f
    before = f.__code__
    for answer in ("one", "two"):
        detour(f, lambda _, __, answer=answer: lambda *_, **__: answer)
    assert f(1) == "two"
    assert original(f).__code__ is before


def test_the_function_looks_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signature, documentation and name are the function's own; it is pickled by its name."""
    monkeypatch.setitem(sys.modules, "somebodys", module := _made())
    f = module.f
    signature = inspect.signature(f)
    detour(f, lambda before, _: before)
    assert (inspect.signature(f), f.__doc__, f.__name__) == (signature, "Add.", "f")
    assert inspect.unwrap(f).__code__.co_filename == "somebodys.py"
    assert pickle.loads(pickle.dumps(f)) is f


def test_warnings_still_name_the_callers_line() -> None:
    """A warning that the function gives in its caller's name names the caller, as before."""
    shout = _made().shout
    detour(shout, lambda before, _: before)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        shout()
    assert [Path(each.filename).name for each in caught] == [Path(__file__).name]


@pytest.mark.parametrize("strange", [None, len, print, type, 3])
def test_what_is_no_plain_function_stays_as_it_is(strange: object) -> None:
    """Another library may have put anything in its place; that is left alone."""
    detour(strange, lambda *_: None)
    assert original(strange) is strange


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Give the name of a module that can be imported, and is not yet."""
    (tmp_path / "later_xyz.py").write_text("X = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield "later_xyz"
    sys.modules.pop("later_xyz", None)


def test_something_is_done_right_after_an_import(later: str) -> None:
    """It is done when the module is filled, and again when it is reloaded; the module knows only its own loader."""
    seen: list[int] = []
    when(later, lambda module: seen.append(module.X))
    module = importlib.import_module(later)
    assert seen == [1]
    importlib.reload(module)
    assert seen == [1, 1]
    assert module.__spec__ is not None
    assert type(module.__loader__) is type(module.__spec__.loader) is importlib.machinery.SourceFileLoader
    assert inspect.getsource(module) == "X = 1\n"
    when(later, lambda module: seen.append(module.X + 1))
    assert seen == [1, 1, 2]


def test_a_module_that_fails_is_waited_for_again(later: str, tmp_path: Path) -> None:
    """An import that fails is no arrival."""
    seen: list[object] = []
    when(later, seen.append)
    (tmp_path / "later_xyz.py").write_text("raise ValueError('no')")
    with pytest.raises(ValueError, match="no"):
        importlib.import_module(later)
    (tmp_path / "later_xyz.py").write_text("X = 'longer than before'")
    importlib.invalidate_caches()
    module = importlib.import_module(later)
    assert seen == [module]


def test_a_module_that_never_comes_is_an_ordinary_error() -> None:
    """Waiting for what is not there changes nothing about importing it."""
    when("absent_xyz.part", print)
    with pytest.raises(ModuleNotFoundError, match="absent_xyz"):
        importlib.import_module("absent_xyz.part")


def test_a_call_at_any_moment_while_it_is_led() -> None:
    """Whoever calls the function between two steps of leading it, or of undoing that, gets a right answer."""
    f = _made().f
    got: list[object] = []

    def trace(frame: types.FrameType, event: str, _: object) -> object:
        if frame.f_code.co_name in {"detour", "undo"}:
            sys.settrace(None)
            got.append((f(1), f(1, c=5)))
            sys.settrace(trace)
        return trace

    sys.settrace(trace)
    try:
        detour(f, lambda before, _: before)
        undo(f)
    finally:
        sys.settrace(None)
    assert len(got) > 10
    assert set(got) == {(6, 8)}


def test_a_call_from_where_no_python_is_under_way() -> None:
    """C code that calls the function when a thread begins has no frame to look at, and is served as ever."""
    got: list[object] = []
    f = _made().f
    detour(f, lambda before, frame: lambda *args: got.append((before(*args), frame)))
    done = threading.Event()
    _thread.start_new_thread(f, (1,))
    _thread.start_new_thread(done.set, ())
    assert done.wait(10)
    for _ in range(100):
        if got:
            break
        time.sleep(0.05)
    assert got == [(6, None)]
