"""Who is told which secret: the exact host, by git's own question, and nobody else."""

import logging
import os
import re
import subprocess
import threading
import time
from pathlib import Path

import pytest

from rehub.words.errors import AuthenticationError
from rehub.words.ref import Ref, Remote
from rehub.world.git.config import at_home, user_config
from rehub.world.git.credentials import ASKPASS, Credential, askpass_variables, credentials
from tests.client import Client, content
from tests.world import World

FILES = {"hubconf.py": "def net():\n    return 1\n"}
SECRET = "ghp_correct_horse_battery"


def remote(text: str) -> Remote:
    """Give a remote."""
    place = Ref.parse(text).place
    assert isinstance(place, Remote)
    return place


def tried(text: str, *, mirrored: bool = False, **environ: str) -> list[str]:
    """Give the names of what would be tried."""
    return [each.name for each in credentials(remote(text), environ, mirrored=mirrored)]


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("acme/toy", "GITHUB_TOKEN"),
        ("gitlab.com/acme/toy", "GITLAB_TOKEN"),
        ("https://github.com:8443/acme/toy", None),
        ("https://github.com.evil.org/acme/toy", None),
        ("https://evil-github.com/acme/toy", None),
        ("https://api.github.com/acme/toy", None),
        ("http://localhost/acme/toy", None),
    ],
)
def test_token_is_for_its_exact_host(text: str, token: str | None) -> None:
    """A token is tried with its own host at the usual port, after public access, and with no other."""
    names = tried(text, GITHUB_TOKEN=SECRET, GITLAB_TOKEN=SECRET)
    assert names == ["no credentials", *([token] if token else []), "git's credential helpers"]
    assert tried(text, mirrored=True, GITHUB_TOKEN=SECRET, GITLAB_TOKEN=SECRET) == ["no credentials"]


@pytest.mark.parametrize("text", ["git@github.com:acme/toy", "file:///srv/github.com/toy"])
def test_ssh_and_files_get_no_token(text: str) -> None:
    """What is no https gets none."""
    assert tried(text, GITHUB_TOKEN=SECRET) == ["no credentials"]


def test_empty_token_is_none() -> None:
    """A token that is set to nothing or to blanks counts as unset, and one is freed from blanks."""
    assert "GITHUB_TOKEN" not in tried("acme/toy", GITHUB_TOKEN="  ")
    found = list(credentials(remote("acme/toy"), {"GITHUB_TOKEN": f" {SECRET}\n"}, mirrored=False))
    assert (found[1].secret, SECRET in repr(found)) == (SECRET, False)


NETRC = {
    "the host": ("machine github.com login ada password x\n", True),
    "another host": ("machine github.org login ada password x\n", False),
    "anybody": ("default login ada password x\n", False),
    "no password": ("machine github.com login ada\n", False),
    "garbage": ("machine machine\n\0", False),
    "not text": ("\xff\xfe", False),
}


@pytest.mark.parametrize("kind", NETRC)
def test_netrc_is_for_the_host_that_it_names(tmp_path: Path, kind: str) -> None:
    """Only an entry with the host's name counts; a file that cannot be read is as good as none."""
    text, found = NETRC[kind]
    path = tmp_path / "netrc"
    path.write_bytes(text.encode("latin-1"))
    path.chmod(0o600)
    assert ("~/.netrc" in tried("acme/toy", NETRC=str(path))) is found
    assert "~/.netrc" not in tried("acme/toy", NETRC=str(path), mirrored=True)


def ask(tmp_path: Path, question: str, credential: Credential, text: str) -> tuple[int, str]:
    """Put git's question to the script."""
    script = tmp_path / "askpass"
    script.write_text(ASKPASS)
    env = {"PATH": os.environ["PATH"], **askpass_variables(credential, remote(text))}
    done = subprocess.run(
        ["sh", str(script), question], env=env, capture_output=True, text=True, timeout=10, check=False
    )
    return done.returncode, done.stdout.strip()


