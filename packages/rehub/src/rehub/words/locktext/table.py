"""A table of a lock while it is read: it knows its line, so that whoever is told of a fault finds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rehub.words.errors import MalformedLockError
from rehub.words.locktext.statements import Path

_KINDS = {str: "a text", int: "a whole number", bool: "true or false", dict: "a table", list: "a list"}
_MAX_SIZE = (1 << 63) - 1  # bytes. Source: TOML 1.0, "Integer"


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    Attributes:
        data: what it says.
        path: where it stands in the text.
        where: the file, for messages.
        lines: of every statement of the text.
    """

    data: Mapping[str, Any]
    path: Path
    where: str
    lines: Mapping[Path, int]

    def fault(self, name: str | None, reason: str, advice: str = "") -> MalformedLockError:
        """Give the error about one of its keys, or about all of it."""
        at = self.line(name)
        return MalformedLockError(f"{self.where}, line {at}" if at else self.where, reason, advice)

    def line(self, name: str | None) -> int:
        """Give the number of the line of one of its keys, or of its first; 0 where nobody knows."""
        path = self.path if name is None else (*self.path, name)
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines[path] if path else 0

    def only(self, *names: str) -> None:
        """Refuse keys that are not known: whatever they should say would not be kept to."""
        for name in self.data:
            if name not in names:
                raise self.fault(name, f"{name!r} is nothing that {self.title} says\n  expected {', '.join(names)}")

    @property
    def title(self) -> str:
        """What it is called in messages."""
        named = [part for part in self.path if isinstance(part, str)]
        return f"[{'.'.join(named)}]" if named else "a lock"

    def text(self, name: str, default: str | None = None) -> str:
        """Give a text that is not empty."""
        found: str = self._get(name, str, default)
        if not found and default is None:
            raise self.fault(name, f"{name} is empty")
        return found

    def size(self, name: str) -> int:
        """Give a number of bytes."""
        found: int = self._get(name, int, None)
        if not 0 <= found <= _MAX_SIZE:
            raise self.fault(name, f"{name} cannot be less than 0, or more than {_MAX_SIZE}")
        return found

    def flag(self, name: str, *, default: bool) -> bool:
        """Give true or false."""
        return bool(self._get(name, bool, default))

    def texts(self, name: str) -> tuple[str, ...]:
        """Give a list of texts, or none."""
        found: list[Any] = self._get(name, list, [])
        for each in found:
            if not isinstance(each, str):
                raise self.fault(name, f"{name} holds {_kind(each)}\n  expected texts")
        return tuple(found)

    def table(self, name: str) -> "Table | None":
        """Give a table of it, if it is there."""
        if name not in self.data:
            return None
        return Table(self._get(name, dict, None), (*self.path, name), self.where, self.lines)

    def tables(self, name: str) -> list["Table"]:
        """Give a list of tables of it, or none."""
        found: list[Any] = self._get(name, list, [])
        for each in found:
            if not isinstance(each, dict):
                raise self.fault(name, f"{name} holds {_kind(each)}\n  expected tables")
        return [Table(each, (*self.path, name, index), self.where, self.lines) for index, each in enumerate(found)]

    def _get(self, name: str, kind: type, default: Any) -> Any:
        if name not in self.data:
            if default is None:
                raise self.fault(None, f"{self.title} has no {name}")
            return default
        found = self.data[name]
        if type(found) is not kind:
            raise self.fault(name, f"{name} is {_kind(found)}\n  expected {_KINDS[kind]}")
        return found


def _kind(found: object) -> str:
    return _KINDS.get(type(found), f"a {type(found).__name__}")
