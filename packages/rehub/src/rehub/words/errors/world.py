"""What git, the network or the disk could not do."""

import re
from collections.abc import Sequence

from rehub.words.errors.root import WorldError
from rehub.words.text import plural, size


class OfflineError(WorldError):
    """Something that is not in the store is needed, and rehub may open no socket.

    Attributes:
        what: what was needed.
        missing: all of it, where a lock tells: each in words, with its bytes, or ``None`` where it does not know them.
    """

    def __init__(
        self,
        what: str,
        advice: str = "Run it once online: unset REHUB_OFFLINE, or leave out --offline.",
        *,
        missing: Sequence[tuple[str, int | None]] = (),
    ) -> None:
        self.what, self.missing = what, tuple(missing)
        each = "".join(f"\n  missing {name}{_held(count)}" for name, count in self.missing)
        super().__init__(f"{what} is not in the store, and rehub is offline{each}{_total(self.missing)}\n{advice}")


class GitMissingError(WorldError):
    """There is no git, or one that is too old."""

    def __init__(self, found: str, needed: str) -> None:
        super().__init__(
            f"rehub needs git {needed} or newer; found {found}\n"
            "Debian and Ubuntu: apt-get install git · macOS: xcode-select --install · conda install git"
        )


class UnreachableError(WorldError):
    """The remote did not answer, or not in time.

    Attributes:
        remote: the repository, as a ref.
        said: the last lines that git printed, without secrets.
    """

    def __init__(self, remote: str, said: str) -> None:
        self.remote, self.said = remote, said
        super().__init__(
            f"{remote} could not be reached\n  {said}\nNothing was changed. What is cached works with REHUB_OFFLINE=1."
        )


class AuthenticationError(WorldError):
    """The remote wants other credentials than those it was given.

    Attributes:
        remote: the repository, as a ref.
        tried: which credentials were tried, by name, with what the server said of each; never their values.
    """

    def __init__(self, remote: str, tried: Sequence[str], advice: str = "") -> None:
        self.remote, self.tried = remote, tuple(tried)
        super().__init__(
            f"{remote} wants credentials, or does not exist\n  tried {', '.join(tried) or 'no credentials'}\n"
            f"{advice or 'Set a token, add the host to ~/.netrc, or log in with a credential helper of git.'}"
        )


class RemoteRefusedError(WorldError):
    """The remote cannot, or will not, do what is needed.

    Attributes:
        remote: the repository, as a ref.
        needed: what was needed.
    """

    def __init__(self, remote: str, needed: str, advice: str) -> None:
        self.remote, self.needed = remote, needed
        super().__init__(f"{remote} cannot be used that way: {needed}\n{advice}")


class DownloadError(WorldError):
    """A file could not be brought from its URL.

    Attributes:
        url: where it should have come from, without password and query: those may hold secrets.
        said: what went wrong.
        status: what the server answered, if that is why.
        kept: bytes that have arrived and are kept, as the next call can go on from them.
    """

    def __init__(self, url: str, said: str, status: int | None = None, *, kept: int = 0) -> None:
        shown = re.sub(r"^(?!file:)([^/:]*:/*)[^/]*@", r"\1…@", re.sub(r"[?#].*", "", url, flags=re.DOTALL))
        self.url, self.said, self.status, self.kept = shown, said, status, kept
        rest = f"{size(kept)} of it are kept: the next call goes on from there." if kept else "Nothing of it was kept."
        super().__init__(f"{self.url[:300]} was not downloaded\n  {said}\n{rest}")


class SolverError(WorldError):
    """The solver of environments, uv, is missing, failed, or could not ask its index.

    Attributes:
        said: what it said, without secrets.
        index: the index that was asked; empty if none was.
    """

    def __init__(self, said: str, index: str = "", advice: str = "") -> None:
        hidden = re.compile(r"(?<=://)[^/\s@]*@")
        self.said, self.index = hidden.sub("…@", said), hidden.sub("…@", index)
        asked = f"\n  index {self.index}" if self.index else ""
        lines = "\n".join(f"  {line}" for line in self.said.splitlines())
        super().__init__(
            f"uv could not solve the environment{asked}\n{lines}\nNothing was written.{advice and chr(10) + advice}"
        )


class LockConflictError(WorldError):
    """Another process has changed the lock meanwhile; what it wrote is there, what was to be written is not.

    Attributes:
        path: the lock.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(f"{path} was changed by another process meanwhile\nIts version stays. Run the command again.")


class LockFileError(WorldError):
    """The disk does not let a lock be read or written; it is what it was.

    Attributes:
        path: the lock.
        reason: what the operating system said.
    """

    def __init__(self, path: str, verb: str, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path} could not be {verb}: {reason}\nIt was not changed.")


class StoreError(WorldError):
    """The store cannot be read or written.

    Attributes:
        path: where.
        reason: what the operating system said.
    """

    def __init__(self, path: str, reason: str, advice: str = "") -> None:
        self.path, self.reason = path, reason
        super().__init__(f"the store failed at {path}: {reason}{advice and chr(10) + advice}")


def _held(count: int | None) -> str:
    return "" if count is None else f", {size(count)}"


def _total(missing: Sequence[tuple[str, int | None]]) -> str:
    """Say how much is missing in all; of a commit that may not be known."""
    known = [count for _, count in missing if count is not None]
    if not missing or len(missing) == len(known) == 1:
        return ""
    unknown = len(missing) - len(known)
    more = f"{plural(unknown, 'commit')} whose size is not known" if unknown else ""
    return f"\n  in all {' and '.join(filter(None, [size(sum(known)) if known else '', more]))}"
