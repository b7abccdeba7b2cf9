"""What servers do wrong, one by one: the right bytes or a typed error, in time, and nothing half-written."""

import hashlib
import os
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

import pytest

from rehub.words.errors import DownloadError, StoreError
from rehub.world.download import Limits, Received, download, progress_of, request, sweep
from tests.world import World
from tests.world.scripted import Asked, Scripted, head, part

DATA = os.urandom(3 << 20)
QUICK = Limits(timeout=0.3, rate=100, deadline=9.0, retries=1, pieces_from=1 << 20, streams=4)
CLOSE = "Connection: close"


def bring(url: str, target: Path, limits: Limits = QUICK, **more: object) -> Received:
    """Download to a target, by the part that all calls for it share."""
    with download(url, target.with_name("part.partial"), limits=limits, **more) as received:  # type: ignore[arg-type]
        received.keep(target)
    return received


def left(folder: Path) -> set[str]:
    """Give what a download has left."""
    return {path.name for path in folder.iterdir()} - {"home", "world", "guard.log"}


def cut(asked: Asked, data: bytes, after: int, etag: str = '"1"') -> Iterator[bytes]:
    """Answer well, and cut the connection after so many bytes of the body."""
    first, body = part(asked, data, etag)
    yield first
    yield body[:after]
    if after < len(body):
        raise EOFError


# Resuming.


def test_the_next_call_goes_on(tmp_path: Path) -> None:
    """What arrived is kept with its journal, is not asked for again, and is hashed again."""
    with (
        Scripted(lambda asked: cut(asked, DATA, 1 << 20)) as server,
        pytest.raises(DownloadError, match="goes on") as caught,
    ):
        bring(server.url, tmp_path / "a", Limits(retries=0, streams=1, pieces_from=1 << 30))
    assert caught.value.kept > 0
    assert progress_of(tmp_path / "part.partial") == (caught.value.kept, len(DATA))
    assert left(tmp_path) == {"part.partial", "part.partial.json"}
    with Scripted(lambda asked: part(asked, DATA)) as server:
        received = bring(server.url, tmp_path / "a")
        assert min(asked.range[0] for asked in server.log if asked.range) == caught.value.kept
        assert all(asked.headers["if-range"] == '"1"' for asked in server.log)
    assert (tmp_path / "a").read_bytes() == DATA
    assert received.resumed == caught.value.kept
    assert left(tmp_path) == {"a"}


def half(folder: Path, data: bytes = DATA) -> None:
    """Leave half a file, as a call that broke off does."""
    with Scripted(lambda asked: cut(asked, data, 1 << 20)) as server, pytest.raises(DownloadError):
        bring(server.url, folder / "a", Limits(retries=0, streams=1, pieces_from=1 << 30))


