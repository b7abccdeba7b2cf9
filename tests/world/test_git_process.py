"""git itself: absent, old, slow, talkative, and whatever the user's configuration says."""

import os
import time
from pathlib import Path

import pytest

from rehub.words.errors import GitMissingError, RemoteRefusedError, StoreError
from rehub.words.ref import Ref, Remote
from rehub.world.git import BareRepository, Git, Objects, Source
from rehub.world.git.failures import Failure, last_words, meaning
from rehub.world.git.process import Ended
from tests.client import Client, content
from tests.world import World

FILES = {"hubconf.py": "def net():\n    return 1\n"}


def fake_git(folder: Path, text: str) -> dict[str, str]:
    """Put a program named git on the PATH."""
    folder.mkdir(exist_ok=True)
    (folder / "git").write_text(text)
    (folder / "git").chmod(0o755)
    return {"PATH": str(folder)}


VERSIONS = {
    "git version 2.20.1": False,
    "git version 2.30.9": False,
    "git version 2.31.0": True,
    "git version 2.39.5 (Apple Git-154)": True,
    "git version 3.0.0": True,
    "gitoxide": False,
    "": False,
}


@pytest.mark.parametrize("said", VERSIONS)
def test_old_git_is_refused(tmp_path: Path, said: str) -> None:
    """A git older than 2.31, or one that does not say its version, is refused with the line that installs one."""
    git = Git(fake_git(tmp_path / "bin", f"#!/bin/sh\necho '{said}'\n"))
    if VERSIONS[said]:
        assert git.binary == str(tmp_path / "bin/git")
        return
    with pytest.raises(GitMissingError, match=r"needs git 2\.31") as caught:
        _ = git.binary
    assert "apt-get install git" in str(caught.value)


@pytest.mark.parametrize("text", [None, "no program at all"])
def test_absent_git(world: World, tmp_path: Path, text: str | None) -> None:
    """Without a git that starts, a fetch says how to get one; what is cached loads all the same."""
    world.repo(FILES)
    Client(tmp_path / "hub", world.hub.url).fetch()
    environ = {"PATH": str(tmp_path / "none")} if text is None else fake_git(tmp_path / "bin", text)
    client = Client(tmp_path / "hub", world.hub.url, environ={**os.environ, **environ})
    assert content(client.fetch())
    with pytest.raises(GitMissingError):
        client.fetch("acme/toy", force=True)


def test_configuration_of_the_user_runs_nothing(world: World, tmp_path: Path) -> None:
    """Hooks, fsmonitor, aliases, URL rewrites, templates and filters of the user's configuration have no effect."""
    world.repo(FILES)
    canary = tmp_path / "canary"
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-checkout", "reference-transaction", "post-fetch", "pre-auto-gc", "fsmonitor-watchman"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {canary}\n")
        (hooks / name).chmod(0o755)
    home = Path(os.environ["HOME"])
    (home / ".gitconfig").write_text(
        f"[core]\n hooksPath = {hooks}\n fsmonitor = {hooks}/fsmonitor-watchman\n askPass = {hooks}/post-fetch\n"
        f"[alias]\n fetch = !touch {canary}\n ls-remote = !touch {canary}\n"
        f'[url "http://127.0.0.1:1/"]\n insteadOf = {world.hub.url}/\n'
        f"[init]\n templateDir = {hooks}\n[protocol]\n version = 0\n"
    )
    found = Client(tmp_path / "hub", world.hub.url).fetch(force=True)
    assert content(found)
    assert not canary.exists()
    assert {request.protocol for request in world.hub.log} == {"version=2"}


def test_proxy_of_the_user_is_used(world: World, tmp_path: Path) -> None:
    """A proxy of the user's git configuration gets the requests."""
    world.repo(FILES)
    proxy = world.server()
    Path(os.environ["HOME"], ".gitconfig").write_text(f"[http]\n proxy = {proxy.url}\n")
    client = Client(tmp_path / "hub", "http://localhost:1")
    assert content(client.fetch())  # nothing listens at port 1: the proxy, which is the hub itself, has answered
    assert proxy.log[0].path.startswith("http://localhost:1/acme/toy/info/refs")


