"""A call against another version of its entry: Python's own rules say whether it is taken."""

import inspect
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehub.words.callfit import call_text, fit
from rehub.words.hubconf import Entry, EntryKind
from rehub.words.reading.signature import parameters, render
from rehub.words.reading.source import Source, parse


def entry(signature: str) -> Entry:
    """Give an entry as reading would."""
    source = parse("hubconf.py", f"def net{signature}: ...\n")
    assert isinstance(source, Source)
    found = parameters(source, source.tree.body[0])  # type: ignore[arg-type]
    return Entry("net", EntryKind.FUNCTION, render(found), found)


CASES = [
    ("(width=8)", "(width=8)", (), {"width": 4}, [], []),
    ("(width=8)", "(features=8)", (), {"width": 4}, ["it has no parameter width any more"], []),
    ("(width=8)", "()", (3,), {}, ["it takes at most 0 values without a name, and is given 1"], []),
    ("(width=8)", "(width, depth)", (3,), {}, ["it needs depth, which is not given"], []),
    ("(a, b=1)", "(b=1, a=None)", (3,), {}, [], ["3 was given for a, and now is for b"]),
    ("(a, b=1)", "(b, a=1)", (3,), {"b": 2}, ["b is given twice: by its place and by name"], []),
    ("(width=8)", "(width=16)", (), {}, [], ["width, which it leaves out, was 8 and is 16"]),
    ("(width=8)", "(width=16)", (), {"width": 8}, [], []),
    ("(width=8)", "(**kwargs)", (), {"width": 4}, [], ["width is no parameter of its own any more: it goes into **kwargs"]),
    ("(**kwargs)", "(width, **kwargs)", (), {"width": 4}, [], ["width is a parameter of its own now: it went into **kwargs"]),
    ("(a, b)", "(a, *rest)", (1, 2), {}, [], ["2 was given for b, and now is for *rest"]),
    ("(a)", "(*, a)", (1,), {}, ["it takes at most 0 values without a name, and is given 1", "it needs a, which is not given"], []),
    ("(width=8)", "(width=8, depth=2)", (4,), {}, [], []),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "args", "kwargs", "breaks", "differs"), CASES)
def test_what_is_said_of_a_call(
    old: str, new: str, args: tuple[Any, ...], kwargs: dict[str, Any], breaks: list[str], differs: list[str]
) -> None:
    """A call that fails is told why; one that works is told what it gets otherwise than before."""
    found = fit(entry(old), entry(new), args, tuple(kwargs.items()))
    assert (list(found.breaks), list(found.differs)) == (breaks, differs)


def test_signature_that_the_call_never_fitted_says_nothing() -> None:
    """A decorator may have changed what an entry takes: what was wrong by reading and worked is no break."""
    assert not fit(entry("()"), entry("()"), (1,), ()).breaks
    assert fit(entry("(a)"), entry("(a)"), (), (("b", 1),)).breaks == ()


def test_unknown_signature_says_nothing() -> None:
    """Where reading cannot know what an entry takes, no call is said to break."""
    unknown = Entry("net", EntryKind.OBJECT)
    assert not fit(entry("(a)"), unknown, (1, 2, 3), ()).breaks
    assert fit(unknown, entry("()"), (1,), ()).breaks


def test_long_values_are_cut() -> None:
    """A call is shown on one line, whatever it was given."""
    assert len(call_text("net", ["x" * 10_000], [("y", "a\nb")])) < 100


SIGNATURES = st.sampled_from(
    ["()", "(a)", "(a, b=1)", "(a=1, b=2)", "(a, /, b=1)", "(a, *, b)", "(a, *rest)", "(**more)", "(a=1, *rest, b=2, **more)"]
)  # fmt: skip
ARGUMENTS = st.tuples(st.lists(st.integers(0, 9), max_size=3), st.dictionaries(st.sampled_from("abc"), st.just(1)))


@given(SIGNATURES, SIGNATURES, ARGUMENTS)
def test_python_agrees(old: str, new: str, arguments: tuple[list[int], dict[str, int]]) -> None:
    """For a call that worked, it is said to break exactly where Python would refuse it."""
    args, kwargs = arguments
    if not takes(old, args, kwargs):
        return
    found = fit(entry(old), entry(new), args, tuple(kwargs.items()))
    assert bool(found.breaks) is not takes(new, args, kwargs), (old, new, args, kwargs, found)


def takes(signature: str, args: list[int], kwargs: dict[str, int]) -> bool:
    """Ask Python whether it takes a call."""
    function = eval(f"lambda {signature[1:-1]}: None")
    try:
        inspect.signature(function).bind(*args, **kwargs)
    except TypeError:
        return False
    return True
