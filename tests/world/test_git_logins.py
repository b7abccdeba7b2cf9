"""Where credentials come from, in which order, and whose they are: variables, jobs, files and logins."""

import os
import sys
from pathlib import Path

import pytest

from rehub.words.hosts import Host, host_of
from rehub.words.ref import Ref, Remote
from rehub.world.git import logins
from rehub.world.git.credentials import Credential, credentials

GH = """\
# written by gh
github.com:
    users:
        ada:
            oauth_token: gho_of_ada
        bob:
            oauth_token: "gho_of_bob"
    git_protocol: https
    user: bob
ghe.example.org:
  user: ada
  oauth_token: 'gho_enterprise'   # a comment
"127.0.0.1:8000":
    oauth_token: gho_port
keyring.example.org:
    git_protocol: ssh
    users:
        ada:
    user: ada
"""
GLAB = """\
# What protocol to use when performing Git operations. Supported values: ssh, https.
git_protocol: ssh
editor:
check_update: true
hosts:
    gitlab.com:
        # Your GitLab access token.
        token: !!null glpat_main
        api_host: gitlab.com
        git_protocol: ssh
    corp.example:
        token: glpat-of-corp
    oauth.example.org:
        is_oauth2: "true"
        token: expired
    127.0.0.1:8000:
        token: glpat-port
last_update_check_timestamp: 2026-01-01T00:00:00Z
"""
HOSTS = Host.parse_all("ghe.example.org=github corp.example=gitlab oauth.example.org=gitlab")


def remote(text: str) -> Remote:
    """Give a remote."""
    place = Ref.parse(text).place
    assert isinstance(place, Remote)
    return place


def found(text: str, hosts: tuple[Host, ...] = HOSTS, **environ: str) -> list[Credential]:
    """Give what would be tried beside public access and helpers."""
    place = remote(text)
    every = list(credentials(place, environ, mirrored=False, host=host_of(place, hosts)))
    assert (every[0].name, every[-1].name) == ("no credentials", "git's credential helpers")
    return every[1:-1]


def write(path: Path, text: str) -> Path:
    """Write a file, and its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)
    return path


def program(folder: Path, name: str, text: str) -> str:
    """Put a program into a folder; give the PATH that has it."""
    write(folder / name, f"#!{sys.executable}\n{text}").chmod(0o755)
    return str(folder)


def test_order_of_everything(tmp_path: Path) -> None:
    """The host's variables, the job's token, ~/.netrc, and the logins come in this order, each with its user."""
    write(tmp_path / ".netrc", "machine gitlab.com login ada password from-netrc\n")
    write(tmp_path / ".config/glab-cli/config.yml", GLAB)
    job = {"CI_SERVER_HOST": "gitlab.com", "CI_SERVER_PORT": "443", "CI_SERVER_PROTOCOL": "https"}
    tokens = {"GITLAB_TOKEN": "a", "GITLAB_ACCESS_TOKEN": "b", "OAUTH_TOKEN": "c", "CI_JOB_TOKEN": "d"}
    every = found("gitlab.com/acme/toy", HOME=str(tmp_path), **job, **tokens)
    assert [(each.name, each.user, each.secret) for each in every] == [
        ("GITLAB_TOKEN", "oauth2", "a"),
        ("GITLAB_ACCESS_TOKEN", "oauth2", "b"),
        ("OAUTH_TOKEN", "oauth2", "c"),
        ("CI_JOB_TOKEN", "gitlab-ci-token", "d"),
        ("~/.netrc", "ada", "from-netrc"),
        ("glab's login (~/.config/glab-cli/config.yml)", "oauth2", "glpat_main"),
    ]


def test_same_secret_is_tried_once() -> None:
    """Two variables with one token are one credential."""
    assert [each.name for each in found("acme/toy", GH_TOKEN="x", GITHUB_TOKEN="x")] == ["GH_TOKEN"]


ENTERPRISE = {"GH_ENTERPRISE_TOKEN": "e", "GITHUB_ENTERPRISE_TOKEN": "f", "GH_TOKEN": "g", "GITHUB_TOKEN": "h"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("ghe.example.org/acme/toy", ["GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"]),
        ("acme/toy", ["GH_TOKEN", "GITHUB_TOKEN"]),
        ("acme.ghe.com/acme/toy", ["GH_TOKEN", "GITHUB_TOKEN"]),
        ("another.example.org/acme/toy", []),
        ("https://ghe.example.org:8443/acme/toy", []),
    ],
)
def test_tokens_of_enterprises(text: str, names: list[str]) -> None:
    """An enterprise's token goes to a server that was described as GitHub's, GitHub's own to GitHub, neither elsewhere."""
    assert [each.name for each in found(text, **ENTERPRISE)] == names


