"""What a static mirror's records say, and what they may not say."""

import json
from typing import Any

import pytest

from rehub.words.digest import Digest
from rehub.words.errors import MalformedError
from rehub.words.mirrored import (
    MirroredPin,
    MirroredRef,
    MirroredUrl,
    asked_at,
    blob_path,
    find,
    pin_path,
    place_of,
    refs_of,
    refs_path,
    refs_record,
    url_path,
)
from rehub.words.pin import Pin
from rehub.words.ref import Ref, Remote

TOY = Remote("https", "github.com", "acme/toy")
COMMIT, TREE = "1f" * 20, Digest("ab" * 32)
REF = MirroredRef(COMMIT, "refs/tags/v1", 1.5)
PIN = MirroredPin(TREE, "2e" * 20)
URL = MirroredUrl(TREE, 7, '"etag"', 2.0)


def again(data: Any) -> Any:
    """Give data as it comes from a file."""
    return json.loads(json.dumps(data))


def test_what_is_written_is_read_again() -> None:
    """References, pins and URLs."""
    assert refs_of(again(refs_record(TOY, {"v1": REF, "HEAD": REF})), TOY) == {"v1": REF, "HEAD": REF}
    assert MirroredPin.of(again(PIN.as_dict(TOY, COMMIT)), Pin(TOY, COMMIT)) == PIN
    assert MirroredUrl.of(again(URL.as_dict())) == URL


def test_paths() -> None:
    """Each thing has one place, by names that are the same on every machine."""
    assert refs_path(TOY) == "refs/github.com/acme/toy.json"
    assert pin_path(TOY, COMMIT) == f"pins/github.com/acme/toy/{COMMIT}.json"
    assert blob_path(TREE) == f"blobs/sha256/ab/{'ab' * 32}"
    assert url_path("https://ada:secret@a.org/x?Signature=1&v=2#f") == url_path("https://a.org/x?v=2")
    assert asked_at("http://m.org/x/", "refs/a%3Ab+c/d.json") == "http://m.org/x/refs/a%253Ab%2Bc/d.json"


@pytest.mark.parametrize(
    "ref",
    [
        "https://github.com:444/acme/toy",
        "ssh://git@github.com/acme/toy",
        "ssh://github.com/acme/toy",
        "http://127.0.0.1/acme/toy",
        "http://[::1]/acme/toy",
        "file:///acme/toy",
        "https://file/acme/toy",
    ],
)
def test_no_two_remotes_share_a_place(ref: str) -> None:
    """Not even those that differ in scheme, user or port only; all of them are names that a disk can have."""
    remote = Ref.parse(ref).place
    assert isinstance(remote, Remote)
    others = {"https://a.org/x", "https://github.com/acme/toy", "file:///a/x", "ssh://git@a.org/x", "file:///acme/toy2"}
    places = [place_of(each) for other in others if isinstance(each := Ref.parse(other).place, Remote)]
    assert place_of(remote) not in places
    assert not set(place_of(remote)) & set(':@[]"?*<>|\\')


def test_a_ref_is_found_by_its_name_too() -> None:
    """What was asked for first, then a tag, then a branch; a mirror that was asked for HEAD knows its branch."""
    main, tag = MirroredRef("0" * 40, "refs/heads/v1", 0.0), MirroredRef("1" * 40, "refs/tags/v1", 0.0)
    assert find({"HEAD": main, "x": tag}, "v1") == tag
    assert find({"HEAD": main, "x": tag}, "refs/heads/v1") == main
    assert find({"HEAD": main}, "v1") == find({"HEAD": main}, None) == main
    assert find({"v1": main, "x": tag}, "v1") == main
    assert find({"x": tag}, None) is None
    assert find({"HEAD": main}, "main") is None


WRONG: list[Any] = [None, [], "x", 7, {}, {"format": 2}, {"format": 1}, {"format": "1"}, [{"format": 1}]]


@pytest.mark.parametrize("data", WRONG, ids=str)
def test_what_is_no_record_is_refused(data: Any) -> None:
    """Whatever it is instead."""
    with pytest.raises(MalformedError):
        refs_of(data, TOY)
    with pytest.raises(MalformedError):
        MirroredPin.of(data, Pin(TOY, COMMIT))
    with pytest.raises(MalformedError):
        MirroredUrl.of(data)


@pytest.mark.parametrize(
    "change",
    [
        {"remote": "https://github.com/acme/other"},
        {"refs": []},
        {"refs": {"v1": None}},
        {"refs": {"v1": {"commit": "HEAD", "name": "", "asked": 1}}},
        {"refs": {"v1": {"commit": COMMIT.upper(), "name": "", "asked": 1}}},
        {"refs": {"v1": {"commit": COMMIT, "name": 1, "asked": 1}}},
        {"refs": {"v1": {"commit": COMMIT, "name": "x" * 2000, "asked": 1}}},
        *(
            {"refs": {"v1": {"commit": COMMIT, "name": "", "asked": asked}}}
            for asked in (-1, 1e400, "1", None, 1 << 60)
        ),
    ],
    ids=str,
)
def test_refs_that_cannot_be_are_refused(change: dict[str, Any]) -> None:
    """Of another repository, of no commit, of no time."""
    with pytest.raises(MalformedError):
        refs_of(refs_record(TOY, {}) | change, TOY)


@pytest.mark.parametrize("change", [{"commit": "0" * 40}, {"remote": "https://x.org/a"}, {"tree": "h1:x"}, {"tree": 1}])
def test_a_pin_that_is_another_one_is_refused(change: dict[str, Any]) -> None:
    """Of another commit or repository, or without a digest."""
    with pytest.raises(MalformedError):
        MirroredPin.of(PIN.as_dict(TOY, COMMIT) | change, Pin(TOY, COMMIT))


@pytest.mark.parametrize("change", [*({"size": size} for size in (-1, 1.5, True, "1", 1 << 60)), {"sha256": "x"}])
def test_a_url_that_cannot_be_is_refused(change: dict[str, Any]) -> None:
    """Of no size, or without a digest."""
    with pytest.raises(MalformedError):
        MirroredUrl.of(URL.as_dict() | change)
