"""What a repository needs of Python's packages, from where that is known, and what a solver made of it."""

from dataclasses import dataclass
from enum import StrEnum

from rehub.words.requirement import Requirement, normal

# Taken as installed: its builds differ by accelerator, and come from indexes of its own.
# Source: what https://download.pytorch.org/whl/ has of PyTorch's own.
TORCH_FAMILY = (
    *("torch", "torchvision", "torchaudio", "torchtext", "torchdata", "torchcodec"),
    *("functorch", "triton", "pytorch-triton", "pytorch-triton-rocm"),
)


class Use(StrEnum):
    """When something that is needed is needed."""

    LOAD = "load"  # the hubconf names it, or it is imported with the hubconf
    LATER = "later"  # imported in a function, or only if it is there
    DECLARED = "declared"  # a file says so; no module that the hubconf leads to imports it


@dataclass(frozen=True, slots=True)
class Where:
    """A place that says so."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Need:
    """A distribution that a repository needs.

    Attributes:
        name: of the distribution, as the repository writes it, or as its import name tells.
        use: when.
        requirements: what is said of its versions, each once.
        imports: the names by which it is imported.
        where: every place that says so, declarations first.
        installed: the version that is here; ``None`` if it is not.
        installed_as: the distribution that holds its import name here, if that is another one.
        fits: whether that version is among those that will do; ``None`` where that cannot be told.
    """

    name: str
    use: Use
    requirements: tuple[Requirement, ...] = ()
    imports: tuple[str, ...] = ()
    where: tuple[Where, ...] = ()
    installed: str | None = None
    installed_as: str = ""
    fits: bool | None = None

    @property
    def key(self) -> str:
        """Its name as indexes compare it."""
        return normal(self.name)

    @property
    def family(self) -> bool:
        """Whether it is PyTorch's own, and taken as installed."""
        return self.key in TORCH_FAMILY

    @property
    def versions(self) -> str:
        """Which versions will do, in words."""
        said = dict.fromkeys(f"{each.specifier}{each.marker and f' ({each.marker})'}" for each in self.requirements)
        return " and ".join(each for each in said if each) or "any version"


@dataclass(frozen=True, slots=True)
class Aside:
    """A line that nothing was done about: a repository instead of a package, an index, what could not be read."""

    file: str
    line: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Needs:
    """What a repository needs.

    Attributes:
        needs: those for loading first, each by name.
        python: which Pythons it says that it is for (``>=3.8``); empty if it says nothing.
        aside: what was read and left aside.
    """

    needs: tuple[Need, ...] = ()
    python: str = ""
    aside: tuple[Aside, ...] = ()

    def of(self, *uses: Use) -> tuple[Need, ...]:
        """Give those of some uses."""
        return tuple(each for each in self.needs if each.use in uses)


@dataclass(frozen=True, slots=True)
class Wanting:
    """A distribution that cannot be had, alone or with what it needs.

    Attributes:
        requirement: what was asked for.
        python: the newest Python for which there is a wheel (``3.9``); empty if there is none for any.
        said: what the solver says of it.
        needed_by: the requirement that needs it; itself, if what cannot be had is something that it needs.
    """

    requirement: str
    python: str
    said: str
    needed_by: str = ""

    @property
    def name(self) -> str:
        """Of the distribution."""
        read = Requirement.parse(self.requirement)
        return read.name if read else self.requirement


@dataclass(frozen=True, slots=True)
class Blame:
    """Why there is no solution, and what would do.

    Attributes:
        wanting: what cannot be had by itself; empty if only all of it together cannot be had.
        python: the newest other Python for which there is a solution of all that any Python has; empty if none.
        rest: whether all but what is wanting can be had for this Python.
    """

    wanting: tuple[Wanting, ...] = ()
    python: str = ""
    rest: bool = False

    @property
    def hopeless(self) -> tuple[Wanting, ...]:
        """What no Python has."""
        return tuple(each for each in self.wanting if not each.python)


@dataclass(frozen=True, slots=True)
class Solution:
    """What a solver made of a repository's needs.

    Attributes:
        time: as of when, in UTC: ``2021-03-01T12:00:00Z``.
        python: for which Python: ``3.11``.
        pylock: the text of a PEP 751 file; empty if there is no solution.
        packages: name and version, sorted.
        installed: the torch family as it is here: name and version, which is empty for what is not installed.
        left_out: what was not solved, by name.
        said: what the solver says, if there is none.
        blame: why, then.
    """

    time: str
    python: str
    pylock: str = ""
    packages: tuple[tuple[str, str], ...] = ()
    installed: tuple[tuple[str, str], ...] = ()
    left_out: tuple[str, ...] = ()
    said: str = ""
    blame: Blame = Blame()
