"""Private repositories: which credential is let in, what is said of the others, and who is never told anything."""

import base64
import logging
import os
import re
from pathlib import Path

import pytest

from rehub.words.errors import AuthenticationError, RemoteRefusedError, RepositoryNotFoundError, UnreachableError
from rehub.words.hosts import Host
from tests.client import Client, content
from tests.world import GitServer, World

FILES = {"hubconf.py": "def net():\n    return 1\n"}
SECRET, OTHER = "ghp_correct_horse_battery", "ghp_of_somebody_else"


def described(server: GitServer, text: str = "github", default: str = "github.com") -> dict[str, object]:
    """Give settings with a server as a host: ``acme.example`` is its name."""
    kind, _, token = text.partition(",")
    base = f"{server.url}{server.below}/"
    return {
        "hosts": (Host.of("test", "acme.example", {"kind": kind, "base": base, "token": token}),),
        "default_host": default,
    }


@pytest.fixture
def client(world: World, tmp_path: Path) -> Client:
    """Give a machine to which the hub is GitHub's own software in a company, and ``owner/repo`` is there."""
    world.repo(FILES, name="acme/secret", tag="v1")
    world.repo(FILES, name="acme/toy")
    settings = described(world.hub, default="acme.example")
    return Client(tmp_path / "hub", "http://127.0.0.1:1", environ=os.environ).but(**settings)


def with_environ(client: Client, tmp_path: Path, **environ: str) -> Client:
    """Give the same machine with other variables."""
    made = Client(tmp_path / "hub", "http://127.0.0.1:1", environ={**os.environ, **environ})
    return made.but(hosts=client.settings.hosts, default_host=client.settings.default_host)


def asked(world: World, part: str = "") -> list[tuple[str, int]]:
    """Give what was asked for and answered: the repository's path, and the status."""
    return [(each.path.partition("/info/refs")[0], each.status) for each in world.hub.log if part in each.path]


def test_short_ref_at_the_companys_host(client: Client, world: World, tmp_path: Path) -> None:
    """``owner/repo`` loads from the default host with its token, and the pin names the real one."""
    world.hub.private("acme/secret", "x-access-token", SECRET)
    found = with_environ(client, tmp_path, GITHUB_ENTERPRISE_TOKEN=SECRET).fetch("acme/secret:v1")
    assert content(found)
    assert found.pin
    assert found.pin.remote.url == f"{world.hub.url}/acme/secret"
    assert str(found) == f"{world.hub.url}/acme/secret@{found.pin.commit[:12]}"
    record = next((tmp_path / "hub/rehub/refs").glob("*.json")).read_text()
    assert f'"{world.hub.url}/acme/secret"' in record
    assert "acme.example" not in record
    again = client.fetch("acme.example/acme/secret@v1")  # from the store, without a token
    assert again.root == found.root


def test_gitlab_below_a_root(world: World, tmp_path: Path) -> None:
    """A GitLab below a path is found by its base, by the host's name and by the whole URL, with the token of its own."""
    world.repo(FILES, name="group/sub/secret")
    server = world.server(below="/gitlab")
    server.private("secret", "oauth2", SECRET)
    made = Client(tmp_path / "hub", "http://127.0.0.1:1", environ={**os.environ, "CORP_TOKEN": SECRET})
    made = made.but(**described(server, "gitlab,CORP_TOKEN"))
    for text in ("acme.example/group/sub/secret", f"{server.url}/gitlab/group/sub/secret"):
        found = made.fetch(text, force=True)
        assert found.pin
        assert found.pin.remote.path == "gitlab/group/sub/secret"
    with pytest.raises(RepositoryNotFoundError):
        made.fetch(f"{server.url}/group/sub/nothing")
    server.private("elsewhere", "oauth2", SECRET)
    server.reset()
    with pytest.raises(AuthenticationError, match="no credentials: 401"):
        made.fetch(f"{server.url}/elsewhere/toy")
    assert server.credentials == []


def test_public_access_needs_no_token(client: Client, world: World, tmp_path: Path) -> None:
    """A repository that everybody may read is read by nobody in particular: a token that has ended breaks nothing."""
    world.hub.weak("x-access-token", SECRET, 401)
    assert content(with_environ(client, tmp_path, GH_ENTERPRISE_TOKEN=SECRET).fetch("acme/toy"))
    assert world.hub.credentials == []


