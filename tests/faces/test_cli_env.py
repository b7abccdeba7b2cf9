"""``rehub env``: what is printed and written, and that nothing is run, installed or left behind."""

import json
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from rehub.words.lock import Lock, LockedModel
from rehub.world import lockfile
from tests.conftest import RunRehub
from tests.world import PackageIndex, Repo, World

HUBCONF = """\
dependencies = ["einops_like"]
import einops_like
open("/tmp/never-run-by-rehub-env", "w")

def net(): ...
"""
DAY = "2023-11-14T22:14:20Z"  # of the world's first commit


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[PackageIndex]:
    """Give an index that uv asks, with what the repository needs: one version of before its commit, one of after."""
    with PackageIndex() as index:
        index.wheel("einops-like", "0.3", uploaded="2022-05-01", needs=["tiny"])
        index.wheel("einops-like", "0.7", uploaded="2024-05-01")
        index.wheel("tiny", "1.0", uploaded="2021-05-01")
        index.wheel("training", "1.0", uploaded="2021-05-01", tag="cp38-none-any")
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        yield index


@pytest.fixture
def repo(world: World, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Give ``acme/toy``, whose dependency is not pinned."""
    files = {
        "hubconf.py": HUBCONF,
        "requirements.txt": "einops-like\ntorch>=1.9\n",
        "setup.py": "raise SystemExit(9)\n",
    }
    monkeypatch.setenv("REHUB_MIRRORS", world.mirrors)
    return world.repo(files, tag="v1")


def test_what_is_needed_is_shown(repo: Repo, rehub_cli: RunRehub) -> None:
    """Each package has its line: versions, what is here, and who says so; a note says what to do."""
    ran = rehub_cli("env", "acme/toy:v1")
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert ran.rc == 0
    assert ran.stdout == (
        f"acme/toy@{repo.rev()[:12]}:\n"
        f"  Python {here} is here\n"
        "needed to load:\n"
        "  einops-like  any version  not installed  requirements.txt:1, hubconf.py:1\n"
        "declared, and not imported by anything that the hubconf leads to:\n"
        f"  torch  >=1.9  {torch_version()}  requirements.txt:2\n"
    )
    assert "0 of 1 package that loading needs is here; what is missing: pip install einops-like" in ran.stderr
    assert "rehub env acme/toy:v1 --as-of commit" in ran.stderr
    assert not Path("/tmp/never-run-by-rehub-env").exists()


def torch_version() -> str:
    """Give the version that is installed."""
    from importlib.metadata import version

    return version("torch")


def test_as_of_commit(repo: Repo, index: PackageIndex, rehub_cli: RunRehub, tmp_path: Path) -> None:
    """An unpinned dependency is solved to the version of the commit's day, with hashes; nothing is installed."""
    ran = rehub_cli("env", "acme/toy:v1", "--as-of", "commit")
    assert (ran.rc, f"as of {DAY}, for Python" in ran.stdout) == (0, True), ran
    assert "wrote pylock.toml: 2 packages, each file with its SHA-256\n" in ran.stdout
    found = tomllib.loads((tmp_path / "pylock.toml").read_text())
    versions = {each["name"]: each["version"] for each in found["packages"]}
    assert versions == {"einops-like": "0.3", "tiny": "1.0"}
    assert all(len(wheel["hashes"]["sha256"]) == 64 for each in found["packages"] for wheel in each["wheels"])
    assert (found["tool"]["rehub"]["commit"], found["tool"]["rehub"]["as-of"]) == (repo.rev("v1"), DAY)
    assert subprocess.run([sys.executable, "-c", "import einops_like"], capture_output=True, check=False).returncode
    assert "/files/einops_like-0.3-py3-none-any.whl" not in index.log  # its metadata was enough


def test_as_of_commit_when_only_the_files_are_in_the_store(
    repo: Repo, index: PackageIndex, rehub_cli: RunRehub, clean_home: Path
) -> None:
    """The commit's time is asked for again when git's part of the store was removed; offline it is said to be missing."""
    import shutil

    assert rehub_cli("env", "acme/toy:v1").rc == 0
    shutil.rmtree(clean_home / ".cache/torch/hub/rehub/git")
    assert f"as of {DAY}" in rehub_cli("env", "acme/toy:v1", "--as-of", "commit").stdout


@pytest.mark.parametrize("when", ["2024-06-01", "2024-06-01T00:00:00+02:00"])
def test_as_of_a_day(when: str, repo: Repo, index: PackageIndex, rehub_cli: RunRehub) -> None:
    """A day or a time does as well, for a folder too."""
    assert "einops-like  0.7" in rehub_cli("env", "acme/toy:v1", "--as-of", when).stdout


def test_as_of_another_commit(repo: Repo, index: PackageIndex, rehub_cli: RunRehub) -> None:
    """The time of any commit of the repository can be named."""
    first = repo.rev()
    repo.commit({"README": "more"})
    assert f"as of {DAY}" in rehub_cli("env", "acme/toy", "--as-of", first).stdout
    ran = rehub_cli("env", "acme/toy", "--as-of", "yesterday")
    assert (ran.rc, "--as-of cannot be 'yesterday'" in ran.stderr) == (2, True)


def test_a_folder_has_no_commit(tmp_path: Path, index: PackageIndex, rehub_cli: RunRehub) -> None:
    """A folder of the user's own is solved as of a day; 'commit' is refused."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/hubconf.py").write_text("import tiny\n")
    ran = rehub_cli("env", "./mine", "--as-of", "commit")
    assert (ran.rc, "a folder of your own has no commit" in ran.stderr) == (2, True)
    assert "'rehub env ./mine --as-of DAY' finds" in rehub_cli("env", "./mine").stderr
    assert "tiny  1.0" in rehub_cli("env", "./mine", "--as-of", "2024-01-01").stdout


def test_json(repo: Repo, index: PackageIndex, rehub_cli: RunRehub, tmp_path: Path) -> None:
    """One document has the documented keys, with a solution and without."""
    told = json.loads(rehub_cli("env", "acme/toy:v1", "--json").stdout)
    assert list(told) == ["ref", "pin", "python", "needs", "aside", "solution"]
    assert told["solution"] is None
    assert told["needs"][0] == {
        "name": "einops-like",
        "use": "load",
        "requirements": ["einops-like"],
        "imports": ["einops_like"],
        "where": [
            {"file": "requirements.txt", "line": 1},
            {"file": "hubconf.py", "line": 1},
        ],
        "installed": None,
        "installed_as": None,
        "fits": None,
    }
    solution = json.loads(rehub_cli("env", "acme/toy:v1", "--as-of", "commit", "--json").stdout)["solution"]
    assert list(solution) == [
        *("time", "python", "packages", "installed", "left_out", "wanting", "said", "file", "sha256", "lock")
    ]
    assert solution["packages"][0] == {"name": "einops-like", "version": "0.3"}
    assert solution["sha256"] == sha256((tmp_path / "pylock.toml").read_bytes()).hexdigest()


def test_no_solution_is_told_with_what_helps(world: World, index: PackageIndex, rehub_cli: RunRehub) -> None:
    """Exit code 1, nothing written, the newest Python that has a wheel; and each command that is offered works."""
    repo = world.repo({"hubconf.py": HUBCONF, "requirements.txt": "einops-like\ntraining\n"})
    ran = rehub_cli("env", repo.file_url, "--as-of", "commit")
    assert ran.rc == 1
    assert "training: no wheel for Python" in ran.stdout
    assert "the newest Python that has one is 3.8" in ran.stdout
    offered = [line.split(maxsplit=1)[1] for line in ran.stderr.splitlines() if line.startswith("  rehub env ")]
    assert [each.rpartition(" commit ")[2] for each in offered] == ["--imported", "--python 3.8", "--without training"]
    for each in offered:
        assert rehub_cli(*shlex.split(each), "--output", "pylock.new.toml").rc == 0, each


def test_the_lock_names_the_file(repo: Repo, index: PackageIndex, rehub_cli: RunRehub, tmp_path: Path) -> None:
    """A lock in this folder names the file beside it and its digest; what else it says stays."""
    lock = tmp_path / "rehub.lock"
    model = LockedModel("net", "./mine", "net")
    lockfile.write(lock, Lock((model,)), "")
    lock.write_text("# mine\n" + lock.read_text())
    ran = rehub_cli("env", "acme/toy:v1", "--as-of", "commit")
    assert "rehub.lock names it and its digest" in ran.stderr
    said, text = lockfile.read(lock)
    assert (said.pylock, said.models) == ("pylock.toml", (model,))
    assert said.pylock_sha256 == sha256((tmp_path / "pylock.toml").read_bytes()).hexdigest()
    assert text.startswith("# mine\n")


def test_a_ref_is_the_commit_that_the_lock_has(
    repo: Repo, index: PackageIndex, rehub_cli: RunRehub, tmp_path: Path
) -> None:
    """The file that a lock names is of the commit that it loads, whatever the store or the server say of the ref."""
    pytest.importorskip("torch")
    locked = repo.commit({"hubconf.py": "import torch\ndef net(): ...\n"})
    assert rehub_cli("lock", "acme/toy", "net", "--trust").rc == 0
    repo.commit({"new.py": ""})
    assert rehub_cli("env", "acme/toy", "--as-of", "commit", "--imported", "--force-reload").rc == 0
    assert tomllib.loads((tmp_path / "pylock.toml").read_text())["tool"]["rehub"]["commit"] == locked


def test_the_file_lies_beside_the_lock(repo: Repo, index: PackageIndex, rehub_cli: RunRehub, tmp_path: Path) -> None:
    """``REHUB_LOCK`` or ``--lock`` says where the project is; a file that is put elsewhere is named by no lock."""
    (tmp_path / "project").mkdir()
    lock = tmp_path / "project/my.lock"
    assert rehub_cli("env", "acme/toy:v1", "--as-of", "commit", env={"REHUB_LOCK": str(lock)}).rc == 0
    assert (tmp_path / "project/pylock.toml").exists()
    assert lockfile.read(lock)[0].pylock == "pylock.toml"
    before = lock.read_text()
    ran = rehub_cli("env", "acme/toy:v1", "--as-of", "2024-06-01", "--lock", lock, "--output", "pylock.toml")
    assert (ran.rc, lock.read_text()) == (0, before)


def test_a_lock_that_cannot_be_read_is_not_touched(
    repo: Repo, index: PackageIndex, rehub_cli: RunRehub, tmp_path: Path
) -> None:
    """Neither it nor a file beside it is written."""
    (tmp_path / "rehub.lock").write_text("version = 99\n")
    assert rehub_cli("env", "acme/toy:v1", "--as-of", "commit").rc == 1
    assert index.log == []
    assert (tmp_path / "rehub.lock").read_text() == "version = 99\n"
    assert not (tmp_path / "pylock.toml").exists()


def test_a_file_of_somebody_elses_is_not_written_over(
    repo: Repo, index: PackageIndex, rehub_cli: RunRehub, tmp_path: Path
) -> None:
    """A pylock.toml that rehub did not make stays, one that it made is replaced, and other names are refused."""
    target = tmp_path / "pylock.toml"
    target.write_text("lock-version = '1.0'\n")
    ran = rehub_cli("env", "acme/toy:v1", "--as-of", "commit")
    assert (ran.rc, target.read_text()) == (2, "lock-version = '1.0'\n")
    assert index.log == []
    target.unlink()
    assert rehub_cli("env", "acme/toy:v1", "--as-of", "commit").rc == 0
    assert rehub_cli("env", "acme/toy:v1", "--as-of", "2024-06-01").rc == 0
    assert "0.7" in target.read_text()
    assert "as PEP 751 has it" in rehub_cli("env", "acme/toy:v1", "--as-of", "commit", "--output", "my.toml").stderr


def test_offline_nothing_is_asked(repo: Repo, index: PackageIndex, rehub_cli: RunRehub) -> None:
    """What is in the store is shown; solving is refused before anybody is asked."""
    assert rehub_cli("env", "acme/toy:v1").rc == 0
    assert rehub_cli("env", "acme/toy:v1", "--offline").rc == 0
    ran = rehub_cli("env", "acme/toy:v1", "--as-of", "commit", "--offline")
    assert (ran.rc, "the index of packages is not in the store, and rehub is offline" in ran.stderr) == (1, True)
    assert index.log == []


def test_options_that_only_solving_has(repo: Repo, rehub_cli: RunRehub) -> None:
    """Without ``--as-of`` they are a mistake, and so is a Python that is none."""
    for option in (["--imported"], ["--python", "3.9"], ["--without", "x"], ["--output", "pylock.toml"]):
        assert rehub_cli("env", "acme/toy:v1", *option).rc == 2
    assert rehub_cli("env", "acme/toy:v1", "--as-of", "commit", "--python", "2").rc == 2


def test_nothing_of_a_repository_can_drive_the_terminal(world: World, rehub_cli: RunRehub) -> None:
    """Escape sequences in files arrive visible, not obeyed."""
    repo = world.repo({"hubconf.py": "", "requirements.txt": "\x1b]0;owned\x07 x y\n"})
    text = rehub_cli("env", repo.file_url).stdout
    assert "\x1b" not in text
    assert "\\x1b]0;owned" in text
