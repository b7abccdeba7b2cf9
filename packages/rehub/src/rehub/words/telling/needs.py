"""What a repository needs, and what a solver made of it, as sections of lines for people."""

import re
from collections.abc import Iterable, Iterator, Sequence

from rehub.words.needs import Need, Needs, Solution, Use, Wanting
from rehub.words.text import cut, plural

_NO_WHEELS = re.compile(r"\S+ has no (?:usable )?wheels")  # which was said in our own words
Section = tuple[str, list[str]]

_TITLES = {
    Use.LOAD: "needed to load",
    Use.LATER: "imported later, or only where it is there",
    Use.DECLARED: "declared, and not imported by anything that the hubconf leads to",
}
_PLACES = 3  # shown of one
_WIDE = 40  # characters of a column, at most
_REASON = 200  # characters of what the solver says


def needed(needs: Needs) -> Iterator[Section]:
    """Give what is needed, by when, with what is here of it; then what was left aside."""
    for use, title in _TITLES.items():
        if rows := [_row(each) for each in needs.of(use)]:
            yield title, aligned(rows)
    if not needs.needs:
        yield _TITLES[Use.LOAD], ["nothing but Python"]
    if needs.aside:
        yield "left aside", [_aside(each.file, each.line, each.text, each.reason) for each in needs.aside]


def _row(need: Need) -> tuple[str, ...]:
    name = need.name
    if other := [each for each in need.imports if each.lower() != need.key.replace("-", "_")]:
        name += f" (import {', '.join(other)})"
    places = ", ".join(map(str, need.where[:_PLACES]))
    more = len(need.where) - _PLACES
    return name, need.versions, here(need), places + (f" and {more} more" if more > 0 else "")


def here(need: Need) -> str:
    """Say what is installed of it."""
    if need.installed is None:
        return "not installed"
    if need.installed_as:
        return f"{need.installed_as} {need.installed}"
    return need.installed + (", which does not fit" if need.fits is False else "")


def _aside(file: str, line: int, text: str, reason: str) -> str:
    return f"{file}:{line} {cut(text, 80)} {reason}" if text else f"{file}:{line} {reason}"


def solved(solution: Solution, needs: Needs) -> Iterator[Section]:
    """Give what was solved, with what is here where that is another version."""
    now = {each.key: each.installed for each in needs.needs}
    title = f"as of {solution.time}, for Python {solution.python}"
    rows = [(name, version, _beside(version, now.get(name))) for name, version in solution.packages]
    yield title, aligned(rows) or ["nothing but what is taken as installed"]
    yield from _taken(solution)


def unsolved(solution: Solution) -> Iterator[Section]:
    """Give why there is no solution."""
    title = f"as of {solution.time}, for Python {solution.python}: no solution"
    lines = [line for each in solution.blame.wanting for line in _wanting(each, solution.python)]
    yield title, lines or [solution.said]
    yield from _taken(solution)


def _taken(solution: Solution) -> Iterator[Section]:
    if solution.installed:
        yield "taken as installed", [", ".join(f"{name} {at or '(not installed)'}" for name, at in solution.installed)]
    if solution.left_out:
        yield "left out", [", ".join(solution.left_out)]


def _beside(version: str, installed: str | None) -> str:
    return f"here: {installed}" if installed and installed != version else ""


def _wanting(each: Wanting, python: str) -> Iterator[str]:
    name, newest = each.requirement, f"the newest Python that has one is {each.python}" if each.python else ""
    if each.needed_by == name:
        newest = f"it can be had for {each.python}" if each.python else "nor for any other"
        yield f"{name}: something that it needs cannot be had for Python {python}; {newest}"
    else:
        name += f" (needed by {each.needed_by})" if each.needed_by else ""
        yield f"{name}: no wheel for " + (f"Python {python}; {newest}" if newest else "any Python")
    if not _NO_WHEELS.match(each.said):
        yield f"  {cut(each.said, _REASON)}"


def ways_on(solution: Solution, needs: Needs, command: str) -> Iterator[tuple[str, str]]:
    """Give the commands that help where there is no solution, each with what it does.

    Args:
        solution: there is none.
        needs: what was to be solved.
        command: what was typed.
    """
    told = solution.blame
    names = {each.name for each in told.wanting}
    idle = {each.name for each in needs.of(Use.DECLARED)}
    if told.rest and names <= idle:
        yield f"{command} --imported", "leaves out what is declared but never imported"
    if told.python:
        out = {each.name for each in told.hopeless}
        yield f"{command}{_without(out)} --python {told.python}", "solves it for the newest Python that can have it"
    if told.rest:
        yield f"{command}{_without(names)}", f"solves the rest for Python {solution.python}"


def _without(names: Iterable[str]) -> str:
    return "".join(f" --without {name}" for name in sorted(names))


def counted(needs: Needs) -> str:
    """Say how much of what loading needs is here."""
    asked = needs.of(Use.LOAD)
    if not asked:
        return "loading needs no package"
    there = [each for each in asked if each.installed is not None and each.fits is not False]
    if len(there) == len(asked):
        return "all that loading needs is here"
    verb = "is" if 1 in {len(there), len(asked)} else "are"
    return f"{len(there)} of {plural(len(asked), 'package')} that loading needs {verb} here"


def missing(needs: Needs) -> list[str]:
    """Give what loading needs and is not here, as pip takes it."""
    lacking = [each for each in needs.of(Use.LOAD) if each.installed is None]
    return [f"{each.name}{','.join(one.specifier for one in each.requirements if one.specifier)}" for each in lacking]


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Give rows as lines whose columns stand below each other.

    Example:
        >>> aligned([("numpy", "1.17"), ("torch-x", "2")])
        ['numpy    1.17', 'torch-x  2']
    """
    widths = [min(_WIDE, max(map(len, column))) for column in zip(*rows, strict=True)]
    padded = ("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in rows)
    return [each.rstrip() for each in padded]