JOBS = {
    "gitlab.com/a/b": ({"CI_SERVER_HOST": "gitlab.com"}, True),
    "corp.example/a/b": ({"CI_SERVER_HOST": "gitlab.com"}, False),
    "unknown.example.org/a/b": ({"CI_SERVER_HOST": "unknown.example.org"}, True),
    "https://unknown.example.org:8443/a/b": ({"CI_SERVER_HOST": "unknown.example.org", "CI_SERVER_PORT": "8443"}, True),
    "https://unknown.example.org:8444/a/b": (
        {"CI_SERVER_HOST": "unknown.example.org", "CI_SERVER_PORT": "8443"},
        False,
    ),
    "http://127.0.0.1:8000/a/b": (
        {"CI_SERVER_HOST": "127.0.0.1", "CI_SERVER_PORT": "8000", "CI_SERVER_PROTOCOL": "http"},
        True,
    ),
    "http://127.0.0.1:8001/a/b": (
        {"CI_SERVER_HOST": "127.0.0.1", "CI_SERVER_PORT": "8000", "CI_SERVER_PROTOCOL": "http"},
        False,
    ),
    "gitlab.com/c/d": ({}, False),
}


@pytest.mark.parametrize("text", JOBS)
def test_job_token_is_for_the_jobs_server(text: str) -> None:
    """A job's token goes to the server that runs the job, by scheme, name and port."""
    environ, is_found = JOBS[text]
    assert [each.name for each in found(text, CI_JOB_TOKEN="t", **environ)] == (["CI_JOB_TOKEN"] if is_found else [])


def test_netrc_of_windows(tmp_path: Path) -> None:
    """``_netrc`` counts too, and an unreadable ``.netrc`` does not hide it."""
    write(tmp_path / ".netrc", "machine machine\n\0")
    write(tmp_path / "_netrc", "machine github.com login ada password x\n")
    assert [(each.name, each.secret) for each in found("acme/toy", HOME=str(tmp_path))] == [("~/_netrc", "x")]


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("acme/toy", "gho_of_bob"),
        ("ghe.example.org/acme/toy", "gho_enterprise"),
        ("http://127.0.0.1:8000/acme/toy", "gho_port"),
        ("http://127.0.0.1:8001/acme/toy", None),
        ("keyring.example.org/acme/toy", None),
        ("hub.com/acme/toy", None),
        ("gitlab.com/acme/toy", None),
    ],
)
def test_login_of_gh(tmp_path: Path, text: str, token: str | None) -> None:
    """gh's file is read for the exact host, and gives the token of the account that is in use."""
    path = write(tmp_path / ".config/gh/hosts.yml", GH)
    every = found(text, HOME=str(tmp_path))
    assert [(each.secret, each.user) for each in every] == ([(token, "x-access-token")] if token else [])
    for variable, value in (("GH_CONFIG_DIR", path.parent), ("XDG_CONFIG_HOME", path.parent.parent)):
        assert [each.secret for each in found(text, **{variable: str(value)})] == ([token] if token else [])


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("gitlab.com/acme/toy", "glpat_main"),
        ("corp.example/acme/toy", "glpat-of-corp"),
        ("http://127.0.0.1:8000/acme/toy", "glpat-port"),
        ("oauth.example.org/a/b", "expired"),
        ("acme/toy", None),
        ("hosts/acme", None),
    ],
)
def test_login_of_glab(tmp_path: Path, text: str, token: str | None) -> None:
    """glab's file is read for the exact host."""
    write(tmp_path / ".config/glab-cli/config.yml", GLAB)
    assert [each.secret for each in found(text, HOME=str(tmp_path))] == ([token] if token else [])


ODD = {
    "nothing": "",
    "not text": "\xff\xfe",
    "a list": "- github.com\n- oauth_token: x\n",
    "a word": "github.com",
    "a token for the host": "github.com: gho_x\n",
    "a list of users": "github.com:\n    users:\n        - ada\n    user: ada\n",
    "tabs": "github.com:\n\toauth_token: gho_x\n",
    "no token": "github.com:\n    oauth_token:\n    user: ada\n",
    "null": "github.com:\n    oauth_token: null\n",
    "tagged null": "github.com:\n    oauth_token: !!null null\n",
    "a block": "github.com:\n    oauth_token: |\n        - x\n",
    "twice": "github.com:\n    user: ada\ngithub.com:\n",
    "flow": "{github.com: {oauth_token: gho_x}}\n",
    "deep": "".join(f"{' ' * i}a:\n" for i in range(2000)),
}


