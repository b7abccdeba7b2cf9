"""Small questions to a server, say for where something lies: the whole answer in memory."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from rehub.words.errors import DownloadError
from rehub.world.download.asking import Asking
from rehub.world.download.faults import FaultError
from rehub.world.download.limits import Clock, Credentials, Limits
from rehub.world.download.retries import Patience

_LIMITS = Limits()
_MOST = 16 << 20  # bytes of an answer
_CHUNK = 64 << 10  # bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server has answered.

    Attributes:
        status: 200 to 299.
        headers: by their names in lower case.
        body: as it came.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


def request(  # noqa: PLR0913
    url: str,
    *,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    limits: Limits = _LIMITS,
    credentials: Credentials = lambda _origin: None,
) -> Answer:
    """Ask a server something that may be asked twice.

    Raises:
        DownloadError: there is no answer, or it says no; ``status`` says which.
    """
    try:
        clock = Clock(limits.deadline)
        patience, asking = Patience(limits, clock), Asking(url, limits, clock, credentials)
        while True:
            asking.renew()
            try:
                return _ask(asking, method, body, dict(headers or {}), min(limits.bytes, _MOST))
            except FaultError as fault:
                time.sleep(patience.wait_after(fault, progress=0))
            finally:
                asking.connections.abort()
    except FaultError as fault:
        raise DownloadError(url, fault.said, fault.status) from fault


def _ask(asking: Asking, method: str, body: bytes | None, headers: dict[str, str], most: int) -> Answer:
    answer = asking.ask(headers, method=method, body=body)
    try:
        gathered, view = bytearray(), memoryview(bytearray(_CHUNK))
        while count := answer.read_into(view):
            gathered += view[:count]
            if len(gathered) > most:
                raise FaultError(f"the answer is larger than {most} bytes", again=False)
        if answer.left:
            raise FaultError(f"the connection ended after {len(gathered)} of {answer.length} bytes")
        named = {name.lower(): value for name, value in answer.headers.items()}
        return Answer(answer.status, named, bytes(gathered))
    finally:
        asking.connections.give_back(answer)
