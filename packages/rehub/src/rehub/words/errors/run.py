"""What the repository's own code cannot do here."""

from collections.abc import Sequence

from rehub.words.errors.root import RunError


class MissingDependencyError(RunError):
    """Packages that a repository says it needs are not installed.

    Attributes:
        where: the repository and commit.
        missing: the import names.
        command: the pip line that would install their likely distributions.
    """

    def __init__(self, where: str, missing: Sequence[str], command: str) -> None:
        self.where, self.missing, self.command = where, tuple(missing), command
        super().__init__(
            f"Missing dependencies: {', '.join(missing)}\n  {where} names them in its hubconf; nothing of it was run\n"
            f"Likely to help:\n  {command}"
        )


class OperatorClashError(RunError):
    """Two checkouts define one operator of torch, which a process has only once.

    Attributes:
        operator: its full name.
        first: whose it is: a repository and commit, or a folder.
        second: who wanted to define it again.
    """

    def __init__(self, operator: str, first: str, second: str) -> None:
        self.operator, self.first, self.second = operator, first, second
        super().__init__(
            f"the operator {operator} is defined twice in this process\n  first  by {first}\n  second by {second}\n"
            "The second was stopped there; the first goes on working. Load each of them in a process of its own."
        )


class UnexpectedResultError(RunError, TypeError):
    """An entry made something else than ``expect=`` says.

    Attributes:
        where: the repository and commit.
        entry: the entry's name.
        expected: the names of the classes of which one was expected.
        found: what it made, in words.
    """

    def __init__(self, where: str, entry: str, expected: Sequence[str], found: str, advice: str = "") -> None:
        self.where, self.entry, self.expected, self.found = where, entry, tuple(expected), found
        super().__init__(
            f"{entry} of {where} made something else than was expected\n"
            f"  expected {' or '.join(expected)}\n  found    {found}\n"
            f"It was run; what it made was not kept. {advice or 'Leave expect out, or expect that.'}\n"
            f"  rehub explore {where} {entry}"
        )


class HubconfFailedError(RunError):
    """A hubconf that was run in a process of its own, only to be looked at, did not get to its end.

    Attributes:
        where: the repository and commit, or the folder.
        reason: ``raised``, ``exited``, ``crashed``, ``stopped`` (by a limit of time or output) or ``garbled``.
        said: the last lines that it said: a traceback, if it raised.
    """

    def __init__(self, where: str, reason: str, detail: str, said: str) -> None:
        self.where, self.reason, self.said = where, reason, said
        how = {
            "raised": "its code raised an exception",
            "exited": "its code ended the process",
            "crashed": "its code took the process down",
            "stopped": "it was stopped",
            "garbled": "something else wrote where the answer belongs",
        }.get(reason, reason)
        lines = "".join(f"\n  {line}" for line in said.splitlines())
        super().__init__(
            f"hubconf.py of {where} could not be run to list its names\n"
            f"  {how}{detail and ': ' + detail}{lines}\n"
            "Nothing was kept. Without --dynamic, or dynamic=True, what reading knows is listed."
        )
