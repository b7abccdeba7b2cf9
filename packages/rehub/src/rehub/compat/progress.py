"""The bar on standard error while something is downloaded.

rich's on a terminal; tqdm's, if that is installed, in notebooks and where nobody looks; else a number, as torch.hub's.
Of several processes on one machine that torchrun has started only the first one shows it, whichever brings the file.
"""

import os
import sys
import warnings
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    from rich.progress import TaskID

_STEP = 128 << 10  # bytes; torch.hub's READ_DATA_CHUNK
_MANY = 64  # steps that are told one by one, if they come at once


class _Shown(Protocol):
    def update(self, more: int) -> object: ...
    def close(self) -> object: ...


class Bar(AbstractContextManager["Bar"]):
    """Shows how far a download is; call it with the bytes received and, if it is known, how many there will be.

    Args:
        name: of the file.
        shown: ``False`` for a bar that stays silent.
    """

    def __init__(self, name: str = "", *, shown: bool) -> None:
        self.shown = shown and os.environ.get("LOCAL_RANK", "0") in {"", "0"}
        self._name = name
        self._bar: _Shown | None = None
        self._received = 0

    def __call__(self, received: int, size: int | None) -> None:
        """Show it."""
        if not self.shown:
            return
        if self._bar is None:
            self._bar = _bar(self._name, size)
        self._bar.update(received - self._received)
        self._received = received

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()


def _bar(name: str, size: int | None) -> _Shown:
    if _in_notebook():
        found = _tqdm("tqdm.auto", size, desc=name)
        return found or _Number(size)
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        return _Line(name, size)
    return _tqdm("tqdm", size) or _Number(size)


def _in_notebook() -> bool:
    """Say whether this is a kernel of Jupyter or Colab, without importing anything for it."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return shell is not None and getattr(shell, "kernel", None) is not None


def _tqdm(module: str, size: int | None, **more: Any) -> Any:
    from importlib import import_module

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it complains where ipywidgets are missing, and works
            tqdm = import_module(module).tqdm
    except ImportError:
        return None
    return tqdm(total=size, unit="B", unit_scale=True, unit_divisor=1024, **more)


class _Line:
    """One line of a terminal: name, bar, bytes, rate, time left."""

    def __init__(self, name: str, size: int | None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
        from rich.progress import TransferSpeedColumn as Speed

        from rehub.words.text import cut, line

        columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(binary_units=True))
        console = Console(stderr=True, color_system=None if os.environ.get("NO_COLOR") else "auto")
        self._progress = Progress(*columns, Speed(), TimeRemainingColumn(compact=True), console=console)
        self._task: TaskID = self._progress.add_task(cut(line(name), 40), total=size)
        self._progress.start()

    def update(self, more: int) -> None:
        self._progress.advance(self._task, more)

    def close(self) -> None:
        self._progress.stop()


class _Number:
    """A percentage, or bytes where the size is not known, in one line that is written over; in torch.hub's steps."""

    def __init__(self, size: int | None) -> None:
        self._size = size
        self._received = self._told = 0

    def update(self, more: int) -> None:
        self._received += more
        if self._received - self._told > _MANY * _STEP:  # what an earlier call has brought
            self._tell(self._received - self._received % _STEP)
        while self._received - self._told >= _STEP:
            self._tell(self._told + _STEP)
        if self._received == self._size:
            self._tell(self._received)

    def _tell(self, received: int) -> None:
        if received > self._told:
            self._told = received
            told = f"{received:.1f} bytes" if not self._size else f"{100 * received / self._size:.1f}%"
            sys.stderr.write(f"\r{told}")
            sys.stderr.flush()

    def close(self) -> None:
        self._tell(self._received)
        sys.stderr.write("\n")