@pytest.mark.parametrize("strangers", [401, 403, 404, 429])
def test_what_strangers_are_told(
    client: Client, world: World, tmp_path: Path, strangers: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Whether strangers are asked, refused, told that nothing is there, or to come later: who has a token gets in."""
    world.hub.private("acme/secret", "x-access-token", SECRET, strangers=strangers)
    with caplog.at_level(logging.INFO):
        assert content(with_environ(client, tmp_path, GH_ENTERPRISE_TOKEN=SECRET).fetch("acme/secret"))
    assert {(each.user, each.password) for each in world.hub.credentials} == {("x-access-token", SECRET)}
    assert caplog.text.count("GH_ENTERPRISE_TOKEN was used") == 1
    assert SECRET not in caplog.text


def test_one_that_suffices_after_one_that_does_not(
    client: Client, world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A token with too few rights gives way to one that has them; one warning names both, and the server's reason."""
    world.hub.private("acme/secret", "ada", SECRET)
    world.hub.weak("x-access-token", OTHER, 403, "The 'acme' organization wants single sign-on")
    netrc = Path(os.environ["HOME"], ".netrc")
    netrc.write_text(f"machine 127.0.0.1 login ada password {SECRET}\n")
    netrc.chmod(0o600)
    with caplog.at_level(logging.WARNING):
        assert content(with_environ(client, tmp_path, GH_ENTERPRISE_TOKEN=OTHER).fetch("acme/secret"))
    (record,) = caplog.records
    said = "GH_ENTERPRISE_TOKEN: 403 (The 'acme' organization wants single sign-on); ~/.netrc was used"
    assert record.getMessage().endswith(said)
    assert [each.password for each in world.hub.credentials].count(OTHER) == 1


@pytest.mark.parametrize(("strangers", "status"), [(401, 401), (401, 403), (401, 404), (404, 401), (404, 403)])
def test_all_that_was_tried_is_told(client: Client, world: World, tmp_path: Path, strangers: int, status: int) -> None:
    """Where none suffices, the error names each credential with the server's answer, and the next command; no value."""
    world.hub.private("acme/secret", "ada", SECRET, strangers=strangers)
    world.hub.weak("x-access-token", OTHER, status)
    with pytest.raises((AuthenticationError, RepositoryNotFoundError)) as caught:
        with_environ(client, tmp_path, GH_ENTERPRISE_TOKEN=OTHER).fetch("acme/secret")
    error = caught.value
    told = error.tried if isinstance(error, AuthenticationError) else error.credentials
    assert isinstance(error, AuthenticationError) is (status != 404)
    answers = {401: "401", 403: "403", 404: "not found"}
    assert told[0].startswith(f"no credentials: {answers[strangers]}")
    assert told[1].startswith(f"GH_ENTERPRISE_TOKEN: {answers[status]}")
    assert f"gh auth login --hostname 127.0.0.1:{world.hub.port}" in str(error)
    assert OTHER not in str(error) + repr(error) + repr(vars(error))


def test_server_that_repeats_the_token(client: Client, world: World, tmp_path: Path) -> None:
    """A server that prints what it was told does not get it into an error."""
    encoded = base64.b64encode(f"x-access-token:{OTHER}".encode()).decode()
    world.hub.private("acme/secret", "ada", SECRET)
    world.hub.weak("x-access-token", OTHER, 403, f"refused: {OTHER} {encoded}")
    with pytest.raises(AuthenticationError, match=re.escape("403 (refused: … …)")):
        with_environ(client, tmp_path, GH_ENTERPRISE_TOKEN=OTHER).fetch("acme/secret")


def test_throttled_strangers(client: Client, world: World) -> None:
    """Without any credential, a server that has had enough of strangers is unreachable, not forbidden."""
    world.hub.fail("acme/toy", 429)
    with pytest.raises(UnreachableError, match="429"):
        client.fetch("acme/toy")


def test_misspelt_public_repository_costs_little(
    client: Client, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """What is not there is asked for with and without .git, and nothing is said beside the error."""
    with caplog.at_level(logging.INFO), pytest.raises(RepositoryNotFoundError) as caught:
        client.fetch("acme/tyo")
    assert asked(world) == [("/acme/tyo", 404), ("/acme/tyo.git", 404)]
    assert not caplog.records
    assert caught.value.credentials == ()


def test_helper_is_not_asked_for_what_is_misspelt(client: Client, tmp_path: Path) -> None:
    """A credential helper may open a window: it is asked only if the server asks who is there."""
    note = tmp_path / "asked"
    Path(os.environ["HOME"], ".gitconfig").write_text(f'[credential]\n\thelper = "!touch {note}; false"\n')
    with pytest.raises(RepositoryNotFoundError):
        client.fetch("acme/tyo")
    assert not note.exists()


def test_second_question_goes_the_way_that_was_found(client: Client, world: World, tmp_path: Path) -> None:
    """What the first question has found out, the next ones know: strangers' refusals are asked for once."""
    world.hub.private("acme/secret", "x-access-token", SECRET, strangers=404)
    with_environ(client, tmp_path, GH_ENTERPRISE_TOKEN=SECRET).fetch("acme/secret")
    assert [status for _, status in asked(world)].count(404) == 2
    assert asked(world)[:3] == [("/acme/secret", 404), ("/acme/secret.git", 404), ("/acme/secret", 200)]


def test_hidden_repository_behind_its_suffix(client: Client, world: World, tmp_path: Path) -> None:
    """A server that sends who is known from the name without .git to the one with it is understood, too."""
    world.hub.private("acme/secret", "x-access-token", SECRET, strangers=404)
    world.hub.fail("/acme/secret/", 404, times=1)
    world.hub.redirect("/acme/secret/", f"{world.hub.url}/acme/secret.git/")
    assert content(with_environ(client, tmp_path, GH_ENTERPRISE_TOKEN=SECRET).fetch("acme/secret"))


def test_private_repository_that_needs_the_suffix(client: Client, world: World, tmp_path: Path) -> None:
    """A server that wants .git, and a name without it says nothing to anybody, is understood."""
    world.hub.suffix = "git"
    world.hub.private("acme/secret", "x-access-token", SECRET, strangers=401)
    assert content(with_environ(client, tmp_path, GH_ENTERPRISE_TOKEN=SECRET).fetch("acme/secret"))


@pytest.mark.parametrize("strangers", [401, 404])
@pytest.mark.parametrize("place", ["another port", "another scheme", "another name"])
def test_nobody_elsewhere_is_told(
    client: Client, world: World, tmp_path: Path, place: str, strangers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that sends git elsewhere, with or without having asked first, takes no credential there."""
    other = world.tls() if place == "another scheme" else world.server()
    if other.certificate:
        monkeypatch.setenv("SSL_CERT_FILE", str(other.certificate))
    target = other.url.replace("127.0.0.1", "localhost") if place == "another name" else other.url
    world.hub.private("acme/secret", "x-access-token", SECRET, strangers=strangers)
    made = with_environ(client, tmp_path, GH_ENTERPRISE_TOKEN=SECRET)
    if strangers == 401:
        other.private("acme/secret", "x-access-token", SECRET)
    else:
        # It sends away only who is known; and there everybody is welcome, so that git would go on asking.
        world.hub.fail("/acme/secret", 404, times=2)
    world.hub.redirect("/acme/secret", f"{target}/acme/secret")
    with pytest.raises((RemoteRefusedError, AuthenticationError, RepositoryNotFoundError)) as caught:
        made.fetch("acme/secret")
    assert other.credentials == []
    assert SECRET not in str(caught.value)


NAMES = ["acme.example.evil.org", "evil-acme.example", "acme.example@evil.org"]


@pytest.mark.parametrize("name", NAMES)
def test_host_that_is_named_alike(world: World, tmp_path: Path, name: str) -> None:
    """A host that starts or ends like a known one, or has it for a user, is another."""
    world.repo(FILES, name="acme/secret")
    world.hub.private("acme/secret", "x-access-token", SECRET)
    environ = {**os.environ, "GH_ENTERPRISE_TOKEN": SECRET, "GITHUB_TOKEN": SECRET}
    made = Client(tmp_path / "hub", world.hub.url, environ=environ)
    hosts = Host.parse_all(
        f"acme.example=github {name.partition('@')[2] or name}=git,http://127.0.0.1:{world.hub.port}/"
    )
    with pytest.raises((AuthenticationError, ValueError)):
        made.but(hosts=hosts).fetch(f"{name}/acme/secret")
    assert world.hub.credentials == []


def test_mirror_of_a_described_host_is_told_nothing(client: Client, world: World, tmp_path: Path) -> None:
    """A mirror stays a stranger, whatever is known of the host that it stands for, even if it hides what it has."""
    from rehub.words.settings import Mirror

    world.hub.private("acme/secret", "x-access-token", SECRET, strangers=404)
    mirror = Mirror("https://ghe.example.org/", f"{world.hub.url}/")
    made = with_environ(client, tmp_path, GH_ENTERPRISE_TOKEN=SECRET)
    made = made.but(mirrors=(mirror,), hosts=Host.parse_all("ghe.example.org=github"), default_host="ghe.example.org")
    with pytest.raises(RepositoryNotFoundError):
        made.fetch("acme/secret")
    assert world.hub.credentials == []


def test_over_tls_with_an_authority_of_ones_own(
    client: Client, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A company's server with a company's certificate: SSL_CERT_FILE vouches for it, and the token arrives."""
    server = world.tls()
    server.private("acme/secret", "x-access-token", SECRET)
    made = with_environ(client, tmp_path, GH_ENTERPRISE_TOKEN=SECRET).but(**described(server, default="acme.example"))
    with pytest.raises(UnreachableError, match="certificate"):
        made.fetch("acme/secret")
    assert server.credentials == []
    environ = {"GH_ENTERPRISE_TOKEN": SECRET, "SSL_CERT_FILE": str(server.certificate)}
    made = with_environ(client, tmp_path, **environ).but(**described(server, default="acme.example"))
    found = made.fetch("acme/secret")
    assert found.pin
    assert found.pin.remote.url == f"{server.url}/acme/secret"
