"""What people wrote into a lock, carried over into its new text.

A comment belongs to the statement that stands below it, or in its line. Statements are known again by what they are
about, not by their place: a model by its name, a repository by its ref, weights by their URL.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rehub.words.locktext.statements import Path, statements

_NAMED_BY = {"model": "name", "repository": "ref", "weights": "url"}


@dataclass(slots=True)
class _Notes:
    """The comments of one statement."""

    above: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)


def keep(fresh: str, before: str) -> str:
    """Give a new text with the comments of the one that it replaces.

    Args:
        fresh: the new text, without any comment.
        before: the text as it was; both with plain ends of lines, and both read by ``tomllib`` without a fault.
    """
    if "#" not in before:
        return fresh
    data = tomllib.loads(fresh)
    new = {_about(each.path, data): each.line - 1 for each in statements(fresh)}
    notes = _placed(before, new)
    lines = fresh.split("\n")
    for about, at in reversed(new.items()):
        found = notes.get(about, _Notes())
        if found.beside:
            lines[at] += "  " + found.beside[0]
        above = list(_paragraphs(found.above))
        lines[at:at] = above if about or not above else ["", *above]
    return "\n".join(lines)


def _placed(before: str, new: Mapping[Path, int]) -> Mapping[Path, _Notes]:
    """Give each new statement the comments that it shall have."""
    data, notes = tomllib.loads(before), dict[Path, _Notes]()
    waiting: list[str] = []
    for old in statements(before):
        place = about = _about(old.path, data)
        above, beside = [*waiting, *old.above], list(old.beside)
        waiting = []
        if len(beside) > 1:  # in a list over several lines
            above, beside = [*above, *beside], []
        if about not in new and any([*above, *beside]):
            waiting, above = _parted(above)
            place, above, beside = _nearest(about, new), [*above, *beside], []
        kept = notes.setdefault(place, _Notes())
        kept.above += [*above, *beside] if kept.beside else above
        kept.beside = kept.beside or beside
    return notes


def _about(path: Path, data: Mapping[str, Any]) -> Path:
    """Give a path by names, where a statement's has numbers."""
    found: Any = data
    about: list[str | int] = []
    for last, part in zip(("", *path), path, strict=False):
        found = found[part]
        name = found.get(_NAMED_BY[str(last)]) if isinstance(part, int) else part
        about.append(name)
    return tuple(about)


def _nearest(about: Path, new: Iterable[Path]) -> Path:
    """Give the statement that stands for one that is gone: the first part of it, or the table that it was in.

    A model that is gone takes its comments with it: the place that is given is nobody's.
    """
    known = set(new)
    inner = (each for each in new if each[: len(about)] == about)
    outer = (about[:length] for length in range(len(about) - 1, 0, -1))
    return next(inner, next((each for each in outer if each in known), about))


def _parted(above: list[str]) -> tuple[list[str], list[str]]:
    """Part the paragraphs that stand for themselves from the one that stands right above a statement."""
    at = max((index + 1 for index, line in enumerate(above) if not line), default=0)
    return above[:at], above[at:]


def _paragraphs(lines: Iterable[str]) -> Iterator[str]:
    """Give lines without empty ones at their beginning, and never two of these together."""
    last = ""
    for line in lines:
        if line or last:
            yield line
        last = line
