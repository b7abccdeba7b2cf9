"""A file that is kept open for as long as memory is mapped from it, or may be once more."""

import ctypes
import os
import sys

# File systems whose pages come over a network or from another process: a page fault there is a round trip, and a lost
# connection is a SIGBUS. Source: linux/magic.h, statfs(2), and what the others say of themselves.
_REMOTE = {
    0x00006969: "nfs",
    0x0000517B: "smb",
    0x0000564C: "ncp",
    0x00C36400: "ceph",
    0x01021997: "9p",
    0x0BD00BD0: "lustre",
    0x18031977: "wekafs",
    0x19830326: "beegfs",
    0x20030528: "orangefs",
    0x47504653: "gpfs",
    0x5346414F: "afs",
    0x65735546: "fuse",
    0x6B414653: "afs",
    0x73757245: "coda",
    0x786F4256: "vboxsf",
    0xBACBACBC: "vmhgfs",
    0xFE534D42: "smb2",
    0xFF534D42: "cifs",
}
_STATFS = 512  # bytes; more than any system's struct statfs


class KeptFile:
    """An open file whose bytes never change, by a descriptor of its own; closed when nobody needs it any more.

    Attributes:
        fd: the descriptor.
        size: of the file, in bytes.
    """

    __slots__ = ("__weakref__", "_seen", "fd", "size")

    def __init__(self, fd: int) -> None:
        """Keep a file that somebody has opened.

        Args:
            fd: stays its owner's, who may close it.

        Raises:
            OSError: there is no such descriptor, or none is left.
        """
        self.fd = os.dup(fd)
        self._seen = _looks(self.fd)
        self.size = self._seen[0]

    def is_still(self) -> bool:
        """Say whether it is what it was when it was opened, as far as size and times tell."""
        return _looks(self.fd) == self._seen

    def __del__(self, close=os.close) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001 - at the end, os may be gone
        if hasattr(self, "fd"):
            close(self.fd)


def is_remote(fd: int) -> bool:
    """Say whether a file lies on a network file system, where it is better read from start to end than mapped."""
    return _kind(fd) in _REMOTE


def read_ahead(fd: int) -> None:
    """Ask the system to bring a whole file nearer while its first part is looked at; a wish, no more."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_SEQUENTIAL)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_WILLNEED)


def _kind(fd: int) -> int:
    """Give the number of the file system that a file lies on; 0 where it is not known."""
    if sys.platform != "linux":
        return 0
    answer = ctypes.create_string_buffer(_STATFS)
    if ctypes.CDLL(None).fstatfs(fd, answer) != 0:
        return 0
    return ctypes.c_long.from_buffer(answer).value & 0xFFFFFFFF


def _looks(fd: int) -> tuple[int, int, int, int, int]:
    seen = os.fstat(fd)
    return seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino, seen.st_dev
