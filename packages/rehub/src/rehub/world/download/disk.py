"""What the disk says when it cannot, with the way out."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rehub.words.errors import RehubError, StoreError
from rehub.words.text import size as shown

# The caller's own mistake, and told as opening the file would tell it.
_NO_SUCH_PLACE = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR}


@contextmanager
def disk_errors(path: Path, *, needed: int | None = None) -> Iterator[None]:
    """Turn the operating system's refusals into an error that names the place and the way out.

    Args:
        path: what is written.
        needed: how many bytes it will have.

    Raises:
        StoreError: instead of an :class:`OSError`, unless the place itself is wrong.
    """
    try:
        yield
    except RehubError:
        raise
    except OSError as error:
        if error.errno in _NO_SUCH_PLACE:
            raise
        raise StoreError(str(path), error.strerror or str(error), _advice(error, path, needed)) from error


def _advice(error: OSError, path: Path, needed: int | None) -> str:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            try:
                free = f"{shown(shutil.disk_usage(path.parent).free)} are free there. "
            except OSError:
                free = ""
            want = f"{shown(needed)} are needed, " if needed else ""
            return f"The disk is full: {want}{free}'rehub cache prune' removes what is not in use."
        case errno.EFBIG:
            return "That file system has no files of that size: TORCH_HOME=<folder> uses another one."
        case errno.EACCES | errno.EPERM:
            return "Is the folder somebody else's? If it is the cache, TORCH_HOME=<folder> uses another one."
        case errno.EROFS:
            return "It is read-only: TORCH_HOME=<folder> uses another one."
        case _:
            return ""
