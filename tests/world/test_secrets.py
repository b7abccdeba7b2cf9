"""A token appears nowhere: not in arguments, other programs' environments, output, logs, errors or files.

In scope of ``/proc/*/environ``, which only the same user and root can read: every process that is started during a
load. git's own processes and the script that answers its question are let off, as git has no other way to be told;
so is rehub itself where the user has put the token into its environment.
"""

import base64
import json
import logging
import os
import secrets
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pytest

import rehub
from rehub.words.errors import AuthenticationError
from tests.client import Client
from tests.conftest import RunRehub
from tests.world import GitServer, World

FILES = {"hubconf.py": "def net():\n    return 1\n"}
OURS = str(Path(rehub.__file__).parent)
_OF_GIT = ("git", "/bin/sh")  # what git's processes and the script that answers it are called


@dataclass
class Place:
    """Where a test's credential lies, and who it is for."""

    server: GitServer
    home: Path
    bin: Path
    secret: str
    user: str = "oauth2"
    strangers: int = 401
    source: Path | None = None  # the file that the user keeps it in
    environ: dict[str, str] = field(default_factory=dict)

    def host(self, kind: str, variable: str = "") -> None:
        """Describe the server."""
        more = f",{variable}" if variable else ""
        self.environ["REHUB_HOSTS"] = f"acme.example={kind},{self.server.url}/{more}"

    def variable(self, name: str) -> None:
        """Put the token into a variable."""
        self.environ[name] = self.secret

    def file(self, name: str, text: str) -> None:
        """Put the token into a file of the home."""
        self.source = self.home / name
        self.source.parent.mkdir(parents=True, exist_ok=True)
        self.source.write_text(text)
        self.source.chmod(0o600)

    def program(self, name: str, answer: str) -> None:
        """Put the token into a program."""
        self.bin.mkdir()
        (self.bin / name).write_text(f"#!{sys.executable}\nimport time\ntime.sleep(0.05)\nprint({answer!r})\n")
        (self.bin / name).chmod(0o755)
        self.environ["PATH"] = f"{self.bin}{os.pathsep}{os.environ['PATH']}"


def own_variable(place: Place) -> None:
    """The variable that the host's description names."""
    place.host("git", "ACME_TOKEN")
    place.variable("ACME_TOKEN")


def hidden_from_strangers(place: Place) -> None:
    """A server that asks nobody, so that the credential is named unasked."""
    own_variable(place)
    place.strangers = 404


def enterprise(place: Place) -> None:
    """GitHub's software in a company."""
    place.host("github")
    place.variable("GH_ENTERPRISE_TOKEN")
    place.user = "x-access-token"


def gitlab(place: Place) -> None:
    """GitLab."""
    place.host("gitlab")
    place.variable("GITLAB_TOKEN")


def job(place: Place) -> None:
    """A job of GitLab's."""
    scheme, port = place.server.url.partition(":")[0], str(place.server.port)
    place.environ |= {"CI_SERVER_HOST": "127.0.0.1", "CI_SERVER_PROTOCOL": scheme, "CI_SERVER_PORT": port}
    place.variable("CI_JOB_TOKEN")
    place.user = "gitlab-ci-token"


def netrc(place: Place) -> None:
    """~/.netrc."""
    place.file(".netrc", f"machine 127.0.0.1 login ada password {place.secret}\n")
    place.user = "ada"


def gh_file(place: Place) -> None:
    """The file of gh's login."""
    place.file(".config/gh/hosts.yml", f"127.0.0.1:{place.server.port}:\n    oauth_token: {place.secret}\n")
    place.user = "x-access-token"


def glab_file(place: Place) -> None:
    """The file of glab's login."""
    text = f"hosts:\n    127.0.0.1:{place.server.port}:\n        token: {place.secret}\n"
    place.file(".config/glab-cli/config.yml", text)


def gh_key_ring(place: Place) -> None:
    """gh itself."""
    place.host("github")
    place.program("gh", place.secret)
    place.user = "x-access-token"


def glab_key_ring(place: Place) -> None:
    """glab itself."""
    place.host("gitlab")
    place.program("glab", f"username=oauth2\npassword={place.secret}")


def helper(place: Place) -> None:
    """A credential helper of git's."""
    place.file("answer", f"username=ada\npassword={place.secret}\n")
    (place.home / ".gitconfig").write_text('[credential]\n\thelper = "!f() { cat \\"$HOME/answer\\"; }; f"\n')
    place.user = "ada"


SOURCES: list[Callable[[Place], None]] = [
    *(own_variable, hidden_from_strangers, enterprise, gitlab, job, netrc),
    *(gh_file, glab_file, gh_key_ring, glab_key_ring, helper),
]


def forms(place: Place) -> list[bytes]:
    """Give what a secret looks like: itself, and with its user as HTTP sends it."""
    return [place.secret.encode(), base64.b64encode(f"{place.user}:{place.secret}".encode())]


