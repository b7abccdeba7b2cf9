"""Connections of one transfer: kept alive between its requests, and ended with it.

urllib3 connects: addresses, TLS, proxies and their tunnels. There is no pool that outlives a transfer, so that nothing
is shared by threads that do not know each other, or by a process and its fork.
"""

import ssl
import threading
from contextlib import suppress
from functools import partial
from http.client import HTTPConnection as PlainConnection
from http.client import HTTPException
from socket import SHUT_RDWR, socket
from typing import Any, cast

from rehub.world.download import tls
from rehub.world.download.faults import FaultError
from rehub.world.download.incoming import Head, Incoming
from rehub.world.download.limits import Clock, Limits
from rehub.world.download.origins import Address
from rehub.world.download.proxies import proxy_for


class Connections:
    """Asks servers, from any thread; :meth:`abort` ends whatever goes on.

    Attributes:
        connecting: the threads that wait for a connection, which nothing can wake.
    """

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits, self._clock = limits, clock
        self._lock = threading.Lock()
        self._idle: dict[str, list[Any]] = {}
        self._busy: dict[Any, Any] = {}  # connection -> its socket, which it forgets where the server will close it
        self._context: ssl.SSLContext | None = None
        self._aborted = False
        self.connecting: set[threading.Thread] = set()

    def ask(self, method: str, address: Address, headers: dict[str, str], body: bytes | None = None) -> Incoming:
        """Send a request and read the head of its answer; :meth:`give_back` ends it.

        Raises:
            FaultError: there is none.
        """
        kept = self._take(address.origin)
        if kept is not None:
            try:
                return self._ask(kept, method, address, headers, body)
            except FaultError:  # the server may end an idle connection at any moment: that is nobody's fault
                self._clock.left(0.0)
        return self._ask(self._open(address), method, address, headers, body)

    def give_back(self, answer: Incoming) -> None:
        """End an answer: its connection is kept if all of it was read."""
        connection = next((each for each in list(self._busy) if getattr(each, "answer", None) is answer), None)
        answer.close()
        if connection is None:
            return
        connection.answer = None
        with self._lock:
            if answer.reusable and not self._aborted and connection.sock is not None:
                self._busy.pop(connection, None)
                self._idle.setdefault(Address.parse(answer.url).origin, []).append(connection)
                return
        self._drop(connection)

    def abort(self) -> None:
        """End every connection; whoever reads from one gets a fault, and no other can be begun."""
        with self._lock:
            self._aborted = True
            sockets = [sock for sock in self._busy.values() if sock is not None]
            idle = [each for several in self._idle.values() for each in several]
            self._idle.clear()
        for sock in sockets:
            _shut(sock)
        for connection in idle:
            connection.close()

    # One connection.

    def _take(self, origin: str) -> Any:
        while True:
            with self._lock:
                if not (known := self._idle.get(origin)):
                    return None
                connection = known.pop()
                self._busy[connection] = connection.sock
            if connection.is_connected:  # and nothing waits to be read that nobody asked for
                return connection
            self._drop(connection)

    def _ask(
        self, connection: Any, method: str, address: Address, headers: dict[str, str], body: bytes | None
    ) -> Incoming:
        target = address.url if connection.forwards else address.target
        sent = {"Host": address.netloc, **headers, **(connection.proxy_headers if connection.forwards else {})}
        patience = self._clock.left(self._limits.timeout)
        try:
            connection.response_class = partial(Head, patience=patience)
            if connection.sock is None:
                self._connect(connection, patience)
            sock = connection.sock
            sock.settimeout(patience)
            connection.request(method, target, body=body, headers=sent)
            # urllib3's own response would copy each byte once more (docs/adr/0011).
            head = cast("Head", PlainConnection.getresponse(connection))
            connection.answer = answer = self._incoming(address, head, sock)
        except BaseException as error:
            self._drop(connection)
            if isinstance(error, FaultError) or not isinstance(error, Exception):
                raise
            # A header that cannot be sent is repeated by http.client's error, and may be a secret.
            raise _fault(error, self._limits.timeout) from (None if isinstance(error, ValueError) else error)
        return answer

    def _incoming(self, address: Address, head: Head, sock: Any) -> Incoming:
        try:
            return Incoming(address.url, head, sock, self._limits, self._clock)
        except FaultError:
            head.close()
            raise

    def _connect(self, connection: Any, patience: float) -> None:
        """Connect; only who is registered before and after it, while nothing was aborted, may go on."""
        me = threading.current_thread()
        with self._lock:
            self._check_going_on()
            self.connecting.add(me)
        try:
            connection.response_class = partial(Head, patience=patience)  # a proxy's answer to CONNECT, too
            connection.connect()
            # By default Python takes a connection that is cut below TLS for one that has ended: somebody on the way
            # could end a file without a length where he likes.
            if hasattr(connection.sock, "suppress_ragged_eofs"):
                connection.sock.suppress_ragged_eofs = False
        finally:
            with self._lock:
                self.connecting.discard(me)
        with self._lock:
            self._check_going_on()
            self._busy[connection] = connection.sock

    def _check_going_on(self) -> None:
        if self._aborted:
            raise FaultError("the transfer was ended", again=False)

    def _open(self, address: Address) -> Any:
        """Make a connection that is not connected yet: to the server, or to the proxy that leads to it."""
        proxy = proxy_for(address)
        connection = self._made(proxy or address, address if proxy and address.scheme == "https" else None)
        connection.forwards = proxy is not None and address.scheme == "http"
        connection.proxy_headers = {"Proxy-Authorization": proxy.userinfo} if proxy and proxy.userinfo else {}
        if proxy and address.scheme == "https":
            connection.set_tunnel(
                address.host, address.port, headers=dict(connection.proxy_headers), scheme=proxy.scheme
            )
        with self._lock:
            self._busy[connection] = None
        return connection

    def _made(self, first: Address, through: Address | None) -> Any:
        """Make urllib3's connection to a server, or through a proxy to one."""
        from urllib3.connection import HTTPConnection, HTTPSConnection, ProxyConfig
        from urllib3.util import parse_url

        wait = self._clock.left(self._limits.timeout)
        if first.scheme == "http" and through is None:
            return HTTPConnection(first.host, first.port, timeout=wait)
        more: dict[str, Any] = {}
        if through is not None:
            more["proxy"] = parse_url(first.origin)
            more["proxy_config"] = ProxyConfig(self._tls(), use_forwarding_for_https=False, **_UNASSERTED)
        return HTTPSConnection(first.host, first.port, timeout=wait, ssl_context=self._tls(), **more)

    def _tls(self) -> ssl.SSLContext:
        with self._lock:
            if self._context is None:
                try:
                    self._context = tls.context()
                except OSError as error:
                    said = f"the certificates that SSL_CERT_FILE or SSL_CERT_DIR names cannot be read: {error}"
                    raise FaultError(said, again=False) from error
            return self._context

    def _drop(self, connection: Any) -> None:
        with self._lock:
            self._busy.pop(connection, None)
        connection.close()


