"""The file of what a user allowed."""

import json
import os
import stat
import threading
from pathlib import Path

import pytest

from rehub.verbs.trust import allow, disallow
from rehub.words.digest import Digest
from rehub.words.errors import MalformedRefError, StoreError
from rehub.words.ref import Ref
from rehub.words.trust import Grant
from rehub.world.grants import Grants
from tests.client import Client
from tests.world import World

URL, SHA, OTHER = "https://github.com/acme/toy", "a" * 40, "b" * 40


def test_added_and_taken_back(tmp_path: Path) -> None:
    """What is added is there once, and is taken back by commit or all together."""
    grants = Grants(tmp_path / "config/trust.json")
    assert grants.all() == []
    assert grants.remove(URL, None) == []
    for commit in (SHA, SHA, OTHER, None):
        grants.add(URL, commit)
    grants.add(URL + "2", SHA)
    assert [(each.remote, each.commit) for each in grants.all()] == [
        (URL, SHA),
        (URL, OTHER),
        (URL, None),
        (URL + "2", SHA),
    ]
    assert [each.commit for each in grants.remove(URL, SHA)] == [SHA]
    assert [each.commit for each in grants.remove(URL, None)] == [OTHER, None]
    assert [each.remote for each in grants.all()] == [URL + "2"]
    assert grants.all()[0].added.endswith("Z")


def test_file_is_the_users_alone(tmp_path: Path) -> None:
    """Nobody else may read or write the decisions, and nothing is left beside them."""
    grants = Grants(tmp_path / "config/trust.json")
    grants.add(URL, SHA)
    assert stat.S_IMODE((tmp_path / "config/trust.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "config").stat().st_mode) == 0o700
    assert {path.name for path in (tmp_path / "config").iterdir()} <= {"trust.json", "trust.json.lock"}


BROKEN = {
    "garbage": "{",
    "another kind": "[]",
    "no grants": '{"schema": 1}',
    "grants of another kind": '{"schema": 1, "grants": 3}',
    "grant without a commit": '{"schema": 1, "grants": [{"remote": "x"}]}',
    "newer": '{"schema": 2, "grants": []}',
    "schema of another kind": '{"schema": "1", "grants": []}',
    "deep": "[" * 100_000,
    "not text": "\udcff",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_file_allows_nothing_and_is_not_overwritten(tmp_path: Path, kind: str) -> None:
    """What cannot be read is an error that names the file: decisions are never guessed, nor lost."""
    path = tmp_path / "trust.json"
    path.write_text(BROKEN[kind], errors="surrogateescape")
    before = path.read_bytes()
    grants = Grants(path)
    for act in (grants.all, lambda: grants.add(URL, SHA), lambda: grants.remove(URL, None)):
        with pytest.raises(StoreError, match=r"trust\.json"):
            act()
    assert path.read_bytes() == before


def test_place_that_cannot_be_written(tmp_path: Path) -> None:
    """A folder that cannot be made is StoreError."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        Grants(tmp_path / "file/trust.json").add(URL, SHA)


def test_many_writers_lose_nothing(tmp_path: Path) -> None:
    """Decisions made at one moment are all kept."""
    path = tmp_path / "trust.json"
    threads = [threading.Thread(target=Grants(path).add, args=(URL, f"{number:040x}")) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Grants(path).all()) == 12


def test_allow_by_ref(world: World, tmp_path: Path) -> None:
    """A ref without a rev allows any commit, a branch the one commit that it is at now, a commit itself unasked."""
    repo = world.repo({"hubconf.py": ""})
    client = Client(tmp_path / "hub", world.hub.url)
    grants = Grants(tmp_path / "trust.json")
    assert allow(Ref.parse("acme/toy@main"), client.world, grants).commit == repo.rev()
    assert allow(Ref.parse("acme/toy"), client.world, grants).commit is None
    assert allow(Ref.parse(f"acme/never-fetched@{SHA}"), client.world, grants).commit == SHA
    for text in ("./x", "hub:toy"):
        with pytest.raises(MalformedRefError, match="not a remote"):
            allow(Ref.parse(text), client.world, grants)
    with pytest.raises(MalformedRefError, match="kept by commit"):
        disallow(Ref.parse("acme/toy@main"), grants)
    assert [each.commit for each in disallow(Ref.parse("acme/toy"), grants)] == [repo.rev(), None]
    assert isinstance(disallow(Ref.parse(f"acme/never-fetched@{SHA}"), grants)[0], Grant)


@pytest.mark.parametrize("commit", ["false", "[]", "{}", "3", '""'])
def test_commit_of_another_kind_never_means_any(tmp_path: Path, commit: str) -> None:
    """A damaged permission is an error, or about no commit; it is never one for every commit."""
    path = tmp_path / "trust.json"
    path.write_text(f'{{"schema": 1, "grants": [{{"remote": "r", "commit": {commit}, "added": ""}}]}}')
    try:
        found = Grants(path).all()
    except StoreError as error:
        assert "cannot be read" in str(error)
    else:
        assert [grant.commit for grant in found] == [""]


def test_permissions_that_are_no_file_are_not_waited_for(tmp_path: Path) -> None:
    """A FIFO in the place of the permissions is an error at once."""
    os.mkfifo(tmp_path / "trust.json")
    with pytest.raises(StoreError, match="no file"):
        Grants(tmp_path / "trust.json").all()


def test_files_of_weights_are_kept_beside_repositories(tmp_path: Path) -> None:
    """A decision about a file and one about a repository leave each other alone; each can be taken back."""
    grants, file, other = Grants(tmp_path / "trust.json"), Digest.of(b"file"), Digest.of(b"other")
    grants.add(URL, SHA)
    for digest in (file, other, file):
        grants.add_weights(digest)
    assert [each.digest for each in grants.weights()] == [other, file]
    assert [each.digest for each in grants.remove_weights(file)] == [file]
    assert grants.remove_weights(file) == []
    assert (len(grants.all()), [each.digest for each in grants.weights()]) == (1, [other])
    grants.remove(URL, None)
    assert [each.digest for each in grants.weights()] == [other]


def test_a_file_without_weights_is_as_it_always_was(tmp_path: Path) -> None:
    """Older versions read what is written while no file was allowed, and what they wrote is read."""
    Grants(tmp_path / "trust.json").add(URL, SHA)
    assert json.loads((tmp_path / "trust.json").read_text()).keys() == {"schema", "grants"}
    assert Grants(tmp_path / "trust.json").weights() == []


@pytest.mark.parametrize(
    "rows", ["3", "[{}]", '[{"digest": "sha256:12", "added": ""}]', '[{"digest": null, "added": ""}]']
)
def test_damaged_decisions_about_weights_allow_nothing(rows: str, tmp_path: Path) -> None:
    """What cannot be read is an error."""
    (tmp_path / "trust.json").write_text(f'{{"schema": 1, "grants": [], "weights": {rows}}}')
    with pytest.raises(StoreError):
        Grants(tmp_path / "trust.json").weights()
