"""What a ref may be: every legal form, and what git must never see."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rehub.words.errors import MalformedRefError
from rehub.words.ref import Folder, HubName, Ref, Remote, is_loopback

SHA = "0123456789abcdef0123456789abcdef01234567"

HOSTILE = {
    "empty": ("", "it is empty"),
    "long option of git": ("--upload-pack=touch${IFS}x", "starts with '-'"),
    "short option of git": ("-x", "starts with '-'"),
    "option in place of an owner": ("-o/repo", "starts with '-'"),
    "option in place of a name": ("owner/--upload-pack=x", "starts with '-'"),
    "option in place of a rev": ("owner/repo@--upload-pack=x", "can be named"),
    "option after the colon": ("owner/repo:-x", "can be named"),
    "option in a URL's path": ("https://host.org/-x/repo", "starts with '-'"),
    "encoded option in a path": ("https://host.org/%2dx/repo", "starts with '-'"),
    "option for ssh": ("ssh://-oProxyCommand=touch/x", "is not a host name"),
    "option for ssh in the short form": ("git@-oProxyCommand=touch:x", "is not a host name"),
    "option in place of ssh's user": ("ssh://-l@host.org/x", "is not a user name"),
    "ext helper": ("ext::sh", "run programs"),
    "ext helper with a command": ("ext::sh -c touch% x", "space"),
    "fd helper": ("fd::17/foo", "run programs"),
    "unknown helper": ("persistent-https::host/x", "run programs"),
    "helper around a URL": ("ext::https://host.org/x", "run programs"),
    "helper in the scp form": ("git@host.org::x/y", "run programs"),
    "git's own transport": ("git://host.org/a/b", "'git' is not allowed"),
    "ftp": ("ftp://host.org/a/b", "'ftp' is not allowed"),
    "git over ssh in two words": ("git+ssh://host.org/a/b", "'git+ssh' is not allowed"),
    "javascript": ("javascript://host.org/a", "'javascript' is not allowed"),
    "upper-case transport": ("EXT://host.org/a", "'EXT' is not allowed"),
    "plain http to elsewhere": ("http://host.org/a/b", "plain http"),
    "plain http to a name like loopback": ("http://127.0.0.1.host.org/a/b", "plain http"),
    "plain http to a short number": ("http://127.1/a/b", "plain http"),
    "climbing path": ("https://host.org/a/../b", "'..' and '.'"),
    "climbing short form": ("host.org/../../b", "'..' and '.'"),
    "climbing owner": ("../../etc/x@v", None),
    "encoded climbing": ("https://host.org/a/%2e%2e/b", "'..' and '.'"),
    "half-encoded climbing": ("https://host.org/a/.%2E/b", "'..' and '.'"),
    "encoded slash and climbing": ("https://host.org/a/%2e%2e%2fb", "'..' and '.'"),
    "climbing file": ("file:///a/../b", "'..' and '.'"),
    "this folder in a path": ("https://host.org/./b", "'..' and '.'"),
    "climbing rev": ("owner/repo@../../x", "can be named"),
    "range of revs": ("owner/repo@a..b", "can be named"),
    "newline": ("owner/repo\n", "control character"),
    "newline in the rev": ("owner/repo@v1\nfetch", "control character"),
    "NUL": ("owner/re\0po", "control character"),
    "escape sequence": ("owner/repo@\x1b[2J", "control character"),
    "delete character": ("owner/repo\x7f", "control character"),
    "encoded NUL": ("https://host.org/a%00b", "cannot be printed"),
    "encoded newline": ("https://host.org/a%0ab", "cannot be printed"),
    "space in the name": ("owner/my repo", "space"),
    "space in the rev": ("owner/repo@v 1", "space"),
    "space at the end": ("owner/repo ", "space"),
    "line separator": ("owner/repo@a\u2028b", "cannot be printed"),
    "right-to-left mark in the rev": ("owner/repo@a\u202eb", "cannot be printed"),
    "lone surrogate": ("owner/repo@\udcff", "cannot be printed"),
    "over-long text": ("owner/" + "r" * 2000, "more than 1024"),
    "over-long name": ("owner/" + "r" * 101, "cannot be a part"),
    "over-long owner": ("o" * 101 + "/repo", "cannot be an owner"),
    "over-long rev": ("owner/repo@" + "v" * 251, "more than 250"),
    "over-long host": ("https://" + "a." * 130 + "org/x", "is not a host name"),
    "password in the URL": ("https://ada:secret@host.org/a/b", "credentials"),
    "token in the URL": ("https://ghp_secret@github.com/a/b", "credentials"),
    "password for ssh": ("ssh://ada:secret@host.org/a/b", "credentials"),
    "host hidden behind a user": ("https://github.com\\@host.org/a/b", "credentials"),
    "scp without a path": ("git@host.org:", "has no name"),
    "scp with only a rev": ("git@host.org:@main", "has no name"),
    "scp with a climbing path": ("git@host.org:../x", "'..' and '.'"),
    "scp with a bad host": ("git@ho_st:x", "is not a host name"),
    "scp with a backslash": ("git@host.org:a\\b", "backslash"),
    "IPv6 without an end": ("https://[::1/a/b", "is no host"),
    "IPv6 that is none": ("https://[:::]/a/b", "is n"),
    "IPv6 with a zone": ("https://[fe80::1%25eth0]/a/b", "is n"),
    "IPv6 without brackets": ("https://::1/a/b", "is no"),
    "no such port": ("https://host.org:99999/a", "is no host"),
    "port 0": ("https://host.org:0/a", "port 0"),
    "port that is no number": ("https://host.org:x/a", "is no host"),
    "port in the short form": ("host.org:8080/a/b", "needs its scheme"),
    "Cyrillic owner": ("p\u0443torch/vision", "cannot be an owner"),
    "Cyrillic host": ("https://g\u0456thub.com/a/b", "is not a host name"),
    "Kelvin sign in the host": ("https://hac\u212a.org/a/b", "is not a host name"),
    "Kelvin sign in the short form": ("hac\u212a.org/a/b", "is not a host name"),
    "full-width dot in the host": ("https://github\uff0ecom/a/b", "is no"),
    "zero width in the name": ("owner/re\u200bpo", "cannot be"),
    "full-width slash": ("owner\uff0frepo", "1 part"),
    "heads and nothing": ("owner/repo@refs/heads/", "can be named"),
    "reflog": ("owner/repo:@{1}", "can be named"),
    "reflog of a branch": ("owner/repo@main@{yesterday}", "can be named"),
    "only an at sign": ("owner/repo@@", "can be named"),
    "parent of a commit": ("owner/repo@main^", "can be named"),
    "ancestor of a commit": ("owner/repo@main~3", "can be named"),
    "pattern": ("owner/repo@v*", "can be named"),
    "question": ("owner/repo@v?", "can be named"),
    "bracket": ("owner/repo@v[1]", "can be named"),
    "refspec": ("owner/repo@a:b", "can be named"),
    "locked name": ("owner/repo@main.lock", "can be named"),
    "locked folder": ("owner/repo@x.lock/y", "can be named"),
    "hidden part": ("owner/repo@x/.y", "can be named"),
    "slash at the end": ("owner/repo@x/", "can be named"),
    "dot at the end": ("owner/repo@x.", "can be named"),
    "two slashes": ("owner/repo@x//y", "can be named"),
    "slash at the start": ("owner/repo@/x", "can be named"),
    "backslash": ("owner/repo@a\\b", "can be named"),
    "SHA-256 commit": ("owner/repo@" + "a" * 64, "SHA-256"),
    "nothing after the colon": ("owner/repo:", "nothing after"),
    "nothing after the at sign": ("owner/repo@", "nothing after"),
    "nothing but an owner": ("owner", "1 part"),
    "empty owner": ("@v1", "1 part"),
    "empty name": ("owner/", "has no name"),
    "three parts without a host": ("owner/repo/extra", "3 parts"),
    "owner with a dot at its end": ("owner./repo", "is not a host name"),
    "host alone": ("https://host.org", "no path"),
    "host and a slash": ("https://host.org/", "has no name"),
    "host alone in the short form": ("github.com/", "has no name"),
    "query": ("https://host.org/a?x=1", "no query"),
    "fragment": ("https://host.org/a#egg=b", "no query"),
    "file on a host": ("file://host/a/b", "has no host"),
    "git's own folder": ("file:///home/ada/repo/.git", "is no repository's name"),
    "only .git": ("owner/.git", "at most once"),
    "twice .git": ("owner/repo.git.git", "at most once"),
    "semicolon": ("owner/repo;x", "cannot be a part"),
    "dollar": ("owner/$(x)", "cannot be a part"),
    "backtick": ("owner/`x`", "cannot be a part"),
    "hub and nothing": ("hub:", "a model's name"),
    "hub climbing": ("hub:../x", "a model's name"),
    "hub option": ("hub:-x", "a model's name"),
    "hub with an empty part": ("hub:a//b", "a model's name"),
    "hub with a bad release": ("hub:toy@-1", "can be named"),
    "hub with no release": ("hub:toy@", "nothing after"),
}
GOOD_TWINS = {  # one thing away from a hostile one above
    "option in place of a name": "owner/upload-pack-x",
    "option in place of a rev": "owner/repo@upload-pack-x",
    "option for ssh": "ssh://oProxyCommand/touch/x",
    "unknown helper": "persistent-https.org/x",
    "git's own transport": "https://host.org/a/b",
    "plain http to a name like loopback": "http://127.0.0.1/a/b",
    "climbing path": "https://host.org/a/..b/b",
    "encoded climbing": "https://host.org/a/%2e%2ea/b",
    "range of revs": "owner/repo@a.b",
    "encoded NUL": "https://host.org/a%20b",
    "over-long name": "owner/" + "r" * 100,
    "over-long rev": "owner/repo@" + "v" * 250,
    "password for ssh": "ssh://ada@host.org/a/b",
    "IPv6 without an end": "https://[::1]/a/b",
    "no such port": "https://host.org:9999/a",
    "Cyrillic owner": "pytorch/vision",
    "heads and nothing": "owner/repo@refs/heads/x",
    "locked name": "owner/repo@main.locked",
    "only .git": "owner/x.git",
    "nothing after the colon": "owner/repo:x",
    "hub climbing": "hub:x",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_ref_is_refused(kind: str) -> None:
    """What git could misunderstand is refused, and the reason is said."""
    text, reason = HOSTILE[kind]
    if reason is None:  # it can only ever mean a folder
        assert isinstance(Ref.parse(text).place, Folder)
        return
    with pytest.raises(MalformedRefError) as caught:
        Ref.parse(text)
    assert reason in caught.value.reason
    assert str(caught.value).isascii() or "\n" in str(caught.value)
    assert all(char.isprintable() or char == "\n" for char in str(caught.value)), "the message steers no terminal"


@pytest.mark.parametrize("kind", GOOD_TWINS)
def test_nearly_hostile_ref_is_accepted(kind: str) -> None:
    """The refusal is about one thing: without it the same text is a ref."""
    assert kind in HOSTILE
    Ref.parse(GOOD_TWINS[kind])


def test_password_is_not_repeated_by_a_longer_message() -> None:
    """A ref that is refused for its credentials names no URL that could be asked with them."""
    with pytest.raises(MalformedRefError) as caught:
        Ref.parse("https://ada:secret@host.org/a/b")
    assert "GITHUB_TOKEN" in str(caught.value)


LEGAL = {
    "pytorch/vision": ("https://github.com/pytorch/vision", None),
    "pytorch/vision:v0.20.1": ("https://github.com/pytorch/vision", "v0.20.1"),
    "pytorch/vision@v0.20.1": ("https://github.com/pytorch/vision", "v0.20.1"),
    "owner/repo:feat/x": ("https://github.com/owner/repo", "feat/x"),
    "owner/repo@feat/x/y": ("https://github.com/owner/repo", "feat/x/y"),
    "owner/repo@refs/heads/x": ("https://github.com/owner/repo", "refs/heads/x"),
    "owner/repo:refs/tags/v1": ("https://github.com/owner/repo", "refs/tags/v1"),
    "owner/repo@HEAD": ("https://github.com/owner/repo", None),
    "owner/repo@v1@2": ("https://github.com/owner/repo", "v1@2"),
    f"owner/repo@{SHA.upper()}": ("https://github.com/owner/repo", SHA),
    "owner/repo@0123ABC": ("https://github.com/owner/repo", "0123ABC"),
    "owner/repo@\u30e2\u30c7\u30eb": ("https://github.com/owner/repo", "\u30e2\u30c7\u30eb"),
    "owner-/repo.js": ("https://github.com/owner-/repo.js", None),
    "company_user/repo": ("https://github.com/company_user/repo", None),
    "owner/.github": ("https://github.com/owner/.github", None),
    "owner/repo.git": ("https://github.com/owner/repo", None),
    "GitHub.com/owner/repo": ("https://github.com/owner/repo", None),
    "gitlab.com/owner/repo@rev": ("https://gitlab.com/owner/repo", "rev"),
    "gitlab.com/a/b/c/d/e/repo:rev": ("https://gitlab.com/a/b/c/d/e/repo", "rev"),
    "huggingface.co/bert-base-uncased": ("https://huggingface.co/bert-base-uncased", None),
    "huggingface.co/google/flan-t5@main": ("https://huggingface.co/google/flan-t5", "main"),
    "https://github.com/owner/repo.git/@v1": ("https://github.com/owner/repo", "v1"),
    "https://host.org:8443/a/b@v1": ("https://host.org:8443/a/b", "v1"),
    "https://host.org:443/a": ("https://host.org/a", None),
    "https://host.org//a///b/": ("https://host.org/a/b", None),
    "https://localhost/a/b": ("https://localhost/a/b", None),
    "http://localhost:8000/a/b": ("http://localhost:8000/a/b", None),
    "http://[::1]:8000/a/b@x": ("http://[::1]:8000/a/b", "x"),
    "https://[2001:DB8::1]/a": ("https://[2001:db8::1]/a", None),
    "https://git.host.org/~ada/repo": ("https://git.host.org/~ada/repo", None),
    "ssh://git@host.org:2222/a/b@v1": ("ssh://git@host.org:2222/a/b", "v1"),
    "ssh://host.org/a": ("ssh://host.org/a", None),
    "git@github.com:owner/repo.git@v1": ("ssh://git@github.com/owner/repo", "v1"),
    "git@host.org:a/b/c": ("ssh://git@host.org/a/b/c", None),
    "file:///srv/repos/toy.git@v1": ("file:///srv/repos/toy.git", "v1"),
    "file:///srv/re%20pos/toy": ("file:///srv/re%20pos/toy", None),
}


@pytest.mark.parametrize("text", LEGAL)
def test_every_form_is_read(text: str) -> None:
    """Each form of the documentation names the repository and the rev that it says."""
    ref = Ref.parse(text)
    assert isinstance(ref.place, Remote)
    assert (ref.place.url, ref.rev) == LEGAL[text]
    assert Ref.parse(str(ref)) == ref


@pytest.mark.parametrize(
    ("text", "place", "rev"),
    [
        ("./x", Folder("./x"), None),
        ("../x y", Folder("../x y"), None),
        ("/srv/x@1:2", Folder("/srv/x@1:2"), None),
        ("~/x", Folder("~/x"), None),
        (".", Folder("."), None),
        ("..", Folder(".."), None),
        ("C:\\models\\x", Folder("C:\\models\\x"), None),
        ("hub:toy", HubName("toy"), None),
        ("hub:acme/toy@1.0", HubName("acme/toy"), "1.0"),
    ],
)
def test_folders_and_hub_names(text: str, place: Folder | HubName, rev: str | None) -> None:
    """A folder needs a mark that it is one, a model of the hub its prefix."""
    assert Ref.parse(text) == Ref(place, rev)
    assert Ref.parse(str(Ref.parse(text))) == Ref.parse(text)


def test_local_source_takes_any_text_for_a_folder() -> None:
    """With source="local" even owner/repo is a folder, and stays one when it is written down."""
    ref = Ref.parse("owner/repo", source="local")
    assert ref == Ref(Folder("./owner/repo"))
    assert Ref.parse(str(ref)) == ref
    assert Ref.parse("/x", source="local") == Ref(Folder("/x"))


@pytest.mark.parametrize("text", [None, 3, b"owner/repo", ["owner/repo"]])
def test_what_is_no_text_is_refused(text: object) -> None:
    """Only a string is a ref."""
    with pytest.raises(MalformedRefError, match="not a string"):
        Ref.parse(text)  # type: ignore[arg-type]


def test_equal_repositories_have_one_name() -> None:
    """Spellings of one repository are one remote, and another port or host is another."""
    same = {
        Ref.parse(text)
        for text in ("a/b", "github.com/a/b", "https://github.com/a/b.git", "https://GITHUB.com:443/a/b/")
    }
    assert len(same) == 1
    others = {
        Ref.parse(text) for text in ("a/b", "gitlab.com/a/b", "https://github.com:8443/a/b", "ssh://github.com/a/b")
    }
    assert len(others) == 4


def test_name_on_localhost_is_not_an_owner_on_github() -> None:
    """A remote whose short form would be read as another one is written in full."""
    remote = Ref.parse("https://localhost/repo").place
    assert str(remote) == "https://localhost/repo"
    assert str(Ref.parse("https://github.com/a.b/repo").place) == "github.com/a.b/repo"
    assert str(Ref.parse("https://github.com/~a/repo").place) == "github.com/~a/repo"


def test_what_could_be_a_commit() -> None:
    """40 digits are a commit, 7 to 39 may be one, anything else is a name."""
    assert Ref.parse(f"a/b@{SHA}").commit == Ref.parse(f"a/b@{SHA}").maybe_commit == SHA
    assert (Ref.parse("a/b@DEADBEEF").commit, Ref.parse("a/b@DEADBEEF").maybe_commit) == (None, "deadbeef")
    assert Ref.parse("a/b@abcdef").maybe_commit is None
    assert Ref.parse("a/b@main").maybe_commit is None
    assert Ref.parse("a/b").maybe_commit is None


def test_parts_of_a_remote() -> None:
    """Credentials are bound to scheme, host and port; a package's name comes from the last two parts."""
    remote = Ref.parse("ssh://git@host.org:2222/group/sub-group/repo.js").place
    assert isinstance(remote, Remote)
    assert remote.origin == "ssh://host.org:2222"
    assert remote.authority == "git@host.org:2222"
    assert remote.slug == "sub_group_repo_js"
    assert is_loopback("localhost")
    assert not is_loopback("localhost.host.org")


labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
hosts = st.lists(labels, min_size=1, max_size=3).map(".".join) | st.sampled_from(["github.com", "localhost", "[::1]"])
names = st.from_regex(r"[A-Za-z0-9_.~+%-]{1,12}", fullmatch=True)
paths = st.lists(names, min_size=1, max_size=4).map("/".join)
revs = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12) | st.sampled_from(["v1", "a/b", SHA])
schemes = st.sampled_from(["https://", "http://", "ssh://git@", "ssh://", "file:///", ""])
shaped = st.builds(
    lambda scheme, host, port, path, git, mark, rev: f"{scheme}{host}{port}/{path}{git}{mark}{rev}",
    *(schemes, hosts, st.sampled_from(["", ":0", ":22", ":443", ":8000"]), paths, st.sampled_from(["", ".git", "/"])),
    *(st.sampled_from(["@", ":", "@refs/heads/"]), revs),
)
texts = (
    st.text(max_size=60) | shaped | paths | st.builds("{}:{}".format, paths, revs) | st.builds("hub:{}".format, paths)
)
URL = re.compile(r"(https|ssh)://(?!-)[^\s/]+/[^\s]+|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?/\S+|file:///[^\s]+")


@given(texts)
@example("https://a.b/x.git.git")
@example("github.com/a.b/c@HEAD")
@example("0.0/~")
def test_any_text_is_safe_for_git_or_refused(text: str) -> None:
    """Whatever is given: either a URL of an allowed transport that no git takes for an option, or the typed error."""
    try:
        ref = Ref.parse(text)
    except MalformedRefError:
        return
    assert Ref.parse(str(ref)) == ref
    if isinstance(ref.place, Remote):
        url = ref.place.url
        assert URL.fullmatch(url), url
        assert "::" not in url.replace("[::", "[")
        assert ".." not in url.split("/")
        assert ":" not in url.split("://")[1].rpartition("@")[0], "no password"
    if ref.rev is not None:
        assert not ref.rev.startswith("-")
        assert not set(ref.rev) & set(" \t\n\0~^:?*[\\")


