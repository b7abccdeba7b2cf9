"""rehub's errors as torch.hub's users catch them: the same classes of Python's, torch.hub's sentence first."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from urllib.error import URLError

from rehub.words.errors import DownloadError, OfflineError, RefNotFoundError, UnreachableError, WorldError

_FORKED = "If it's a commit from a forked repo, please call hub.load() with forked repo directly."


class _UnconnectedError(URLError, RuntimeError):
    """What torch.hub raises without a connection: the one of these or the other, as it happens to notice."""

    def __init__(self, error: WorldError, said: str) -> None:
        super().__init__(said)
        self.__dict__.update(vars(error))
        self.args = (said,)

    def __str__(self) -> str:
        return str(self.args[0])


class _UnreachableError(_UnconnectedError, UnreachableError):
    """A remote that did not answer, and nothing cached."""


class _OfflineError(_UnconnectedError, OfflineError):
    """A socket that may not be opened, and nothing cached."""


class _NotDownloadedError(_UnconnectedError, DownloadError):
    """A file that did not come whole."""


@contextmanager
def torch_errors(hub_dir: str) -> Iterator[None]:
    """Raise what torch.hub would raise.

    Args:
        hub_dir: torch.hub's folder, for the message.

    Raises:
        RefNotFoundError: a :class:`ValueError`, in torch.hub's words.
        URLError, RuntimeError: there is no connection; one error is both.
    """
    try:
        yield
    except RefNotFoundError as error:
        error.add_note(str(error))
        where = f"https://github.com/{error.remote}" if error.remote.count("/") == 1 else error.remote
        said = f"Cannot find {error.rev} in {where}. "
        error.args = (said + _FORKED,)
        raise
    except (OfflineError, UnreachableError) as error:
        said = (
            "It looks like there is no internet connection and the repo could not be found in the cache "
            f"({hub_dir})\n{error}"
        )
        kind = _OfflineError if isinstance(error, OfflineError) else _UnreachableError
        raise kind(error, said) from error


@contextmanager
def download_errors() -> Iterator[None]:
    """Raise what torch.hub would raise: urllib's own errors, where there is one.

    Raises:
        HTTPError, URLError, HTTPException: the server, or the network, did not give all of it.
    """
    try:
        yield
    except OfflineError as error:
        raise _OfflineError(error, str(error)) from error
    except DownloadError as error:
        if isinstance(error.__cause__, URLError | HTTPException):
            raise error.__cause__ from None
        raise _NotDownloadedError(error, str(error)) from error
