"""Reads files of weights one after the other, each in a process of its own that watches itself; says what came of each.

One line of JSON a file: the error's class, the seconds of computing, and whatever happened that must not. Processes are
forked from one that has imported torch already: that costs more than everything that is measured here.
"""

import contextlib
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

LIMIT = 200 << 20  # bytes beyond what the process has after its imports
# What Python tells of itself where code is found, run or let out. Source: Python's table of audit events.
_WATCHED = (
    "compile",
    "ctypes.",
    "exec",
    "import",
    "os.exec",
    "os.fork",
    "os.link",
    "os.listdir",
    "os.mkdir",
    "os.posix_spawn",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.symlink",
    "os.system",
    "os.unsetenv",
    "pickle.find_class",
    "shutil.",
    "socket.",
    "subprocess.",
    "urllib.",
    "webbrowser.",
)


def read(path: str) -> dict[str, Any]:
    """Read one file; give what came of it."""
    from rehub.verbs.weights import read_weights

    seen: list[str] = []
    memory = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() + LIMIT
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    sys.addaudithook(lambda event, args: _note(seen, event, args, path))
    begin = time.process_time()
    try:
        read_weights(Path(path))
        ended = "nothing"
    except Exception as error:  # noqa: BLE001 - its class is the answer
        ended, said = type(error).__name__, str(error)
    else:
        said = ""
    return {"ended": ended, "said": said, "seconds": time.process_time() - begin, "seen": seen}


def _note(seen: list[str], event: str, args: tuple[Any, ...], path: str) -> None:
    if event.startswith(_WATCHED):
        seen.append(f"{event} {str(args)[:200]}")
    elif event == "open" and os.fspath(args[0]) != path and not _is_scratch(args):
        seen.append(f"open {str(args)[:200]}")


def _is_scratch(args: tuple[Any, ...]) -> bool:
    """Say whether a file is opened that has no name, or is the process's own view of the file that is read."""
    return isinstance(args[0], int) or str(args[0]).startswith(("/proc/self/fd/", os.environ["TMPDIR"]))


def main() -> None:
    """Read all files of a list, after everything that reading ever imports is imported."""
    os.chdir(sys.argv[1])
    warm, *paths = json.loads(sys.stdin.read())
    for each in warm:
        read_quietly(each)
    for path in paths:
        if os.fork() == 0:
            try:
                os.write(1, (json.dumps({"file": path, **read(path)}) + "\n").encode())
            finally:
                os._exit(0)
        os.wait()


def read_quietly(path: str) -> None:
    """Read a file, so that what reading needs is imported."""
    import warnings

    from rehub.verbs.weights import read_weights

    with warnings.catch_warnings(), contextlib.suppress(Exception):
        warnings.simplefilter("ignore")
        read_weights(Path(path))


if __name__ == "__main__":
    main()
