"""Transfers from a real server, in all the ways in which they can go wrong."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from rehub.words.errors import DownloadError
from rehub.world.download import Limits, download
from rehub.world.download.part import opened
from tests.world import World
from tests.world.scripted import Scripted


def part_of(target: Path) -> Path:
    """Give the name that a file has while it arrives."""
    return target.with_name(f"{target.name}.partial")


def bring(url: str, target: Path, **limits: float) -> bytes:
    """Download, and give what is there."""
    with download(url, part_of(target), limits=Limits(**{"retries": 0, **limits})) as received:  # type: ignore[arg-type]
        assert received.size == received.file.stat().st_size
        assert not target.exists() or target.is_fifo() or target.read_bytes() == b"old"
        received.keep(target)
    return target.read_bytes()


def test_a_file_has_its_name_when_it_is_whole(world: World, tmp_path: Path) -> None:
    """And replaces what had it before; whoever asked is told how far it is."""
    world.hub.files["/a"] = b"x" * 300_000
    (tmp_path / "a").write_bytes(b"old")
    assert bring(f"{world.hub.url}/a", tmp_path / "a") == b"x" * 300_000
    seen: list[tuple[int, int | None]] = []
    with download(f"{world.hub.url}/a", part_of(tmp_path / "a"), watch=lambda *told: seen.append(told)):
        pass
    assert (seen[0], seen[-1]) == ((0, 300_000), (300_000, 300_000))


def test_what_is_refused_leaves_no_trace(world: World, tmp_path: Path) -> None:
    """The file that was there is still there."""
    world.hub.files["/a"] = b"new"
    (tmp_path / "a").write_bytes(b"old")

    def refuse() -> None:
        with download(f"{world.hub.url}/a", part_of(tmp_path / "a")):
            raise ValueError("not this one")

    with pytest.raises(ValueError, match="not this one"):
        refuse()
    assert [path.read_bytes() for path in tmp_path.iterdir() if path.is_file()] == [b"old"]


@pytest.mark.parametrize(
    ("wrong", "limits", "said"),
    [
        ("truncate", {}, "after 10 of 100 bytes"),
        ("stall", {"timeout": 0.2}, "timed out"),
        ("fail", {}, "the server answered 503"),
        ("loop", {"redirects": 3}, "once too often"),
        ("down", {}, "refused"),
        ("large", {"bytes": 99}, "larger than 99 bytes"),
    ],
)
def test_what_goes_wrong_is_said(world: World, tmp_path: Path, wrong: str, limits: dict[str, float], said: str) -> None:
    """In one kind of error, and nothing is left."""
    world.hub.files["/a"] = b"x" * 100
    url = f"{world.hub.url}/a"
    match wrong:
        case "truncate":
            world.hub.truncate("/a", 10)
        case "stall":
            world.hub.stall("/a")
        case "fail":
            world.hub.fail("/a", 503)
        case "loop":
            world.hub.redirect("/a", f"{url}/a", status=302)
        case "down":
            world.hub.stop()
    with pytest.raises(DownloadError, match=said):
        bring(url, tmp_path / "target", **limits)
    assert not list(tmp_path.glob("target*"))


def test_a_redirect_is_followed_without_credentials(world: World, tmp_path: Path) -> None:
    """No server sees a password, not that of a netrc either."""
    (Path.home() / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    other = world.server()
    other.files["/b"] = b"there"
    world.hub.redirect("/a", f"{other.url}/b", status=302)
    assert bring(f"{world.hub.url}/a", tmp_path / "a") == b"there"
    assert world.hub.credentials == other.credentials == []


def test_files_and_data_are_urls_too(tmp_path: Path) -> None:
    """And what else there is, is not."""
    (tmp_path / "a b").write_bytes(b"here")
    assert bring((tmp_path / "a b").as_uri(), tmp_path / "c") == b"here"
    assert bring("data:text/plain;base64,aGk=", tmp_path / "c2") == b"hi"
    for url in (
        "ftp://127.0.0.1/x",
        "gopher://x",
        "no url",
        "https://",
        "file:///nothing/here",
        "http://[",
        "http://a b/",
    ):
        with pytest.raises(DownloadError):
            bring(url, tmp_path / "d")


def test_a_target_that_cannot_be_written_says_so(world: World, tmp_path: Path) -> None:
    """As opening it would."""
    world.hub.files["/a"] = b"x"
    with pytest.raises(FileNotFoundError):
        bring(f"{world.hub.url}/a", tmp_path / "no" / "a")
    os.mkfifo(tmp_path / "pipe")
    assert bring(f"{world.hub.url}/a", tmp_path / "pipe") == b"x"


ANSWERS = {
    "a part": (b"HTTP/1.1 206 Partial Content\r\nContent-Length: 4\r\n\r\npart", "answered 206"),
    "nothing": (b"HTTP/1.1 204 No Content\r\n\r\n", "answered 204"),
    "encoded": (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nzz", "encoded, unasked"),
    "a size of many digits": (b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\nx", "says that it has"),
}


@pytest.fixture
def server() -> Iterator[Callable[[bytes], str]]:
    """Give a function that serves one answer, byte by byte as it is given, and gives its URL."""
    with ExitStack() as stack:

        def cut(answer: bytes) -> Iterator[bytes]:
            yield answer
            raise EOFError

        yield lambda answer: stack.enter_context(Scripted(lambda _asked: cut(answer))).url + "/weights.pt"


@pytest.mark.parametrize("kind", ANSWERS)
def test_what_is_not_all_of_the_file_is_refused(kind: str, server: Callable[[bytes], str], tmp_path: Path) -> None:
    """A part, nothing, or something encoded that nobody asked for is not kept as the file."""
    answer, said = ANSWERS[kind]
    with pytest.raises(DownloadError, match=said):
        bring(server(answer), tmp_path / "a")
    assert {path.name for path in tmp_path.iterdir()} <= {"home"}


def test_an_error_repeats_no_password() -> None:
    """A password or a signature in a URL is not in the error, nor in its fields."""
    error = DownloadError("http://ada:s3cret@127.0.0.1:9/x.pt?signature=abc", "it did not come")
    assert error.url == "http://…@127.0.0.1:9/x.pt"
    assert not {"s3cret", "abc"} & set(str(error).replace("@", " ").split())
    assert "s3cret" not in str(error) + repr(vars(error))


def test_a_fork_leaves_what_its_parent_brings(world: World, tmp_path: Path) -> None:
    """A process that is made meanwhile, and ends, takes neither the part away nor the lock on it."""
    world.hub.files["/a"] = b"x" * 300_000
    with download(f"{world.hub.url}/a", tmp_path / "a.partial") as received:
        child = os.fork()
        if not child:
            try:
                with suppress(KeyError), download("data:,b", tmp_path / "b.partial"):
                    raise KeyError
                received._part.drop()
            finally:
                os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert opened(tmp_path / "a.partial") is None
        received.keep(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"x" * 300_000
