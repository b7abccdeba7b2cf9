"""Whether an installed version is one that will do, if ``packaging`` is here to say it: it comes with rehub[env]."""

from collections.abc import Iterable

from rehub.words.needs import Needs
from rehub.words.requirement import Requirement


def fits(version: str | None, requirements: Iterable[Requirement]) -> bool | None:
    """Say whether a version will do; ``None`` where that cannot be told.

    Example:
        >>> fits("2.1", [Requirement("numpy", ">=1.21,<2")]), fits("2.1", [Requirement("numpy")])
        (False, True)
    """
    try:
        from packaging.markers import InvalidMarker, Marker, UndefinedEnvironmentName
        from packaging.specifiers import InvalidSpecifier, SpecifierSet
    except ImportError:
        return None
    if version is None:
        return None
    try:
        held = [each for each in requirements if not each.marker or Marker(each.marker).evaluate()]
        return all(SpecifierSet(each.specifier).contains(version, prereleases=True) for each in held)
    except (InvalidMarker, InvalidSpecifier, UndefinedEnvironmentName):
        return None


def is_valid(requirement: Requirement) -> bool:
    """Say whether a solver would take a requirement; one line that it does not would be the end of all.

    Example:
        >>> is_valid(Requirement("x", ">=1.2")), is_valid(Requirement("x", ">=1.*"))
        (True, False)
    """
    try:
        from packaging.requirements import InvalidRequirement
        from packaging.requirements import Requirement as Strict
    except ImportError:
        return True
    try:
        Strict(str(requirement))
    except InvalidRequirement:
        return False
    return True


def suits(needs: Needs, python: str) -> bool | None:
    """Say whether a Python is among those that a repository says that it is for; ``None`` where that cannot be told."""
    asked = Requirement.parse(f"python{needs.python}")
    return fits(f"{python}.99", [asked]) if asked and needs.python else None
