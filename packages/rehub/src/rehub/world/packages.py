"""What is installed in this Python, asked without importing any of it."""

import importlib.util
import sys
from collections.abc import Iterable, Mapping, Sequence

from rehub.words.requirement import Requirement, normal


def is_importable(name: str) -> bool:
    """Say whether the package that holds a module can be imported; only its first part is looked for.

    Looking for ``a.b`` would import ``a``.
    """
    top = name.partition(".")[0]
    if top in sys.modules or top in sys.builtin_module_names:
        return True
    try:
        return importlib.util.find_spec(top) is not None
    except (ImportError, ValueError):  # a module without a spec, or a name that is none
        return False


def installed_version(name: str) -> str | None:
    """Give the version of a distribution that is installed, or of this Python as ``python``; ``None`` if it is not."""
    from importlib import metadata

    if name == "python":
        return sys.version.split()[0].rstrip("+")
    try:
        return metadata.version(name)
    except (metadata.PackageNotFoundError, KeyError, ValueError):  # not there, without a version, no name at all
        return None


def providers() -> Mapping[str, Sequence[str]]:
    """Give, for each import name that an installed distribution holds, which ones do."""
    from importlib import metadata

    found = metadata.packages_distributions()
    return {name: [each for each in holders if each] for name, holders in found.items()}  # a broken one has no name


def required_by(distributions: Iterable[str]) -> frozenset[str]:
    """Give the installed distributions that others need, directly or through others, by their normal names."""
    found: set[str] = set()
    waiting = list(distributions)
    while waiting:
        for needed in _requires(waiting.pop()):
            if needed not in found and installed_version(needed) is not None:
                found.add(needed)
                waiting.append(needed)
    return frozenset(found)


def _requires(distribution: str) -> Iterable[str]:
    from importlib import metadata

    try:
        said = metadata.requires(distribution) or ()
    except metadata.PackageNotFoundError:
        return ()
    read = (Requirement.parse(each) for each in said)
    return [normal(each.name) for each in read if each and "extra" not in each.marker]
