"""What goes wrong on the way, as the parts of a transfer tell it to each other; outside it is a ``DownloadError``."""

from rehub.words.text import cut, line


class FaultError(Exception):
    """Something went wrong.

    Attributes:
        said: what.
        status: what the server answered, if that is what went wrong.
        again: another try may help.
        wait: how long the server asks us to wait before it, in seconds.
    """

    def __init__(self, said: str, status: int | None = None, *, again: bool = True, wait: float | None = None) -> None:
        self.said, self.status, self.again, self.wait = cut(line(said), 300), status, again, wait
        super().__init__(self.said)

    @property
    def busy(self) -> bool:
        """Whether the server has too much to do."""
        return self.status in {429, 503}


class RestartError(Exception):
    """What is there is of no use: it is another version's, or the server does not keep to ranges.

    Attributes:
        said: why.
        ranges: whether ranges may be asked for again.
    """

    def __init__(self, said: str, *, ranges: bool) -> None:
        super().__init__(said)
        self.said, self.ranges = said, ranges
