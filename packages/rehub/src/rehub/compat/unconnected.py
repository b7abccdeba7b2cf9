"""rehub's errors of the network as torch.hub's users catch them: they are urllib's, and a RuntimeError, too.

In a file of their own, as urllib costs more to import than all the rest of :mod:`rehub.compat`.
"""

from email.message import Message
from urllib.error import HTTPError, URLError

from rehub.words import errors


class _UnconnectedError(URLError, RuntimeError):
    """What torch.hub raises without a connection: the one of these or the other, as it happens to notice."""

    def __init__(self, error: errors.WorldError, said: str) -> None:
        super().__init__(said)
        self.__dict__.update(vars(error))
        self.args = (said,)

    def __str__(self) -> str:
        return str(self.args[0])


class UnreachableError(_UnconnectedError, errors.UnreachableError):
    """A remote that did not answer, and nothing cached."""


class OfflineError(_UnconnectedError, errors.OfflineError):
    """A socket that may not be opened, and nothing cached."""


class DownloadError(_UnconnectedError, errors.DownloadError):
    """A file that did not come whole."""


class RefusedError(HTTPError, errors.DownloadError):
    """What a server answered in place of a file."""

    def __init__(self, error: errors.DownloadError) -> None:
        phrase = error.said.removeprefix(f"the server answered {error.status} ")
        HTTPError.__init__(self, error.url, error.status or 0, phrase, Message(), None)
        self.error, self.said = error, error.said
        self.add_note(str(error))

    def __reduce__(self) -> tuple[type["RefusedError"], tuple[errors.DownloadError]]:
        return RefusedError, (self.error,)

    def __str__(self) -> str:
        return HTTPError.__str__(self)