@pytest.mark.parametrize(
    "kind", ["another version", "another version in parts", "no ranges any more", "416", "another size"]
)
def test_what_is_of_no_use_is_begun_again(tmp_path: Path, kind: str) -> None:
    """Nothing of the former version is in the file that gets the name."""
    half(tmp_path)
    new = os.urandom(len(DATA))

    def answer(asked: Asked) -> list[bytes]:
        match kind:
            case "another version":
                return part(asked, new, '"2"')
            case "another version in parts":  # a server that does not know If-Range
                plain = Asked(asked.method, asked.target, {**asked.headers, "if-range": '"2"'}, b"", 0)
                return part(plain, new, '"2"')
            case "no ranges any more":
                return [head("200 OK", f"Content-Length: {len(new)}"), new]
            case "416":
                gone = head("416 Range Not Satisfiable", "Content-Length: 0")
                return [gone] if asked.range and asked.number < 1 else part(asked, new, '"2"')
            case _:
                return part(asked, new[:-1], '"2"')

    with Scripted(answer) as server:
        received = bring(server.url, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == (new[:-1] if kind == "another size" else new)
    assert received.resumed == 0


@pytest.mark.parametrize(
    "said", ["", "Content-Range: bytes 0-9/10", "Content-Range: bytes x", "Content-Range: bytes 0-99999999999/1"]
)
def test_a_wrong_range_is_not_believed(tmp_path: Path, said: str) -> None:
    """The file is asked for once more, as a whole."""

    def answer(asked: Asked) -> list[bytes]:
        if asked.range:
            return [head("206 Partial Content", "Content-Length: 100", 'ETag: "1"', *filter(None, [said])), DATA[:100]]
        return part(asked, DATA)

    with Scripted(answer) as server:
        bring(server.url, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == DATA


def test_a_file_that_changes_meanwhile_is_begun_again(tmp_path: Path) -> None:
    """Pieces of two versions are never put together."""
    new = os.urandom(len(DATA))
    with Scripted(lambda asked: part(asked, DATA) if asked.number < 1 else part(asked, new, '"2"')) as server:
        bring(server.url, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == new


def test_a_killed_process_is_continued(tmp_path: Path) -> None:
    """Whatever it was doing: the file is whole and right, and no clean-up was needed."""
    held = threading.Event()

    def answer(asked: Asked) -> Iterator[bytes]:
        first, body = part(asked, DATA)
        yield first
        for start in range(0, len(body), 1 << 16):
            yield body[start : start + (1 << 16)]
            if asked.number == 1 and start:
                held.set()
                server.over.wait(20)

    code = (
        "import sys; from pathlib import Path; from rehub.world.download import *\n"
        "with download(sys.argv[1], Path(sys.argv[2]), limits=Limits(pieces_from=1 << 20, streams=1)): pass"
    )
    with Scripted(answer) as server:
        child = subprocess.Popen([sys.executable, "-c", code, server.url, str(tmp_path / "part.partial")])
        assert held.wait(20)
        child.kill()
        child.wait(20)
    assert left(tmp_path) <= {"part.partial", "part.partial.json"}
    with Scripted(lambda asked: part(asked, DATA)) as server:
        bring(server.url, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == DATA
    assert left(tmp_path) == {"a"}


# What may be tried again.


def test_stalls_use_up_no_retry(tmp_path: Path) -> None:
    """As long as bytes arrive between them: the rest is asked for on another connection."""

    def answer(asked: Asked) -> Iterator[bytes]:
        first, body = part(asked, DATA)
        yield first
        yield body[: 1 << 19]
        if len(body) > 1 << 19:
            server.over.wait(20)
            raise EOFError

    with Scripted(answer) as server:
        bring(server.url, tmp_path / "a")
        assert len(server.log) > 4
    assert (tmp_path / "a").read_bytes() == DATA


def test_a_crawl_is_dropped(tmp_path: Path) -> None:
    """A byte now and then is no progress."""

    def answer(asked: Asked) -> Iterator[bytes]:
        yield part(asked, DATA)[0]
        while not server.over.wait(0.05):
            yield b"x"

    with Scripted(answer) as server, pytest.raises(DownloadError, match=r"only \d+ bytes arrived in 0.3 s"):
        bring(server.url, tmp_path / "a")


@pytest.mark.parametrize("statuses", [[500, 502], [503], [429], [408]])
def test_a_server_in_trouble_is_asked_again(tmp_path: Path, statuses: list[int]) -> None:
    """Also if it asks to wait until a date, or for ever."""
    waits = ["0", formatdate(time.time() - 5, usegmt=True), "9" * 40, "soon"]

    def answer(asked: Asked) -> list[bytes]:
        if asked.number < len(statuses):
            wait = waits[(asked.number + statuses[0]) % len(waits)]
            return [head(f"{statuses[asked.number]} No", "Content-Length: 0", f"Retry-After: {wait}")]
        return part(asked, DATA)

    with Scripted(answer) as server:
        bring(server.url, tmp_path / "a", Limits(timeout=0.3, retries=3, deadline=9))
    assert (tmp_path / "a").read_bytes() == DATA


def test_busy_servers_get_fewer_streams(tmp_path: Path) -> None:
    """A 503 to a second stream slows the transfer down, and does not end it."""
    busy = threading.Semaphore(1)

    def answer(asked: Asked) -> Iterator[bytes]:
        if not busy.acquire(blocking=False):
            yield head("503 Busy", "Content-Length: 0", "Retry-After: 0")
            return
        try:
            first, body = part(asked, DATA)
            yield first
            for start in range(0, len(body), 1 << 17):
                time.sleep(0.03)
                yield body[start : start + (1 << 17)]
        finally:
            busy.release()

    with Scripted(answer) as server:
        bring(server.url, tmp_path / "a", Limits(timeout=2, retries=5, deadline=9, pieces_from=1 << 20))
    assert (tmp_path / "a").read_bytes() == DATA


def test_a_crawling_server_is_left(tmp_path: Path) -> None:
    """Each stream that crawls is looked at after the time-out, and what it has brought by then buys no more patience."""

    def answer(asked: Asked) -> Iterator[bytes]:
        first, body = part(asked, DATA)
        yield first
        for start in range(0, len(body), 100):
            yield body[start : start + 100]
            time.sleep(0.1)

    with Scripted(answer) as server:
        with pytest.raises(DownloadError, match=r"only \d+ bytes arrived in 0.3 s"):
            bring(server.url, tmp_path / "a", Limits(timeout=0.3, rate=10_000, retries=3, deadline=30))
        assert len(server.log) == 4


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_no_is_a_no(tmp_path: Path, status: int) -> None:
    """It is not asked for twice."""
    with Scripted(lambda asked: [head(f"{status} No", "Content-Length: 0")]) as server:
        with pytest.raises(DownloadError, match=str(status)) as caught:
            bring(server.url, tmp_path / "a")
        assert len(server.log) == 1
    assert caught.value.status == status
    assert left(tmp_path) == set()


def silent(asked: Asked) -> Iterator[bytes]:
    """Take a request, and never answer."""
    time.sleep(3)
    yield b""


def endless(asked: Asked) -> Iterator[bytes]:
    """Ask to go on for ever."""
    while True:
        yield head("100 Continue")


def bomb(asked: Asked) -> Iterator[bytes]:
    """Send more headers than anybody needs."""
    yield b"HTTP/1.1 200 OK\r\n"
    for number in range(90):
        yield f"X-{number}: ".encode() + b"x" * 60_000 + b"\r\n"
    yield b"\r\n"


def dribble(asked: Asked) -> Iterator[bytes]:
    """Send a head so slowly that it never ends."""
    for byte in head("200 OK", "X: " + "x" * 500):
        time.sleep(0.05)
        yield bytes([byte])


def chunked(*ends: bytes) -> list[bytes]:
    """Send chunks that do not end as they should."""
    return [head("200 OK", "Transfer-Encoding: chunked"), b"5\r\nhello\r\n", *ends]


def closing(*data: bytes) -> Iterator[bytes]:
    """Send something, and cut the connection."""
    yield from data
    raise EOFError


FAULTS = {
    "never answers": (silent, "timed out"),
    "100 Continue without end": (endless, "bytes before the file"),
    "a bomb of headers": (bomb, "bytes before the file|headers"),
    "a head in drops": (dribble, "timed out"),
    "short body": (lambda _: closing(head("200 OK", "Content-Length: 9"), b"short"), "after 5 of 9 bytes"),
    "chunks cut": (lambda _: closing(*chunked(b"5\r\nhe")), "ended early"),
    "chunks of no size": (lambda _: closing(*chunked(b"zz\r\n")), "ended early"),
    "gzip, unasked": (lambda _: [head("200 OK", "Content-Encoding: gzip", "Content-Length: 2"), b"zz"], "unasked"),
    "two lengths": (lambda _: [head("200 OK", "Content-Length: 2", "Content-Length: 3"), b"zzz"], "says that it has"),
    "less than nothing": (lambda _: [head("200 OK", "Content-Length: -2"), b"zzz"], "says that it has"),
    "a redirect to a file": (
        lambda _: [head("302 Found", "Location: file:///etc/passwd", "Content-Length: 0")],
        "less safe",
    ),
    "a redirect to ftp": (
        lambda _: [head("302 Found", "Location: ftp://127.0.0.1/x", "Content-Length: 0")],
        "less safe",
    ),
    "a redirect to nowhere": (lambda _: [head("302 Found", "Content-Length: 0")], "without saying where"),
    "a redirect in circles": (lambda _: [head("302 Found", "Location: /", "Content-Length: 0")], "once too often"),
    "no HTTP at all": (lambda _: closing(b"SSH-2.0-OpenSSH_9.2\r\n"), "SSH"),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_each_fault_is_told(tmp_path: Path, kind: str) -> None:
    """As one kind of error, in time, and nothing stays."""
    script, said = FAULTS[kind]
    with Scripted(script) as server, pytest.raises(DownloadError, match=said):  # type: ignore[arg-type]
        bring(server.url, tmp_path / "a")
    assert left(tmp_path) == set()


def test_a_deadline_ends_everything(tmp_path: Path) -> None:
    """Whatever is waited for, and however much would be forgiven."""

    def answer(asked: Asked) -> Iterator[bytes]:
        yield part(asked, DATA)[0]
        while not server.over.wait(0.02):
            yield b"x" * 1000

    with Scripted(answer) as server, pytest.raises(DownloadError, match=r"longer than the 0\.6 s"):
        bring(server.url, tmp_path / "a", Limits(deadline=0.6))


def test_no_more_is_read_than_was_promised(tmp_path: Path) -> None:
    """By the server, or by whoever asks."""
    with Scripted(lambda _: [head("200 OK", "Content-Length: 4"), b"four and more"]) as server:
        bring(server.url, tmp_path / "a", size=4)
        assert (tmp_path / "a").read_bytes() == b"four"
        with pytest.raises(DownloadError, match="4 bytes, and 5 were promised"):
            bring(server.url, tmp_path / "a", size=5)

    def endless_body(asked: Asked) -> Iterator[bytes]:
        yield head("200 OK", CLOSE)
        while True:
            yield b"x" * 10_000

    with Scripted(endless_body) as server, pytest.raises(DownloadError, match="larger than 50000 bytes"):
        bring(server.url, tmp_path / "a", Limits(bytes=50_000))
    with Scripted(endless_body) as server, pytest.raises(DownloadError, match="larger than 50000 bytes"):
        bring(server.url, tmp_path / "a", size=50_000)


def test_an_empty_file_is_a_file(tmp_path: Path) -> None:
    """Though it has no first byte that could be asked for."""
    with Scripted(lambda asked: part(asked, b"")) as server:
        assert bring(server.url, tmp_path / "a").size == 0
    assert (tmp_path / "a").read_bytes() == b""


def test_an_old_server_is_read_to_its_end(tmp_path: Path) -> None:
    """HTTP/1.0, which closes the connection after each answer."""
    old = f"HTTP/1.0 200 OK\r\nContent-Length: {len(DATA)}\r\n\r\n".encode()
    with Scripted(lambda _: closing(old, DATA)) as server:
        bring(server.url, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == DATA


def test_connections_are_kept(tmp_path: Path) -> None:
    """A piece after another comes by the same connection, by https as well."""
    with Scripted(lambda asked: part(asked, DATA)) as server:
        bring(server.url, tmp_path / "a", Limits(pieces_from=1 << 20, streams=1))
        assert len(server.log) > 1
        assert server.connections == 1


def test_what_is_encrypted_is_never_taken_for_the_file(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interrupted transfer by https leaves nothing wrong in the part."""
    certificate = world.tls().certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    def interrupt(received: int, _size: int | None) -> None:
        if received:
            raise KeyboardInterrupt

    with Scripted(lambda asked: part(asked, DATA), certificate) as server:
        for _ in range(5):
            with pytest.raises(KeyboardInterrupt):
                bring(server.url, tmp_path / "a", Limits(pieces_from=1 << 19), watch=interrupt)
        received = bring(server.url, tmp_path / "a")
    assert received.sha256 == hashlib.sha256(DATA).hexdigest()


# Secrets, certificates, proxies.


def test_credentials_stay_with_their_origin(tmp_path: Path) -> None:
    """They go to the server that they are for, not to another port, and not back after a detour."""
    asked_for: list[str] = []

    def credentials(origin: str) -> str:
        asked_for.append(origin)
        return "Bearer s3cret"

    with Scripted(lambda _: [head("302 Found", f"Location: {first.url}/back", "Content-Length: 0")]) as second:

        def answer(asked: Asked) -> list[bytes]:
            match asked.target:
                case "/":
                    return [head("302 Found", "Location: /own", "Content-Length: 0")]
                case "/own":
                    return [head("302 Found", f"Location: {second.url}/", "Content-Length: 0")]
                case _:
                    return part(asked, DATA)

        with Scripted(answer) as first:
            bring(f"{first.url}/", tmp_path / "a", credentials=credentials)
            seen = [asked.headers.get("authorization") for asked in first.log]
        assert [asked.headers.get("authorization") for asked in second.log] == [None]
    assert seen[:2] == ["Bearer s3cret", "Bearer s3cret"]
    assert set(seen[2:]) == {None}
    assert len(seen) > 3  # pieces, from where it led to
    assert asked_for == [first.url]


def test_a_password_in_a_url_is_used_and_not_repeated(tmp_path: Path) -> None:
    """It is for that server only, and no error shows it."""
    with Scripted(lambda _: [head("403 No", "Content-Length: 0")]) as server:
        url = server.url.replace("://", "://ada:s3cret@") + "/x?signature=abc"
        with pytest.raises(DownloadError) as caught:
            bring(url, tmp_path / "a")
        assert server.log[0].headers["authorization"] == "Basic YWRhOnMzY3JldA=="
        assert server.log[0].target == "/x?signature=abc"
    told = f"{caught.value} {caught.value.__cause__!r} {vars(caught.value)}"
    assert "s3cret" not in told
    assert "abc" not in told


def test_a_secret_that_cannot_be_sent_is_not_shown(tmp_path: Path) -> None:
    """Neither by our error nor by what caused it."""
    with Scripted(lambda asked: part(asked, DATA)) as server, pytest.raises(DownloadError) as caught:
        bring(server.url, tmp_path / "a", credentials=lambda _: "Bearer s3\ncret")
    shown = "".join(traceback.format_exception(caught.value))
    assert "Invalid header" not in shown


def test_a_certificate_that_nobody_knows_is_refused(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until SSL_CERT_FILE names who has signed it; and it holds for its own host only."""
    safe = world.tls()
    safe.files["/a"] = b"safe"
    with pytest.raises(DownloadError, match="certificate"):
        bring(f"{safe.url}/a", tmp_path / "a")
    monkeypatch.setenv("SSL_CERT_FILE", str(safe.certificate))
    bring(f"{safe.url}/a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"safe"
    with pytest.raises(DownloadError, match="certificate"):
        bring(f"{safe.url.replace('127.0.0.1', 'localhost')}/a", tmp_path / "b")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nothing"))
    with pytest.raises(DownloadError, match="SSL_CERT_FILE"):
        bring(f"{safe.url}/a", tmp_path / "b")


def test_a_proxy_is_asked(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its own password, which the server never sees; NO_PROXY goes round it, https through it."""
    with Scripted(lambda asked: part(asked, b"by proxy") if asked.method == "GET" else [head("403 No")]) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.replace("://", "://me:pass@"))
        monkeypatch.setenv("https_proxy", proxy.url.replace("://", "://me:pass@"))
        bring("http://example.invalid:81/x?y=1", tmp_path / "a")
        assert (tmp_path / "a").read_bytes() == b"by proxy"
        assert proxy.log[0].target == "http://example.invalid:81/x?y=1"
        assert proxy.log[0].headers["host"] == "example.invalid:81"
        assert proxy.log[0].headers["proxy-authorization"] == "Basic bWU6cGFzcw=="
        with pytest.raises(DownloadError, match="403") as caught:
            bring("https://example.invalid/x", tmp_path / "b")
        assert "pass" not in str(caught.value)
        assert (proxy.log[-1].method, proxy.log[-1].target) == ("CONNECT", "example.invalid:443")
        assert proxy.log[-1].headers["proxy-authorization"] == "Basic bWU6cGFzcw=="
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        world.hub.files["/a"] = b"direct"
        before = len(proxy.log)
        bring(f"{world.hub.url}/a", tmp_path / "a")
        assert len(proxy.log) == before
        monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:1")
        with pytest.raises(DownloadError, match="socks5"):
            bring("http://example.invalid/x", tmp_path / "b")


# The part.


def test_two_writers_of_one_part_spoil_nothing(tmp_path: Path) -> None:
    """Each has a file of its own; the one that is there last is whole."""
    both = threading.Barrier(2)

    def answer(asked: Asked) -> list[bytes]:
        if asked.target == "/" and asked.number < 2:
            both.wait(10)
        return part(asked, DATA)

    with Scripted(answer) as server:
        threads = [threading.Thread(target=bring, args=(server.url + "/", tmp_path / name)) for name in ("a", "b")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == DATA
    assert left(tmp_path) == {"a", "b"}


@pytest.mark.parametrize("kind", ["a link", "a FIFO", "another name of a file"])
def test_what_is_no_part_is_not_written_to(tmp_path: Path, kind: str) -> None:
    """Somebody has put something else where the part should be."""
    mine, where = tmp_path / "mine", tmp_path / "part.partial"
    mine.write_bytes(b"mine")
    match kind:
        case "a link":
            where.symlink_to(mine)
        case "a FIFO":
            os.mkfifo(where)
        case _:
            where.hardlink_to(mine)
    with Scripted(lambda asked: part(asked, DATA)) as server:
        bring(server.url, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == DATA
    assert mine.read_bytes() == b"mine"


@pytest.mark.parametrize("done", ["[[0, 3145728]]", "[[0, 99999999999]]", "[[5, 1]]", "7", "[[0,"])
def test_a_journal_that_lies_costs_bytes_only(tmp_path: Path, done: str) -> None:
    """What it contradicts itself in is begun again; what it claims is hashed all the same."""
    (tmp_path / "part.partial").write_bytes(bytes(len(DATA)))
    (tmp_path / "part.partial.json").write_text(
        f'{{"version": 1, "size": {len(DATA)}, "validator": "\\"1\\"", "done": {done}}}'
    )
    with Scripted(lambda asked: part(asked, DATA)) as server:
        received = bring(server.url, tmp_path / "a")
    assert received.sha256 == hashlib.sha256((tmp_path / "a").read_bytes()).hexdigest()
    assert received.resumed == (len(DATA) if done == "[[0, 3145728]]" else 0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")
@pytest.mark.parametrize("whose", ["part.partial", "part.partial.json"])
def test_nobody_is_believed_who_left_a_part_in_a_folder_for_all(tmp_path: Path, whose: str) -> None:
    """Neither what he calls complete, nor what he says of ours; and what he has put in our way is not written to."""
    part_of, journal = tmp_path / "part.partial", tmp_path / "part.partial.json"
    part_of.write_bytes(b"x" * len(DATA))
    journal.write_text(f'{{"version": 1, "size": {len(DATA)}, "validator": "\\"1\\"", "done": [[0, {len(DATA)}]]}}')
    os.chown(tmp_path / whose, 12345, 12345)
    with Scripted(lambda asked: part(asked, DATA)) as server:
        received = bring(server.url, tmp_path / "a")
    assert received.resumed == 0
    assert (tmp_path / "a").read_bytes() == DATA


def test_a_part_that_was_taken_away_is_copied(tmp_path: Path) -> None:
    """What gets the name is what was hashed, whatever has its former name now."""
    where = tmp_path / "part.partial"
    with Scripted(lambda asked: part(asked, DATA)) as server, download(server.url, where, limits=QUICK) as received:
        received.file.unlink()
        received.file.write_bytes(b"something else")
        received.keep(tmp_path / "a", mode=0o444)
    assert (tmp_path / "a").read_bytes() == DATA
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o444


def test_a_file_has_the_mode_that_is_usual(tmp_path: Path) -> None:
    """Without another one, the umask decides."""
    with Scripted(lambda asked: part(asked, DATA)) as server:
        bring(server.url, tmp_path / "a")
    (tmp_path / "b").touch()
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_a_disk_without_room_says_so(tmp_path: Path) -> None:
    """Before anything has come, with the place; and nothing stays."""
    code = (
        "import sys, resource, signal; from pathlib import Path; from rehub.world.download import *; import rehub\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))\n"
        "try:\n"
        "    with download(sys.argv[1], Path(sys.argv[2])): pass\n"
        "except rehub.StoreError as error: print(error)"
    )
    with Scripted(lambda asked: part(asked, DATA)) as server:
        child = subprocess.run(
            [sys.executable, "-c", code, server.url, str(tmp_path / "part.partial")],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    assert f"the store failed at {tmp_path / 'part.partial'}: File too large" in child.stdout, child.stderr
    assert left(tmp_path) == set()


def test_a_target_that_cannot_be_is_told_and_removed(tmp_path: Path) -> None:
    """As opening it would."""
    (tmp_path / "folder").mkdir()
    with Scripted(lambda asked: part(asked, DATA)) as server, pytest.raises((IsADirectoryError, StoreError)):
        bring(server.url, tmp_path / "folder")
    assert left(tmp_path) == {"folder"}


def test_sweeping_spares_what_is_being_written(tmp_path: Path) -> None:
    """And what is young; the rest goes, with its journal."""
    half(tmp_path)
    sweep(tmp_path, older_than=60)
    assert left(tmp_path) == {"part.partial", "part.partial.json"}
    where = tmp_path / "live.partial"
    with Scripted(lambda asked: part(asked, DATA)) as server, download(server.url, where, limits=QUICK) as received:
        (tmp_path / "gone.partial.json").write_text("{}")
        sweep(tmp_path, older_than=-1)
        received.keep(tmp_path / "a")
    assert left(tmp_path) == {"a"}
    assert progress_of(tmp_path / "part.partial") is None


def test_an_interrupt_ends_all_threads(tmp_path: Path) -> None:
    """And what has come is kept for the next call."""

    def answer(asked: Asked) -> Iterator[bytes]:
        first, body = part(asked, DATA)
        yield first
        yield body[: 1 << 19]
        server.over.wait(20)
        raise EOFError

    def watch(received: int, _size: int | None) -> None:
        if received >= 1 << 19:
            raise KeyboardInterrupt

    with Scripted(answer) as server, pytest.raises(KeyboardInterrupt):
        bring(server.url, tmp_path / "a", Limits(pieces_from=1 << 20), watch=watch)
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("rehub-")]
    assert left(tmp_path) == {"part.partial", "part.partial.json"}


# Small questions.


def test_a_small_question(tmp_path: Path) -> None:
    """Has a body, headers, and an answer in memory that is not too large."""

    def answer(asked: Asked) -> list[bytes]:
        if asked.number == 0:
            return [head("500 Oh", "Content-Length: 0")]
        return [head("200 OK", "Content-Length: 4", "X-Kind: y"), asked.body[:4]]

    with Scripted(answer) as server:
        got = request(server.url, method="POST", body=b"body", headers={"Accept": "x/y"}, limits=QUICK)
        assert (got.status, got.body, got.headers["x-kind"]) == (200, b"body", "y")
        assert server.log[1].headers["accept"] == "x/y"
        with pytest.raises(DownloadError, match="larger than 3"):
            request(server.url, limits=Limits(bytes=3), method="POST", body=b"body")
    with Scripted(lambda _: [head("422 No", "Content-Length: 0")]) as server, pytest.raises(DownloadError) as caught:
        request(server.url, limits=QUICK)
    assert caught.value.status == 422


def test_importing_rehub_imports_no_http(tmp_path: Path) -> None:
    """What only a download needs comes with the first download."""
    code = "import sys, rehub, rehub.verbs.weights, rehub.world.download; print([name for name in ('urllib3', 'truststore', 'http.client', 'ssl') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"
