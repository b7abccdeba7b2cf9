"""What running a hubconf made, beside what reading it tells, and how the two are put together.

:meth:`Ran.as_dict` and :meth:`Ran.from_dict` are the format of ``ran/<tree>.<python>.json`` in the store.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from rehub.words.hubconf import Entry, Hubconf, Leak, Run


@dataclass(frozen=True, slots=True)
class Seen:
    """A public callable that was there after the run.

    Attributes:
        entry: what could be seen of it.
        origin: where it comes from, if not from the repository: ``torch.nn.modules.linear.Linear``.
    """

    entry: Entry
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Ran:
    """A run of a hubconf.

    Attributes:
        run: when, and by which Python.
        seen: every public callable, by torch.hub's rule.
    """

    run: Run
    seen: tuple[Seen, ...]

    def as_dict(self) -> dict[str, Any]:
        """Give plain dictionaries, lists and strings, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Read what :meth:`as_dict` wrote.

        Raises:
            TypeError, KeyError, ValueError: it is something else, or of another version.
        """
        seen = (Seen(Entry.from_dict(each["entry"]), str(each["origin"])) for each in data["seen"])
        return cls(Run(**data["run"]), tuple(seen))


def joined(read: Hubconf, ran: Ran) -> Hubconf:
    """Add what a run made to what reading knows, which knows more about each.

    Leaks stay apart: what comes from outside the repository is one here too. An entry that the run did not have is
    there only sometimes.
    """
    names = {each.entry.name for each in ran.seen}
    known = {*read.names, *(leak.name for leak in read.leaks)}
    fresh = [each for each in ran.seen if each.entry.name not in known]
    entries = [each if each.name in names else replace(each, conditional=True) for each in read.entries]
    entries += [replace(each.entry, from_run=True) for each in fresh if not each.origin]
    leaks = [each if each.callable is not None else replace(each, callable=each.name in names) for each in read.leaks]
    leaks += [Leak(each.entry.name, each.origin, 1, callable=True) for each in fresh if each.origin]
    return replace(
        read,
        entries=tuple(sorted(entries, key=lambda each: each.name)),
        leaks=tuple(sorted(leaks, key=lambda each: each.name)),
        run=ran.run,
    )