def test_environment_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables that would lead git elsewhere, or trace it, do not reach it; the ssh command and proxies do."""
    for name in ("GIT_DIR", "GIT_TRACE", "GIT_CONFIG_PARAMETERS", "GIT_EXEC_PATH", "LD_PRELOAD", "GITHUB_TOKEN"):
        monkeypatch.setenv(name, "evil")
    monkeypatch.setenv("GIT_SSH_COMMAND", "ssh -F x")
    monkeypatch.setenv("SSL_CERT_FILE", "/ca.pem")
    env = Git(dict(os.environ)).environment(protocols="https", config=(), extra={})
    assert "evil" not in env.values()
    assert (env["GIT_SSH_COMMAND"], env["GIT_SSL_CAINFO"], env["GIT_ALLOW_PROTOCOL"]) == (
        "ssh -F x",
        "/ca.pem",
        "https",
    )


@pytest.mark.parametrize(
    "url", ["ext::sh -c 'touch canary'", "git://127.0.0.1/a", "ftp://127.0.0.1/a", "http://127.0.0.1:1/a"]
)
def test_transports_are_closed_below_too(tmp_path: Path, url: str) -> None:
    """Even a URL that never passed the parser is not spoken to by a transport that is not allowed."""
    source = Source(Git(), Remote("https", "github.com", "a/b"), [(url, False)])
    with pytest.raises(RemoteRefusedError):
        source.advertised()
    assert not (tmp_path / "canary").exists()


def test_limits_of_a_process(tmp_path: Path) -> None:
    """Time and output are limited, and what was started is gone afterwards."""
    environ = fake_git(
        tmp_path / "bin",
        "#!/bin/sh\nPATH=/bin:/usr/bin\ncase $1 in --version) echo git version 2.39;; sleep) sleep 60 & sleep 60;; "
        "*) while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done;; esac\n",
    )
    git = Git(environ)
    start = time.monotonic()
    assert git.run(["sleep"], limit=0.3).stopped == "it took longer than 0.3 s"
    assert "more than 1000 bytes" in git.run(["shout"], max_output=1000).stopped
    assert time.monotonic() - start < 5


def test_no_room_for_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a temporary folder is told so by our own error."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    with pytest.raises(StoreError, match="git could not be run"):
        Git().run(["version"])


SAID = {
    "fatal: could not read Username for 'https://github.com': terminal prompts disabled": Failure.AUTHENTICATION,
    "fatal: repository 'https://github.com/a/b/' not found": Failure.MISSING,
    "remote: Repository not found.": Failure.MISSING,
    "ssh: connect to host x port 22: Connection refused\nfatal: Could not read from remote repository.": Failure.OTHER,
    "git@github.com: Permission denied (publickey).\nfatal: Could not read from remote repository.": Failure.AUTHENTICATION,
    "No ED25519 host key is known for x\nHost key verification failed.\nfatal: Could not read from remote": Failure.HOST_KEY,
    "fatal: remote error: GitHub is temporarily limiting some unauthenticated downloads": Failure.LIMITED,
    "fatal: unable to access 'https://x/': The requested URL returned error: 429": Failure.LIMITED,
    "fatal: unable to access 'https://x/': The requested URL returned error: 301": Failure.MISSING,
    "fatal: remote error: upload-pack: not our ref 1": Failure.NO_COMMIT,
    "fatal: transport 'ext' not allowed": Failure.FORBIDDEN,
    "fatal: write error: No space left on device": Failure.DISK,
    "fatal: unable to access 'https://x/': Could not resolve host: x": Failure.OTHER,
    "fatal: fsck error in packed object": Failure.REFUSED,
}


@pytest.mark.parametrize("said", SAID)
def test_meaning_of_what_git_says(said: str) -> None:
    """Each of git's complaints asks its caller for one thing."""
    assert meaning(Ended(128, b"", said)) is SAID[said]


def test_words_of_a_remote_steer_no_terminal_and_hold_no_password() -> None:
    """Control characters and passwords in what a remote says are taken out."""
    said = last_words(Ended(1, b"", "remote: \x1b[2Jhello\u202e\nfatal: https://ada:secret@host.org/ failed"))
    assert "secret" not in said
    assert said.isprintable()
    assert last_words(Ended(7, b"", "")) == "git ended with status 7 and said nothing"


def test_objects_of_another_kind(world: World, client_of: Client) -> None:
    """A tree is read as a tree, a file as a file, each up to its limit; the reader goes on after a refusal."""
    repo = world.repo(FILES)
    client_of.fetch()
    bare = BareRepository(client_of.git, client_of.git_dir())
    with Objects(bare) as objects:
        root = objects.root(repo.rev())
        blob = objects.tree(root)[-20:].hex()
        with pytest.raises(ValueError, match="a blob of 24 bytes, not a tree"):
            objects.tree(blob)
        with pytest.raises(StoreError, match="expected a file"):
            list(objects.read(root, max_bytes=1000))
    with Objects(bare) as objects:
        with pytest.raises(ValueError, match="a tree of"):
            objects.link(root)
        assert objects.link(blob) == FILES["hubconf.py"].encode()
        assert objects.sizes([blob, root]) == {blob: 24}
        with pytest.raises(StoreError, match="is missing"):
            objects.sizes(["1" * 40])
        with pytest.raises(StoreError, match="is missing"):
            list(objects.read("1" * 40, max_bytes=10))


@pytest.fixture
def client_of(world: World, tmp_path: Path) -> Client:
    """Give a machine with an empty store."""
    return Client(tmp_path / "hub", world.hub.url)


def test_plain_http_to_elsewhere_is_not_spoken(tmp_path: Path) -> None:
    """http is allowed to this machine and to mirrors, and the settings decide which."""
    client = Client(tmp_path / "hub", "http://mirror.invalid")
    place = Ref.parse("http://127.0.0.1:1/a/b").place
    assert isinstance(place, Remote)
    assert client.world.source(place).http
    assert client.source("acme/toy").http
    assert not client.source("gitlab.com/acme/toy").http
