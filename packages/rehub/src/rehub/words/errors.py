"""Every error that rehub raises on purpose, in one tree.

Branches are what a caller would do about it; each class is also a kind of the standard library, so that code
written for torch.hub keeps catching what it caught::

    RehubError
    ├── MalformedError (ValueError)            what was given cannot be right: correct it
    │   ├── MalformedRefError                  a ref that names nothing
    │   ├── MalformedSettingError              an environment variable, a setting, an argument
    │   └── RefusedTreeError                   a repository whose files must not be written down
    ├── NotFoundError (LookupError)            well formed, but not there: ask for something else
    │   ├── RepositoryNotFoundError
    │   ├── RefNotFoundError (ValueError)      no such branch, tag or commit of this repository
    │   ├── HubconfNotFoundError (FileNotFoundError)
    │   ├── EntryNotFoundError (RuntimeError)
    │   └── ProvenanceNotFoundError            an object that no load of this process returned
    ├── TrustError (PermissionError)           it would run or believe what nobody allowed: decide
    │   ├── UntrustedError                     code that was not allowed to run here
    │   │   └── DeclinedError                  somebody was asked, and said no
    │   ├── HostKeyError                       an ssh server whose key is not the known one, or is not known
    │   └── DigestMismatchError (ValueError)   bytes that are not the promised ones
    │       └── WrongHashError (RuntimeError)  a file without the hash that its name or the caller says
    ├── RunError (RuntimeError)                the repository's own code cannot run here
    │   ├── MissingDependencyError             packages that it needs are not installed
    │   ├── HubconfFailedError                 it was run to list its names, and did not get to its end
    │   ├── OperatorClashError                 it defines an operator of torch that another one has defined
    │   └── UnexpectedResultError (TypeError)  an entry made something else than was expected
    └── WorldError (OSError)                   git, the network or the disk: repair it, try again
        ├── OfflineError                       a socket was needed and is not allowed
        ├── GitMissingError
        ├── UnreachableError                   the remote did not answer, or not in time
        ├── AuthenticationError                the remote wants other credentials
        ├── RemoteRefusedError                 the remote cannot do what is needed
        ├── DownloadError                      a file could not be brought from its URL
        └── StoreError                         the cache cannot be read or written

A message says what was being done, what was expected, what was found, and the next command to type.
"""

import re
from collections.abc import Sequence


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


class MalformedRefError(MalformedError):
    """A ref that cannot name anything.

    Attributes:
        text: what was given, but for what stands before an '@' in a URL.
        reason: what is wrong with it.
    """

    def __init__(self, text: str, reason: str, hint: str = "") -> None:
        # Whoever puts a password into a URL shall not find it in a log.
        text = re.sub(r"(?<=://)[^/]*(?=@)", "…", text)
        self.text, self.reason = text, reason
        shown = ascii(text[:80] + "…") if len(text) > 80 else ascii(text)  # noqa: PLR2004 - a line of a terminal
        advice = (
            hint or "expected owner/repo, owner/repo:ref, owner/repo@rev, host/owner/repo@rev, a git URL, or ./folder"
        )
        super().__init__(f"{shown} is not a ref: {reason}\n  {advice}")


class MalformedSettingError(MalformedError):
    """A setting with a value that it cannot have.

    Attributes:
        name: the setting, as the user spells it (``REHUB_TRUST``, ``trust_repo``).
        found: the value given; ``None`` where it could be a secret.
        expected: what it can be.
    """

    def __init__(self, name: str, found: object, expected: str) -> None:
        self.name, self.found, self.expected = name, found, expected
        shown = "what it is (not shown: it could be a secret)" if found is None else repr(found)
        super().__init__(f"{name} cannot be {shown}\n  expected {expected}")


class RefusedTreeError(MalformedError):
    """A repository holds something that must not be written to disk.

    Attributes:
        where: the repository and commit.
        path: the file concerned, as git names it.
        reason: why it is refused, with the limit if there is one.
    """

    def __init__(self, where: str, path: str, reason: str) -> None:
        self.where, self.path, self.reason = where, path, reason
        super().__init__(
            f"{where} was not written to disk\n  file   {path!a}\n  reason {reason}\nNothing of it was kept."
        )


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