_UNASSERTED: dict[str, Any] = {"assert_hostname": None, "assert_fingerprint": None}


def _shut(sock: Any) -> None:
    """Wake whoever waits for a socket; it is closed by its owner."""
    # Not by TLS's own shutdown: who reads on would get what is encrypted, as if it were the file.
    with suppress(OSError):
        socket.shutdown(getattr(sock, "socket", sock), SHUT_RDWR)


def _fault(error: Exception, timeout: float) -> FaultError:
    """Say what went wrong before there was an answer."""
    from urllib3.exceptions import HTTPError, LocationParseError

    if isinstance(error, TimeoutError) or isinstance(error.__cause__, TimeoutError):
        return FaultError(f"the server did not answer within {timeout:g} s: timed out")
    if isinstance(error, ssl.SSLCertVerificationError):
        return FaultError(f"the server's certificate is not valid: {error.verify_message}", again=False)
    if not isinstance(error, HTTPError | HTTPException | OSError | ValueError):
        raise error
    if isinstance(error, ValueError):
        return FaultError(f"the request cannot be sent: {type(error).__name__}", again=False)
    final = isinstance(error, LocationParseError) or "Tunnel connection failed: 40" in str(error)
    cause = error.__cause__ if isinstance(error, HTTPError) and error.__cause__ else error
    return FaultError(str(cause) or type(cause).__name__, again=not final)
