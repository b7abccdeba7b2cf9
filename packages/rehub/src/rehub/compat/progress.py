"""The bar on standard error while something is downloaded: tqdm's if that is installed, else one number."""

import sys
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self


class Bar(AbstractContextManager["Bar"]):
    """Shows how far a download is; call it with the bytes received and, if it is known, how many there will be.

    Args:
        shown: ``False`` for a bar that stays silent.
    """

    def __init__(self, *, shown: bool) -> None:
        self.shown = shown
        self._bar: Any = None
        self._received = 0

    def __call__(self, received: int, size: int | None) -> None:
        """Show it."""
        if not self.shown:
            return
        if self._bar is None:
            self._bar = _bar(size)
        self._bar.update(received - self._received)
        self._received = received

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()


def _bar(size: int | None) -> Any:
    try:
        from tqdm import tqdm  # type: ignore[import-untyped]
    except ImportError:
        return _Number(size)
    return tqdm(total=size, unit="B", unit_scale=True, unit_divisor=1024)


class _Number:
    """A percentage, or bytes where the size is not known, in one line that is written over."""

    def __init__(self, size: int | None) -> None:
        self._size = size
        self._received = 0

    def update(self, more: int) -> None:
        self._received += more
        told = f"{self._received:.1f} bytes" if not self._size else f"{100 * self._received / self._size:.1f}%"
        if more:
            sys.stderr.write(f"\r{told}")
            sys.stderr.flush()

    def close(self) -> None:
        sys.stderr.write("\n")
