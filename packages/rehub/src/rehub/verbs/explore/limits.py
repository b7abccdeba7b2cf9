"""How much of an object is looked at, and how much of that is told."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for exploring: an object may be endless.

    Attributes:
        depth: levels of submodules that are told.
        rows: lines of submodules that are told; levels are left out until they suffice.
        items: elements of a container that are told.
        nesting: containers within containers that are looked into.
        methods: methods that are told.
        modules: submodules that are counted.
        levels: levels of submodules that are counted.
        tied: names of the same numbers that are told, and groups of such names.
    """

    depth: int = 3  # levels
    rows: int = 60  # lines
    items: int = 50  # elements
    nesting: int = 3  # containers
    methods: int = 300  # methods
    modules: int = 50_000  # submodules
    levels: int = 100  # levels
    tied: int = 100  # names, groups
