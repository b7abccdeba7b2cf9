"""The root of the errors and its branches: what a caller would do about them."""


class RehubError(Exception):
    """The root of the tree: ``except rehub.RehubError`` catches whatever rehub raises on purpose."""


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
