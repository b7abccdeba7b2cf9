"""Solving what a repository needs as of a day: the newest versions that there were then, with their hashes.

The torch family, and what torch itself needs, is taken as installed: its builds differ by accelerator, and a
``typing-extensions`` of 2021 would break the torch of today. Wheels alone are looked at: metadata of a source
distribution may only be had by running it.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from rehub.verbs.environment.blaming import blame, packages, reason
from rehub.words.needs import TORCH_FAMILY, Need, Needs, Solution, Use
from rehub.words.requirement import Requirement, normal
from rehub.world.packages import installed_version, required_by
from rehub.world.uv import Question, Uv


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


def solve(needs: Needs, wish: Wish, uv: Uv, progress: Callable[[str], None] = lambda _: None) -> Solution:
    """Solve what a repository needs; nothing is built, installed or run.

    Args:
        needs: what it needs.
        wish: as of when, and for whom.
        uv: the solver.
        progress: told, in a few words, what is going on.

    Returns:
        A solution, or why there is none.

    Raises:
        SolverError: uv failed, or could not ask its index.
    """
    excluded, limits = tuple(_excluded(wish)), tuple(_constraints(needs, wish))
    question = Question(tuple(wanted(needs, wish)), wish.python, wish.time, limits, excluded)
    answer = uv.ask(question)
    left_out = tuple(sorted({normal(each) for each in wish.without}))
    begun = Solution(wish.time, wish.python, installed=tuple(_installed(needs, wish)), left_out=left_out)
    if answer.pylock:
        return replace(begun, pylock=answer.pylock + _origin(begun, wish, uv.version), packages=packages(answer.pylock))
    return replace(begun, said=reason(answer.said), blame=blame(question, uv, progress))


def wanted(needs: Needs, wish: Wish) -> Iterator[str]:
    """Give the requirements that are solved: all that is declared, and what loading imports though nothing says so."""
    out = {*map(normal, wish.without), *TORCH_FAMILY}
    for need in needs.needs:
        if need.key not in out and is_solved(need, imported=wish.imported):
            yield from map(str, need.requirements or [Requirement(need.name)])


def _constraints(needs: Needs, wish: Wish) -> Iterator[str]:
    """Give what is declared of the versions of what is not solved for itself, but may be needed by the rest."""
    for need in needs.needs:
        if not is_solved(need, imported=wish.imported):
            yield from (str(replace(each, extras=())) for each in need.requirements if each.specifier)


def is_solved(need: Need, *, imported: bool = False) -> bool:
    """Say whether something is solved: what is only imported, and only later, is not: nobody says that it must be."""
    if need.use is Use.DECLARED:
        return not imported
    return need.use is Use.LOAD or bool(need.requirements)


def _excluded(wish: Wish) -> Iterable[str]:
    return sorted({*TORCH_FAMILY, *required_by(["torch"]), *map(normal, wish.without)})


def _installed(needs: Needs, wish: Wish) -> Iterator[tuple[str, str]]:
    """Give torch, and what else is needed of its family and of what comes with it, as it is here."""
    along = required_by(["torch"])
    asked = (need for need in needs.needs if is_solved(need, imported=wish.imported))
    named = {need.key for need in asked if need.family or need.key in along}
    for name in sorted({"torch", *named}):
        yield name, installed_version(name) or ""


def _origin(solution: Solution, wish: Wish, solver: str) -> str:
    """Write down what the file's own format has no place for. Source: PEP 751, [tool]."""
    rows: dict[str, Any] = {**dict(wish.origin), "as-of": solution.time, "python": solution.python, "solver": solver}
    if solution.left_out:
        rows["left-out"] = list(solution.left_out)
    # JSON's texts and lists of ASCII are TOML's, too.
    lines = [f"{name} = {json.dumps(value)}" for name, value in rows.items()]
    here = [f"{name} = {json.dumps(version or 'not installed')}" for name, version in solution.installed]
    return "\n".join(["", "[tool.rehub]", *lines, "", "[tool.rehub.installed]", *here, ""])
