"""``rehub update``: what it says, its exit codes, and what ``--accept`` writes."""

import json
from pathlib import Path

import pytest

import rehub
from rehub.words.lock import Lock
from rehub.world.lockfile import read
from tests.conftest import Ran, RunRehub
from tests.world import Repo, World, git

FIRST = """
from torch.hub import load_state_dict_from_url


class Net:
    def __init__(self, *parts):
        self.parts = parts


def net(width=8, **more):
    return Net(width)


def deep(depth):
    return Net(depth)
"""
SECOND = FIRST.replace("width=8", "width=16").replace("depth", "levels")


@pytest.fixture
def repo(world: World, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Give a repository that may run; github.com is the world's own server."""
    monkeypatch.setenv("REHUB_MIRRORS", world.mirrors)
    monkeypatch.setenv("REHUB_TRUST", "always")
    return world.repo({"hubconf.py": FIRST}, tag="v1")


@pytest.fixture
def lock(repo: Repo, tmp_path: Path) -> Path:
    """Give a lock that a program has recorded, with a comment of somebody's."""
    path = tmp_path / "rehub.lock"
    hub = rehub.Hub()
    with hub.recording(path):
        hub.load("acme/toy:main", "net")
        hub.load("acme/toy:main", "deep", depth=3)
        hub.load("acme/toy:v1", "net", width=4)
    path.write_text("# Ours.\n" + path.read_text())
    return path


def locked(path: Path) -> Lock:
    """Give what a lock says now."""
    return read(path)[0]


def commits(path: Path) -> dict[str, str]:
    """Give the commit that each model of a lock is at."""
    return {each.name: each.repositories[0].pin.commit for each in locked(path).models}


def test_nothing_has_moved(lock: Path, rehub_cli: RunRehub) -> None:
    """A lock that is as upstream is said to be, in one line a ref, and the exit code is 0."""
    ran = rehub_cli("update")
    assert (ran.rc, ran.stderr) == (0, "")
    lines = ran.stdout.splitlines()
    assert [each.rpartition(" (")[0] for each in lines] == ["acme/toy@main has not moved", "acme/toy@v1 has not moved"]


def test_it_reads_as_a_text(lock: Path, repo: Repo, rehub_cli: RunRehub) -> None:
    """What moved, the log, what changed, what that means for one's own calls, and last what to type next."""
    old, new = repo.rev()[:12], repo.commit({"hubconf.py": SECOND}, message="Say levels, not depth")[:12]
    ran = rehub_cli("update")
    assert ran.rc == 1
    assert (
        ran.stdout
        == f"""\
acme/toy@main moved on, by 1 commit
  {old} → {new}

  new in its history
    2023-11-14 {new} Say levels, not depth (Ada Owner)

  entry points
    - deep(depth)
    + deep(levels)
        depth is gone
        levels is new, and must be given
    - net(width=8, **more)
    + net(width=16, **more)
        width was 8 if left out, and is 16
  code
    1 file, 3 lines new and 3 gone; --diff shows them

  your calls
    ✗ deep: deep(depth=3): breaks
        it has no parameter depth any more
        it needs levels, which is not given
    ~ net: net(): works, but look
        width, which it leaves out, was 8 and is 16

acme/toy@v1 has not moved ({old})

Nothing was written. To load what is upstream now, and lock it:
  rehub update --accept
Before that, give deep another entry or other arguments in rehub.lock, or take it out.
"""
    )


def test_nothing_is_written_without_accept(lock: Path, repo: Repo, rehub_cli: RunRehub, tmp_path: Path) -> None:
    """Looking changes neither the lock nor its folder."""
    before, there = lock.read_bytes(), sorted(tmp_path.iterdir())
    repo.commit({"hubconf.py": SECOND})
    rehub_cli("update", "--diff")
    assert (lock.read_bytes(), sorted(tmp_path.iterdir())) == (before, there)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("tag", "acme/toy@v1 is a tag that was moved"),
        ("history", "acme/toy@main had its history rewritten"),
        ("branch", "acme/toy@main is gone upstream"),
    ],
)
def test_what_is_not_ordinary_exits_1(what: str, said: str, lock: Path, repo: Repo, rehub_cli: RunRehub) -> None:
    """A moved tag, a rewritten history and a branch that is gone are called that, and the exit code says so."""
    if what == "tag":
        repo.commit({"x": "1"}, branch="other")
        repo.tag("v1", "other")
    elif what == "history":
        sha = repo._commit_files({"hubconf.py": FIRST}, {}, [], "Start again")
        git("update-ref", "refs/heads/main", sha, cwd=repo.path)
    else:
        repo.branch("trunk")
        repo.head("trunk")
        repo.delete("refs/heads/main")
    ran = rehub_cli("update")
    assert ran.rc == 1
    assert said in ran.stdout


