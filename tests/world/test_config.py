"""Settings from outside: the environment over a file over the defaults."""

import os
from pathlib import Path

import pytest

from rehub.words.errors import MalformedSettingError
from rehub.words.settings import Settings
from rehub.world.config import hub_dir, read_settings

HOME = "/home/ada"


def read(tmp_path: Path, text: str | None = None, **environ: str) -> Settings:
    """Read settings from a file and an environment."""
    if text is not None:
        (tmp_path / "rehub.toml").write_text(text)
        environ["REHUB_CONFIG"] = str(tmp_path / "rehub.toml")
    return read_settings({"HOME": HOME, **environ})


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({}, "/home/ada/.cache/torch/hub"),
        ({"TORCH_HOME": "/t"}, "/t/hub"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/torch/hub"),
        ({"TORCH_HOME": "/t", "XDG_CACHE_HOME": "/x"}, "/t/hub"),
        ({"TORCH_HOME": ""}, "/home/ada/.cache/torch/hub"),
        ({"TORCH_HOME": "", "XDG_CACHE_HOME": ""}, "/home/ada/.cache/torch/hub"),
        ({"TORCH_HOME": "~/t"}, "/home/ada/t/hub"),
        ({"TORCH_HOME": "~"}, "/home/ada/hub"),
    ],
)
def test_folder_is_torch_hubs(environ: dict[str, str], folder: str) -> None:
    """The folder follows torch.hub's order, at the home of the environment given."""
    assert hub_dir({"HOME": HOME, **environ}) == Path(folder)
    assert read_settings({"HOME": HOME, **environ}).dir == Path(folder)


def test_relative_folder_is_where_the_process_is() -> None:
    """A relative folder is made absolute at once."""
    assert hub_dir({"TORCH_HOME": "t"}) == Path.cwd() / "t/hub"


def test_defaults(tmp_path: Path) -> None:
    """Without anything set, the defaults hold, and decisions are kept apart from the cache."""
    found = read(tmp_path)
    assert (found.offline, found.mirrors, found.trust, found.verify, found.timeout) == (False, (), "ask", "changed", 30)
    assert found.trust_file == Path("/home/ada/.config/rehub/trust.json")
    assert read(tmp_path, XDG_CONFIG_HOME="/c").trust_file == Path("/c/rehub/trust.json")


FILE = """
dir = "~/models"
offline = true
mirrors = ["https://github.com/=http://10.0.0.1/", "https://gitlab.com/=file:///srv/"]
trust = "never"
verify = "always"
timeout = 2.5
"""


def test_file_and_environment(tmp_path: Path) -> None:
    """The file sets everything; each variable overrides its own line, and an empty one none."""
    found = read(tmp_path, FILE)
    assert (found.dir, found.offline, found.trust, found.verify) == (Path("/home/ada/models"), True, "never", "always")
    assert (found.timeout, len(found.mirrors)) == (2.5, 2)
    other = read(tmp_path, FILE, REHUB_OFFLINE="0", REHUB_TRUST="always", REHUB_MIRRORS="https://a/=https://b/")
    assert (other.offline, other.trust, len(other.mirrors), other.verify) == (False, "always", 1, "always")
    assert read(tmp_path, FILE, REHUB_OFFLINE="", REHUB_TRUST="", REHUB_MIRRORS="") == found


@pytest.mark.parametrize("value", ["1", "true", "YES", " on "])
@pytest.mark.parametrize("wrong", ["2", "maybe", "-"])
def test_flag(tmp_path: Path, value: str, wrong: str) -> None:
    """A flag is one of a few words; any other is an error that names the variable."""
    assert read(tmp_path, REHUB_OFFLINE=value).offline
    with pytest.raises(MalformedSettingError, match="REHUB_OFFLINE"):
        read(tmp_path, REHUB_OFFLINE=wrong)


HOSTS = """
default_host = "ghe.example.org"

[hosts."ghe.example.org"]
kind = "github"

[hosts."corp.example"]
kind = "gitlab"
base = "https://corp.example/gitlab/"
token = "CORP_TOKEN"
"""


def test_hosts_by_file_and_variable(tmp_path: Path) -> None:
    """Hosts are described in the file or in a variable, which replaces all of the file's; the default is GitHub."""
    found = read(tmp_path, HOSTS)
    assert [(host.name, host.kind, host.token) for host in found.hosts] == [
        ("ghe.example.org", "github", ""),
        ("corp.example", "gitlab", "CORP_TOKEN"),
    ]
    assert found.default_host == "ghe.example.org"
    text = "GHE.example.org=github corp.example=gitlab,https://corp.example/gitlab/,CORP_TOKEN"
    assert read(tmp_path, REHUB_HOSTS=text, REHUB_DEFAULT_HOST="GHE.example.org") == found
    assert [host.name for host in read(tmp_path, HOSTS, REHUB_HOSTS="a.org=git").hosts] == ["a.org"]
    assert (read(tmp_path, "").hosts, read(tmp_path, "").default_host) == ((), "github.com")