class Watch:
    """Looks, as long as something runs, at every process's arguments and environment, and into folders."""

    def __init__(self, place: Place, folders: list[Path]) -> None:
        self.forms, self.folders, self.source = forms(place), folders, place.source
        self.programs: set[str] = set()
        self.found: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._files()

    def _look(self) -> None:
        while not self._stop.is_set():
            for process in Path("/proc").glob("[0-9]*"):
                self._process(process)
            self._files()
            time.sleep(0.001)

    def _process(self, process: Path) -> None:
        arguments, environ = read(process / "cmdline"), read(process / "environ")
        if not arguments or read(process / "cmdline") != arguments:
            return  # it is just becoming another program: the two are not of one; the next look finds it
        program = arguments.partition(b"\0")[0].decode(errors="replace")
        self.programs.add(program)
        if self._holds(arguments):
            self.found.add(f"arguments of {program}")
        if self._holds(environ) and not Path(program).name.startswith(_OF_GIT) and program not in _OF_GIT:
            self.found.add(f"environment of {program}")

    def _files(self) -> None:
        for folder in self.folders:
            # os.walk, as folders come and go meanwhile.
            for path in [Path(place, name) for place, _, names in os.walk(folder) for name in names]:
                if path != self.source and path.is_file() and self._holds(read(path) + str(path).encode()):
                    self.found.add(f"file {path}")

    def _holds(self, data: bytes) -> bool:
        return any(form in data for form in self.forms)


def read(path: Path) -> bytes:
    """Read a file that may vanish, or be somebody else's."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.fixture
def place(world: World, tmp_path: Path, clean_home: Path) -> Place:
    """Give a private repository, acme/secret, and a token that nobody else has."""
    world.repo(FILES, name="acme/secret", tag="v1")
    return Place(world.hub, clean_home, tmp_path / "bin", f"ghp_{secrets.token_hex(18)}")


@pytest.mark.parametrize("source", SOURCES)
def test_token_appears_nowhere(
    place: Place, tmp_path: Path, rehub_cli: RunRehub, source: Callable[[Place], None]
) -> None:
    """A private repository loads, told in every detail, with a token that nothing and nobody shows."""
    source(place)
    found, ran = loaded(place, tmp_path, rehub_cli)
    own = {f"environment of {sys.executable}"} if place.secret in place.environ.values() else set()
    assert found.found <= own
    assert any(Path(program).name.startswith("git-remote-http") for program in found.programs)
    assert not [form for form in forms(place) if form.decode() in ran]
    assert {(each.user, each.password) for each in place.server.credentials} == {(place.user, place.secret)}
    assert "was used" in ran


def loaded(place: Place, tmp_path: Path, rehub_cli: RunRehub) -> tuple[Watch, str]:
    """List the private repository by the command; give what a watch saw, and what was printed."""
    place.server.private("acme/secret", place.user, place.secret, strangers=place.strangers)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environ = {**place.environ, "TMPDIR": str(scratch)}
    with Watch(place, [place.home, scratch]) as watch:
        ran = rehub_cli("list", "-vv", "--json", f"{place.server.url}/acme/secret@v1", env=environ)
    assert ran.rc == 0, ran.stderr
    assert [each["name"] for each in json.loads(ran.stdout)["entries"]] == ["net"]
    assert list(scratch.iterdir()) == []
    return watch, ran.stdout + ran.stderr


def test_token_appears_nowhere_over_tls(place: Place, world: World, tmp_path: Path, rehub_cli: RunRehub) -> None:
    """The same over https."""
    place.server = world.tls()
    place.environ["SSL_CERT_FILE"] = str(place.server.certificate)
    gh_file(place)
    found, ran = loaded(place, tmp_path, rehub_cli)
    assert found.found == set()
    assert place.secret not in ran
    assert "gh's login (~/.config/gh/hosts.yml) was used" in ran


@pytest.mark.parametrize("source", SOURCES)
def test_refused_token_is_in_no_error(
    place: Place, tmp_path: Path, source: Callable[[Place], None], caplog: pytest.LogCaptureFixture
) -> None:
    """A token that is refused is in no part of the error: text, repr, fields, notes, causes, variables of our frames."""
    source(place)
    place.server.private("acme/secret", "somebody", "else", strangers=place.strangers)
    place.server.weak(place.user, place.secret, 403, f"no, {place.secret} may not")
    client = described(place, tmp_path)
    with caplog.at_level(logging.DEBUG), pytest.raises(AuthenticationError) as caught:
        client.fetch(f"{place.server.url}/acme/secret@v1")
    error = caught.value
    told = [str(error), repr(error), repr(vars(error)), caplog.text, *getattr(error, "__notes__", ())]
    told += traceback.format_exception(error)
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    told += [repr(frame.locals) for frame in shown.stack if frame.filename.startswith(OURS)]
    assert len(error.tried) == 2
    assert not [text for text in told for form in forms(place) if form.decode() in text]


def described(place: Place, tmp_path: Path) -> Client:
    """Give a machine with a place's environment."""
    from rehub.words.hosts import Host

    client = Client(tmp_path / "hub", "http://127.0.0.1:1", environ={**os.environ, **place.environ})
    return client.but(hosts=Host.parse_all(place.environ.get("REHUB_HOSTS", "")))


def test_watch_sees(place: Place, tmp_path: Path) -> None:
    """What is looked for would be found: in a file, in arguments and in an environment."""
    import subprocess

    with Watch(place, [tmp_path / "home"]) as watch:
        (place.home / "leak").write_text(f"x{place.secret}x")
        sleep = [sys.executable, "-c", "import time; time.sleep(0.5)"]
        subprocess.run([*sleep, place.secret], check=True, env={"BASIC": forms(place)[1].decode()})
    kinds = {each.partition(" ")[0] for each in watch.found}
    assert kinds == {"file", "arguments", "environment"}
