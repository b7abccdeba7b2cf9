"""Which entries are not what they were: the signatures that reading gives, compared by griffe's rules.

griffe alone would have to find a hubconf's entries as well, and many are made where it does not look (see
docs/adr/0022). So what rehub has read is given to it as functions, and it says what breaks their callers.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from rehub.words.hubconf import Entry, Hubconf
from rehub.words.text import cut, line
from rehub.words.update import Change, EntryChange

if TYPE_CHECKING:
    from griffe import Breakage, Module, Parameter

_LONGEST = 60  # characters of a default that is shown


def entry_changes(old: Hubconf, new: Hubconf) -> tuple[EntryChange, ...]:
    """Say which entries vanished, are new, or are called otherwise, by name.

    What reading cannot know counts as unchanged: whether a name that is made at run time is gone, nothing tells.
    """
    then, now = {each.name: each for each in old.entries}, {each.name: each for each in new.entries}
    there = {*now, *(each.name for each in new.leaks)}  # what is a leak now can still be loaded
    gone = [EntryChange(name, Change.GONE, each.signature) for name, each in then.items() if name not in there]
    fresh = [EntryChange(name, Change.NEW, new=each.signature) for name, each in now.items() if name not in then]
    both = [(then[name], now[name]) for name in then.keys() & now.keys()]
    certain = [*(gone if new.is_known else ()), *(fresh if old.is_known else ()), *_changed(both)]
    return tuple(sorted(certain, key=lambda each: each.name))


def _changed(pairs: Iterable[tuple[Entry, Entry]]) -> Iterator[EntryChange]:
    known = [(old, new) for old, new in pairs if old.signature and new.signature and old.signature != new.signature]
    breaks = _breakages(known)
    for old, new in known:
        yield EntryChange(old.name, Change.CHANGED, old.signature, new.signature, breaks[old.name])


def _breakages(pairs: list[tuple[Entry, Entry]]) -> dict[str, tuple[str, ...]]:
    from griffe import find_breaking_changes

    found: dict[str, list[str]] = {old.name: [] for old, _ in pairs}
    if pairs:
        old, new = _module(each for each, _ in pairs), _module(each for _, each in pairs)
        for each in find_breaking_changes(old, new):
            found[each.obj.name].append(_said(each))
    return {name: tuple(each) for name, each in found.items()}


def _module(entries: Iterable[Entry]) -> "Module":
    """Give entries to griffe, as functions of a module; a class is what its constructor takes."""
    from griffe import Function, Module, Parameter, ParameterKind, Parameters

    module = Module("hubconf")
    for entry in entries:
        given = [
            Parameter(each.name, kind=ParameterKind(each.kind.value), default=each.default, annotation=each.annotation)
            for each in entry.parameters
        ]
        function = Function(entry.name, parameters=Parameters(*given))
        function.public = True
        module.set_member((entry.name,), function)  # a tuple, as a name may hold dots
    return module


def _said(found: "Breakage") -> str:
    """Say a breakage in our words."""
    from griffe import BreakageKind as Kind

    old, new = found.old_value, found.new_value
    name = getattr(old or new, "name", "")
    said: dict[Kind, Any] = {
        Kind.PARAMETER_REMOVED: lambda: f"{name} is gone",
        Kind.PARAMETER_MOVED: lambda: f"{name} has another place",
        Kind.PARAMETER_CHANGED_KIND: lambda: f"{name} was {old.kind.value}, and is {new.kind.value}",
        Kind.PARAMETER_CHANGED_DEFAULT: lambda: f"{name} was {_short(old)} if left out, and is {_short(new)}",
        Kind.PARAMETER_CHANGED_REQUIRED: lambda: f"{name} must be given now",
        Kind.PARAMETER_ADDED_REQUIRED: lambda: f"{name} is new, and must be given",
    }
    return str(said[found.kind]()) if found.kind in said else str(found)


def _short(parameter: "Parameter") -> str:
    return cut(line(str(parameter.default)), _LONGEST)
