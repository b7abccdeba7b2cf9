"""``rehub lock``, and ``--lock`` and ``--locked`` of the commands that load."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import RunRehub
from tests.locks.conftest import File, said
from tests.world import Repo, World

pytest.importorskip("torch")

Serve = Callable[..., File]


@pytest.fixture(autouse=True)
def settings(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have github.com be the world's server, and everything be allowed."""
    monkeypatch.setenv("REHUB_MIRRORS", world.mirrors)
    monkeypatch.setenv("REHUB_TRUST", "always")


def test_it_records_and_says_what(toy: Repo, rehub_cli: RunRehub, tmp_path: Path, file: Serve) -> None:
    """The lock is made in the working folder, and each commit and file of weights is shown."""
    weights = file()
    ran = rehub_cli("lock", "acme/toy:v1", "trained", weights.url)
    assert ran.rc == 0, ran.stderr
    lines = [line.split(None, 1) for line in ran.stdout.splitlines()]
    assert lines == [
        ["locked", "trained in rehub.lock"],
        ["call", f"trained('{weights.url}') of acme/toy@v1"],
        ["commit", f"acme/toy@{toy.rev()}"],
        ["weights", f"{weights.url} {lines[3][1].split(' ', 1)[1]}"],
    ]
    assert weights.sha256 in lines[3][1]
    assert [each.name for each in said(tmp_path / "rehub.lock").models] == ["trained"]


def test_json_has_it_all(toy: Repo, rehub_cli: RunRehub, tmp_path: Path, file: Serve) -> None:
    """One document, whatever the entry prints, with what the lock says."""
    ran = rehub_cli("lock", "--json", "--name", "pair", "--lock", "my.lock", "acme/toy:v1", "outer")
    document = json.loads(ran.stdout)
    assert list(document) == [
        *("lock", "name", "ref", "entry", "arguments", "repositories", "weights", "complete", "unverified")
    ]
    assert (document["lock"], document["name"]) == (str(tmp_path / "my.lock"), "pair")
    assert [each["ref"] for each in document["repositories"]] == ["acme/toy@v1", "acme/inner"]
    assert list(document["repositories"][0]) == ["ref", "remote", "commit", "tree", "git_tree"]


def test_it_asks_where_the_ref_points_now(toy: Repo, rehub_cli: RunRehub, tmp_path: Path) -> None:
    """What the store had before is not what is locked; what the lock has is not asked for again."""
    assert rehub_cli("load", "acme/toy", "net").rc == 0
    commit = toy.commit({"new.py": ""})
    assert commit in rehub_cli("lock", "acme/toy", "net").stdout
    toy.commit({"newer.py": ""})
    ran = rehub_cli("lock", "acme/toy", "net")
    assert commit in ran.stdout
    assert "rehub.lock had it already" in ran.stderr
    assert [each.pin.commit for each in said(tmp_path / "rehub.lock").repositories()] == [commit]


def test_names(toy: Repo, rehub_cli: RunRehub, tmp_path: Path) -> None:
    """A name is the entry's, or a number more; one that is given must be free, and renames what is there."""
    for words in (["net"], ["net", "2"], ["net", "3", "--name", "third"], ["net", "2", "--name", "second"]):
        assert rehub_cli("lock", "acme/toy:v1", *words).rc == 0
    assert [each.name for each in said(tmp_path / "rehub.lock").models] == ["net", "second", "third"]
    ran = rehub_cli("lock", "acme/toy:v1", "net", "4", "--name", "third")
    assert ran.rc == 2
    assert "no other model of the lock has" in ran.stderr


def test_check_wants_programs_that_are_there(toy: Repo, rehub_cli: RunRehub, tmp_path: Path) -> None:
    """A misspelt program is a usage error, and no lock that is good; what is found is named as one would name it."""
    assert rehub_cli("lock", "acme/toy:v1", "net").rc == 0
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/train.py").write_text("import rehub\nrehub.load('acme/toy:v1', 'net', 9)\n")
    ran = rehub_cli("lock", "--check", "sub/train.py", "sub/tarin.py")
    assert (ran.rc, "there is no sub/tarin.py" in ran.stderr) == (2, True)
    ran = rehub_cli("lock", "--check")
    assert (ran.rc, ran.stdout.splitlines()[0]) == (1, "sub/train.py:2: net(9) of acme/toy@v1 is not in the lock")


def test_the_same_commit_by_another_ref_is_another_model(toy: Repo, rehub_cli: RunRehub) -> None:
    """It is recorded, shown by its own ref and name, and not said to have been there."""
    assert rehub_cli("lock", "acme/toy:v1", "net").rc == 0
    ran = rehub_cli("lock", f"acme/toy@{toy.rev('v1')}", "net", "--name", "second")
    assert ran.stdout.splitlines()[:2] == [
        "locked      second in rehub.lock",
        f"call        net() of acme/toy@{toy.rev('v1')}",
    ]
    assert "had it already" not in ran.stderr


