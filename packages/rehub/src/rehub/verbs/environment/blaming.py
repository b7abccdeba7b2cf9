"""Why there is no solution: what cannot be had by itself, and what would help. Each offer was tried.

What the solver says is for people, and changes; so it is not read, but asked again: for one requirement alone, for
other Pythons, without what is hopeless.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from rehub.words.needs import Blame, Wanting
from rehub.words.requirement import Requirement, normal
from rehub.world.uv import Question, Uv

# From the newest to the oldest: 3.6 is the first that torch.hub's repositories of 2019 had wheels for.
PYTHONS = tuple(f"3.{minor}" for minor in range(15, 5, -1))
_MOST_ASKED = 60  # requirements that are asked for one by one
_CONCLUSION = re.compile(r",? we can conclude| and only (?:the following versions|[\w.-]+[<>=!])| and you require")


def blame(question: Question, uv: Uv, progress: Callable[[str], None] = lambda _: None) -> Blame:
    """Find what cannot be had by itself, or with what it needs, and what would do.

    Raises:
        SolverError: uv failed, or could not ask its index.
    """
    told: list[Wanting] = []
    for each in question.requirements[:_MOST_ASKED]:
        progress(f"there is no solution; looking at {each}")
        told += _wanting(each, question, uv)
    found = _each_once(told)
    progress("looking for what helps")
    here = _without(question, found)
    elsewhere = _without(question, [each for each in found if not each.python])
    newest = _newest(elsewhere, uv) if elsewhere.requirements else ""
    return Blame(found, newest, bool(found) and bool(uv.ask(here).pylock))


def _each_once(found: Sequence[Wanting]) -> tuple[Wanting, ...]:
    """Leave out what is needed by something else, if it is required, too, and told then; and what was told before."""
    required = {normal(each.name) for each in found if not each.needed_by}
    kept = [each for each in found if not each.needed_by or normal(each.name) not in required]
    return tuple({each.requirement: each for each in reversed(kept)}.values())[::-1]


def packages(pylock: str) -> tuple[tuple[str, str], ...]:
    """Give what a PEP 751 text would install: name and version, sorted."""
    found = tomllib.loads(pylock).get("packages", [])
    return tuple(sorted((str(each["name"]), str(each.get("version", ""))) for each in found))


def reason(said: str) -> str:
    """Give what uv says is the cause, without its conclusions and the hints about its own options.

    Example:
        >>> reason("error: No  cause: Because x was not found, we can conclude that it is.")
        'x was not found'
    """
    text = " ".join(said.partition("\nhint:")[0].split())
    cause = text.partition("cause: ")[2] or text
    return _CONCLUSION.split(cause, maxsplit=1)[0].removeprefix("Because ")


def _wanting(requirement: str, question: Question, uv: Uv) -> Iterator[Wanting]:
    """Give what of a requirement cannot be had: itself, or something that it needs."""
    alone = replace(question, requirements=(requirement,), alone=True)
    answer = uv.ask(alone)
    if not answer.pylock:
        yield Wanting(requirement, _newest(alone, uv), reason(answer.said))
        return
    whole = replace(alone, alone=False)
    answer = uv.ask(whole)
    if answer.pylock:
        return
    newest = _newest(whole, uv)
    # What it needs is only known where there is a solution.
    solved = packages(uv.ask(replace(whole, python=newest)).pylock) if newest else ()
    needed = [Wanting(each, "", "", requirement) for each in map("==".join, solved)]
    below = [each for one in needed if (each := _asked_alone(one, question, uv))]
    yield from below or [Wanting(requirement, newest, reason(answer.said), requirement)]


def _asked_alone(needed: Wanting, question: Question, uv: Uv) -> Wanting | None:
    alone = replace(question, requirements=(needed.requirement,), alone=True)
    answer = uv.ask(alone)
    return None if answer.pylock else replace(needed, python=_newest(alone, uv), said=reason(answer.said))


def _newest(question: Question, uv: Uv) -> str:
    """Give the newest other Python for which there is a solution; empty if there is none for any."""
    others = (each for each in PYTHONS if each != question.python)
    return next((each for each in others if uv.ask(replace(question, python=each)).pylock), "")


def _without(question: Question, found: Iterable[Wanting]) -> Question:
    """Leave distributions out of a question, whoever needs them."""
    names = {normal(each.name) for each in found}
    read = {each: Requirement.parse(each) for each in question.requirements}
    kept = tuple(text for text, each in read.items() if each and each.key not in names)
    return replace(question, requirements=kept, excluded=(*question.excluded, *sorted(names)))