class UntrustedError(TrustError):
    """Code that nobody allowed to run here was about to run.

    Attributes:
        pin: the repository and commit.
        command: the command that would allow it.
    """

    def __init__(self, pin: str, command: str, reason: str = "") -> None:
        self.pin, self.command = pin, command
        super().__init__(
            f"{pin} may not run here{': ' + reason if reason else ': nobody has allowed it'}\n"
            f"Nothing of it was run. Read it with 'rehub inspect {pin}', then, to allow it:\n  {command}"
        )


class DeclinedError(UntrustedError):
    """Somebody was asked whether code may run, and said no: with torch.hub's own words."""

    def __str__(self) -> str:
        return "Untrusted repository."


class DigestMismatchError(TrustError, ValueError):
    """Bytes are not the ones that were promised.

    Attributes:
        what: the thing, in words.
        expected: the digest promised.
        found: the digest of the bytes.
    """

    def __init__(self, what: str, expected: str, found: str, done: str = "Nothing of it was kept.") -> None:
        self.what, self.expected, self.found = what, expected, found
        super().__init__(f"{what} does not match its digest\n  expected {expected}\n  found    {found}\n{done}")


class HostKeyError(TrustError):
    """An ssh server shows a key that nobody has vouched for, or another one than it had.

    Attributes:
        remote: the repository, as a ref.
        host: the server.
        found: the fingerprint of the key that it shows now, if ssh has said it.
        known: where another key is written down; empty if none is known.
    """

    def __init__(self, remote: str, host: str, port: int | None = None, found: str = "", known: str = "") -> None:
        self.remote, self.host, self.found, self.known = remote, host, found, known
        place = f"[{host}]:{port}" if port else host
        scan = f"ssh-keyscan {f'-p {port} ' if port else ''}{host}"
        what, expected, nothing = "is not known here", "one in ~/.ssh/known_hosts", "no line for it"
        advice = (
            "Compare its fingerprint with the one that the server's owner publishes, then keep it:\n"
            f"  {scan} | ssh-keygen -lf -\n  {scan} >> ~/.ssh/known_hosts"
        )
        if known:
            what, expected, nothing = "HAS CHANGED", f"the key in {known}", "another one"
            advice = (
                "Somebody may stand between you and the server, or it was set up anew. Ask its owner; only then:\n"
                f"  ssh-keygen -R '{place}'"
            )
        super().__init__(
            f"{remote}: the ssh host key of {place} {what}\n  expected {expected}\n  found    {found or nothing}\n"
            f"Nothing was asked of it. {advice}"
        )


class WrongHashError(DigestMismatchError, RuntimeError):
    """A file does not have the hash that its name, or the caller, says; the message begins as torch.hub's does."""

    def __str__(self) -> str:
        return f'invalid hash value (expected "{self.expected}", got "{self.found}")'


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


class OfflineError(WorldError):
    """Something that is not in the store is needed, and rehub may open no socket.

    Attributes:
        what: what was needed.
    """

    def __init__(
        self, what: str, advice: str = "Run it once online: unset REHUB_OFFLINE, or leave out --offline."
    ) -> None:
        self.what = what
        super().__init__(f"{what} is not in the store, and rehub is offline\n{advice}")


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
    """

    def __init__(self, url: str, said: str, status: int | None = None) -> None:
        shown = re.sub(r"(?<=://)[^/@]*@", "…@", re.sub(r"[?#].*", "", url, flags=re.DOTALL))
        self.url, self.said, self.status = shown, said, status
        super().__init__(f"{self.url[:300]} was not downloaded\n  {said}\nNothing of it was kept.")


class StoreError(WorldError):
    """The store cannot be read or written.

    Attributes:
        path: where.
        reason: what the operating system said.
    """

    def __init__(self, path: str, reason: str, advice: str = "") -> None:
        self.path, self.reason = path, reason
        super().__init__(f"the store failed at {path}: {reason}{advice and chr(10) + advice}")