TOKEN = Credential("GITHUB_TOKEN", "x-access-token", SECRET)
MAIL = Credential("~/.netrc", "ada@example.org", SECRET)
QUESTIONS = [
    ("acme/toy", TOKEN, "Username for 'https://github.com': ", "x-access-token"),
    ("acme/toy", TOKEN, "Password for 'https://x-access-token@github.com': ", SECRET),
    ("acme/toy", MAIL, "Password for 'https://ada@example.org@github.com': ", SECRET),
    ("acme/toy", MAIL, "Password for 'https://ada%40example.org@github.com': ", SECRET),
    ("acme/toy", TOKEN, "Password for 'http://x-access-token@github.com': ", None),
    ("acme/toy", TOKEN, "Password for 'https://x-access-token@github.com.evil.org': ", None),
    ("acme/toy", TOKEN, "Password for 'https://x-access-token@evil.org': ", None),
    ("acme/toy", TOKEN, "Password for 'https://x-access-token@github.com:8443': ", None),
    ("acme/toy", TOKEN, "Password for 'https://x-access-token@evil.org@github.com': ", None),
    ("acme/toy", TOKEN, "Password for 'https://ada@github.com': ", None),
    ("acme/toy", TOKEN, "Username for 'https://evil.org': ", None),
    ("acme/toy", TOKEN, "Enter passphrase for key '/home/ada/.ssh/id': ", None),
    ("http://localhost:8000/a/b", MAIL, "Username for 'http://localhost:8000': ", "ada@example.org"),
    ("http://localhost:8000/a/b", MAIL, "Username for 'http://localhost:8001': ", None),
    ("http://localhost:8000/a/b", MAIL, "Username for 'http://localhost': ", None),
]


@pytest.mark.parametrize(("text", "credential", "question", "answer"), QUESTIONS)
def test_script_answers_for_one_origin(
    tmp_path: Path, text: str, credential: Credential, question: str, answer: str | None
) -> None:
    """The script answers git's question about the one scheme, host, port and user, and no other question."""
    code, said = ask(tmp_path, question, credential, text)
    assert (code == 0, said) == (answer is not None, answer or "")


def test_pattern_signs_in_a_user_name_are_letters(tmp_path: Path) -> None:
    """A user named * matches no other user."""
    star = Credential("~/.netrc", "*", SECRET)
    assert ask(tmp_path, "Password for 'https://ada@github.com': ", star, "acme/toy")[0]
    assert ask(tmp_path, "Password for 'https://*@github.com': ", star, "acme/toy") == (0, SECRET)


def give_netrc(password: str) -> None:
    """Put a password for loopback into the test's home."""
    path = Path(os.environ["HOME"], ".netrc")
    path.write_text(f"machine 127.0.0.1 login ada password {password}\n")
    path.chmod(0o600)


