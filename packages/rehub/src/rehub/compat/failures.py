"""What torch.hub would raise, in place of rehub's errors: the same classes of Python's, torch.hub's sentence first."""

from collections.abc import Iterator
from contextlib import contextmanager

from rehub.words.errors import DownloadError, OfflineError, RefNotFoundError, UnreachableError

_FORKED = "If it's a commit from a forked repo, please call hub.load() with forked repo directly."
_UNCONNECTED = "It looks like there is no internet connection and the repo could not be found in the cache"


@contextmanager
def torch_errors(hub_dir: str) -> Iterator[None]:
    """Raise what torch.hub would raise about a repository.

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
        from rehub.compat import unconnected

        kind = unconnected.OfflineError if isinstance(error, OfflineError) else unconnected.UnreachableError
        raise kind(error, f"{_UNCONNECTED} ({hub_dir})\n{error}") from error


@contextmanager
def download_errors() -> Iterator[None]:
    """Raise what torch.hub would raise about a file: urllib's own errors, where there is one.

    Raises:
        HTTPError, URLError: the server, or the network, did not give all of it.
    """
    try:
        yield
    except (DownloadError, OfflineError) as error:
        from rehub.compat import unconnected

        if isinstance(error, DownloadError) and error.status:
            raise unconnected.RefusedError(error) from error
        kind = unconnected.OfflineError if isinstance(error, OfflineError) else unconnected.DownloadError
        raise kind(error, str(error)) from error