def test_accept_loads_and_locks(lock: Path, repo: Repo, rehub_cli: RunRehub) -> None:
    """With ``--accept`` the calls are made at the new commit and locked; what did not move, and comments, stay."""
    old, new = repo.rev(), repo.commit({"hubconf.py": FIRST + "print('said by the code')\n"})
    ran = rehub_cli("update", "--accept")
    assert ran.rc == 0, ran.stderr
    assert ran.stdout.endswith("rehub.lock has deep and net as upstream now\n")
    assert "said by the code" in ran.stderr
    assert commits(lock) == {"deep": new, "net": new, "net-2": old}
    assert lock.read_text().startswith("# Ours.\n")
    assert [each.name for each in lock.parent.iterdir() if each.name.startswith(".rehub")] == []
    assert rehub_cli("update").rc == 0


def test_accepted_is_what_is_loaded(lock: Path, repo: Repo, rehub_cli: RunRehub) -> None:
    """What was accepted is what a locked load gives, and what it gave before is not in the lock any more."""
    new = repo.commit({"hubconf.py": FIRST.replace("width=8", "width=32")})
    assert rehub_cli("update", "--accept").rc == 0
    found = rehub.Hub(lock=lock, locked=True).load("acme/toy:main", "net")
    assert (found.parts, rehub.provenance(found).pins[0].commit) == ((32,), new)


def test_locked_does_not_hold_for_it(lock: Path, repo: Repo, rehub_cli: RunRehub) -> None:
    """REHUB_LOCKED keeps other commands to the lock; this one is there to change it."""
    new = repo.commit({"x": "1"})
    ran = rehub_cli("update", "--accept", env={"REHUB_LOCKED": "1", "REHUB_LOCK": str(lock)})
    assert ran.rc == 0, ran.stderr
    assert commits(lock)["net"] == new


def test_one_model_takes_those_that_share_its_ref(lock: Path, repo: Repo, rehub_cli: RunRehub) -> None:
    """One ref means one commit in all of a lock: who shares it moves, too, and nobody else does."""
    old, new = repo.rev(), repo.commit({"x": "1"})
    repo.tag("v1")
    assert rehub_cli("update", "net", "--accept").rc == 0
    assert commits(lock) == {"deep": new, "net": new, "net-2": old}


def test_accepting_what_is_not_ordinary(lock: Path, repo: Repo, rehub_cli: RunRehub) -> None:
    """A moved tag is taken by who says so, and then all is well."""
    repo.branch("other")
    new = repo.commit({"x": "1"}, branch="other")
    repo.tag("v1", "other")
    ran = rehub_cli("update", "net-2", "--accept")
    assert ran.rc == 0, ran.stderr
    assert commits(lock)["net-2"] == new


def test_call_that_breaks_changes_nothing(lock: Path, repo: Repo, rehub_cli: RunRehub) -> None:
    """If one call fails at the new commit nothing is written, not even for those that work."""
    before = lock.read_bytes()
    repo.commit({"hubconf.py": SECOND})
    ran = rehub_cli("update", "--accept")
    assert ran.rc == 1
    assert "TypeError" in ran.stderr
    assert "deep could not be loaded as it is upstream now" in ran.stderr
    assert "rehub.lock was not changed" in ran.stderr
    assert lock.read_bytes() == before


def test_call_that_was_corrected_by_hand(lock: Path, repo: Repo, rehub_cli: RunRehub) -> None:
    """The way out of a call that breaks: write the new one into the lock, and accept."""
    new = repo.commit({"hubconf.py": SECOND})
    lock.write_text(lock.read_text().replace('"depth=3"', '"levels=5"'))
    ran = rehub_cli("update", "--accept")
    assert ran.rc == 0, ran.stdout + ran.stderr
    assert {each.name: each.kwargs for each in locked(lock).models}["deep"] == (("levels", 5),)
    assert commits(lock)["deep"] == new


