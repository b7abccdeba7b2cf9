"""The root of the errors and its branches: what a caller would do about them."""

from typing import Any


class RehubError(Exception):
    """The root of the tree: ``except rehub.RehubError`` catches whatever rehub raises on purpose."""

    def __reduce__(self) -> tuple[Any, ...]:
        # A worker's error is sent to who waits for it. Made from its arguments again, as other exceptions are, it would
        # be another one, or none: those are the facts, and the message was made of them.
        return _again, (type(self), self.args), vars(self)


class MalformedError(RehubError, ValueError):
    """Something given to rehub cannot be right."""


class NotFoundError(RehubError, LookupError):
    """Something well formed is not there."""

    def __str__(self) -> str:
        # KeyError's habit of printing the repr of its argument must not reach LookupError's heirs.
        return str(self.args[0]) if self.args else ""


class TrustError(RehubError, PermissionError):
    """Something would be run or believed that nobody allowed."""


class RunError(RehubError, RuntimeError):
    """The repository's own code cannot run here."""


class WorldError(RehubError, OSError):
    """git, the network or the disk failed."""


def _again(kind: type[RehubError], args: tuple[Any, ...]) -> RehubError:
    """Give an error that was pickled: of the same kind, with the same message."""
    made = kind.__new__(kind)
    made.args = args
    return made