SECRET = "ghp_1234567890abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    "text",
    [
        f"github_token = '{SECRET}'",
        f"hosts = '{SECRET}'",
        f"hosts = ['{SECRET}']",
        f"[hosts]\n'ghe.example.org' = '{SECRET}'",
        f"[hosts.'ghe.example.org']\ntoken = '{SECRET}'",
        f"[hosts.'ghe.example.org']\nkind = '{SECRET}'",
        f"[hosts.'ghe.example.org']\npassword = '{SECRET}'",
        f"[hosts.'ghe.example.org']\nbase = 'https://ada:{SECRET}@ghe.example.org/'",
        f"[hosts.'{SECRET}@ghe.example.org']\nkind = 'github'",
        f"default_host = 'https://{SECRET}@ghe.example.org/'",
        "default_host = 3",
        "[hosts.'ghe.example.org']\ntoken = 3",
    ],
)
def test_token_in_the_file_is_refused_unseen(tmp_path: Path, text: str) -> None:
    """A configuration file is no place for secrets: one is refused where it stands, and not repeated."""
    with pytest.raises(MalformedSettingError) as caught:
        read(tmp_path, text)
    assert SECRET not in str(caught.value) + repr(vars(caught.value)) + str(caught.value.__cause__)


WRONG = {
    "hosts": {"REHUB_HOSTS": "ghe.example.org"},
    "default host": {"REHUB_DEFAULT_HOST": "ghe.example.org/x"},
    "trust": {"REHUB_TRUST": "yes"},
    "verify": {"REHUB_VERIFY": "never"},
    "mirrors": {"REHUB_MIRRORS": "github"},
    "time that is none": {"REHUB_TIMEOUT": "soon"},
    "no time": {"REHUB_TIMEOUT": "0"},
    "time below nothing": {"REHUB_TIMEOUT": "-1"},
    "more than a day": {"REHUB_TIMEOUT": "86401"},
    "not a number": {"REHUB_TIMEOUT": "nan"},
    "endless": {"REHUB_TIMEOUT": "inf"},
    "no such file": {"REHUB_CONFIG": "/nonexistent/x.toml"},
    "folder for a file": {"REHUB_CONFIG": "/"},
}


@pytest.mark.parametrize("kind", WRONG)
def test_wrong_variable_is_named(tmp_path: Path, kind: str) -> None:
    """A variable with an impossible value is an error with its name."""
    with pytest.raises(MalformedSettingError, match=next(iter(WRONG[kind]))):
        read(tmp_path, **WRONG[kind])


@pytest.mark.parametrize(
    "text",
    [
        "trust = 1",
        "offline = 'x'",
        "mirrors = 3",
        "mirrors = [1]",
        "timeout = true",
        "dir = 3",
        "dir = ''",
        "x = 1",
        "trust =",
        "\0",
    ],
)
def test_wrong_line_is_named(tmp_path: Path, text: str) -> None:
    """A line of the file with an impossible value, or of no setting, is an error with the file's name."""
    with pytest.raises(MalformedSettingError, match=r"rehub\.toml"):
        read(tmp_path, text)


def test_odd_files(tmp_path: Path) -> None:
    """A FIFO is not waited for, a huge file not read; a file of nothing, or none where none is named, is fine."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "huge").write_bytes(b"#" * 2_000_000)
    for name in ("fifo", "huge"):
        with pytest.raises(MalformedSettingError):
            read(tmp_path, REHUB_CONFIG=str(tmp_path / name))
    assert read(tmp_path, REHUB_CONFIG=os.devnull) == read(tmp_path) == read(tmp_path, "")


def test_file_nested_beyond_all_measure_is_refused(tmp_path: Path) -> None:
    """A configuration that Python's parser gives up on is the file's fault."""
    (tmp_path / "deep.toml").write_text("a = " + "[" * 5000)
    with pytest.raises(MalformedSettingError, match="REHUB_CONFIG"):
        read_settings({"REHUB_CONFIG": str(tmp_path / "deep.toml"), "HOME": str(tmp_path)})


def test_deleted_working_folder_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path means nothing where the working folder is gone."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(MalformedSettingError, match="working folder is gone"):
        read_settings({"TORCH_HOME": "models", "HOME": str(tmp_path)})
