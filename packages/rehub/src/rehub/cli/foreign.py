"""What a repository's code does while the command line runs it: what it prints, raises and makes."""

import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import click

import rehub
from rehub.cli.endings import REFUSED
from rehub.cli.output import Output
from rehub.cli.signals import Ended
from rehub.cli.text import clean
from rehub.verbs.explore import measure, type_name
from rehub.words.dependencies import distribution
from rehub.words.errors import RehubError

_REPR = 200  # characters
_OURS = str(Path(rehub.__file__).parent) + os.sep


def set_aside_stdout(out: Output) -> None:
    """Keep standard output for the result: from here on, whoever else writes to it reaches standard error.

    At the level of file descriptors too, and until the process ends: C code, child processes and ``atexit`` print too.
    """
    if sys.stdout is sys.stderr:  # it was done before, for another call
        return
    sys.stdout.flush()
    encoding = sys.stdout.encoding
    out.stream = os.fdopen(os.dup(1), "w", encoding=encoding, errors="backslashreplace")
    sys.stderr.flush()
    os.dup2(2, 1)
    sys.stdout = sys.stderr


def call(act: Callable[[], Any], *, root: Path, usage: str, out: Output) -> Any:
    """Run a repository's code; what it raises is shown as its own.

    Args:
        act: what runs it.
        root: the repository's folder.
        usage: how the entry is called, for a call that it does not take.
        out: shows the error.

    Raises:
        RehubError, KeyboardInterrupt, Ended: as they are.
        Exit: the code failed; that has been said.
    """
    try:
        return act()
    except (RehubError, KeyboardInterrupt, Ended):
        raise
    except SystemExit as error:
        said = f"error: the repository's code ended the process (SystemExit: {error.code})"
        _say(out, _told(error, root, out) + said)
    except BaseException as error:
        if _is_ours(error, root):
            raise
        _say(out, _told(error, root, out) + _advice(error, root, usage, short=not out.verbose))
    raise click.exceptions.Exit(REFUSED)


def _told(error: BaseException, root: Path, out: Output) -> str:
    if not out.verbose:
        _trim(error, root, set())
    return "".join(traceback.format_exception(error))


def _trim(error: BaseException, root: Path, seen: set[int]) -> None:
    """Leave out of a traceback what led to the repository's first line."""
    seen.add(id(error))
    error.__traceback__ = _first(error.__traceback__, root)
    for other in (error.__cause__, error.__context__):
        if other is not None and id(other) not in seen:
            _trim(other, root, seen)


def _first(frames: TracebackType | None, root: Path) -> TracebackType | None:
    while frames is not None and not _lies_in(frames, root):
        frames = frames.tb_next
    return frames


def _lies_in(frame: TracebackType, root: Path) -> bool:
    return frame.tb_frame.f_code.co_filename.startswith(str(root) + os.sep)


def _is_ours(error: BaseException, root: Path) -> bool:
    """Say whether an error is rehub's fault: none of the repository's lines was reached, and one of ours raised it.

    The compiler raises more than syntax errors (for what is nested too deeply, or holds NUL), and from our own line.
    """
    if _first(error.__traceback__, root) is not None or isinstance(error, SyntaxError):
        return False
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    code = frame.tb_frame.f_code if frame else None
    if code is None or not code.co_filename.startswith(_OURS):
        return False
    compiling = code.co_name == "get_code" and isinstance(error, MemoryError | RecursionError | ValueError)
    return not compiling and not code.co_qualname.startswith("run_entry.")


def _advice(error: BaseException, root: Path, usage: str, *, short: bool) -> str:
    """Say whose error it is, and what may help."""
    reached = _first(error.__traceback__, root) is not None
    if isinstance(error, TypeError) and not reached:
        return f"error: it cannot be called like that\n  expected {usage}"
    where = "error: the repository's own code failed"
    where += "; the traceback starts at its first line (-v shows all of it)" if short and reached else ""
    if isinstance(error, ModuleNotFoundError) and error.name and not error.name.startswith("rehub"):
        return f"{where}\n  {error.name} is not installed; likely to help: pip install {distribution(error.name)}"
    return where


def _say(out: Output, text: str) -> None:
    out.clear()
    print(clean(text), file=sys.stderr, flush=True)  # noqa: T201 - the command line prints


@dataclass(frozen=True, slots=True)
class Made:
    """What an entry made, in words.

    Attributes:
        type: the full name of its class.
        repr: its ``repr``, cut short.
        parameters: how many numbers a torch module holds; ``None`` for anything else, as for the rest.
        trainable: how many of these a training would change.
        bytes: that they take.
        dtypes: of the parameters.
        training: whether it is in training mode.
    """

    type: str
    repr: str
    parameters: int | None = None
    trainable: int | None = None
    bytes: int | None = None
    dtypes: tuple[str, ...] | None = None
    training: bool | None = None


def describe(value: object) -> Made:
    """Put an object into words; torch is asked only if it is there already."""
    name, text = type_name(type(value)), _short(value)
    found = measure(value)
    if found is None:
        return Made(name, text)
    sizes, training = found
    if sizes.unsized:
        return Made(name, text, training=training)
    held = sizes.parameters
    return Made(name, text, held.numbers, sizes.trainable, held.bytes, held.dtypes, training)


def _short(value: object) -> str:
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001 - foreign code
        return f"<its repr raised {type(error).__name__}>"
    return text if len(text) <= _REPR else text[:_REPR] + "…"
