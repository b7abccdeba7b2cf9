"""What has happened upstream since a lock was made, and what that means for the calls that it names."""

from dataclasses import dataclass
from enum import StrEnum

from rehub.words.pin import Pin


class Move(StrEnum):
    """What has become of a ref."""

    NONE = "none"
    FORWARD = "forward"  # a branch, to a commit that comes from the locked one
    TAG = "tag"  # a tag, wherever to: it was to stay
    REWRITTEN = "rewritten"  # a branch, to a commit that does not come from the locked one
    GONE = "gone"
    UNKNOWN = "unknown"  # whoever was to be asked did not answer

    @property
    def is_ordinary(self) -> bool:
        """Whether it is what everybody expects of a branch or a tag."""
        return self in {Move.NONE, Move.FORWARD}


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit, as a log shows it.

    Attributes:
        id: 40 hex digits.
        day: when it was made: ``2026-11-24``.
        author: a name.
        subject: the first line of its message.
    """

    id: str
    day: str
    author: str
    subject: str


@dataclass(frozen=True, slots=True)
class Log:
    """The commits that one end has and the other has not, newest first.

    Attributes:
        commits: as many of them as are shown.
        count: how many there are.
    """

    commits: tuple[Commit, ...] = ()
    count: int = 0


@dataclass(frozen=True, slots=True)
class Moved:
    """What has become of a locked repository's ref.

    Attributes:
        ref: as the lock has it.
        old: where it was.
        new: where it is, if it is anywhere else.
        move: what that is called.
        name: the branch or tag in full, if it is one.
        base: the last commit that both have; empty if there is none, or nobody knows.
        added: commits that are new.
        lost: commits that its history does not have any more.
        note: what else there is to say of it.
    """

    ref: str
    old: Pin
    new: Pin | None
    move: Move
    name: str = ""
    base: str = ""
    added: Log = Log()
    lost: Log = Log()
    note: str = ""


class Change(StrEnum):
    """What has become of an entry."""

    GONE = "gone"
    NEW = "new"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class EntryChange:
    """An entry that is not what it was.

    Attributes:
        name: of the entry.
        change: what has become of it.
        old: its signature then; empty if it was not there, or reading cannot know.
        new: its signature now; likewise.
        breaks: what of that can break a call, in words.
    """

    name: str
    change: Change
    old: str = ""
    new: str = ""
    breaks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of the repository's that is not what it was: its weights, its dependencies, a file of requirements.

    Attributes:
        title: what is listed.
        gone: what is no longer in it.
        new: what is new in it.
    """

    title: str
    gone: tuple[str, ...] = ()
    new: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """How two commits of a repository differ, as reading tells.

    Attributes:
        entries: by name.
        lists: those that differ.
        files: how many files differ.
        lines_new: lines of text that are new.
        lines_gone: lines of text that are no longer there.
        unknown: what could not be compared, and why.
        code: the difference of all files, as git shows it; empty if nobody asked for it.
    """

    entries: tuple[EntryChange, ...] = ()
    lists: tuple[Listed, ...] = ()
    files: int = 0
    lines_new: int = 0
    lines_gone: int = 0
    unknown: tuple[str, ...] = ()
    code: str = ""


@dataclass(frozen=True, slots=True)
class LockedCall:
    """A call that a lock names, and how it fares with what is upstream now.

    Attributes:
        model: its name in the lock.
        call: as it would be written in Python.
        breaks: why it fails there, as far as reading tells.
        differs: what it gets that it did not get before, though it goes on working.
        inner: the repository is not the call's own: its code loads it.
    """

    model: str
    call: str
    breaks: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    inner: bool = False


@dataclass(frozen=True, slots=True)
class News:
    """What there is to say of one ref of a lock.

    Attributes:
        moved: what has become of it.
        calls: those that it is about.
        changes: how its files differ; ``None`` if they are the same, or there is nothing to compare them with.
        refused: why what is there now cannot be taken, if it cannot.
    """

    moved: Moved
    calls: tuple[LockedCall, ...] = ()
    changes: Changes | None = None
    refused: str = ""

    @property
    def is_bad(self) -> bool:
        """Whether somebody should look: it is not what one expects of a ref, or breaks a call."""
        return not self.moved.move.is_ordinary or bool(self.refused) or any(each.breaks for each in self.calls)


@dataclass(frozen=True, slots=True)
class Update:
    """What has happened upstream since a lock was made.

    Attributes:
        lock: the file.
        name: the one model that was asked for; empty for all.
        news: of each ref, in the lock's order.
        folders: models that are folders of the user's own: they are what they are now.
    """

    lock: str
    name: str
    news: tuple[News, ...] = ()
    folders: tuple[str, ...] = ()

    @property
    def moved(self) -> tuple[News, ...]:
        """What can be taken: refs that are at another commit now."""
        return tuple(each for each in self.news if each.moved.new and not each.refused)

    @property
    def is_bad(self) -> bool:
        """Whether somebody should look before anything is taken."""
        return any(each.is_bad for each in self.news)
