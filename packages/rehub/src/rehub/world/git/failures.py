"""What git's complaints mean: its messages, in English by LC_ALL=C, told apart once and here."""

import re
from enum import Enum

from rehub.world.git.process import Ended


class Failure(Enum):
    """What a caller would do about it."""

    AUTHENTICATION = "try other credentials"
    LIMITED = "strangers get no more for now; others may"
    HOST_KEY = "ssh does not know whom it speaks to"
    MISSING = "there is no such repository"
    NO_COMMIT = "there is no such commit"
    FORBIDDEN = "the transport is not allowed"
    DISK = "this machine's disk refused"
    REFUSED = "the objects break git's own rules"
    OTHER = "anything else: the network, mostly"


# The server has asked who is there, so that git has looked for an answer.
_CHALLENGED = (
    *("could not read (?:Username|Password)", "terminal prompts disabled", "[Aa]uthentication failed"),
    *("HTTP Basic: Access denied", "unable to read askpass"),
)
_MEANINGS = (
    (Failure.HOST_KEY, ("Host key verification failed", "REMOTE HOST IDENTIFICATION HAS CHANGED")),
    # Source: GitHub's words of 2026, "temporarily limiting some unauthenticated downloads"; RFC 6585 for 429.
    (Failure.LIMITED, ("returned error: 429", "limiting some unauthenticated")),
    (Failure.FORBIDDEN, (r"transport '.*' not allowed", r"Protocol \".*\" (?:not|disabled)")),
    (Failure.DISK, ("No space left on device", "Disk quota exceeded", "Read-only file system", "File too large")),
    (Failure.DISK, ("died of signal 25", r"(?:unable to|cannot|could not) create .*: Permission denied")),
    (Failure.REFUSED, ("fsck error in packed object",)),
    (
        Failure.AUTHENTICATION,
        (*_CHALLENGED, r"returned error: 40[13]", r"Permission denied \("),
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
            # 30x shows where redirects are not followed, as a credential was named unasked.
            *("repository '.*' not found", r"returned error: (?:404|30\d)", "does not appear to be a git repository"),
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


def challenged(ended: Ended) -> bool:
    """Say whether the server asked for credentials: git gives them to no other."""
    return re.search("|".join(_CHALLENGED), ended.said) is not None


def answer(ended: Ended) -> str:
    """Give a server's answer to somebody whom it did not let in, in few words."""
    if found := re.search(r"returned error: (\d{3})", ended.said):
        status = found[1]
    elif "Permission denied" in ended.said:
        status = "permission denied"
    elif meaning(ended) is Failure.MISSING:
        status = "not found"
    else:
        status = "401" if challenged(ended) else "no access"
    remarks = [printable(line.strip()) for line in re.findall(r"(?m)^remote:(.*)$", ended.said) if line.strip()]
    return f"{status} ({' '.join(remarks)[:200]})" if remarks else status


def host_key(ended: Ended) -> tuple[str, str]:
    """Give what ssh says of a host's key: the fingerprint that it has now, and where another one is written down."""
    found = re.search(r"SHA256:[\w+/=]+", ended.said)
    known = re.search(r"Offending \S+ key in (\S+)", ended.said)
    changed = known and ("HAS CHANGED" in ended.said or "has changed" in ended.said)
    return found[0] if found else "", printable(known[1]) if changed and known else ""


def printable(text: str) -> str:
    """Give what a remote said without anything that could steer a terminal."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def last_words(ended: Ended, most: int = 3) -> str:
    """Give the lines that say what went wrong, without progress and without anything that could be a password."""
    lines = [printable(line.strip()) for line in re.split(r"[\r\n]+", ended.said) if line.strip()]
    telling = [line for line in lines if re.match(r"(fatal|error|remote|ssh|warning):", line)] or lines
    said = "; ".join(telling[-most:]) or f"git ended with status {ended.code} and said nothing"
    return _SECRET.sub("…@", f"{ended.stopped}: {said}" if ended.stopped else said)[:600]
