"""Where a command's words go: results to standard output, everything else to standard error.

A result is one of three: with ``--json`` one JSON document, whose keys are part of the interface (each command's module
names them); on a terminal something for eyes; otherwise plain lines for other programs.
"""

import json
import logging
import math
import os
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO

import click

from rehub.cli.streams import drop, unwritten
from rehub.cli.text import clean, line

if TYPE_CHECKING:
    from rich.console import RenderableType

_OFTEN = 5.0  # seconds between two lines about one transfer
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class Output:
    """How a command speaks.

    Attributes:
        as_json: one JSON document instead of text.
        quiet: no notes, warnings or progress.
        verbose: 0, 1 (what happens) or 2 (every step).
        stream: where results go.
    """

    def __init__(self, *, as_json: bool = False, quiet: bool = False, verbose: int = 0) -> None:
        self.as_json, self.quiet, self.verbose = as_json, quiet, verbose
        self.stream: TextIO = sys.stdout
        self._live = not quiet and _is_terminal(sys.stderr)
        self._pending = False
        self._last = "", 0.0

    @property
    def terminal(self) -> bool:
        """Whether results are read by eyes."""
        return not self.as_json and _is_terminal(self.stream)

    def data(self, value: object) -> None:
        """Print a result as JSON."""
        self.line(json.dumps(plain(value), indent=2))

    def line(self, text: str = "") -> None:
        """Print a line of a result.

        Raises:
            ClickException: the file behind standard output takes no more.
        """
        self.clear()
        with self._writing():
            self.stream.write(clean(text) + "\n")
            self.stream.flush()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            drop(self.stream)
            raise
        except OSError as error:
            drop(self.stream)  # it is still in the stream, and the interpreter would try again at its end
            raise click.ClickException(unwritten(error)) from error

    def show(self, *parts: "RenderableType", wrap: bool = True) -> None:
        """Print a result for eyes.

        Args:
            *parts: what to print.
            wrap: fit it to the terminal; else a line stays one, as long as it is, and can be copied.
        """
        from rich.console import Console

        self.clear()
        colors: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"  # neither color nor bold
        console = Console(file=self.stream, color_system=colors, highlight=False, markup=False, emoji=False)
        with self._writing():
            for part in parts:
                console.print(part, soft_wrap=not wrap)
            self.stream.flush()

    def note(self, text: str, *, kind: str = "note") -> None:
        """Say something beside the result."""
        if not self.quiet:
            self._say(f"{kind}: {clean(text)}")

    def error(self, text: str) -> None:
        """Say what went wrong with a part, where the rest is a result."""
        self._say(f"error: {clean(text)}")

    def progress(self, text: str) -> None:
        """Say what is going on: in one line that is written over, or, with ``-v``, line by line."""
        if not line(text):
            return
        if self.verbose:
            self._tell_now_and_then(line(text))
        elif self._live:
            self._pending = True
            width = max(20, _columns() - 1)
            _tell(f"\r\x1b[2K{line(text)[:width]}")

    def _tell_now_and_then(self, text: str) -> None:
        """Say a line; of those that only differ in how far one thing is, one every few seconds."""
        what, now = text.partition(" ")[0], time.monotonic()
        if what == self._last[0] and "%" in text and "100%" not in text and now - self._last[1] < _OFTEN:
            return
        self._last = what, now
        self._say(text)

    def clear(self) -> None:
        """Take the line of progress away."""
        if self._pending:
            self._pending = False
            _tell("\r\x1b[2K")

    def listen(self) -> None:
        """Show what rehub logs and warns of, on standard error.

        Raises:
            MalformedSettingError: ``REHUB_LOG`` is no level.
        """
        level = logging.ERROR if self.quiet else (logging.WARNING, logging.INFO, logging.DEBUG)[min(self.verbose, 2)]
        handler = _Lines(self)
        handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
        logger = logging.getLogger("rehub")
        logger.handlers[:] = [handler]
        logger.setLevel(min(level, _level(os.environ.get("REHUB_LOG", ""), level)))
        logger.propagate = False
        shown = warnings.showwarning

        def show(message: Any, category: type[Warning], *where: Any, **more: Any) -> None:
            if category.__module__.partition(".")[0] == "rehub":
                self.note(str(message), kind="warning")
            else:
                shown(message, category, *where, **more)

        warnings.showwarning = show

    def _say(self, text: str) -> None:
        self.clear()
        _tell(text + "\n")


class _Lines(logging.Handler):
    """Shows log records as other notes are shown."""

    def __init__(self, out: Output) -> None:
        super().__init__()
        self._out = out

    def emit(self, record: logging.LogRecord) -> None:
        """Show one."""
        self._out._say(f"{record.levelname.lower()}: {clean(record.getMessage())}")  # noqa: SLF001 - its own kind


def plain(value: object) -> Any:
    """Turn dataclasses and Python literals into what JSON knows; whatever it does not know becomes its ``repr``.

    Example:
        >>> plain({"a": (1, float("inf")), 2: b"x"})
        {'a': [1, 'inf'], '2': "b'x'"}
    """
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    if isinstance(value, Path):
        return str(value)
    if value is None or isinstance(value, str | bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return repr(value)


def _tell(text: str) -> None:
    """Write to standard error; that it is full, or its terminal gone, must not stop what is going on."""
    with suppress(OSError, ValueError):
        sys.stderr.write(text)
        sys.stderr.flush()


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty() and os.environ.get("TERM") != "dumb"
    except ValueError:  # closed
        return False


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def _level(text: str, default: int) -> int:
    if not text:
        return default
    if text.lower() in _LEVELS:
        return _LEVELS[text.lower()]
    from rehub.words.errors import MalformedSettingError

    raise MalformedSettingError("REHUB_LOG", text, " or ".join(_LEVELS))
