"""A requirement as PEP 508 writes it, read without asking anybody; and the names that distributions go by.

What is not understood is no requirement: the text comes from strangers' repositories, and goes into the file that a
solver reads, where a line can name other files and ``${VARIABLE}`` is replaced.
"""

import re
from dataclasses import dataclass
from typing import Self

MOST = 500  # characters of one requirement

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?"
# PEP 440's operators, and what a version is made of. Spaces are single ones by then: several optional parts in a row,
# each with any number of spaces around it, would take a hostile line minutes.
_CLAUSE = r"(?:===|==|!=|<=|>=|~=|<|>) ?[A-Za-z0-9][A-Za-z0-9.*+!_-]*"
_REQUIREMENT = re.compile(
    rf"(?P<name>{_NAME}) ?(?:\[(?P<extras>[\w., -]*)\])? ?"
    rf"(?:@ ?(?P<url>[^ ;]+)|\(? ?(?P<specifier>{_CLAUSE}(?: ?, ?{_CLAUSE})*)? ?,? ?\)?)"
    r" ?(?:; ?(?P<marker>[\w .'\"()<>=!~,*+-]+))?",
    re.ASCII,
)
# Poetry's own operators: https://python-poetry.org/docs/dependency-specification/
_POETRY = re.compile(r"([\^~]?)=?\s*(\d{1,9}(?:\.\d{1,9})*)((?:[a-z]+\d*)?(?:\.\*)?)")


@dataclass(frozen=True, slots=True)
class Requirement:
    """A distribution, and which versions of it will do.

    Attributes:
        name: as it was written.
        specifier: ``>=1.2,<2``, without spaces; empty for any version.
        extras: sorted.
        marker: when it holds (``python_version < "3.8"``); empty for always.
        url: where it is to come from instead of an index; empty for most.
    """

    name: str
    specifier: str = ""
    extras: tuple[str, ...] = ()
    marker: str = ""
    url: str = ""

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read one; ``None`` if it is something else.

        Example:
            >>> str(Requirement.parse("Pillow (>= 8.0, <10) ; python_version < '3.8'"))
            "Pillow>=8.0,<10 ; python_version < '3.8'"
            >>> Requirement.parse("-r ../../secrets"), Requirement.parse("x ; ${TOKEN} == 'y'")
            (None, None)
        """
        if len(text) > MOST or len(text.strip().splitlines()) != 1:
            return None
        found = _REQUIREMENT.fullmatch(" ".join(text.split()))
        if not found:
            return None
        extras = (each.strip() for each in (found["extras"] or "").split(","))
        specifier = (found["specifier"] or "").replace(" ", "")
        url, marker = found["url"] or "", (found["marker"] or "").strip()
        return cls(found["name"], specifier, tuple(sorted(filter(None, extras))), marker, url)

    @property
    def key(self) -> str:
        """What tells distributions apart: see :func:`normal`."""
        return normal(self.name)

    def __str__(self) -> str:
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        where = f" @ {self.url}" if self.url else self.specifier
        return f"{self.name}{extras}{where}{self.marker and f' ; {self.marker}'}"


def normal(name: str) -> str:
    """Give a distribution's name as indexes compare it. Source: PEP 503.

    Example:
        >>> normal("PyYAML"), normal("importlib_metadata")
        ('pyyaml', 'importlib-metadata')
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def from_poetry(name: str, said: str) -> Requirement | None:
    """Read a requirement as Poetry's table has it: ``^1.2`` and ``~1.2`` are its own.

    Example:
        >>> str(from_poetry("timm", "^0.9.2")), str(from_poetry("torch", "*")), str(from_poetry("x", ">=1,<2"))
        ('timm>=0.9.2,<0.10', 'torch', 'x>=1,<2')
    """
    parts = [_from_poetry(part.strip()) for part in said.split(",") if part.strip() not in {"", "*"}]
    return Requirement.parse(name + ",".join(parts)) if all(part[0] in "<>=!~" for part in parts) else None


def _from_poetry(part: str) -> str:
    found = _POETRY.fullmatch(part)
    if not found:
        return part
    operator, version, rest = found.groups()
    if operator and not rest.endswith(".*"):
        return f">={version}{rest},<{_next(version.split('.'), caret=operator == '^')}"
    return f"=={version}{rest}"


def _next(parts: list[str], *, caret: bool) -> str:
    """Give the first version that is too new: a caret keeps the first part that is not 0, a tilde the minor one."""
    significant = next((place for place, part in enumerate(parts) if part.strip("0")), len(parts) - 1)
    place = significant if caret else min(1, len(parts) - 1)
    return ".".join([*parts[:place], str(int(parts[place]) + 1)])