def test_an_untrusted_repository_is_not_run(
    toy: Repo, rehub_cli: RunRehub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Locking loads, and loading is a matter of trust; no lock is written."""
    monkeypatch.delenv("REHUB_TRUST")
    ran = rehub_cli("lock", "acme/toy:v1", "net")
    assert ran.rc == 1
    assert "rehub trust add acme/toy@" in ran.stderr
    assert not (tmp_path / "rehub.lock").exists()
    assert rehub_cli("lock", "--trust", "acme/toy:v1", "net").rc == 0


def test_load_records_and_replays(toy: Repo, rehub_cli: RunRehub, tmp_path: Path) -> None:
    """`rehub load --lock` records, `--locked` loads that and nothing else, and the error's command mends it."""
    assert rehub_cli("load", "--lock", "rehub.lock", "acme/toy:v1", "net", "width=3").rc == 0
    assert rehub_cli("load", "--locked", "acme/toy:v1", "net", "width=3").rc == 0
    ran = rehub_cli("load", "--locked", "acme/toy:v1", "net", "width=-4", "name='a b'")
    assert ran.rc == 1
    assert "net(name='a b', width=-4) of acme/toy@v1 is not in rehub.lock" in ran.stderr
    assert "found    net(width=3)" in ran.stderr
    command = ran.stderr.splitlines()[-1].strip()
    assert command == """rehub lock acme/toy@v1 net 'name='"'"'a b'"'"'' width=-4"""
    assert rehub_cli("lock", "acme/toy@v1", "net", "name='a b'", "width=-4", env={"REHUB_LOCKED": "1"}).rc == 0
    assert rehub_cli("load", "--locked", "acme/toy:v1", "net", "width=-4", "name='a b'").rc == 0


SCRIPT = """\
import os, subprocess, sys
import torch
from torch.hub import load, load_state_dict_from_url
torch.hub.list("acme/toy:v1", trust_repo=True)
model = load("acme/toy:v1", "outer", trust_repo=True, verbose=False)
state = load_state_dict_from_url(sys.argv[1], progress=False)
torch.hub.download_url_to_file(sys.argv[1], "own.pt", progress=False)
if len(sys.argv) > 2:
    subprocess.run([sys.executable, sys.argv[2], sys.argv[1]], check=True)
print(type(model.parts[0]).__module__, state["w"].tolist())
"""


def test_an_old_script_is_recorded_and_replayed(
    toy: Repo, world: World, rehub_cli: RunRehub, tmp_path: Path, file: Serve
) -> None:
    """Unchanged, with the processes that it starts: what it loaded is what it loads, on another machine, after a move."""
    (tmp_path / "old.py").write_text(SCRIPT)
    child = "import sys, torch\ntorch.hub.load('acme/toy:v1', 'net', 7, trust_repo=True)\n"
    (tmp_path / "child.py").write_text(child)
    weights = file()
    ran = rehub_cli("run", "--lock", "rehub.lock", "old.py", weights.url, "child.py")
    assert ran.rc == 0, ran.stderr
    lock = said(tmp_path / "rehub.lock")
    assert [each.name for each in lock.models] == ["net", "outer"]
    assert [each.ref for each in lock.models[1].repositories] == ["acme/toy@v1", "acme/inner"]
    assert [each.sha256 for each in lock.weights] == [weights.sha256]

    before, printed = (tmp_path / "rehub.lock").read_bytes(), ran.stdout.splitlines()[-1]
    toy.commit({"hubconf.py": "1 / 0\n"}, fresh=True)
    toy.tag("v1")
    (tmp_path / "own.pt").unlink()
    env = {"TORCH_HOME": str(tmp_path / "other")}
    ran = rehub_cli("run", "--locked", "old.py", weights.url, "child.py", env=env)
    assert ran.rc == 0, ran.stderr
    assert ran.stdout.splitlines()[-1] == printed
    world.hub.stop()
    ran = rehub_cli("run", "--locked", "--offline", "old.py", weights.url, "child.py", env=env)
    assert ran.rc == 0, ran.stderr
    assert (tmp_path / "rehub.lock").read_bytes() == before

    (tmp_path / "child.py").write_text(child.replace("7", "8"))
    ran = rehub_cli("run", "--locked", "old.py", weights.url, "child.py", env=env)
    assert ran.rc == 1
    assert "net(8) of acme/toy@v1 is not in rehub.lock" in ran.stderr


def test_torch_hubs_own_copy_is_no_way_round(
    toy: Repo, world: World, rehub_cli: RunRehub, tmp_path: Path, clean_home: Path
) -> None:
    """A folder that torch.hub once made, of no known commit, does not stand for what the lock names."""
    (tmp_path / "old.py").write_text(
        "import torch\nprint(torch.hub.load('acme/toy:v1', 'net', trust_repo=True, verbose=False))\n"
    )
    assert rehub_cli("run", "--lock", "rehub.lock", "old.py").rc == 0
    folder = tmp_path / "other/hub/acme_toy_v1"
    folder.mkdir(parents=True)
    (folder / "hubconf.py").write_text("def net(): return 'of no known commit'\n")
    (tmp_path / "other/hub/trusted_list").write_text("acme_toy\n")
    world.hub.stop()
    env = {"TORCH_HOME": str(tmp_path / "other")}
    assert "of no known commit" in rehub_cli("run", "--offline", "old.py", env=env).stdout
    ran = rehub_cli("run", "--offline", "--locked", "old.py", env=env)
    assert ran.rc == 1
    assert "of no known commit" not in ran.stdout


def test_run_tells_what_cannot_be_meant(toy: Repo, rehub_cli: RunRehub, tmp_path: Path) -> None:
    """A lock that is none stops the script before it starts; `--lock` after the script is said to be the script's."""
    (tmp_path / "old.py").write_text("print('ran')\n")
    (tmp_path / "rehub.lock").write_text("not a lock")
    ran = rehub_cli("run", "--lock", "rehub.lock", "old.py")
    assert (ran.rc, ran.stdout) == (1, "")
    ran = rehub_cli("run", "old.py", "--lock", "rehub.lock")
    assert (ran.rc, ran.stdout) == (0, "ran\n")
    assert "rehub run --lock FILE SCRIPT" in ran.stderr


USES = """\
import rehub
net = rehub.load("acme/toy:v1", "net", width=3)
other = rehub.load("acme/toy:v1", "outer")
"""


def test_check_says_what_is_wanting(toy: Repo, world: World, rehub_cli: RunRehub, tmp_path: Path) -> None:
    """What programs load is read, and held against the lock: 1 if it lacks something, and the command that mends it."""
    ran = rehub_cli("lock", "--check")
    assert (ran.rc, ran.stdout) == (1, "")
    assert "there is no lock rehub.lock" in ran.stderr
    assert rehub_cli("lock", "acme/toy:v1", "net", "width=3").rc == 0
    (tmp_path / "uses.py").write_text(USES)
    world.hub.stop()
    ran = rehub_cli("lock", "--check")
    assert ran.rc == 1
    assert ran.stdout.splitlines() == [
        "uses.py:3: outer of acme/toy@v1 is not in the lock",
        "  rehub lock acme/toy@v1 outer",
        "rehub.lock is not to be relied on: 1 fault",
    ]
    document = json.loads(rehub_cli("lock", "--check", "--json", "uses.py").stdout)
    assert list(document) == ["lock", "good", "findings"]
    assert [(each["kind"], each["fault"]) for each in document["findings"]] == [("unlocked", True)]
    (tmp_path / "uses.py").write_text(USES.partition("other")[0])
    ran = rehub_cli("lock", "--check", "uses.py")
    assert (ran.rc, ran.stdout) == (0, "rehub.lock is good\n")


def test_check_prints_one_line_for_each(rehub_cli: RunRehub, tmp_path: Path) -> None:
    """A lock's words are no lines of their own, which whoever reads a log could take for rehub's."""
    (tmp_path / "rehub.lock").write_text(
        'version = 1\n[[model]]\nname = "a\\nrehub.lock is good"\nref = "./x"\nentry = "net"\nunverified = ["b\\n::error::c"]\n'
    )
    ran = rehub_cli("lock", "--check")
    assert ran.stdout.splitlines() == [
        "a rehub.lock is good: it is not complete: b ::error::c",
        "rehub.lock is not to be relied on: 1 fault",
    ]


def test_names_of_a_lock_begin_no_line(toy: Repo, rehub_cli: RunRehub, tmp_path: Path) -> None:
    """What a lock calls entries and models stays in the line that tells of it."""
    assert rehub_cli("lock", "acme/toy:v1", "net").rc == 0
    lock = tmp_path / "rehub.lock"
    text = lock.read_text().replace('entry = "net"', 'entry = "net\\nforged"')
    lock.write_text(text + '\n[[model]]\nname = "a\\nforged"\nref = "./x"\nentry = "net"\n')
    locked = rehub_cli("load", "--locked", "acme/toy:v1", "net")
    assert "net forged()" in locked.stderr
    update = rehub_cli("update")
    assert "a forged is a folder of yours" in update.stdout
    assert not [each for each in (locked.stderr + update.stdout).splitlines() if each.startswith("forged")]


def test_without_ref_or_entry_it_is_a_usage_error(rehub_cli: RunRehub) -> None:
    """What is missing is named."""
    for words, missing in (([], "REF"), (["acme/toy"], "ENTRY")):
        ran = rehub_cli("lock", *words)
        assert ran.rc == 2
        assert f"Missing argument '{missing}'" in ran.stderr
