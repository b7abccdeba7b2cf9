"""Servers that send a client elsewhere, proxies, and addresses where nobody is: no secret goes where it was not meant for."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import behaviours as wrong
from tests.faults.server import CHUNK, FaultServer, OverError, Talk
from tests.faults.table import RIGHT
from tests.faults.trial import Trial, kept, left
from tests.faults.ways import OLD, WAYS, InPieces, Way

SECRET = "s3cret-of-ada"
NAMES = [way.name for way in WAYS]


def cases(fault: str, names: list[str] = NAMES) -> pytest.MarkDecorator:
    """Try a fault in each way."""
    marks = [pytest.param(name, marks=pytest.mark.fault(fault, name), id=name) for name in names]
    return pytest.mark.parametrize("asked_for", marks)


@pytest.fixture
def other(weights: bytes) -> Iterator[FaultServer]:
    """Give another server of the same file: another port is another server."""
    with FaultServer(weights) as server:
        yield server


@cases("redirect to another port")
def test_credentials_stay(asked_for: str, way: Way, server: FaultServer, other: FaultServer, trial: Trial) -> None:
    """Whoever a server sends us to sees neither a password nor a cookie, and no error names one."""
    (Path.home() / ".netrc").write_text(f"machine 127.0.0.1 login ada password {SECRET}\n")
    server.does = wrong.to(other.url)
    url = server.url.replace("://", f"://ada:{SECRET}@") if isinstance(way, InPieces) else server.url
    trial.run(lambda: way.bring(url), way.folder, right=way.right(server.data))
    assert SECRET not in trial.said
    assert not [asked for asked in other.asked if {"authorization", "cookie"} & set(asked.headers)]
    server.heal()
    assert way.bring(server.url) == way.right(server.data)


@pytest.mark.fault("redirect to another port, with a token", "pieces")
def test_tokens_stay(way: InPieces, server: FaultServer, other: FaultServer, trial: Trial) -> None:
    """A token goes to the origin that it is for, as often as it is asked, and to no other one."""
    asked_about: list[str] = []

    def credentials(origin: str) -> str | None:
        asked_about.append(origin)
        return f"Bearer {SECRET}" if origin == server.origin else None

    server.does = wrong.to(other.url)
    way.credentials = credentials
    ended = trial.run(lambda: way.bring(server.url), way.folder, right=server.data)
    assert ended == RIGHT, trial.said
    assert {asked.headers.get("authorization") for asked in server.asked} == {f"Bearer {SECRET}"}
    assert not [asked for asked in other.asked if {"authorization", "cookie"} & set(asked.headers)]


@cases("redirect to the same server")
def test_redirect(asked_for: str, way: Way, server: FaultServer, trial: Trial) -> None:
    """It is followed."""
    server.does = wrong.times(1, wrong.to("/moved/weights.pth"))
    assert trial.run(lambda: way.bring(server.url), way.folder, right=way.right(server.data)) == RIGHT


@cases("https redirects to http")
def test_redirect_to_http(asked_for: str, way: Way, secure: FaultServer, other: FaultServer, trial: Trial) -> None:
    """What began encrypted never goes on in the open; the open server is not even asked."""
    secure.does = wrong.to(other.url)
    ended = trial.run(lambda: way.bring(secure.url), way.folder, right=way.right(secure.data))
    assert ended == "DownloadError"
    assert other.connections == 0
    assert set(kept(way.folder).values()) <= {OLD}
    secure.heal()
    assert way.bring(secure.url) == way.right(secure.data)


@cases("a port where nobody listens")
def test_nobody_listens(asked_for: str, way: Way, server: FaultServer, trial: Trial) -> None:
    """It is said at once, after a few tries."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    ended = trial.run(
        lambda: way.bring(f"http://127.0.0.1:{port}/weights.pth"), way.folder, right=way.right(server.data)
    )
    assert ended == "DownloadError"


@cases("a port that accepts nobody")
def test_nobody_accepts(asked_for: str, way: Way, server: FaultServer, trial: Trial) -> None:
    """A connection that is never made ends with the time limit."""
    with contextlib.ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):  # a queue that is full: the kernel drops whoever comes next
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}/weights.pth"
        ended = trial.run(lambda: way.bring(url), way.folder, right=way.right(server.data))
    assert ended == "DownloadError"


