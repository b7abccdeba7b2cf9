"""Private and company hosts as somebody at the command line, or in Python, meets them."""

import json
from pathlib import Path

import pytest

import rehub
from rehub.words.errors import MalformedSettingError
from tests.conftest import RunRehub
from tests.world import Repo, World

FILES = {"hubconf.py": "dependencies = []\ndef net():\n    return 1\n"}
SECRET = "glpat-correct-horse-battery"


@pytest.fixture
def company(world: World, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Give a private repository, acme/secret, of the company's host, which short refs mean."""
    repo = world.repo(FILES, name="acme/secret", tag="v1")
    world.hub.private("acme/secret", "oauth2", SECRET)
    monkeypatch.setenv("REHUB_HOSTS", f"git.acme.example=gitlab,{world.hub.url}/")
    monkeypatch.setenv("REHUB_DEFAULT_HOST", "git.acme.example")
    return repo


def test_credential_that_was_used_is_told(company: Repo, rehub_cli: RunRehub) -> None:
    """``-v`` says which credential was used; without it nothing is said, and the value never is."""
    ran = rehub_cli("list", "-v", "acme/secret", env={"GITLAB_TOKEN": SECRET})
    assert (ran.rc, ran.stdout) == (0, "net\n")
    assert "info: http" in ran.stderr
    assert "acme/secret: GITLAB_TOKEN was used" in ran.stderr
    quiet = rehub_cli("list", "--force-reload", "git.acme.example/acme/secret", env={"GITLAB_TOKEN": SECRET})
    assert (quiet.rc, quiet.stderr) == (0, "")
    assert SECRET not in ran.stderr


def test_refusal_says_what_to_do(company: Repo, rehub_cli: RunRehub) -> None:
    """Without the right credential the error says what was tried, what came of it, and what to type."""
    ran = rehub_cli("list", "acme/secret", env={"GITLAB_TOKEN": "glpat-another"})
    assert ran.rc == 1
    assert "tried no credentials: 401" in ran.stderr
    assert "GITLAB_TOKEN: 401" in ran.stderr
    assert "glab auth login --hostname 127.0.0.1:" in ran.stderr
    assert "glpat" not in ran.stderr


def test_permission_is_for_the_real_host(company: Repo, world: World, rehub_cli: RunRehub) -> None:
    """Trust, pins and the store name the host that a short ref really meant; what is printed can be typed again."""
    env = {"GITLAB_TOKEN": SECRET}
    refused = rehub_cli("load", "acme/secret", "net", env=env)
    command = next(line for line in refused.stderr.splitlines() if line.startswith("  rehub trust add")).split()
    assert command[3] == f"{world.hub.url}/acme/secret@{company.rev()}"
    assert rehub_cli(*command[1:], env=env).rc == 0
    loaded = rehub_cli("load", "--json", "acme/secret", "net", env=env)
    assert loaded.rc == 0, loaded.stderr
    assert json.loads(loaded.stdout)["pin"]["remote"] == f"{world.hub.url}/acme/secret"
    elsewhere = rehub_cli("list", "--offline", "acme/secret", env={"REHUB_DEFAULT_HOST": "github.com"})
    assert "acme/secret is not in the store" in elsewhere.stderr
    assert rehub_cli("trust", "remove", "acme/secret").rc == 0


def test_github_is_named_in_full_where_short_names_mean_another(
    world: World, rehub_cli: RunRehub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With another default host, a repository of GitHub is printed with its host, so that it is read as what it is."""
    world.repo(FILES, name="acme/toy")
    monkeypatch.setenv("REHUB_MIRRORS", world.mirrors)
    monkeypatch.setenv("REHUB_DEFAULT_HOST", "git.acme.example")
    assert rehub_cli("list", "github.com/acme/toy").stdout == "net\n"
    url = "https://github.com/acme/toy"
    assert f"rehub trust add {url}@" in rehub_cli("load", "github.com/acme/toy", "net").stderr
    assert rehub_cli("trust", "add", "github.com/acme/toy").stdout.startswith(f"{url} may run here")
    assert rehub_cli("trust", "list").stdout.startswith(url)
    assert rehub_cli("cache", "list").stdout.startswith(f"{url}@")
    monkeypatch.delenv("REHUB_DEFAULT_HOST")
    assert rehub_cli("trust", "list").stdout.startswith("acme/toy\t")


def test_token_that_is_set_later(company: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a notebook, a token that is set after the error counts: nobody has to start anew."""
    hub = rehub.Hub(dir=tmp_path / "hub")
    with pytest.raises(rehub.AuthenticationError):
        hub.list("acme/secret")
    monkeypatch.setenv("GITLAB_TOKEN", SECRET)
    assert hub.list("acme/secret") == ["net"]


def test_hosts_in_python(company: Repo, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub takes hosts as a mapping, by kind or with a table each; a token among them is refused unseen."""
    monkeypatch.setenv("ACME_TOKEN", SECRET)
    table = {"kind": "gitlab", "base": world.hub.url, "token": "ACME_TOKEN"}
    hub = rehub.Hub(dir=tmp_path / "hub", hosts={"git.acme.example": table}, default_host="git.acme.example")
    assert hub.list("acme/secret") == ["net"]
    monkeypatch.delenv("ACME_TOKEN")
    for hosts in ({"ghe.example.org": "github"}, "ghe.example.org=github"):
        assert rehub.Hub(hosts=hosts).settings.hosts[0].kind == "github"
    for wrong in ({"a.org": SECRET}, {"a.org": {"token": SECRET}}, [SECRET], f"a.org={SECRET}"):
        with pytest.raises(MalformedSettingError) as caught:
            rehub.Hub(hosts=wrong)  # type: ignore[arg-type]
        assert SECRET not in str(caught.value)
    with pytest.raises(MalformedSettingError):
        rehub.Hub(default_host="https://ghe.example.org/")