def test_private_repository_by_netrc(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A private repository loads with the password of its host, which is in no argument, log, error or file."""
    world.repo(FILES, name="acme/secret")
    world.hub.private("acme/secret", "ada", SECRET)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setattr("tempfile.tempdir", None)
    give_netrc(SECRET)
    seen: set[str] = set()
    stop = threading.Event()
    spy = threading.Thread(target=watch_arguments, args=(seen, stop))
    spy.start()
    said: list[str] = []
    with caplog.at_level(logging.DEBUG):
        client = Client(tmp_path / "hub", world.hub.url, progress=said.append)
        found = client.fetch(f"{world.hub.url}/acme/secret")
    stop.set()
    spy.join()
    assert content(found)["hubconf.py"]
    assert any("git" in line for line in seen)
    assert not any(SECRET in line for line in [*seen, *said, caplog.text])
    assert {(each.user, each.password) for each in world.hub.credentials} == {("ada", SECRET)}
    kept = [path for folder in (scratch, tmp_path / "hub") for path in folder.rglob("*") if path.is_file()]
    assert not [path for path in kept if SECRET.encode() in path.read_bytes() or path.name == "askpass"]
    assert list(scratch.iterdir()) == []


def watch_arguments(seen: set[str], stop: threading.Event) -> None:
    """Note every process's arguments, as anybody on the machine can."""
    while not stop.is_set():
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                seen.add(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
            except OSError:
                continue
        time.sleep(0.001)


def test_wrong_password_is_named_but_not_shown(world: World, tmp_path: Path) -> None:
    """What was tried is told by name; the password is in no part of the error."""
    world.repo(FILES, name="acme/secret")
    world.hub.private("acme/secret", "ada", "another")
    give_netrc(SECRET)
    with pytest.raises(AuthenticationError, match=re.escape("~/.netrc")) as caught:
        Client(tmp_path / "hub", world.hub.url).fetch(f"{world.hub.url}/acme/secret")
    assert SECRET not in str(caught.value) + repr(caught.value.__dict__) + str(caught.value.__cause__)


def test_mirror_is_told_nothing(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mirror that asks for a password gets none, not from the token, netrc or a helper, by whichever transport."""
    world.repo(FILES)
    world.hub.private("acme/toy", "ada", SECRET)
    give_netrc(SECRET)
    monkeypatch.setenv("GITHUB_TOKEN", SECRET)
    helper = "!f() { echo username=ada; echo password=" + SECRET + "; }; f"
    Path(os.environ["HOME"], ".gitconfig").write_text(f'[credential]\n\thelper = "{helper}"\n')
    client = Client(tmp_path / "hub", world.hub.url)
    with pytest.raises(AuthenticationError, match=r"(?s)no credentials: 401.*A mirror is told no credentials"):
        client.fetch()
    ssh = client.but(mirrors=(type(client.settings.mirrors[0])("ssh://git@github.com/", f"{world.hub.url}/"),))
    with pytest.raises(AuthenticationError):
        ssh.fetch("git@github.com:acme/toy")
    assert world.hub.credentials == []


def test_helper_of_the_user_is_asked(world: World, tmp_path: Path) -> None:
    """A credential helper of the user's configuration answers, at home, and its answer is not kept."""
    world.repo(FILES, name="acme/secret")
    world.hub.private("acme/secret", "ada", SECRET)
    home = Path(os.environ["HOME"])
    (home / "answer").write_text(f"username=ada\npassword={SECRET}\n")
    Path(home, ".gitconfig").write_text('[credential]\n\thelper = "!f() { cat \\"$HOME/answer\\"; }; f"\n')
    client = Client(tmp_path / "hub", world.hub.url)
    assert content(client.fetch(f"{world.hub.url}/acme/secret"))["hubconf.py"]
    stored = [path for path in (tmp_path / "hub").rglob("*") if path.is_file()]
    assert not [path for path in stored if SECRET.encode() in path.read_bytes()]


def test_helpers_of_all_kinds() -> None:
    """A command, a path and a name become commands that find the home; an empty one stays the reset that it is."""
    start = '!HOME="$REHUB_HOME"; export HOME; '
    assert at_home("") == ""
    assert at_home("!f() { :; }; f") == start + "f() { :; }; f"
    assert at_home("/usr/bin/helper --x") == start + "/usr/bin/helper --x"
    assert at_home("store --file=x") == start + "git credential-store --file=x"


def test_only_listed_settings_are_taken_over(tmp_path: Path) -> None:
    """Of the user's configuration come helpers, proxies, authorities and ssh's command; all else stays out."""
    config = tmp_path / "config"
    config.write_text(
        "[core]\n hooksPath = /evil\n fsmonitor = /evil\n sshCommand = ssh -v\n askPass = /evil\n pager = /evil\n"
        "[alias]\n fetch = !touch /evil\n"
        '[url "https://evil.org/"]\n insteadOf = https://github.com/\n'
        "[credential]\n helper = store\n"
        '[credential "https://x.org"]\n helper = cache\n username = ada\n'
        "[http]\n proxy = http://proxy:1\n extraHeader = Authorization: x\n sslVerify = false\n"
        '[http "https://x.org"]\n sslCAInfo = /ca\n'
        '[protocol]\n allow = always\n[filter "x"]\n smudge = /evil\n[uploadpack]\n packObjectsHook = /evil\n'
        "[fetch]\n fsckObjects = false\n[init]\n templateDir = /evil\n"
    )
    found = user_config(
        "git", {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": str(config), "GIT_CONFIG_NOSYSTEM": "1"}
    )
    assert [name for name, _ in found] == [
        *(
            "core.sshcommand",
            "credential.helper",
            "credential.https://x.org.helper",
            "credential.https://x.org.username",
        ),
        *("http.proxy", "http.https://x.org.sslcainfo"),
    ]
    nowhere = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"}
    assert user_config("git", nowhere) == []
    assert user_config("/nonexistent/git", {}) == []
