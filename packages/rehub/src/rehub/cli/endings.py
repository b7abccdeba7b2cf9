"""How a command ends: what is said about an error, and with which exit code."""

import os
import platform
import re
import sys
import tempfile
import traceback
from collections.abc import Sequence
from contextlib import suppress

import click

from rehub._version import __version__
from rehub.cli.text import clean

REFUSED, USAGE, BUG, INTERRUPTED, CLOSED = 1, 2, 3, 130, 141


def prepare_streams() -> None:
    """Make standard output and error take any character, also where the locale knows ASCII only."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started us
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - for the whole process
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def end(error: BaseException, argv: Sequence[str]) -> int:
    """Say what there is to say about an error; give the exit code."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    match error:
        case click.exceptions.Exit():
            return _flushed(error.exit_code)
        case click.ClickException():
            _say(_usage(error))
            return error.exit_code
        case KeyboardInterrupt() | click.Abort():
            _say("interrupted")
            return INTERRUPTED
        case BrokenPipeError():
            drop_stdout()
            return CLOSED
    return _of_rehub(error, argv)


def _of_rehub(error: BaseException, argv: Sequence[str]) -> int:
    # Not at the top: `rehub --help` needs neither.
    from rehub.words.errors import MalformedRefError, MalformedSettingError, RehubError

    if isinstance(error, RehubError):
        _say("\n".join([f"error: {clean(str(error))}", *getattr(error, "__notes__", ())]))
        return USAGE if isinstance(error, MalformedRefError | MalformedSettingError) else REFUSED
    if not isinstance(error, Exception):
        raise error
    return _bug(error, argv)


def _usage(error: click.ClickException) -> str:
    """Give click's message in our manner: what is wrong first, then what would be right."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error.format_message()
    lines = [f"error: {error.format_message()}"]
    if isinstance(error, click.UsageError) and error.ctx:
        lines += ["  " + error.ctx.get_usage().replace("\n", "\n  "), f"  '{error.ctx.command_path} --help' says more"]
    return "\n".join(lines)


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
        place = "below, as no file could be written:\n" + report
    _say(f"error: this is a bug of rehub: {type(error).__name__}: {clean(str(error))}\n  the details are in {place}")
    _say("Please report it, with that file, to whoever publishes rehub; read the file first, it may name your folders.")
    return BUG


def _without_values(word: str) -> str:
    """Leave out what could be secret: values of an entry's arguments, and credentials in URLs."""
    return re.sub(r"^(\w+=).*", r"\1…", re.sub(r"://[^/@]*@", "://…@", word), flags=re.DOTALL)


def _flushed(code: int) -> int:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        drop_stdout()
        return CLOSED
    return code


def drop_stdout() -> None:
    """Send what is still unwritten nowhere, so that the interpreter does not complain at its end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(text: str) -> None:
    with suppress(OSError, ValueError):  # nobody may be reading that either
        print(text, file=sys.stderr, flush=True)  # noqa: T201 - the command line prints