@given(texts, st.sampled_from(["local", "github", None]))
def test_parsing_never_breaks(text: str, source: str | None) -> None:
    """No text makes the parser raise anything but its own error, and its message can always be shown."""
    try:
        Ref.parse(text, source=source)
    except MalformedRefError as error:
        assert str(error).encode()


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("acme/toy", "acme_toy"),
        ("3d-x/my.repo", "_3d_x_my_repo"),
        ("gitlab.com/a/b/c-d", "b_c_d"),
        ("file:///x.git", "x"),
    ],
)
def test_slug_is_an_identifier(text: str, slug: str) -> None:
    """Names below rehub.repos are identifiers: TorchScript's parser, for one, reads no others."""
    place = Ref.parse(text).place
    assert isinstance(place, Remote)
    assert (place.slug, place.slug.isidentifier()) == (slug, True)


@pytest.mark.parametrize(
    "text",
    [
        *("https://ada:ghp_x1@github.com/a/b", "https://ghp_x1@github.com/a/b", "ssh://a:ghp_x1@h/p"),
        *(
            "https://a:ghp_x1@h:port/a/b",
            "https://a:ghp_x1@h\u00e9/a/b",
            "https://a:ghp_x1@h/a/b?x",
            "ftp://a:ghp_x1@h/p",
        ),
    ],
)
def test_password_in_a_ref_is_not_repeated(text: str) -> None:
    """A URL with credentials is refused without them: errors end up in logs."""
    with pytest.raises(MalformedRefError) as caught:
        Ref.parse(text)
    assert "ghp_x1" not in str(caught.value) + repr(vars(caught.value)) + repr(caught.value.__cause__)
