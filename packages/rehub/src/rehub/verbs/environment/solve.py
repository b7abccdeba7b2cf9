"""Solving what a repository needs as of a day: the newest versions that there were then, with their hashes.

The torch family, and what torch itself needs, is taken as installed: its builds differ by accelerator, and a
``typing-extensions`` of 2021 would break the torch of today. Wheels alone are looked at: metadata of a source
distribution may only be had by running it.
"""

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from rehub.words.needs import TORCH_FAMILY, Need, Needs, Solution, Use, Wanting
from rehub.words.requirement import Requirement, normal
from rehub.world.packages import required_by, version_of
from rehub.world.uv import Question, Uv

# From the newest to the oldest: 3.6 is the first that torch.hub's repositories of 2019 had wheels for.
PYTHONS = tuple(f"3.{minor}" for minor in range(15, 5, -1))
_MOST_TRIED = 60  # distributions that are asked for one by one to find whose fault it is


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be solved, and how.

    Attributes:
        time: nothing that was uploaded later counts.
        python: for which Python.
        imported: leave out what is declared but never imported.
        without: distributions to leave out.
        origin: what is written into the file of where it comes from: remote, commit.
    """

    time: str
    python: str
    imported: bool = False
    without: tuple[str, ...] = ()
    origin: tuple[tuple[str, str], ...] = ()


def solve(needs: Needs, wish: Wish, uv: Uv) -> Solution:
    """Solve what a repository needs; nothing is built, installed or run.

    Returns:
        A solution, or why there is none.

    Raises:
        SolverError: uv failed, or could not ask its index.
    """
    question = Question(tuple(wanted(needs, wish)), wish.python, wish.time, tuple(_excluded(wish)))
    answer = uv.ask(question)
    left_out = tuple(sorted({normal(each) for each in wish.without}))
    begun = Solution(wish.time, wish.python, installed=tuple(_installed(needs)), left_out=left_out)
    if answer.pylock:
        packages = _packages(answer.pylock)
        return replace(begun, pylock=answer.pylock + _origin(begun, wish), packages=packages)
    return replace(begun, said=_reason(answer.said), **_blame(question, uv))


def wanted(needs: Needs, wish: Wish) -> Iterator[str]:
    """Give the requirements that are solved: all that is declared, and what loading imports though nothing says so."""
    out = {*map(normal, wish.without), *TORCH_FAMILY}
    for need in needs.needs:
        if need.key not in out and is_solved(need, imported=wish.imported):
            yield from map(str, need.requirements or [Requirement(need.name)])


def is_solved(need: Need, *, imported: bool = False) -> bool:
    """Say whether something is solved: what is only imported, and only later, is not: nobody says that it must be."""
    if need.use is Use.DECLARED:
        return not imported
    return need.use is Use.LOAD or bool(need.requirements)


def _excluded(wish: Wish) -> Iterable[str]:
    return sorted({*TORCH_FAMILY, *required_by(["torch"]), *map(normal, wish.without)})


def _installed(needs: Needs) -> Iterator[tuple[str, str]]:
    """Give the torch family as it is here, as far as it is needed; torch always is."""
    named = {need.key for need in needs.needs if need.family and is_solved(need)}
    for name in sorted({"torch", *named}):
        yield name, version_of(name) or ""


def _packages(pylock: str) -> tuple[tuple[str, str], ...]:
    found = tomllib.loads(pylock).get("packages", [])
    return tuple(sorted((str(each["name"]), str(each.get("version", ""))) for each in found))


def _origin(solution: Solution, wish: Wish) -> str:
    """Write down what the file's own format has no place for. Source: PEP 751, [tool]."""
    rows: dict[str, Any] = {**dict(wish.origin), "as-of": solution.time, "python": solution.python}
    if solution.left_out:
        rows["left-out"] = list(solution.left_out)
    # JSON's texts and lists of ASCII are TOML's, too.
    lines = [f"{name} = {json.dumps(value)}" for name, value in rows.items()]
    here = [f"{name} = {json.dumps(version or 'not installed')}" for name, version in solution.installed]
    return "\n".join(["", "[tool.rehub]", *lines, "", "[tool.rehub.installed]", *here, ""])


# Where there is no solution: whose fault it is.


def _blame(question: Question, uv: Uv) -> Mapping[str, Any]:
    """Find what cannot be had alone, and the newest Python that all of it can be had for."""
    others = [each for each in PYTHONS if each != question.python]
    whole = next((each for each in others if uv.ask(replace(question, python=each)).pylock), "")
    found = [_wanting(each, question, others, uv) for each in question.requirements[:_MOST_TRIED]]
    if whole and not any(found):
        # What is needed by what is needed is only known where there is a solution.
        solved = _packages(uv.ask(replace(question, python=whole)).pylock)
        found = [_wanting(f"{name}=={version}", question, others, uv) for name, version in solved[:_MOST_TRIED]]
    return {"wanting": tuple(each for each in found if each), "whole_python": whole}


def _wanting(requirement: str, question: Question, others: Iterable[str], uv: Uv) -> Wanting | None:
    alone = replace(question, requirements=(requirement,), alone=True)
    answer = uv.ask(alone)
    if answer.pylock:
        return None
    newest = next((each for each in others if uv.ask(replace(alone, python=each)).pylock), "")
    return Wanting(requirement, newest, _reason(answer.said))


def _reason(said: str) -> str:
    """Give what uv says is the cause, without its conclusions and hints about its own options."""
    text = " ".join(said.partition("\nhint:")[0].split())
    cause = text.partition("cause: ")[2] or text
    return cause.partition(", we can conclude")[0].removeprefix("Because ")
