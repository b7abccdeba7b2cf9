"""Where in a TOML text each key stands, and which comments belong to it: ``tomllib`` gives neither."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]
"""Where a value is: ``("model", 0, "name")``."""

_KEY = r"""(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')"""
_KEYS = rf"{_KEY}(?:[ \t]*\.[ \t]*{_KEY})*"
_START = re.compile(rf"[ \t]*(?:(?P<comment>\#[^\n]*)|(?P<many>\[?)\[[ \t]*(?P<table>{_KEYS})|(?P<key>{_KEYS}))?")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
# What has to be told apart to find the end of a value: strings of four kinds, comments, ends of lines, brackets. A
# string that does not end is taken as far as it could go: to look for its end from each quote would take forever.
_OPAQUE = (
    r'''"""(?:[^"\\]|\\.|"{1,2}(?!"))*+(?:"{3,5})?'''
    r"""|\'\'\'(?:[^']|'{1,2}(?!'))*+(?:'{3,5})?"""
    r"""|"(?:[^"\\\n]|\\.)*+"?|'[^'\n]*+'?|\#[^\n]*+"""
)
_TOKEN = re.compile(rf"{_OPAQUE}|\n|[\[\]{{}}]", re.DOTALL)
_DEEP = re.compile(rf"((?:{_KEY}[ \t]*\.[ \t]*){{20}})|{_OPAQUE}|[A-Za-z0-9_-]++", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Statement:
    """A key with its value, or a table's header.

    Attributes:
        path: what it says something of; empty at the end of the text.
        line: the number of its first line, from 1.
        above: the comments since the statement before it; an empty text for each blank line.
        beside: the comments in its own lines.
    """

    path: Path
    line: int
    above: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


def refuse_deep_keys(text: str) -> None:
    """Refuse tables within tables as no lock has them: ``tomllib`` takes as long as the square of their depth.

    Raises:
        ValueError: a key has more than 20 parts.
    """
    if any(found[1] for found in _DEEP.finditer(text)):
        msg = "it has too many tables within tables"
        raise ValueError(msg)


def statements(text: str) -> Iterator[Statement]:
    """Give the statements of a text that ``tomllib`` has read, in order; the last one stands for its end."""
    base: Path = ()
    counts: dict[Path, int] = {}
    above: list[str] = []
    at, line = 0, 1
    while at < len(text):
        found = _START.match(text, at)
        assert found is not None  # noqa: S101 - it matches nothing at all, too
        beside, end = _rest(text, found.end())
        if found["table"]:
            base = _place(_keys(found["table"]), counts, many=bool(found["many"]))
        if found["table"] or found["key"]:
            path = base if found["table"] else (*base, *_keys(found["key"]))
            yield Statement(path, line, tuple(above), tuple(beside))
            above = []
        else:
            above.append(found["comment"] or "")
        line += text.count("\n", at, end)
        at = end
    yield Statement((), line, tuple(above))


def _rest(text: str, at: int) -> tuple[list[str], int]:
    """Give the comments from somewhere in a statement to its end, and where the next line begins."""
    comments, depth = [], 0
    for token in _TOKEN.finditer(text, at):
        first = token[0][0]
        if first == "#":
            comments.append(token[0])
        elif first == "\n" and depth <= 0:
            return comments, token.end()
        depth += (first in "[{") - (first in "]}")
    return comments, len(text)


def _keys(text: str) -> tuple[str, ...]:
    """Read a dotted key, by ``tomllib`` itself where it is more than a word."""
    if _BARE.fullmatch(text):
        return (text,)
    keys: list[str] = []
    found: Any = tomllib.loads(f"{text}=0")
    while isinstance(found, dict):
        ((key, found),) = found.items()
        keys.append(key)
    return tuple(keys)


def _place(keys: tuple[str, ...], counts: dict[Path, int], *, many: bool) -> Path:
    """Give the path that a header leads to: of a list of tables, the last one is meant, or a new one begins."""
    path: Path = ()
    for key in keys[:-1]:
        path = (*path, key)
        if path in counts:
            path = (*path, counts[path] - 1)
    path = (*path, keys[-1])
    if many:
        counts[path] = counts.get(path, 0) + 1
    return (*path, counts[path] - 1) if path in counts else path
