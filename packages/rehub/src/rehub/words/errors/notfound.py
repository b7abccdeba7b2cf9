"""What is well formed, but not there."""

import re
from collections.abc import Sequence

from rehub.words.errors.root import NotFoundError


class RepositoryNotFoundError(NotFoundError):
    """The remote answers, but has no such repository (or hides it from strangers).

    Attributes:
        remote: the repository, as a ref.
        tried: how it was asked for, in order.
        credentials: which were tried, by name, with what the server said of each; never their values.
    """

    def __init__(
        self, remote: str, tried: Sequence[str] = (), credentials: Sequence[str] = (), advice: str = ""
    ) -> None:
        self.remote, self.tried, self.credentials = remote, tuple(tried), tuple(credentials)
        ways = f"\n  tried {', '.join(tried)}" if tried else ""
        ways += f"\n  with  {', '.join(credentials)}" if credentials else ""
        private, more = ", or is private", f" If it is private: {advice}" if advice else ""
        if remote.startswith("file:"):
            private, more = "", " A '@' in the path is written %40."
        super().__init__(f"{remote} was not found{private}{ways}\nCheck the spelling.{more}")


class RefNotFoundError(NotFoundError, ValueError):
    """The repository exists, but has no such branch, tag or commit.

    Attributes:
        remote: the repository, as a ref.
        rev: what was asked for.
    """

    def __init__(self, remote: str, rev: str, detail: str = "") -> None:
        self.remote, self.rev = remote, rev
        advice = "If it's a commit from a forked repo, load it from that fork: OWNER/REPO@COMMIT."
        if not re.fullmatch(r"[0-9a-fA-F]{4,40}", rev):
            advice = "Check the spelling; without ':' or '@' the default branch is meant."
        super().__init__(
            f"Cannot find {rev} in {remote}{': ' + detail if detail else ''}\n"
            f"  expected one of its branches or tags, or a commit that one of them reaches\n{advice}"
        )


class HubconfNotFoundError(NotFoundError, FileNotFoundError):
    """The repository has no ``hubconf.py`` at its root.

    Attributes:
        where: the repository and commit, or the folder.
    """

    def __init__(self, where: str) -> None:
        self.where = where
        super().__init__(f"{where} has no hubconf.py at its root, so it publishes no entry points")


class EntryNotFoundError(NotFoundError, RuntimeError):
    """The hubconf has no such entry.

    Attributes:
        where: the repository and commit.
        entry: what was asked for.
        known: the entries that there are.
    """

    def __init__(self, where: str, entry: str, known: Sequence[str], note: str = "") -> None:
        self.where, self.entry, self.known = where, entry, tuple(known)
        there = ", ".join(known[:20]) + (f", … ({len(known)} in all)" if len(known) > 20 else "")  # noqa: PLR2004
        super().__init__(
            f"Cannot find callable {entry or repr(entry)} in hubconf of {where}\n"
            f"  it has {there or 'no entry'}{note and chr(10) + note}"
        )


class ProvenanceNotFoundError(NotFoundError):
    """Nobody knows what an object was made from.

    Attributes:
        type: its class.
    """

    def __init__(self, type: str, several: int = 0) -> None:  # noqa: A002 - the word that fits
        self.type = type
        found = f"its parts come from {several} loads; ask for each of them" if several else "no load returned it"
        super().__init__(
            f"it is not known what this {type} was made from: {found}\n"
            "  expected an object that rehub.load returned in this process, not a copy"
        )
