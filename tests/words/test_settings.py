"""Mirrors and what may be asked."""

from pathlib import Path

import pytest

from rehub.words.errors import MalformedSettingError
from rehub.words.ref import Ref, Remote
from rehub.words.settings import Mirror, Settings, may_ask


def remote(text: str) -> Remote:
    """Give a remote."""
    place = Ref.parse(text).place
    assert isinstance(place, Remote)
    return place


HOSTILE = {
    "no equals": "https://github.com/",
    "no prefix": "=https://mirror.org/",
    "prefix that is no URL": "github.com/=https://mirror.org/",
    "helper": "https://github.com/=ext::sh/",
    "helper in a URL": "https://github.com/=https://ext::sh/",
    "option": "https://github.com/=--upload-pack=x/",
    "option as a host": "https://github.com/=ssh://-oProxyCommand=x/",
    "other transport": "https://github.com/=git://mirror.org/",
    "password": "https://github.com/=https://ada:secret@mirror.org/",
    "password, and a slash on one side": "https://github.com=https://ada:secret@mirror.org/",
    "slash on one side": "https://github.com/=https://mirror.org",
    "control character": "https://github.com/=https://mirror.org/\x1b/",
    "static, and no place": "https://github.com/=static+",
    "static, and a relative folder": "https://github.com/=static+mirror/",
    "static, and git's transport": "https://github.com/=static+ssh://git@mirror.org/",
    "static, and a helper": "https://github.com/=static+ext::sh/",
    "static, and a host of a file": "https://github.com/=static+file://host/mirror/",
    "static, and an option": "https://github.com/=static+https://-x/",
    "static, and a password": "https://github.com/=static+https://ada:secret@mirror.org/",
    "static, and a query": "https://github.com/=static+https://mirror.org/?token=secret@",
    "static, and a fragment": "https://github.com/=static+https://mirror.org/#x",
    "static, and a control character": "https://github.com/=static+https://mirror.org/\x1b/",
    "static twice": "https://github.com/=static+static+https://mirror.org/",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_mirror_is_refused(kind: str) -> None:
    """A mirror that git could misunderstand, or that carries a password, is refused."""
    with pytest.raises(MalformedSettingError, match="REHUB_MIRRORS") as caught:
        Mirror.parse(HOSTILE[kind])
    assert "secret@" not in str(caught.value)


@pytest.mark.parametrize("target", ["https://m.org/", "http://10.0.0.1:8000/x/", "ssh://git@m.org/", "file:///srv/m/"])
def test_mirror_of_every_transport(target: str) -> None:
    """https, http, ssh and files can be mirrors."""
    assert Mirror.parse(f"https://github.com/={target}").rewrite("https://github.com/a/b") == f"{target}a/b"


def test_mirror_is_for_whole_parts_only() -> None:
    """A prefix without a slash does not stand for another host that starts alike."""
    mirror = Mirror.parse("https://github.com=http://127.0.0.1:8000")
    assert mirror.rewrite("https://github.com/a/b") == "http://127.0.0.1:8000/a/b"
    assert mirror.rewrite("https://github.com.evil.org/a/b") is None
    assert Mirror.parse("https://github.com/a=https://m.org/a").rewrite("https://github.com/ab/c") is None


def test_first_match_wins() -> None:
    """Mirrors are tried in order, and one that matches ends the search."""
    mirrors = Mirror.parse_all("https://github.com/acme/=file:///srv/  https://github.com/=http://127.0.0.1:1/")
    settings = Settings(Path("/x"), mirrors=mirrors)
    assert settings.urls(remote("acme/toy")) == [("file:///srv/toy", True)]
    assert settings.urls(remote("other/toy")) == [
        ("http://127.0.0.1:1/other/toy", True),
        ("http://127.0.0.1:1/other/toy.git", True),
    ]
    assert settings.urls(remote("gitlab.com/a/b"))[0] == ("https://gitlab.com/a/b", False)
    assert settings.urls(remote("file:///srv/x.git")) == [("file:///srv/x.git", False)]
    assert settings.store_dir == Path("/x/rehub")


@pytest.mark.parametrize(
    ("target", "root"),
    [
        ("http://10.0.0.1:8000", "http://10.0.0.1:8000/"),
        ("https://bucket.example.org/models/", "https://bucket.example.org/models/"),
        ("file:///srv/mirror", "file:///srv/mirror/"),
        ("/srv/my#mirror/", "file:///srv/my%23mirror/"),
    ],
)
def test_a_static_mirror_has_one_folder_for_all_that_it_is_asked_for(target: str, root: str) -> None:
    """It rewrites nothing; git and weights are asked for elsewhere if it does not have them."""
    mirror = Mirror.parse(f"https://=static+{target}")
    assert mirror.root == root
    assert Mirror.parse(f"{mirror.prefix}={mirror.target}") == mirror
    assert mirror.rewrite("https://github.com/a/b") is None
    settings = Settings(Path("/x"), mirrors=(mirror, Mirror("https://github.com/", "https://m.org/")))
    assert settings.rewritten("https://github.com/a/b") == "https://m.org/a/b"
    assert settings.static_mirrors("https://github.com/a/b") == [root]
    assert settings.static_mirrors("ssh://git@github.com/a/b") == []


def test_static_mirrors_are_asked_in_order() -> None:
    """Those whose prefix it is, each once; offline those in folders."""
    text = "https://a.org/=static+http://m.org https://a.org=static+/srv/m https://=static+http://m.org/"
    mirrors = Mirror.parse_all(text)
    settings = Settings(Path("/x"), mirrors=mirrors)
    assert settings.static_mirrors("https://a.org/x") == ["http://m.org/", "file:///srv/m/"]
    assert settings.static_mirrors("https://a.org.evil.org/x") == ["http://m.org/"]
    assert Settings(Path("/x"), offline=True, mirrors=mirrors).static_mirrors("https://a.org/x") == ["file:///srv/m/"]


@pytest.mark.parametrize(
    ("url", "mirrored", "allowed"),
    [
        ("https://host.org/a", False, True),
        ("http://127.0.0.1:80/a", False, True),
        ("http://[::1]/a", False, True),
        ("http://[::1]:80/a", False, True),
        ("http://localhost/a", False, True),
        ("http://host.org/a", False, False),
        ("http://host.org/a", True, True),
        ("http://127.0.0.1.host.org/a", False, False),
        ("http://localhost@host.org/a", False, False),
    ],
)
def test_plain_http_is_for_loopback_and_mirrors(url: str, mirrored: bool, allowed: bool) -> None:
    """Plain http is spoken to this machine, or to a mirror that the user named."""
    assert may_ask(url, mirrored=mirrored) is allowed
