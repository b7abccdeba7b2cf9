"""What can be wrong with a file of weights, before it is known which file it is and what its digest is."""

from collections.abc import Sequence


class Fault(Exception):  # noqa: N818 - it ends as one of rehub's errors, with the file's name
    """The root of the two."""


class Unsound(Fault):
    """The file is not what it says.

    Attributes:
        reason: what is wrong, with the limit if there is one.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class RunsCode(Fault):
    """Reading it in full would run something.

    Attributes:
        found: names of functions and classes, or what kind of program it is.
        reason: why it cannot be read without.
    """

    def __init__(self, found: Sequence[str], reason: str = "") -> None:
        self.found, self.reason = tuple(found), reason
        super().__init__(reason or ", ".join(found))
