"""Git's own objects as a proof: of real commits, and of nothing else."""

from collections.abc import Callable

import pytest

from rehub.words.gitproof import Proof, Recorder, checked, object_id, root_of
from rehub.words.tar import pack
from rehub.words.tree import Limits, plan
from rehub.world.git import BareRepository, Git, Objects
from tests.words.test_tar import Bytes
from tests.world import Link, World

FILES = {"hubconf.py": "x = 1\n", "pkg/a.py": "y = 2\n", "pkg/b.py": Link("a.py"), "data": Link("pkg"), "empty": ""}
Rows = dict[tuple[str, str], bytes]


@pytest.fixture
def made(world: World) -> tuple[str, Rows, dict[str, str]]:
    """Give a commit, the objects that prove its files, and these with their ids."""
    repo = world.repo()
    repository = BareRepository(Git({}, 20.0), repo.path)
    commit = repo.commit(FILES)
    with Objects(repository) as objects:
        recorder = Recorder(objects)
        planned = plan(objects.root(commit), recorder, where="toy", limits=Limits())
        return commit, {("commit", commit): objects.commit(commit), **recorder.read}, planned.files


def packed(rows: Rows) -> Bytes:
    """Write any objects under any names."""
    return Bytes(b"".join(pack((f"{kind}/{oid}", len(data), [data]) for (kind, oid), data in sorted(rows.items()))))


def test_a_commit_proves_its_files(made: tuple[str, Rows, dict[str, str]]) -> None:
    """The very plan that git's objects themselves give, links as copies and all."""
    commit, rows, files = made
    written = Bytes(b"".join(Proof(commit, rows).packed()))
    assert written == packed(rows)
    proof = Proof.read(written, commit)
    assert plan(proof.root, proof, where="toy", limits=Limits()).files == files
    assert set(files) == {"hubconf.py", "pkg/a.py", "pkg/b.py", "data/a.py", "data/b.py", "empty"}
    assert files["pkg/a.py"] == files["data/b.py"] == object_id("blob", 6, [b"y = 2\n"])


CHANGES: dict[str, Callable[[Rows, str], Rows]] = {
    "a changed byte of the commit": lambda rows, commit: rows | {("commit", commit): rows["commit", commit] + b" "},
    "no commit": lambda rows, commit: {key: data for key, data in rows.items() if key[0] != "commit"},
    "a changed tree": lambda rows, _: {
        k: v + b"100644 x\0" + bytes(20) if k[0] == "tree" else v for k, v in rows.items()
    },
    "a changed link": lambda rows, _: {key: b"/etc" if key[0] == "link" else data for key, data in rows.items()},
    "a tree for a commit": lambda rows, commit: (
        {k: v for k, v in rows.items() if k[0] != "commit"}
        | {
            ("commit", next(oid for kind, oid in rows if kind == "tree")): next(
                v for k, v in rows.items() if k[0] == "tree"
            )
        }
    ),
    "another kind": lambda rows, _: rows | {("tag", "0" * 40): b""},
    "an object under no id": lambda rows, _: rows | {("tree", "x"): b""},
}


@pytest.mark.parametrize("kind", CHANGES)
def test_a_changed_object_is_refused(kind: str, made: tuple[str, Rows, dict[str, str]]) -> None:
    """Each is the one that its id names, or none."""
    commit, rows, _ = made
    with pytest.raises(ValueError, match=r"not what its name says|not in it"):
        Proof.read(packed(CHANGES[kind](rows, commit)), commit)


def test_an_object_that_is_missing_is_no_proof(made: tuple[str, Rows, dict[str, str]]) -> None:
    """Trees and links: what is left out cannot hide a file, or lead a link elsewhere."""
    commit, rows, _ = made
    for key in rows:
        if key[0] == "commit":
            continue
        proof = Proof.read(packed({each: data for each, data in rows.items() if each != key}), commit)
        with pytest.raises(ValueError, match="not in the proof"):
            plan(proof.root, proof, where="toy", limits=Limits())


def test_a_file_is_held_against_its_id() -> None:
    """At its end, when all of it was seen."""
    oid = object_id("blob", 4, [b"ab", b"cd"])
    assert b"".join(checked([b"abcd"], 4, oid, "a")) == b"abcd"
    for wrong, size in ((b"abce", 4), (b"abcde", 4), (b"abcd", 5)):
        with pytest.raises(ValueError, match="'a' is not the file"):
            list(checked([wrong], size, oid, "a"))


@pytest.mark.parametrize("data", [b"", b"tree \n", b"tree " + b"g" * 40 + b"\n", b"parent " + b"0" * 40 + b"\n"])
def test_a_commit_without_a_tree_is_none(data: bytes) -> None:
    """Its first line names the tree."""
    with pytest.raises(ValueError, match="names no tree"):
        root_of(data)


def test_a_page_is_no_proof() -> None:
    """It is refused like any other bytes."""
    with pytest.raises(ValueError, match="cut off"):
        Proof.read(Bytes(b"<html>"), "0" * 40)
