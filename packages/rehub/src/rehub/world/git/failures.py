"""What git's complaints mean: its messages, in English by LC_ALL=C, told apart once and here."""

import re
from enum import Enum

from rehub.world.git.process import Ended


class Failure(Enum):
    """What a caller would do about it."""

    AUTHENTICATION = "try other credentials"
    MISSING = "there is no such repository"
    NO_COMMIT = "there is no such commit"
    FORBIDDEN = "the transport is not allowed"
    DISK = "this machine's disk refused"
    REFUSED = "the objects break git's own rules"
    OTHER = "anything else: the network, mostly"


_MEANINGS = (
    (Failure.FORBIDDEN, (r"transport '.*' not allowed", r"Protocol \".*\" (?:not|disabled)")),
    (Failure.DISK, ("No space left on device", "Disk quota exceeded", "Read-only file system", "File too large")),
    (Failure.DISK, ("died of signal 25", r"(?:unable to|cannot|could not) create .*: Permission denied")),
    (Failure.REFUSED, ("fsck error in packed object",)),
    (
        Failure.AUTHENTICATION,
        (
            *("could not read (?:Username|Password)", "terminal prompts disabled", "[Aa]uthentication failed"),
            *(r"returned error: 40[13]", r"Permission denied \(", "Host key verification failed"),
            *("HTTP Basic: Access denied", "unable to read askpass"),
        ),
    ),
    # ssh says this, and git then adds that the repository may not exist.
    (Failure.OTHER, ("ssh: ", "Connection (?:refused|closed|reset|timed out)")),
    (
        Failure.NO_COMMIT,
        (
            *("not our ref", "couldn't find remote ref", "no such remote ref", "reference is not a tree"),
            "Server does not allow request",
        ),
    ),
    (
        Failure.MISSING,
        (
            *("repository '.*' not found", "returned error: 404", "does not appear to be a git repository"),
            *("[Rr]epository not found", "not valid: is this a git repository", "does not exist"),
            "Could not read from remote repository",
        ),
    ),
)
# The part of git that writes was ended without a word: by a limit on files (SIGXFSZ), or for want of memory.
_SILENT_END = "fatal: fetch-pack: invalid index-pack output"
_SECRET = re.compile(r"(?<=://)[^/@\s]+@")


def meaning(ended: Ended) -> Failure:
    """Tell what a failed git wants of its caller."""
    if re.findall(r"(?:^|[\r\n])((?:fatal|error): [^\r\n]*)", ended.said) == [_SILENT_END]:
        return Failure.DISK
    # What the other side says of disks is about its own, or a lie.
    own = re.sub(r"(?m)^remote:.*$", "", ended.said.replace("\r", "\n"))
    for failure, patterns in _MEANINGS:
        said = own if failure in {Failure.DISK, Failure.REFUSED} else ended.said
        if re.search("|".join(patterns), said):
            return failure
    return Failure.OTHER


def printable(text: str) -> str:
    """Give what a remote said without anything that could steer a terminal."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def last_words(ended: Ended, most: int = 3) -> str:
    """Give the lines that say what went wrong, without progress and without anything that could be a password."""
    lines = [printable(line.strip()) for line in re.split(r"[\r\n]+", ended.said) if line.strip()]
    telling = [line for line in lines if re.match(r"(fatal|error|remote|ssh|warning):", line)] or lines
    said = "; ".join(telling[-most:]) or f"git ended with status {ended.code} and said nothing"
    return _SECRET.sub("…@", f"{ended.stopped}: {said}" if ended.stopped else said)[:600]
