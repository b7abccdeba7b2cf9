"""Git servers by description: what they are called, where short refs go, and which variable is whose."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehub.words.errors import MalformedSettingError
from rehub.words.hosts import Host, host_of, meant
from rehub.words.ref import Ref, Remote

HOSTS = Host.parse_all(
    "ghe.example.org=github corp.example=gitlab,https://corp.example/gitlab/,CORP_TOKEN"
    " git.example.org=gitea,https://git.example.org:8443 ssh.example.org=git,ssh://git@ssh.example.org:2222/srv/"
)


def remote(text: str) -> Remote:
    """Give a remote."""
    place = Ref.parse(text).place
    assert isinstance(place, Remote)
    return place


def read(text: str, default: str = "github.com") -> Remote:
    """Give the repository that a ref means with the hosts above."""
    place = meant(Ref.parse(text), HOSTS, default).place
    assert isinstance(place, Remote)
    return place


@pytest.mark.parametrize(
    ("text", "default", "url"),
    [
        ("acme/toy", "github.com", "https://github.com/acme/toy"),
        ("acme/toy", "ghe.example.org", "https://ghe.example.org/acme/toy"),
        ("acme/toy:v1", "elsewhere.org", "https://elsewhere.org/acme/toy"),
        ("acme/toy", "corp.example", "https://corp.example/gitlab/acme/toy"),
        ("acme/toy", "git.example.org", "https://git.example.org:8443/acme/toy"),
        ("acme/toy", "ssh.example.org", "ssh://git@ssh.example.org:2222/srv/acme/toy"),
        ("github.com/acme/toy", "ghe.example.org", "https://github.com/acme/toy"),
        ("https://github.com/acme/toy", "ghe.example.org", "https://github.com/acme/toy"),
        ("corp.example/vision/deep/toy", "github.com", "https://corp.example/gitlab/vision/deep/toy"),
        ("corp.example/gitlab/vision/toy", "github.com", "https://corp.example/gitlab/vision/toy"),
        ("https://corp.example/vision/toy", "github.com", "https://corp.example/vision/toy"),
        ("git.example.org/acme/toy@v1", "github.com", "https://git.example.org:8443/acme/toy"),
        ("https://git.example.org/acme/toy", "github.com", "https://git.example.org/acme/toy"),
        ("git@ghe.example.org:acme/toy", "github.com", "ssh://git@ghe.example.org/acme/toy"),
    ],
)
def test_where_refs_go(text: str, default: str, url: str) -> None:
    """Short refs go to the default host, named hosts to their address, and a URL is what it says."""
    assert read(text, default).url == url


OWNERS = st.sampled_from(["acme", "gitlab", "srv", "vision"])
FORMS = [
    "{}/{}",
    "github.com/{}/{}",
    "https://github.com/{}/{}",
    *(f"{form}{host.name}/{{}}/{{}}" for host in HOSTS for form in ("", "https://")),
    "corp.example/gitlab/{}/{}",
    "https://git.example.org:8443/{}/{}",
    "ssh://git@ssh.example.org:2222/srv/{}/{}",
]


@given(st.sampled_from(FORMS), OWNERS, OWNERS, st.sampled_from(["github.com", *(host.name for host in HOSTS)]))
def test_what_is_printed_means_the_same(form: str, owner: str, name: str, default: str) -> None:
    """A repository is written so that it is read as itself, with the same settings; reading twice changes nothing."""
    place = read(form.format(owner, name), default)
    again = read(str(place), default)
    assert (again, str(again)) == (place, str(place))
    assert remote(place.url) == place


def test_refs_mean_the_same_without_settings() -> None:
    """Parsing knows no settings, and neither do equality and hashes: one repository is one."""
    assert Ref.parse("acme/toy") == Ref.parse("https://github.com/acme/toy")
    assert len({read("acme/toy", "github.com"), read("github.com/acme/toy", "ghe.example.org")}) == 1
    assert str(read("acme/toy")) == "acme/toy"
    assert str(read("github.com/acme/toy", "ghe.example.org")) == "https://github.com/acme/toy"
    assert meant(Ref.parse("./acme/toy"), HOSTS, "ghe.example.org") == Ref.parse("./acme/toy")


VARIABLES = {
    "acme/toy": ("GH_TOKEN", "GITHUB_TOKEN"),
    "acme.ghe.com/acme/toy": ("GH_TOKEN", "GITHUB_TOKEN"),
    "ghe.example.org/acme/toy": ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"),
    "gitlab.com/acme/toy": ("GITLAB_TOKEN", "GITLAB_ACCESS_TOKEN", "OAUTH_TOKEN"),
    "https://corp.example/gitlab/vision/toy": ("CORP_TOKEN",),
    "https://corp.example/gitlabs/vision/toy": (),
    "https://corp.example/gitlab": (),
    "https://corp.example:444/gitlab/vision/toy": (),
    "https://ghe.example.org:8443/acme/toy": (),
    "https://ghe.example.org.evil.org/acme/toy": (),
    "https://evil-ghe.example.org/acme/toy": (),
    "https://ghe.com/acme/toy": (),
    "https://evilghe.com/acme/toy": (),
    "https://acme.ghe.com.evil.org/acme/toy": (),
    "https://acme.ghe.com:8443/acme/toy": (),
    "https://git.example.org:8443/acme/toy": (),
    "unknown.example.org/acme/toy": (),
}


@pytest.mark.parametrize("text", VARIABLES)
def test_variables_are_for_exactly_their_host(text: str) -> None:
    """A variable's token is for a host by scheme, name, port and root; of a host that was not described, for none."""
    assert host_of(remote(text), HOSTS).variables == VARIABLES[text]


