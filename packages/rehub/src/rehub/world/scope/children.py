"""What child processes are told: which checkouts were opened here, exactly, and where they lie.

A worker that unpickles a model imports ``rehub.repos.<name>`` and nothing else. It inherits the environment, so that is
where it finds the store, whichever one the parent used, and that the parent was allowed to run this code. A name holds
only some digits of a digest, so the note holds all of them: no other tree can be made to pass for this one.
"""

import json
import os
import threading
from collections.abc import Mapping, MutableMapping

VARIABLE = "REHUB_OPENED"
"""A JSON object: name to ``{"store", "remote", "commit", "tree"}``, or ``{"folder"}`` for a folder of the user."""


_MOST = 64 << 10  # characters: Linux starts no process with a variable of 128 KiB
_LOCK = threading.Lock()


def tell_children(name: str, note: Mapping[str, str], environ: MutableMapping[str, str] = os.environ) -> None:
    """Let the processes that this one starts import a checkout by its name; the oldest notes make room for it."""
    with _LOCK:
        known = _read(environ)
        if known.pop(name, None) == note:
            return
        notes = [*known.items(), (name, dict(note))]
        while len(text := json.dumps(dict(notes))) > _MOST and len(notes) > 1:
            del notes[: len(notes) // 8 + 1]
        environ[VARIABLE] = text


def told(name: str, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Give what a parent process told about a checkout; nothing, if it told nothing."""
    found = _read(environ).get(name)
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def _read(environ: Mapping[str, str]) -> dict[str, object]:
    try:
        found = json.loads(environ.get(VARIABLE, "{}"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
