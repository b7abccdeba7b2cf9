"""``rehub lock --check``: is the lock complete and current?

JSON: ``{"lock", "good", "findings": [{"kind", "is_fault", "where", "what", "command"}]}``.
"""

import errno
import os
from collections.abc import Iterable
from pathlib import Path

import click

from rehub.cli.endings import REFUSED
from rehub.cli.output import Output
from rehub.cli.text import line
from rehub.hub import Hub
from rehub.words.errors import LockFileError
from rehub.words.text import plural


def check(hub: Hub, out: Output, path: Path, programs: Iterable[str]) -> None:
    """Tell what a lock lacks, and end with 1 if it is a fault.

    Raises:
        LockFileError: it is not there, or cannot be read.
    """
    from rehub.verbs.checklock import check_lock
    from rehub.world.lockfile import read

    lock, text = read(path)
    if not text and not path.exists():
        raise LockFileError(os.fspath(path), "read", os.strerror(errno.ENOENT))
    found = check_lock(lock, path, programs=map(Path, programs), meant=hub.settings.meant)
    faults = sum(each.is_fault for each in found)
    if out.as_json:
        rows = [
            {"kind": e.kind, "is_fault": e.is_fault, "where": e.where, "what": e.what, "command": e.command}
            for e in found
        ]
        out.data({"lock": os.fspath(path), "good": not faults, "findings": rows})
    else:
        for each in found:
            out.line(f"{each.kind:<11} {line(f'{each.where}: {each.what}')}")
            if each.command:
                out.line(f"  {each.command}")
        wrong = plural(faults, "fault") if faults else "no fault"
        out.line(f"{plural(len(lock.models), 'model')} in {line(os.path.relpath(path))}, {wrong}")
    if faults:
        raise click.exceptions.Exit(REFUSED)
