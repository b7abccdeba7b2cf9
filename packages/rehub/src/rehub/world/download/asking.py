"""Asking for a URL: redirects are followed, credentials stay with the server that they are for."""

from http import HTTPStatus

from rehub.world.download.connections import Connections
from rehub.world.download.faults import FaultError
from rehub.world.download.incoming import Incoming
from rehub.world.download.limits import Clock, Credentials, Limits
from rehub.world.download.origins import Address
from rehub.world.download.redirects import REDIRECTS, target
from rehub.world.download.retries import retry_after

_HEADERS = {"User-Agent": "rehub", "Accept": "*/*", "Accept-Encoding": "identity"}
_OK = 200
_AGAIN = {408, 425, 429}
_MANY = 500  # from here on it is the server's fault
_GONE = {401, 403, 404, 410}


class Asking:
    """One URL, asked for as often as needed.

    Where it led last time is remembered, so that each piece does not cost a redirect; if that place no longer answers,
    as when a signature has ended, the URL itself is asked again.
    """

    def __init__(self, url: str, limits: Limits, clock: Clock, credentials: Credentials) -> None:
        self._first = Address.parse(url)
        self._limits = limits
        self._secret = self._first.userinfo or credentials(self._first.origin)
        self._led: tuple[Address, str | None] | None = None  # with the credentials that were left when it led there
        self._clock = clock
        self.connections = Connections(limits, clock)

    def renew(self) -> None:
        """Begin with new connections, as the former ones were ended."""
        self.connections = Connections(self._limits, self._clock)

    def ask(self, headers: dict[str, str], *, method: str = "GET", body: bytes | None = None) -> Incoming:
        """Ask, and give the answer that is no redirect.

        Raises:
            FaultError: there is none, or it says no.
        """
        led = self._led
        try:
            return self._follow(*(led or (self._first, self._secret)), headers, method, body)
        except FaultError as fault:
            if led is None or fault.status not in _GONE:
                raise
            self._led = None
            return self._follow(self._first, self._secret, headers, method, body)

    def _follow(
        self, address: Address, secret: str | None, headers: dict[str, str], method: str, body: bytes | None
    ) -> Incoming:
        status = 0
        for _ in range(self._limits.redirects + 1):
            own = {"Authorization": secret} if secret else {}
            answer = self.connections.ask(method, address, {**_HEADERS, **headers, **own}, body)
            if answer.status not in REDIRECTS:
                self._led = (address, secret) if address != self._first else None
                return self._checked(answer)
            self.connections.give_back(answer)
            status = answer.status
            if method != "GET" and answer.status not in {307, 308}:
                raise FaultError(f"the server answered {answer.status} to a {method}", answer.status, again=False)
            address = target(address, answer)
            # Once away from the server that they are for, credentials are gone, even if the way leads back.
            secret = secret if address.origin == self._first.origin else None
        said = f"the server answered {status} (once too often; not followed)"
        raise FaultError(said, status, again=False)

    def _checked(self, answer: Incoming) -> Incoming:
        """Refuse an answer that says no."""
        status = answer.status
        if _OK <= status < min(REDIRECTS) or status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return answer
        self.connections.give_back(answer)
        phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
        again = status in _AGAIN or status >= _MANY
        raise FaultError(
            f"the server answered {status} {phrase}".rstrip(), status, again=again, wait=retry_after(answer.headers)
        )
