"""How a command ends: what is said about an error, and with which exit code."""

import os
import platform
import re
import sys
import tempfile
import traceback
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise

import click

from rehub._version import __version__
from rehub.cli.signals import Ended
from rehub.cli.streams import is_unwritten, unwritten
from rehub.cli.text import clean

REFUSED, USAGE, BUG, INTERRUPTED, CLOSED = 1, 2, 3, 130, 141


def end(error: BaseException, argv: Sequence[str]) -> int:
    """Say what there is to say about an error; give the exit code."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError) as failed:
        error = failed if isinstance(error, click.exceptions.Exit) else error
    match error:
        case click.exceptions.Exit():
            return error.exit_code
        case click.ClickException():
            _say(_usage(error, argv))
            return error.exit_code
        case Ended():
            _say(f"ended by {error.name}")
            return error.code
        case KeyboardInterrupt() | click.Abort():
            _say("interrupted")
            return INTERRUPTED
        case BrokenPipeError():
            return CLOSED
    return _of_rehub(error, argv)


def _of_rehub(error: BaseException, argv: Sequence[str]) -> int:
    # Not at the top: `rehub --help` needs neither.
    from rehub.words.errors import MalformedRefError, MalformedSettingError, RehubError

    if isinstance(error, RehubError):
        notes = [clean(str(each)) for each in getattr(error, "__notes__", ())]
        _say("\n".join([f"error: {clean(str(error))}", *notes, *_hint(argv, found="/")]))
        return USAGE if isinstance(error, MalformedRefError | MalformedSettingError) else REFUSED
    if isinstance(error, OSError) and is_unwritten(error):
        _say(f"error: {unwritten(error)}")
        return REFUSED
    if not isinstance(error, Exception):
        raise error
    return _bug(error, argv)


def _usage(error: click.ClickException, argv: Sequence[str]) -> str:
    """Give click's message in our manner: what is wrong first, then what would be right."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error.format_message()
    lines = [f"error: {clean(error.format_message())}"]
    if "unexpected extra argument" in lines[0]:
        lines += _hint(argv)
    if isinstance(error, click.UsageError) and error.ctx:
        lines += ["  " + error.ctx.get_usage().replace("\n", "\n  "), f"  '{error.ctx.command_path} --help' says more"]
    return "\n".join(lines)


def _hint(argv: Sequence[str], found: str = "") -> list[str]:
    """Say what helps if a space cut a URL in two: a word follows it, and holds what is found in no entry's name."""
    for word, after in pairwise(argv):
        if re.match(r"[a-z+]+://", word) and found in after and "://" not in after and not re.match(r"-|\w+=", after):
            return ["  a URL holds no space: quote it, and write %20 for each space in it"]
    return []


def _bug(error: Exception, argv: Sequence[str]) -> int:
    """Write down what a developer needs; tell the user where it is."""
    report = "".join(
        [
            f"rehub {__version__}, Python {platform.python_version()}, {platform.platform()}\n",
            f"rehub {' '.join(map(_without_values, argv))}\n\n",
            *traceback.format_exception(error),
        ]
    )
    try:
        handle, place = tempfile.mkstemp(prefix="rehub-report-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(report)
    except OSError:
        place = "below, as no file could be written:\n" + clean(report)
    _say(f"error: this is a bug of rehub: {type(error).__name__}: {clean(str(error))}\n  the details are in {place}")
    _say("Please report it, with that file, to whoever publishes rehub; read the file first, it may name your folders.")
    return BUG


def _without_values(word: str) -> str:
    """Leave out what could be secret: values of an entry's arguments, and credentials in URLs."""
    return re.sub(r"^(\w+=).*", r"\1…", re.sub(r"://[^/@]*@", "://…@", word), flags=re.DOTALL)


def _say(text: str) -> None:
    with suppress(OSError, ValueError):  # nobody may be reading that either
        print(text, file=sys.stderr, flush=True)  # noqa: T201 - the command line prints
