"""Transfers from a real server, in all the ways in which they can go wrong."""

import os
from pathlib import Path

import pytest

from rehub.words.errors import DownloadError
from rehub.world.download import Limits, download
from tests.world import World


def bring(url: str, target: Path, **limits: float) -> bytes:
    """Download, and give what is there."""
    with download(url, target, limits=Limits(**limits)) as received:  # type: ignore[arg-type]
        assert received.size == received.file.stat().st_size
        assert not target.exists() or target.read_bytes() == b"old"
    return target.read_bytes()


def test_a_file_has_its_name_when_it_is_whole(world: World, tmp_path: Path) -> None:
    """And replaces what had it before; whoever asked is told how far it is."""
    world.hub.files["/a"] = b"x" * 300_000
    (tmp_path / "a").write_bytes(b"old")
    assert bring(f"{world.hub.url}/a", tmp_path / "a") == b"x" * 300_000
    seen: list[tuple[int, int | None]] = []
    with download(f"{world.hub.url}/a", tmp_path / "a", watch=lambda *told: seen.append(told)):
        pass
    assert (seen[0], seen[-1]) == ((0, 300_000), (300_000, 300_000))


def test_what_is_refused_leaves_no_trace(world: World, tmp_path: Path) -> None:
    """The file that was there is still there."""
    world.hub.files["/a"] = b"new"
    (tmp_path / "a").write_bytes(b"old")

    def refuse() -> None:
        with download(f"{world.hub.url}/a", tmp_path / "a"):
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
    with download(f"{world.hub.url}/a", tmp_path / "pipe"):
        pass
    assert (tmp_path / "pipe").read_bytes() == b"x"