# Proxies.


def tunnel(talk: Talk) -> None:
    """Be a proxy: answer for every server, and let https through to whoever is asked for."""
    if talk.asked.method != "CONNECT":
        return talk.answer(200, talk.data, ETag='"of the proxy"')
    talk.keep = False
    host, _, port = talk.asked.path.rpartition(":")
    with socket.create_connection((host, int(port)), 5) as there:
        talk.send(b"HTTP/1.1 200 Established\r\n\r\n")
        _carry(talk, there)
    return None


def _carry(talk: Talk, there: socket.socket) -> None:
    """Carry bytes both ways until one side ends."""
    import select

    while True:
        ready, _, _ = select.select([talk.connection, there], [], [], 10)
        for one in ready:
            data = one.recv(CHUNK)
            if not data:
                raise OverError
            (there if one is talk.connection else talk.connection).sendall(data)
        if not ready:
            raise OverError


@cases("a proxy for http")
def test_proxy(
    asked_for: str, way: Way, server: FaultServer, other: FaultServer, trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy of the environment is asked, and the server is not."""
    other.does = tunnel
    monkeypatch.setenv("http_proxy", other.origin)
    assert trial.run(lambda: way.bring(server.url), way.folder, right=way.right(server.data)) == RIGHT
    assert (server.connections, {asked.path for asked in other.asked}) == (0, {server.url})


@cases("a proxy for https")
def test_proxy_for_https(
    asked_for: str, way: Way, secure: FaultServer, other: FaultServer, trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy carries what it cannot read."""
    other.does = tunnel
    monkeypatch.setenv("https_proxy", other.origin)
    assert trial.run(lambda: way.bring(secure.url), way.folder, right=way.right(secure.data)) == RIGHT
    assert {asked.method for asked in other.asked} == {"CONNECT"}
    assert secure.asked


@cases("NO_PROXY")
def test_no_proxy(
    asked_for: str, way: Way, server: FaultServer, other: FaultServer, trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that is named there is asked without the proxy."""
    monkeypatch.setenv("http_proxy", other.origin)
    monkeypatch.setenv("NO_PROXY", "example.org,127.0.0.1")
    assert trial.run(lambda: way.bring(server.url), way.folder, right=way.right(server.data)) == RIGHT
    assert other.connections == 0


@cases("a proxy that is not there")
def test_proxy_that_is_gone(
    asked_for: str, way: Way, server: FaultServer, trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is an error, and the proxy is never gone round."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{gone.getsockname()[1]}")
    ended = trial.run(lambda: way.bring(server.url), way.folder, right=way.right(server.data))
    assert (ended, server.connections) == ("DownloadError", 0)
    monkeypatch.delenv("http_proxy")
    assert way.bring(server.url) == way.right(server.data)


@pytest.mark.parametrize(
    ("gone", "must"),
    [
        pytest.param(False, RIGHT, marks=pytest.mark.fault("a mirror with other bytes", "weights"), id="mirror"),
        pytest.param(
            True,
            "DownloadError",
            marks=pytest.mark.fault("a mirror with other bytes, and the server is gone", "weights"),
            id="mirror alone",
        ),
    ],
)
def test_mirror(  # the origin is another server of this machine
    gone: bool,
    must: str,
    way: Way,
    server: FaultServer,
    other: FaultServer,
    trial: Trial,
    digits: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A mirror is believed only as far as the hash goes that the file's name has; after it the server itself is asked."""
    monkeypatch.setenv("REHUB_MIRRORS", f"{other.origin}/={server.origin}/")
    server.does = wrong.other_bytes
    if gone:
        other.does = wrong.hang_up
    assert trial.run(lambda: way.bring(other.url, digits), way.folder, right=way.right(server.data)) == must
    assert server.asked
    assert set(kept(way.folder).values()) <= {server.data}
    assert left(way.folder) == 0
    server.heal()
    assert way.bring(other.url, digits) == way.right(server.data)
