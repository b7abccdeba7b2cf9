"""Why there is no solution: what cannot be had by itself, and what would help. Each offer was tried.

What the solver says is for people, and changes; so it is not read, but asked again: for one requirement alone, for
other Pythons, without what is hopeless.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import replace

from rehub.words.needs import Blame, Wanting
from rehub.words.requirement import Requirement
from rehub.world.uv import Question, Uv

# From the newest to the oldest: 3.6 is the first that torch.hub's repositories of 2019 had wheels for.
PYTHONS = tuple(f"3.{minor}" for minor in range(15, 5, -1))
_MOST_ASKED = 60  # requirements that are asked for one by one


def blame(question: Question, uv: Uv) -> Blame:
    """Find what cannot be had alone, and what would do.

    Raises:
        SolverError: uv failed, or could not ask its index.
    """
    found = _wanting(question.requirements, question, uv)
    hopeless = {each.requirement for each in found if not each.python}
    rest = replace(question, requirements=tuple(each for each in question.requirements if each not in hopeless))
    newest = _newest(rest, uv) if rest.requirements else ""
    if newest and not found:
        # What is needed by what is needed is only known where there is a solution.
        solved = packages(uv.ask(replace(rest, python=newest)).pylock)
        found = _wanting([f"{name}=={version}" for name, version in solved], question, uv)
    return Blame(tuple(found), newest, _without(found, question, uv))


def packages(pylock: str) -> tuple[tuple[str, str], ...]:
    """Give what a PEP 751 text would install: name and version, sorted."""
    found = tomllib.loads(pylock).get("packages", [])
    return tuple(sorted((str(each["name"]), str(each.get("version", ""))) for each in found))


def reason(said: str) -> str:
    """Give what uv says is the cause, without its conclusions and the hints about its own options.

    Example:
        >>> reason("error: No\\n  cause: Because x was not found, we can conclude that it is.\\n\\nhint: Try --this")
        'x was not found'
    """
    text = " ".join(said.partition("\nhint:")[0].split())
    cause = text.partition("cause: ")[2] or text
    return cause.partition(", we can conclude")[0].removeprefix("Because ")


def _wanting(requirements: Sequence[str], question: Question, uv: Uv) -> list[Wanting]:
    found = []
    for each in requirements[:_MOST_ASKED]:
        alone = replace(question, requirements=(each,), alone=True)
        answer = uv.ask(alone)
        if not answer.pylock:
            found.append(Wanting(each, _newest(alone, uv), reason(answer.said)))
    return found


def _newest(question: Question, uv: Uv) -> str:
    """Give the newest other Python for which there is a solution; empty if there is none for any."""
    others = (each for each in PYTHONS if each != question.python)
    return next((each for each in others if uv.ask(replace(question, python=each)).pylock), "")


def _without(found: Sequence[Wanting], question: Question, uv: Uv) -> bool:
    """Say whether all the rest can be had for this Python."""
    names = {each.name: each.key for each in map(Requirement.parse, (one.requirement for one in found)) if each}
    kept = tuple(
        each for each in question.requirements if (read := Requirement.parse(each)) and read.key not in names.values()
    )
    rest = replace(question, requirements=kept, excluded=(*question.excluded, *names))
    return bool(found) and bool(uv.ask(rest).pylock)
