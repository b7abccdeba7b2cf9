"""Exploring whatever else an entry may give: functions, classes, containers, pipelines and plain values."""

import collections
import functools
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from rehub.verbs.explore import Limits
from rehub.words.exploration import Input, Kind
from tests.verbs.exploring import told

torch = pytest.importorskip("torch")
nn = torch.nn

from tests.verbs.specimens import Color, Pipeline, Writer, paint  # noqa: E402 - it needs torch
from tests.verbs.strange import Strange  # noqa: E402


def test_a_function_is_told_with_its_parameters() -> None:
    """Signature, documentation, and where it is defined."""
    found = told(paint)
    assert (found.kind, found.name, found.summary) == (Kind.FUNCTION, "paint", "Paint a face.")
    assert [each.name for each in found.inputs] == ["model", "img", "size", "side_by_side"]
    assert found.inputs[2] == Input("size", annotation="int", default="512", doc="in pixels.")
    first = "paint(model: Module, img: Image, size: int = 512, *, side_by_side: bool = False) -> Image\nPaint a face.\n"
    assert str(found).startswith(first)


@pytest.mark.parametrize(
    ("function", "start"),
    [
        (functools.partial(paint, size=64), "paint(model: Module, img: Image, *, size: int = 64,"),
        (functools.lru_cache(paint), "paint(model: Module, img: Image, size"),
        (Writer().write, "write(text, steps: int = 20)"),
        (lambda x=[1, {"a": (2,)}]: x, "<lambda>(x=[1, {'a': (2,)}])"),
        (len, "len(obj, /)"),
        (functools.partial(int, base=2), "int(…)"),
        (Writer, "class Writer(words=10, width=4)"),
    ],
)
def test_whatever_can_be_called_is_told_by_its_own_name(function: Callable[..., Any], start: str) -> None:
    """Partial, cached, bound, nameless and built-in functions, and classes."""
    assert str(told(function)).startswith(start)


def test_a_tuple_of_a_model_and_functions() -> None:
    """As silero-vad gives: each element is told by its place, functions within too."""
    found = told((nn.Linear(2, 2), (paint, Writer), 16_000))
    assert (found.kind, found.length) == (Kind.CONTAINER, 3)
    assert [(each.key, each.found.kind) for each in found.items] == [
        ("[0]", Kind.MODULE),
        ("[1]", Kind.CONTAINER),
        ("[2]", Kind.VALUE),
    ]
    text = str(found)
    for part in ("tuple of 3\n", "[0]  ", "6 parameters", "[2]  int 16000", "\n[1][0] paint(", "in pixels."):
        assert part in text


def test_a_dictionary_of_modules() -> None:
    """As open-unmix gives: by key; what lies in a named tuple, by name."""
    found = told({"vocals": nn.Linear(1, 1), "drums": nn.Linear(1, 2)})
    assert [each.key for each in found.items] == ["['vocals']", "['drums']"]
    pair = collections.namedtuple("pair", "model rate")(nn.ReLU(), 16_000)  # noqa: PYI024 - as people make them
    assert [each.key for each in told(pair).items] == [".model", ".rate"]


def test_containers_are_told_within_limits() -> None:
    """Long ones in part, deep ones down to a level, and endless ones end."""
    found = told(list(range(1000)), Limits(items=5))
    assert (len(found.items), found.length) == (5, 1000)
    assert "… 995 more" in str(found)
    inside: list[Any] = []
    inside.append(inside)
    assert "too deep" in str(told(inside))


def test_an_object_that_keeps_a_model() -> None:
    """A pipeline is told with its call, and the modules in its public attributes."""
    found = told(Pipeline())
    assert found.call
    assert (found.kind, found.summary) == (Kind.OBJECT, "From speech to text.")
    assert (found.call.name, found.call.signature) == ("__call__", "(audio, rate: int = 16000)")
    assert [each.key for each in found.items] == [".model"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "NoneType None"),
        (3, "int 3"),
        ("x" * 999, "str 'xxx"),
        (10**5000, "int …"),
        (torch.zeros(2, 3), "torch.Tensor (2, 3), float32, cpu"),
        (Color.RED, "specimens.Color"),
        (itertools.count(), "itertools.count"),
    ],
    ids=["None", "number", "long text", "endless number", "tensor", "member", "iterator"],
)
def test_plain_values(value: object, text: str) -> None:
    """A value is shown, cut short; anything else by its class."""
    shown = str(told(value)).split("\n", 1)[0]
    assert text in shown
    assert len(shown) < 100


def test_defaults_are_written_as_their_author_would() -> None:
    """Classes by name, members of enumerations with their class, tensors and strange objects by their class only."""
    f = lambda a=Color.RED, b=nn.GELU, c=torch.float32, d=torch.zeros(3), e=Strange(), g=len, h=(1,), i=1e999: a  # noqa: B008, E731
    found = told(f)
    assert [each.default for each in found.inputs] == [
        *("Color.RED", "GELU", "torch.float32", "<Tensor>", "<Strange>", "len", "(1,)", "inf"),
    ]


def test_control_characters_do_not_reach_the_text() -> None:
    """A docstring cannot drive the terminal of whoever reads it."""
    f = lambda x: x  # noqa: E731
    f.__doc__ = "Innocent\x1b]0;owned\x07 \u202etxet"
    assert not {"\x1b", "\x07", "\u202e"} & set(str(told(f)))
