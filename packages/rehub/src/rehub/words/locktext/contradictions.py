"""A lock says one thing of each: a name is one model, a ref one commit, a commit one tree, a URL one file."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from rehub.words.locktext.table import Table
from rehub.words.ref import Ref

_ADVICE = "Remove the table that is out of date."


def refuse_contradictions(models: Iterable[Table], weights: Iterable[Table]) -> None:
    """Refuse a lock that says two things of one: which of them holds, only who made it can know.

    Args:
        models: its models, each already found to be well formed.
        weights: the files that the program asked for itself, likewise.

    Raises:
        MalformedLockError: it does; the message has both lines.
    """
    names, said = _Said(), _Said()
    for model in models:
        names.once(model, "name")
        for each in model.tables("repository"):
            remote, commit = Ref.parse(each.text("remote")), each.text("gitCommit")
            said.same(each, "gitCommit", ("ref", Ref.parse(each.text("ref"))), (remote, commit))
            said.same(each, "dirHash", ("commit", remote, commit), each.text("dirHash"))
            if each.text("gitTree", ""):
                said.same(each, "gitTree", ("tree", remote, commit), each.text("gitTree"))
        for each in model.tables("weights"):
            said.same(each, "sha256", ("url", each.text("url")), (each.text("sha256"), each.size("size")))
    for each in weights:
        said.same(each, "sha256", ("url", each.text("url")), (each.text("sha256"), each.size("size")))


@dataclass(frozen=True, slots=True)
class _Said:
    """What was said of each, and where that stands."""

    known: dict[Hashable, tuple[Hashable, Table]] = field(default_factory=dict)

    def once(self, table: Table, name: str) -> None:
        """Note a name that nothing else may have."""
        text = table.text(name)
        _, first = self.known.setdefault(text, (text, table))
        if first is not table:
            raise table.fault(name, f"{text!r} is there twice, also in line {first.line(name)}", _ADVICE)

    def same(self, table: Table, name: str, about: Hashable, what: Hashable) -> None:
        """Note what is said of something; what was said before must be the same."""
        before, first = self.known.setdefault(about, (what, table))
        if before == what:
            return
        subject = table.text("url" if "url" in table.data else "ref")
        found = f"{subject!r} has another {name} here than in line {first.line(name)}"
        raise table.fault(name, f"{found}\n  expected one for all of a lock", _ADVICE)