@pytest.mark.parametrize("kind", ODD)
def test_odd_file_is_no_login(tmp_path: Path, kind: str) -> None:
    """A file that is something else counts as no login, and breaks nothing."""
    write(tmp_path / ".config/gh/hosts.yml", "").write_bytes(ODD[kind].encode("latin-1"))
    write(tmp_path / ".config/glab-cli/config.yml", "").write_bytes(b"hosts:\n" + ODD[kind].encode("latin-1"))
    for text in ("acme/toy", "gitlab.com/acme/toy"):
        assert found(text, HOME=str(tmp_path)) == []


def test_file_that_cannot_be_read(tmp_path: Path) -> None:
    """A folder, a FIFO and an endless file in its place are not waited for."""
    (tmp_path / ".config/gh/hosts.yml").mkdir(parents=True)
    (tmp_path / ".config/glab-cli").mkdir()
    os.mkfifo(tmp_path / ".config/glab-cli/config.yml")
    assert found("acme/toy", HOME=str(tmp_path)) == []
    write(tmp_path / "other/gh/hosts.yml", "x" * (1 << 20) + "\n" + GH)
    assert found("acme/toy", XDG_CONFIG_HOME=str(tmp_path / "other")) == []


ASKED_GH = """
import os, sys
assert sys.argv[1:] == ["auth", "token", "--hostname", os.environ["HOME"].rpartition("/")[2]], sys.argv
assert not any("TOKEN" in name for name in os.environ), os.environ
assert sys.stdin.read() == ""
print("a warning", file=sys.stderr)
print("gho_from_keyring")
"""
ASKED_GLAB = """
import os, sys
assert sys.argv[1:] == ["auth", "git-credential", "get"], sys.argv
asked = dict(line.split("=") for line in sys.stdin.read().split())
assert asked == {"protocol": "https", "host": os.environ["HOME"].rpartition("/")[2]}, asked
print("username=oauth2\\npassword=glpat_from_keyring")
"""


@pytest.mark.parametrize(
    ("host", "text", "name", "token"),
    [
        ("github.com", "acme/toy", "gh's login (gh auth token)", "gho_from_keyring"),
        ("ghe.example.org", "ghe.example.org/acme/toy", "gh's login (gh auth token)", "gho_from_keyring"),
        ("gitlab.com", "gitlab.com/a/b", "glab's login (glab auth git-credential)", "glpat_from_keyring"),
        ("corp.example", "corp.example/a/b", "glab's login (glab auth git-credential)", "glpat_from_keyring"),
        ("unknown.example.org", "unknown.example.org/a/b", None, None),
    ],
)
def test_programs_are_asked_for_hosts_of_their_kind(
    tmp_path: Path, host: str, text: str, name: str | None, token: str | None
) -> None:
    """Where a key ring has the token, gh or glab is asked for the exact host, without any token in its environment."""
    path = program(tmp_path / "bin", "gh", ASKED_GH)
    program(tmp_path / "bin", "glab", ASKED_GLAB)
    home = {"HOME": str(tmp_path / host), "PATH": path, "CI_JOB_TOKEN": "other"}
    assert [(each.name, each.secret) for each in found(text, **home)] == ([(name, token)] if name else [])


def test_login_that_is_renewed_is_asked_for(tmp_path: Path) -> None:
    """glab renews tokens that a browser's login gave; the one in its file may have ended."""
    home = tmp_path / "oauth.example.org"
    write(home / ".config/glab-cli/config.yml", GLAB)
    path = program(tmp_path / "bin", "glab", ASKED_GLAB)
    assert [each.secret for each in found("oauth.example.org/a/b", HOME=str(home), PATH=path)] == ["glpat_from_keyring"]


@pytest.mark.parametrize("text", ["raise SystemExit(1)", "print()", "import time; time.sleep(60)"])
def test_program_that_has_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """A program that fails, says nothing, or waits for somebody, gives no login, in limited time."""
    monkeypatch.setattr(logins, "_LIMIT", 1.0)
    path = program(tmp_path / "bin", "gh", text)
    assert found("acme/toy", PATH=path, HOME=str(tmp_path)) == []
    (tmp_path / "bin/gh").write_text("no program")
    assert found("acme/toy", PATH=path, HOME=str(tmp_path)) == []
