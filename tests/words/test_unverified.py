"""How what went past rehub is told: by names, without secrets, each thing once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehub.words.unverified import (
    Unverified,
    is_here,
    of_host,
    of_line,
    of_program,
    of_request,
    of_url,
    told,
    without_secrets,
)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://ada:s3cret@example.org/a.pth", "https://example.org/a.pth"),
        ("https://example.org/a.pth?dl=1#s3cret", "https://example.org/a.pth?dl=1"),
        ("https://example.org/a?X-Amz-Signature=s3cret&X-Amz-Credential=s3cret&v=2", "https://example.org/a?v=2"),
        ("https://example.org/a?access_token=s3cret&id=7&API_KEY=s3cret", "https://example.org/a?id=7"),
        ("https://s3cret@[::1", "https://[::1"),
        ("data:,s3cret", "data:…"),
        ("//ada:s3cret@example.org/a?token=s3cret", "//example.org/a"),
        ("", ""),
    ],
)
def test_secrets_of_a_url_are_left_out(url: str, shown: str) -> None:
    """User, password, fragment, signatures and tokens are not told; what else tells bytes apart is."""
    assert without_secrets(url) == shown


@given(st.text(), st.text())
def test_any_text_is_taken_for_a_url(start: str, end: str) -> None:
    """What a program calls a URL may be anything; telling it never fails, and is never long."""
    for url in (start + end, f"https://{start}@{end}"):
        assert isinstance(without_secrets(url), str)
        found = of_url(url)
        assert found is None or len(found.what) <= 500
        told([found] if found else [])


@pytest.mark.parametrize("url", ["file:///a.pth", "data:,hello", "/a.pth", "", "s3://bucket/a", "javascript:alert()"])
def test_what_opens_no_connection_is_no_request(url: str) -> None:
    """Only schemes that a download is made by count."""
    assert of_url(url) is None


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"GET /a.pth?token=x HTTP/1.1\r\nHost: example.org\r\n\r\n", "downloads https://example.org/a.pth"),
        (
            b"GET /a.pth HTTP/1.1\r\nAccept: */*\r\nhost:example.org:81\r\n\r\n",
            "downloads https://example.org:81/a.pth",
        ),
        (b"GET /a.pth HTTP/1.0\r\n\r\n", "downloads https://proxy:3128/a.pth"),
        (b"GET http://example.org/a.pth HTTP/1.1\r\nHost: x\r\n\r\n", "downloads http://example.org/a.pth"),
        (b"CONNECT example.org:443 HTTP/1.0\r\n\r\n", "connects to example.org:443"),
        (b"CONNECT 127.0.0.1:443 HTTP/1.0\r\n\r\n", "None"),
        (b"the body of something", "None"),
        (b"GET /a.pth", "None"),
        (b"", "None"),
        (b"GET /\xff\xfe HTTP/1.1\r\nHost: \xff\r\n\r\n", "downloads https://\xff/\xff\xfe"),
    ],
)
def test_a_request_is_read_from_its_first_lines(sent: bytes, said: str) -> None:
    """Also through a proxy, which is asked for the whole URL, or to be passed through."""
    assert str(of_request(sent, "https", "proxy", 3128)) == said


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["/usr/bin/wget", "https://example.org/?token=s3cret"], "wget"),
        (["/bin/sh", "-c", "A=b B=c /usr/bin/curl -u ada:s3cret https://example.org"], "curl"),
        (["sh", "-c", ""], "sh"),
        (["sh", "script.sh"], "sh"),
        ([r"C:\Tools\curl.exe"], "curl"),
        ([], "?"),
        ([""], "?"),
    ],
)
def test_a_program_is_told_by_its_name(words: list[str], name: str) -> None:
    """Never with what it was given."""
    assert of_program(words) == Unverified("process", name)


def test_a_line_of_a_shell() -> None:
    """A shell's line is told by its first program; one that is none ends nothing."""
    assert of_line("  TOKEN=s3cret  gdown --id x") == Unverified("process", "gdown")
    assert of_line("") == of_line("A=b") == Unverified("process", "sh")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1", "localhost", "LOCALHOST.", "::1%lo"]
)
def test_loopback(host: str) -> None:
    """This machine's loopback is no other machine, however it is written."""
    assert is_here(host)
    assert of_host(host, 80) is None


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "::", "example.org", "127.0.0.1.example.org", "", "127.1"])
def test_other_machines(host: str) -> None:
    """Private networks are other machines, and what only looks like a loopback address is as well."""
    assert not is_here(host)


def test_hosts_are_told_with_their_port() -> None:
    """A port may be a number or a service's name; a password in the wrong place is not told."""
    assert str(of_host("example.org", "443")) == str(of_host("example.org", "https")) == "connects to example.org:443"
    assert str(of_host("example.org", None)) == str(of_host("example.org", "0")) == "connects to example.org"
    assert str(of_host("2001:db8::1", 80)) == "connects to [2001:db8::1]:80"
    assert str(of_host("ada:s3cret@example.org", 80)) == "connects to example.org:80"


def test_one_download_is_told_once() -> None:
    """The host of a URL, and the address of a host, say nothing more; another port or host does."""
    url = Unverified("url", "https://example.org/a.pth")
    hosts = [
        Unverified("host", what)
        for what in ("example.org:443", "203.0.113.7:443", "203.0.113.7:22", "other.example:443", "[2001:db8::1]:443")
    ]
    assert [each.what for each in told([*hosts, url, url])] == ["203.0.113.7:22", "other.example:443", url.what]
    assert told(hosts[1:3]) == tuple(hosts[1:3])
    process = Unverified("process", "wget")
    assert told([process, process]) == (process,)


@pytest.mark.parametrize(
    ("found", "elsewhere"),
    [
        (Unverified("url", "https://example.org/a"), True),
        (Unverified("url", "http://127.0.0.1:8000/a"), False),
        (Unverified("url", "http://[::1"), True),
        (Unverified("host", "example.org:443"), True),
        (Unverified("host", "?"), True),
        (Unverified("process", "wget"), True),
        (Unverified("process", "git"), False),
        (Unverified("native", "libcurl.so.4"), False),
    ],
)
def test_what_is_refused_offline(found: Unverified, elsewhere: bool) -> None:
    """Whatever is a download from another machine as far as its name tells; if in doubt, it is one."""
    assert found.is_elsewhere is elsewhere
