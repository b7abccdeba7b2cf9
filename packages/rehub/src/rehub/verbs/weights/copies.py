"""Copies of weights in files without a name: of what was packed into a zip, or nobody shall change meanwhile."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO

from rehub.verbs.weights.opened import Opened
from rehub.words.digest import Digest
from rehub.words.weightfiles import Contents, Source
from rehub.words.weightfiles.unpacking import check_sizes, pieces

_CHUNK = 1 << 20  # bytes


class _Inner(Opened):
    """A file in a file: a grant is about the one that people see."""

    def __init__(self, outer: Opened, fd: int) -> None:
        super().__init__(outer.name, fd)
        self._outer = outer

    @property
    def digest(self) -> Digest:
        """The digest of the file that this one came in."""
        return self._outer.digest


@contextmanager
def unpacked(file: Opened, contents: Contents) -> Iterator[Opened]:
    """Unpack the only member of a zip, as far as it said and no further; the name that it has there is not used.

    Raises:
        Unsound: it inflates to too much, or to something else than it said.
    """
    member = contents.member
    assert member is not None  # noqa: S101 - a zip with one member has one
    check_sizes([member], file.source.size)
    with tempfile.TemporaryFile() as copy:
        _fill(copy, pieces(file.source, member))
        yield _Inner(file, copy.fileno())


@contextmanager
def private(file: Opened) -> Iterator[Opened]:
    """Give a file as it was when its digest was worked out, where nobody else can write.

    Raises:
        DigestMismatchError: it was changed since.
    """
    if isinstance(file, _Inner) or isinstance(file.handle, bytes):
        yield file
        return
    with tempfile.TemporaryFile() as copy:
        _fill(copy, _chunks(file.source))
        own = Opened(file.name, copy.fileno())
        own.prove(file.digest)
        yield own


def _chunks(source: Source) -> Iterator[bytes]:
    return (source.pread(at, _CHUNK) for at in range(0, source.size, _CHUNK))


def _fill(copy: IO[bytes], parts: Iterable[bytes]) -> None:
    for part in parts:
        copy.write(part)
    copy.flush()
