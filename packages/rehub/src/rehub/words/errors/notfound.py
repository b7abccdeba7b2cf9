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


class NotLockedError(NotFoundError):
    """Something is wanted that the lock in use does not know, and nothing else may be loaded.

    Attributes:
        what: what was wanted.
        lock: the file.
        command: the command that would record it.
    """

    def __init__(self, what: str, lock: str, command: str, found: str = "") -> None:
        self.what, self.lock, self.command = what, lock, command
        there = f"\n  found    {found}" if found else ""
        super().__init__(
            f"{what} is not in {lock}, and nothing else may be loaded\n  expected what the lock names{there}\n"
            f"Nothing was fetched or run. To record it:\n  {command}"
        )


class GoneUpstreamError(NotFoundError):
    """A commit that was there once is no longer given out by its repository.

    Attributes:
        remote: the repository, as a ref.
        commit: 40 hex digits.
    """

    def __init__(self, remote: str, commit: str, tried: Sequence[str] = ()) -> None:
        self.remote, self.commit = remote, commit
        also = f"\n  tried also {', '.join(tried)}" if tried else ""
        super().__init__(
            f"{remote}@{commit[:12]} is gone upstream: no branch or tag reaches it, and its server does not send it"
            f"{also}\nA mirror that was made while it was there still has it: REHUB_MIRRORS."
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
            "  expected an object that rehub.load returned in this process, or a copy or pickle of a torch module"
        )
