"""How a call that worked fares with another version of its entry: Python's rules for arguments, by reading alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rehub.words.hubconf import Entry, Parameter, ParameterKind
from rehub.words.text import cut, line

_VARIADIC = {ParameterKind.VAR_POSITIONAL, ParameterKind.VAR_KEYWORD}
_BY_PLACE = {ParameterKind.POSITIONAL_ONLY, ParameterKind.POSITIONAL_OR_KEYWORD}
_BY_NAME = {ParameterKind.KEYWORD_ONLY, ParameterKind.POSITIONAL_OR_KEYWORD}
_LONGEST = 60  # characters of a value that is shown


@dataclass(frozen=True, slots=True)
class Fit:
    """How a call fares.

    Attributes:
        breaks: why it fails.
        differs: what is not what it was, though the call goes on working.
    """

    breaks: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Bound:
    """Where the arguments of a call go.

    Attributes:
        placed: the parameter that each value without a name goes to; ``*args`` is called so.
        named: likewise of those with a name.
        errors: why the call fails.
    """

    placed: tuple[str, ...]
    named: Mapping[str, str]
    errors: tuple[str, ...]


def call_text(entry: str, args: Sequence[Any], kwargs: Sequence[tuple[str, Any]]) -> str:
    """Write a call as Python would have it.

    Example:
        >>> call_text("net", [3], [("pretrained", True)])
        'net(3, pretrained=True)'
    """
    given = [*map(_value, args), *(f"{name}={_value(value)}" for name, value in kwargs)]
    return f"{entry}({', '.join(given)})"


def fit(old: Entry | None, new: Entry, args: Sequence[Any], kwargs: Sequence[tuple[str, Any]]) -> Fit:
    """Say how a call fares with an entry as it is now.

    Args:
        old: the entry as it was when the call worked, if that is known.
        new: the entry as it is.
        args: what the call gives.
        kwargs: likewise, by name.
    """
    if not new.signature:
        return Fit()  # reading cannot know what it takes
    now = _bound(new.parameters, args, kwargs)
    if old is None or not old.signature:
        return Fit(now.errors)
    then = _bound(old.parameters, args, kwargs)
    if then.errors:
        # It worked, so this is not what the entry really takes: a decorator may have changed that.
        return Fit(tuple(each for each in now.errors if each not in then.errors))
    differs = [*_elsewhere(then, now, args, kwargs), *_left_out(old, new, then, now)]
    return Fit(now.errors, () if now.errors else tuple(differs))


def _bound(parameters: Sequence[Parameter], args: Sequence[Any], kwargs: Sequence[tuple[str, Any]]) -> _Bound:
    places = [each for each in parameters if each.kind in _BY_PLACE]
    by_name = {each.name for each in parameters if each.kind in _BY_NAME}
    rest = {each.kind: f"{'*' * (1 + (each.kind is ParameterKind.VAR_KEYWORD))}{each.name}" for each in parameters}
    more, others = rest.get(ParameterKind.VAR_POSITIONAL), rest.get(ParameterKind.VAR_KEYWORD)
    placed = [places[at].name if at < len(places) else more or "" for at in range(len(args))]
    named = {name: name if name in by_name else others or "" for name, _ in kwargs}
    taken = {*placed[: len(places)], *named}
    needed = [each.name for each in parameters if each.default is None and each.kind not in _VARIADIC]
    errors = [
        *([f"it takes at most {len(places)} values without a name, and is given {len(args)}"] if "" in placed else []),
        *(f"it has no parameter {name} any more" for name, into in named.items() if not into),
        *(f"{name} is given twice: by its place and by name" for name in named if named[name] in placed),
        *(f"it needs {name}, which is not given" for name in needed if name not in taken),
    ]
    return _Bound(tuple(placed), named, tuple(errors))


def _elsewhere(then: _Bound, now: _Bound, args: Sequence[Any], kwargs: Sequence[tuple[str, Any]]) -> Iterator[str]:
    """Tell of arguments that go to another parameter than they did."""
    for value, old, new in zip(args, then.placed, now.placed, strict=True):
        if old != new:
            yield f"{_value(value)} was given for {old}, and now is for {new}"
    for name, _ in kwargs:
        if then.named[name] != now.named[name]:
            into = now.named[name]
            yield (
                f"{name} is no parameter of its own any more: it goes into {into}"
                if into != name
                else (f"{name} is a parameter of its own now: it went into {then.named[name]}")
            )


def _left_out(old: Entry, new: Entry, then: _Bound, now: _Bound) -> Iterator[str]:
    """Tell of parameters that the call leaves out, and whose default is another one."""
    given = {*then.placed, *then.named, *now.placed, *now.named}
    before = {each.name: each.default for each in old.parameters}
    for each in new.parameters:
        was = before.get(each.name)
        if was is not None and each.default is not None and was != each.default and each.name not in given:
            yield f"{each.name}, which it leaves out, was {line(was)} and is {line(each.default)}"


def _value(value: Any) -> str:
    return cut(line(repr(value)), _LONGEST)
