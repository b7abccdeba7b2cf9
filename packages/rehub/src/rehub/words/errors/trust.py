"""What nobody allowed."""

from collections.abc import Sequence

from rehub.words.errors.root import TrustError

_SHOWN = 10  # names in a message


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


class UnsafeWeightsError(TrustError):
    """A weights file that can only be read by running what is in it, which nobody allowed.

    Attributes:
        file: which one: its path, or its URL.
        digest: its SHA-256, as ``sha256:<hex>``.
        found: what it would run: names of functions and classes (``os.system``), or what kind of program it is.
    """

    def __init__(self, file: str, digest: str, found: Sequence[str], reason: str = "") -> None:
        self.file, self.digest, self.found = file, digest, tuple(found)
        shown = "".join(f"\n  {name}" for name in self.found[:_SHOWN])
        more = len(self.found) - _SHOWN
        super().__init__(
            f"{file} is not only weights, and was not read: {reason or 'reading it would run code'}\n"
            f"  expected tensors and plain values; found{shown}{f' … and {more} more' if more > 0 else ''}\n"
            f"Nothing of it was run. If you know who made it: rehub trust add --weights {digest}"
        )
