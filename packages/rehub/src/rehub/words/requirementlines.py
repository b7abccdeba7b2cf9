"""What the lines of a ``requirements.txt`` say, read as pip reads them, without following or obeying any.

Source: https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from rehub.words.requirement import Requirement

_INCLUDE = re.compile(r"(?:-r|--requirement|-c|--constraint)(?:\s+|=)?(\S.*)")
_EDITABLE = re.compile(r"(?:-e|--editable)(?:\s+|=)?(\S.*)")
_OWN_FOLDER = re.compile(r"\.(?:\[[\w.,\s-]*\])?/?")
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9][A-Za-z0-9._-]*)")
_VCS = re.compile(r"(?:git|hg|svn|bzr)\+\S+")
# What only pip's own command needs to know of a line: hashes, and settings for building.
_PER_LINE = re.compile(r"\s--(?:hash|config-settings?|global-option|install-option)\b.*")


class LineKind(StrEnum):
    """What a line asks for."""

    REQUIREMENT = "requirement"
    INCLUDE = "include"  # another file of requirements, or of constraints
    ELSEWHERE = "elsewhere"  # a repository, a URL or a folder instead of an index
    OPTION = "option"  # of pip: an index, say
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Line:
    """A line, from 1; ``requirement`` is there for that kind, and for what has a name elsewhere."""

    number: int
    kind: LineKind
    text: str
    requirement: Requirement | None = None


def lines(text: str) -> Iterator[Line]:
    r"""Read the lines of a file; empty ones, comments and the repository's own folder (``-e .``) are left out.

    Example:
        >>> [(each.number, each.kind.value, each.text) for each in lines("numpy # yes\n-r more.txt\n--pre")]
        [(1, 'requirement', 'numpy'), (2, 'include', 'more.txt'), (3, 'option', '--pre')]
    """
    for number, raw in _joined(text):
        told = re.sub(r"(?:^|\s)#.*", "", raw).strip()
        if told and not _OWN_FOLDER.fullmatch(told) and (found := _line(number, told)):
            yield found


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Put lines together that end with a backslash; each has the number of its first."""
    start, pieces = 1, ""
    for number, raw in enumerate(text.splitlines(), 1):
        start = start if pieces else number
        if raw.endswith("\\") and not raw.lstrip().startswith("#"):
            pieces += raw[:-1] + " "
            continue
        yield start, pieces + raw
        pieces = ""
    if pieces:
        yield start, pieces


def _line(number: int, told: str) -> Line | None:
    if found := _INCLUDE.fullmatch(told):
        return Line(number, LineKind.INCLUDE, found[1].strip())
    if found := _EDITABLE.fullmatch(told):
        own = _OWN_FOLDER.fullmatch(found[1])
        return None if own else Line(number, LineKind.ELSEWHERE, found[1], _named(found[1]))
    if told.startswith("-"):
        return Line(number, LineKind.OPTION, told)
    if _VCS.fullmatch(told) or "://" in told.partition("@")[0] or told.startswith((".", "/")):
        return Line(number, LineKind.ELSEWHERE, told, _named(told))
    requirement = Requirement.parse(_PER_LINE.sub("", told))
    if requirement is None:
        return Line(number, LineKind.UNKNOWN, told)
    return Line(number, LineKind.ELSEWHERE if requirement.url else LineKind.REQUIREMENT, str(requirement), requirement)


def _named(told: str) -> Requirement | None:
    """Give whose name a URL says at its end, as ``#egg=name`` does."""
    found = _EGG.search(told)
    return Requirement(found[1], url=told) if found else None
