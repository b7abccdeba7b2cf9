"""Stops a test, and every Python process that it starts, from touching the real home or another machine.

It listens to the interpreter's audit events, so nothing that was imported earlier escapes it. A violation raises where
it happens, and is written down as well: code that swallows the error does not hide it from the test.
Each child interpreter imports this at its start (``sitecustomize``), hence nothing but ``os`` and ``sys``.
"""

import os
import sys

HOMES, ALLOWED, LOG = "GUARD_HOMES", "GUARD_ALLOWED", "GUARD_LOG"  # environment variables: paths, paths, a file

_PATHS = {  # event: how many of its first arguments are paths that are touched
    "open": 1,
    "os.listdir": 1,
    "os.scandir": 1,
    "os.mkdir": 1,
    "os.remove": 1,
    "os.rmdir": 1,
    "os.rename": 2,
    "os.link": 2,
    "os.truncate": 1,
    "os.chmod": 1,
    "os.utime": 1,
}
_NAMES = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
_ADDRESSES = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_REMOTE_COMMANDS = {"clone", "fetch", "fetch-pack", "ls-remote", "pull", "push", "send-pack"}


class ForbiddenError(Exception):
    """A test did what tests may not do."""


def is_here(host: object) -> bool:
    """Say whether a host's name or number is this machine's own."""
    text = host.decode(errors="replace") if isinstance(host, bytes) else str(host or "")
    here = {"", "localhost", "::1", "0.0.0.0", "::", os.uname().nodename}
    return text in here or text.startswith(("127.", "::ffff:127."))


def is_private(path: str) -> bool:
    """Say whether a path lies in a real home, and in nothing deeper that tests may use."""
    homes = [home for home in os.environ.get(HOMES, "").split(os.pathsep) if _below(path, home)]
    if not homes:
        return False
    allowed = [folder for folder in os.environ.get(ALLOWED, "").split(os.pathsep) if _below(path, folder)]
    return max(map(len, homes)) > max(map(len, allowed), default=0)


def _below(path: str, folder: str) -> bool:
    return bool(folder) and (path == folder or path.startswith(folder.rstrip("/") + "/"))


def _check_paths(event: str, paths: tuple[object, ...]) -> None:
    for given in paths:
        if isinstance(given, int) or given is None:
            continue
        path = os.path.abspath(os.fsdecode(given))  # noqa: PTH100 -- pathlib would be imported by every child
        if is_private(path):
            _refuse(f"{event} of {path}, which lies in the real home")


def _check_address(event: str, address: object) -> None:
    if isinstance(address, tuple) and address and not is_here(address[0]):
        _refuse(f"{event} to {address[0]}, which is not this machine")


def _check_command(command: object) -> None:
    """Look at git's own connections: they are made in another process, which has no audit events."""
    if isinstance(command, str | bytes) or not isinstance(command, list | tuple):
        return
    words = [os.fsdecode(word) for word in command]
    if not _REMOTE_COMMANDS.intersection(words):
        return
    for word in words:
        scheme, colon, rest = word.partition("://")
        host = rest.partition("/")[0].rpartition("@")[2].partition(":")[0]
        if colon and scheme in {"http", "https", "ssh", "git"} and not is_here(host):
            _refuse(f"git is asked to speak to {host}, which is not this machine")


def _refuse(what: str) -> None:
    text = f"a test may not do this: {what}"
    if log := os.environ.get(LOG):
        # A plain system call: it must not be audited again, nor depend on anything that a test replaced.
        number = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(number, text.encode(errors="replace") + b"\n")
        os.close(number)
    raise ForbiddenError(text)


def listen(event: str, args: tuple[object, ...]) -> None:
    """Judge one audit event."""
    if event == "os.symlink":
        _check_paths(event, args[1:2])  # what a link leads to is a text, and is not touched by making it
    elif event in _PATHS:
        _check_paths(event, args[: _PATHS[event]])
    elif event in _ADDRESSES:
        _check_address(event, args[1])
    elif event in _NAMES:
        if not is_here(args[0]):
            _refuse(f"{event} of {args[0]!s}, which is not this machine")
    elif event == "subprocess.Popen":
        _check_command(args[1])


def install() -> None:
    """Listen from now on; this cannot be undone."""
    sys.addaudithook(listen)
