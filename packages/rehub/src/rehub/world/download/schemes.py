"""URLs that need no server: ``file:`` and ``data:``."""

from contextlib import closing
from http.client import HTTPException
from typing import Any
from urllib import request

from rehub.world.download.faults import FaultError
from rehub.world.download.limits import Clock, Watch
from rehub.world.download.part import PartFile
from rehub.world.download.whole import bring_whole


def copy(url: str, part: PartFile, most: int, clock: Clock, watch: Watch) -> tuple[str, int]:
    """Write down what a URL means; give its SHA-256 and its size.

    Raises:
        FaultError: it means nothing, or it cannot be read.
        StoreError: the disk refused.
    """
    with closing(_open(url)) as source:

        def read_into(view: memoryview) -> int:
            clock.left(0.0)
            try:
                data = source.read(len(view))
            except (OSError, ValueError) as error:
                raise FaultError(str(error), again=False) from error
            view[: len(data)] = data
            return len(data)

        said = source.headers.get("Content-Length", "")
        return bring_whole(read_into, part, int(said) if said.isdecimal() else None, most, watch)


def _open(url: str) -> Any:
    opener = request.OpenerDirector()
    for handler in (request.FileHandler(), request.DataHandler(), request.UnknownHandler()):
        opener.add_handler(handler)
    try:
        return opener.open(url)
    except (HTTPException, OSError, ValueError) as error:  # URLError is an OSError
        said = str(getattr(error, "reason", "") or error) or type(error).__name__
        raise FaultError(said, again=False) from error
