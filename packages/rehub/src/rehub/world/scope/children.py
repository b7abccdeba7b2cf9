"""What child processes are told: which checkouts were admitted here, and where they lie.

A worker that unpickles a model imports ``rehub.repos.<name>`` and nothing else. It inherits the environment, so that is
where it finds the store, whichever one the parent used, and that the parent was allowed to run this code.
"""

import json
import os
from collections.abc import MutableMapping

VARIABLE = "REHUB_OPENED"
"""A JSON object: name to ``["store", path]`` or, for a folder of the user's own, to ``["folder", path]``."""


def tell_children(name: str, kind: str, path: str, environ: MutableMapping[str, str] = os.environ) -> None:
    """Let the processes that this one starts import a checkout by its name."""
    known = _read(environ)
    if known.get(name) != [kind, path]:
        environ[VARIABLE] = json.dumps({**known, name: [kind, path]}, sort_keys=True)


def told(name: str, environ: MutableMapping[str, str] = os.environ) -> tuple[str, str] | None:
    """Give what a parent process told about a checkout: ``store`` or ``folder``, and where."""
    found = _read(environ).get(name)
    return (str(found[0]), str(found[1])) if isinstance(found, list) and len(found) == 2 else None  # noqa: PLR2004


def _read(environ: MutableMapping[str, str]) -> dict[str, object]:
    try:
        found = json.loads(environ.get(VARIABLE, "{}"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
