"""A whole file that has arrived, and does not have its name yet."""

from dataclasses import dataclass, field
from pathlib import Path

from rehub.world.download.part import PartFile


@dataclass(frozen=True, slots=True)
class Received:
    """A whole file that has arrived.

    Attributes:
        file: where it lies, under a name that does not stay.
        sha256: of its bytes, in hex.
        size: in bytes.
        start: its first bytes.
        etag: what the server calls this version of it; empty if it says nothing.
        kind: the media type that the server says it has.
        resumed: how many bytes an earlier call had brought.
    """

    file: Path
    sha256: str
    size: int
    start: bytes
    etag: str = ""
    kind: str = ""
    resumed: int = 0
    _part: PartFile | None = field(default=None, repr=False, compare=False)

    def keep(self, target: Path, *, mode: int | None = None) -> None:
        """Give the file its name, once it and its mode are on the disk; what had the name is replaced.

        Args:
            target: its name, on the same file system.
            mode: its permissions; without one, what the umask leaves.

        Raises:
            StoreError: the disk refused.
        """
        if self._part is not None:
            self._part.keep(target, mode)