def test_one_that_names_its_variable_gets_no_other() -> None:
    """The token of gitlab.com does not go to a company's server that has a variable of its own."""
    assert host_of(remote("https://corp.example/gitlab/a/b"), HOSTS).variables == ("CORP_TOKEN",)
    plain = Host.parse("corp.example=gitlab")
    assert "GITLAB_TOKEN" in plain.variables


SECRET = "ghp_1234567890abcdefghijklmnopqrstuvwxyz"
WRONG = {
    "no kind": "ghe.example.org",
    "token for a kind": f"ghe.example.org={SECRET}",
    "token for a variable": f"ghe.example.org=github,{SECRET}",
    "hexadecimal token": "git.example.org=gitea,0123456789abcdef0123456789abcdef01234567",
    "token of GitLab": "corp.example=gitlab,glpat-abcdefghij0123456789",
    "password in the address": f"ghe.example.org=github,https://ada:{SECRET}@ghe.example.org/",
    "user in the address": f"ghe.example.org=github,https://{SECRET}@ghe.example.org/",
    "plain http": "ghe.example.org=github,http://ghe.example.org/",
    "other transport": "ghe.example.org=github,git://ghe.example.org/",
    "file": "ghe.example.org=git,file:///srv/",
    "query": f"ghe.example.org=github,https://ghe.example.org/?token={SECRET}",
    "path that leaves": "corp.example=gitlab,https://corp.example/../",
    "revision": "corp.example=gitlab,https://corp.example/gitlab@main",
    "port in the name": "ghe.example.org:8443=github",
    "path in the name": "corp.example/gitlab=gitlab",
    "option": "-oProxyCommand=github",
    "too much": f"a.org=github,https://a.org/,A_TOKEN,{SECRET}",
}


@pytest.mark.parametrize("kind", WRONG)
def test_wrong_description_is_refused_unseen(kind: str) -> None:
    """What is no description is refused by the name of its setting; no value is repeated, as it may be a secret."""
    with pytest.raises(MalformedSettingError, match="REHUB_HOSTS") as caught:
        Host.parse(WRONG[kind])
    told = str(caught.value) + repr(caught.value) + repr(vars(caught.value)) + str(caught.value.__cause__)
    assert SECRET not in told
    assert WRONG[kind].rpartition(",")[2] not in told or "," not in WRONG[kind]


def test_unknown_field_is_named() -> None:
    """A field that there is not is an error with its name, and without its value."""
    with pytest.raises(MalformedSettingError, match=r"x\.toml: ghe\.example\.org: password") as caught:
        Host.of("x.toml", "ghe.example.org", {"kind": "github", "password": SECRET})
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("a.org=github", "Set GITHUB_ENTERPRISE_TOKEN, or log in: gh auth login --hostname a.org"),
        ("a.org=gitlab", "Set GITLAB_TOKEN, or log in: glab auth login --hostname a.org"),
        ("a.org=gitlab,A_TOKEN", "Set A_TOKEN, add the host to ~/.netrc"),
        ("a.org=gitea", 'REHUB_HOSTS="a.org=gitea,VARIABLE"'),
        ("a.org=git", 'Say what it is, REHUB_HOSTS="a.org=github"'),
        ("a.org=gitea,https://a.org:8443/x/", 'REHUB_HOSTS="a.org=gitea,https://a.org:8443/x/,VARIABLE"'),
    ],
)
def test_advice_is_for_the_kind(text: str, advice: str) -> None:
    """What to do next depends on what runs there."""
    assert advice in Host.parse(text).advice


def test_advice_for_an_unknown_host_describes_it() -> None:
    """Of a host that was not described, the advice is a description that fits its address."""
    for text in ("https://git.example.com:8443/a/b", "https://git.example.com/a/b", "http://127.0.0.1:3000/a/b"):
        found = re.search(r'REHUB_HOSTS="(.+?)"', host_of(remote(text)).advice)
        assert found
        assert host_of(remote(text), Host.parse_all(found[1])).kind == "github"
