"""What a repository's commits tell, without any of their files: who comes from whom, and the log between two."""

from dataclasses import dataclass

from rehub.words.errors import StoreError
from rehub.words.update import Commit, Log
from rehub.world.git.objects import BareRepository

_SHOWN = 20  # commits of a log
# Not `git log`: that would look for a .mailmap, which is a file.
_FIELDS = "%H%x1f%cs%x1f%s%x1f%an"


@dataclass(frozen=True, slots=True)
class History:
    """A bare repository of which only commits are looked at."""

    repository: BareRepository

    def has(self, commit: str) -> bool:
        """Say whether a commit is there."""
        return self._run("cat-file", "-e", f"{commit}^{{commit}}") is not None

    def base(self, old: str, new: str) -> str:
        """Give the last commit that two have in common; empty if they have none."""
        return (self._run("merge-base", old, new) or "").strip()

    def log(self, since: str, until: str, *, most: int = _SHOWN) -> Log:
        """Give the commits that ``until`` has and ``since`` has not, newest first.

        Args:
            since: a commit; with an empty one, all that ``until`` has.
            until: a commit.
            most: how many of them are read.
        """
        which = [until, f"^{since}"] if since else [until]
        count = (self._run("rev-list", "--count", *which) or "0").strip()
        rows = self._run("rev-list", f"--max-count={most}", f"--format={_FIELDS}", *which) or ""
        commits = (_commit(row) for row in rows.split("\n") if "\x1f" in row)
        return Log(tuple(commits), int(count))

    def _run(self, *args: str) -> str | None:
        """Give what git printed, or ``None`` if its answer is no.

        Raises:
            StoreError: it took too long, or printed too much, which is no answer.
        """
        ended = self.repository.git.run(args, repo=self.repository.path)
        if ended.stopped:
            raise StoreError(str(self.repository.path), f"git could not look through its history: {ended.stopped}")
        return None if ended.code else ended.out.decode("utf-8", "replace")


def _commit(row: str) -> Commit:
    oid, day, rest = row.split("\x1f", 2)
    subject, _, author = rest.rpartition("\x1f")
    return Commit(oid, day, author, subject)
