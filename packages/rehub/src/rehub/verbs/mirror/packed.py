"""A tar that lies in a file, read at any place."""

import os
from dataclasses import dataclass
from typing import Self

from rehub.world.download import Received


@dataclass(frozen=True, slots=True)
class Packed:
    """A tar in an open file; a :class:`rehub.words.tar.Packed`.

    Attributes:
        fd: of the file.
        size: its bytes.
    """

    fd: int
    size: int

    @classmethod
    def of(cls, received: Received) -> Self:
        """Open it."""
        return cls(os.open(received.file, os.O_RDONLY | os.O_CLOEXEC), received.size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)

    def pread(self, at: int, count: int) -> bytes:
        """Read from a place, as far as the file goes."""
        return os.pread(self.fd, count, at)