def test_code_that_may_not_run(lock: Path, repo: Repo, rehub_cli: RunRehub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new commit needs a permission of its own; with ``--trust`` it has it for this once."""
    monkeypatch.delenv("REHUB_TRUST")
    new = repo.commit({"x": "1"})
    ran = rehub_cli("update", "--accept")
    assert ran.rc == 1
    assert f"rehub trust add acme/toy@{new}" in ran.stderr
    assert rehub_cli("update", "--accept", "--trust").rc == 0
    assert commits(lock)["net"] == new


def test_weights_that_changed(lock: Path, repo: Repo, world: World, rehub_cli: RunRehub, tmp_path: Path) -> None:
    """What a call uses at the new commit is locked, and what it used before is not any more."""
    files = {name: (tmp_path / name) for name in ("one.bin", "two.bin")}
    for name, file in files.items():
        file.write_text(name)

    def source(name: str) -> str:
        load = f"download_url_to_file({files[name].as_uri()!r}, {str(tmp_path / 'here')!r}, progress=False)"
        return f"from torch.hub import download_url_to_file\ndef brings():\n    {load}\n    return []\n"

    repo.commit({"hubconf.py": source("one.bin")}, branch="weights")
    hub = rehub.Hub()
    with hub.recording(lock):
        hub.load("acme/toy:weights", "brings")
    repo.commit({"hubconf.py": source("two.bin")}, branch="weights")
    ran = rehub_cli("update", "brings", "--accept")
    assert ran.rc == 0, ran.stderr
    (found,) = [each for each in locked(lock).models if each.name == "brings"]
    assert [each.url for each in found.weights] == [files["two.bin"].as_uri()]


def test_call_that_nobody_can_repeat(lock: Path, repo: Repo, rehub_cli: RunRehub) -> None:
    """What was called with an object is loaded by the program that has it: that is said, before anything runs."""
    hub = rehub.Hub()
    with hub.recording(lock):
        hub.load("acme/toy:main", "net", width=object())
    repo.commit({"x": "1"})
    ran = rehub_cli("update", "--accept")
    assert ran.rc == 1
    assert "<object>" in ran.stderr
    assert "rehub run --lock" in ran.stderr


def test_json(lock: Path, repo: Repo, rehub_cli: RunRehub) -> None:
    """One document, whose keys are part of the interface, whatever the code prints."""
    old, new = repo.rev(), repo.commit({"hubconf.py": FIRST + "print('said by the code')\n"})
    ran = rehub_cli("update", "--json", "--accept", "--diff")
    found = json.loads(ran.stdout)
    assert (list(found), ran.rc) == (["lock", "name", "refs", "folders", "accepted"], 0)
    moved, still = found["refs"]
    assert (moved["ref"], moved["move"], moved["old"]["commit"], moved["new"]["commit"]) == (
        "acme/toy@main",
        "forward",
        old,
        new,
    )
    assert (still["move"], still["new"], still["changes"]) == ("none", None, None)
    assert "+print('said by the code')" in moved["changes"]["code"]["text"]
    assert [each["model"] for each in moved["calls"]] == found["accepted"] == ["deep", "net"]


def test_no_lock(rehub_cli: RunRehub) -> None:
    """Without a lock there is nothing to look at; the command that makes one is named."""
    ran = rehub_cli("update")
    assert (ran.rc, ran.stdout) == (1, "")
    assert "rehub lock REF ENTRY" in ran.stderr


def test_no_models(rehub_cli: RunRehub, tmp_path: Path) -> None:
    """A lock without models has nothing that could move, and that is said."""
    (tmp_path / "rehub.lock").write_text("version = 1\n")
    ran = rehub_cli("update")
    assert (ran.rc, ran.stdout) == (0, "rehub.lock has no models: there is nothing to look for\n")


def test_wrong_words(lock: Path, rehub_cli: RunRehub) -> None:
    """A name that is not there, and an option without its partner, are refused before anybody is asked."""
    assert rehub_cli("update", "rings").rc == 2
    assert "deep, net, net-2" in rehub_cli("update", "rings").stderr
    assert rehub_cli("update", "--trust").rc == 2


def test_offline(lock: Path, rehub_cli: RunRehub) -> None:
    """Offline nobody can be asked: that is an error."""
    ran = rehub_cli("update", "--offline")
    assert ran.rc == 1
    assert "rehub is offline" in ran.stderr


def test_lock_elsewhere(lock: Path, repo: Repo, rehub_cli: RunRehub, tmp_path: Path) -> None:
    """``--lock`` and REHUB_LOCK name another lock, and the next command does, too."""
    other = tmp_path / "other"
    other.mkdir()
    repo.commit({"x": "1"})
    ran = rehub_cli("update", "--lock", lock, cwd=other)
    assert f"  rehub update --lock {lock} --accept\n" in ran.stdout
    by_variable: Ran = rehub_cli("update", cwd=other, env={"REHUB_LOCK": str(lock)})
    assert by_variable.stdout.splitlines()[0] == ran.stdout.splitlines()[0] == "acme/toy@main moved on, by 1 commit"


def test_folder_that_loads_what_moved(world: World, repo: Repo, rehub_cli: RunRehub, tmp_path: Path) -> None:
    """A folder of the user's own has no commit; what its code loads from elsewhere moves, and is locked anew."""
    mine = tmp_path / "project/mine"
    mine.mkdir(parents=True)
    load = "torch.hub.load('acme/toy:main', 'net', trust_repo=True)"
    (mine / "hubconf.py").write_text(f"import torch\ndef own():\n    return [{load}]\n")
    lock = mine.parent / "rehub.lock"
    hub = rehub.Hub()
    with hub.recording(lock):
        hub.load(str(mine), "own", source="local")
    new = repo.commit({"x": "1"})
    ran = rehub_cli("update", "--lock", lock, "--accept")
    assert ran.rc == 0, ran.stdout + ran.stderr
    assert "? own: own()" in ran.stdout
    assert [each.pin.commit for each in locked(lock).repositories()] == [new]
    assert locked(lock).models[0].ref == "./mine"


def test_in_python(lock: Path, repo: Repo) -> None:
    """A hub looks upstream, too, and gives what it found as values."""
    new = repo.commit({"hubconf.py": SECOND})
    found = rehub.Hub(lock=lock).update("deep", code=True)
    (news,) = found.moved
    assert (news.moved.new and news.moved.new.commit, found.is_bad) == (new, True)
    assert news.changes
    assert "+def deep(levels):" in news.changes.code.text
