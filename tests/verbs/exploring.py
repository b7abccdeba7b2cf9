"""What tests of exploring share: a note of what was run, and a look at what is told."""

from typing import Any

from rehub.verbs.explore import Limits, explore
from rehub.words.exploration import Exploration

RAN: list[str] = []


def ran(what: str) -> Any:
    """Note that foreign code ran, and fail as badly as it may."""
    RAN.append(what)
    raise SystemExit(what)


def told(value: object, limits: Limits = Limits()) -> Exploration:  # noqa: B008 - frozen
    """Explore, and show what was found in both ways; none of the object's own code must run for that."""
    RAN.clear()
    found = explore(value, limits)
    assert str(found) == repr(found)
    assert found._repr_html_().startswith("<div")
    assert RAN == []
    return found


def sizes(found: Exploration) -> Any:
    """Give a module's sizes, which it must have."""
    assert found.sizes
    return found.sizes
