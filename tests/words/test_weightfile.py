"""Weights by URL: names, what identifies them, hashes, pages."""

import pytest

from rehub.words.errors import DownloadError, MalformedSettingError
from rehub.words.weightfile import apart, file_name, hash_in, identity, is_page, shown


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://example.org/a/b/net.pth", "net.pth"),
        ("https://example.org/net.pth?x=/y.pth#z", "net.pth"),
        ("file:///tmp/n%20t.pth", "n%20t.pth"),
    ],
)
def test_a_file_is_called_as_its_url_ends(url: str, name: str) -> None:
    """Without the query."""
    assert file_name(url) == name


@pytest.mark.parametrize("name", ["../x", "/x", "a/../x", "..\\x", "C:x", ".", "", "a//b", "x\0"])
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    """Whatever the system's separator is."""
    with pytest.raises(MalformedSettingError, match="file_name"):
        file_name("https://example.org/net.pth", name)


@pytest.mark.parametrize("url", ["https://ada:s3cret@h/?x=s3cret", "https:/ada:s3cret@h/", "ada:s3cret@h/#s3cret"])
def test_a_password_is_never_shown(url: str) -> None:
    """Nor where a URL is written wrongly, by the errors least of all."""
    assert "s3cret" not in shown(url)
    assert "s3cret" not in repr(vars(DownloadError(url, "it ended")))
    with pytest.raises(MalformedSettingError) as caught:
        file_name(url)
    assert "s3cret" not in repr(caught.value) + repr(vars(caught.value))


def test_a_path_is_shown_as_it_is() -> None:
    """An ``@`` in it means no user."""
    for url in ("file:///a@b/n.pth", "https://h:1/a@b/n.pth"):
        assert shown(url) == DownloadError(url, "it ended").url == url


def test_a_url_without_a_name_needs_one() -> None:
    """Then it is given."""
    with pytest.raises(MalformedSettingError, match="file_name"):
        file_name("https://example.org/")
    assert file_name("https://example.org/", "sub/net.pth") == "sub/net.pth"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://h/a?X-Amz-Signature=1&X-Amz-Date=2", "https://h/a?X-Amz-Signature=3&X-Amz-Date=4", True),
        ("https://h/a?Policy=p&Signature=s&Key-Pair-Id=k", "https://h/a", True),
        ("https://h/a?sv=1&se=2&sig=3", "https://h/a?sv=9&se=8&sig=7", True),
        ("https://h/a?sv=1&se=2", "https://h/a?sv=9&se=2", False),
        ("https://h/a?id=1&Signature=s", "https://h/a?id=2&Signature=s", False),
        ("https://h/a?policy=1", "https://h/a?policy=2", False),
        ("https://h/a#x", "https://h/a", True),
        ("https://h/a", "https://g/a", False),
    ],
)
def test_what_only_signs_a_url_does_not_tell_it_from_others(one: str, other: str, same: bool) -> None:
    """Each call gets another signature for the same bytes; everything else counts."""
    assert (identity(one) == identity(other)) is same
    assert (apart("n.pth", one) == apart("n.pth", other)) is same


@pytest.mark.parametrize(
    ("name", "digits"),
    [
        ("resnet18-bfd8deac.pth", "bfd8deac"),
        ("net-50.v2-1234abcd.pth", "1234abcd"),
        ("net-1234567.pth", "1234567"),
        ("net-ABCDEF12.pth", "abcdef12"),
        ("net-FACE.pth", None),
        ("net-.pth", None),
        ("net-1234abcd", None),
        ("net.pth", None),
    ],
)
def test_the_hash_in_a_name(name: str, digits: str | None) -> None:
    """The most digits between '-' and '.'."""
    assert hash_in(name) == digits


@pytest.mark.parametrize(
    ("start", "page"),
    [
        (b"<!doctype HTML>", True),
        (b"\n  <html lang='en'>", True),
        (b'<?xml version="1.0"?><!DOCTYPE html PUBLIC', True),
        (b"PK\x03\x04", False),
        (b"\x80\x02}", False),
        (b"<htmlish", False),
        (b"", False),
    ],
)
def test_a_page_is_told_by_its_beginning(start: bytes, page: bool) -> None:
    """No format of weights begins so."""
    assert is_page(start) is page
