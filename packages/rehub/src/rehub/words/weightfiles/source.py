"""Bytes to look at: of a file or a part of it, read at an offset, never more than asked for."""

from collections.abc import Callable
from dataclasses import dataclass

from rehub.words.weightfiles.faults import Unsound

Read = Callable[[int, int], bytes]
"""Given an offset and a length in bytes, gives what is there: less only at the end, as ``os.pread`` does."""


@dataclass(frozen=True, slots=True)
class Source:
    """Bytes that somebody else reads.

    Attributes:
        size: how many there are.
    """

    size: int
    pread: Read

    @classmethod
    def of(cls, data: bytes) -> "Source":
        """Make one of bytes that are in memory."""
        return cls(len(data), lambda offset, length: data[offset : offset + length])

    def read(self, offset: int, length: int) -> bytes:
        """Give exactly so many bytes.

        Raises:
            Unsound: there are fewer.
        """
        if not 0 <= offset <= self.size - length:
            msg = f"it is cut off: {length} bytes belong at {offset}, and it has {self.size}"
            raise Unsound(msg)
        found = self.pread(offset, length)
        if len(found) != length:
            msg = f"it is cut off: at {offset} there are {len(found)} of {length} bytes"
            raise Unsound(msg)
        return found

    def start(self, length: int) -> bytes:
        """Give the first bytes, as many as there are."""
        return self.pread(0, min(length, self.size))
