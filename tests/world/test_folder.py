"""Reading a repository's folder: never beyond it, never more than asked for, decoded as Python decodes."""

import os
from pathlib import Path

import pytest

from rehub.words.hubconf import Problem
from rehub.world.folder import Tree, decode


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Give a folder with a file outside it."""
    (tmp_path / "secret.py").write_text("secret")
    (tmp_path / "repo" / "pkg").mkdir(parents=True)
    (tmp_path / "repo" / "pkg" / "m.py").write_text("x = 1")
    return Tree(tmp_path / "repo")


def test_files_and_folders_are_told_apart(tree: Tree) -> None:
    """A file is a file, a folder a folder, and what is absent is neither."""
    assert (tree.is_file("pkg/m.py"), tree.is_dir("pkg/m.py")) == (True, False)
    assert (tree.is_file("pkg"), tree.is_dir("pkg"), tree.is_dir("")) == (False, True, True)
    assert (tree.is_file("none"), tree.names("none"), tree.names("pkg/m.py")) == (False, (), ())
    assert (tree.names(), tree.names("pkg")) == (("pkg",), ("m.py",))


@pytest.mark.parametrize("name", ["../secret.py", "pkg/../../secret.py", "/etc/passwd", "a\0b", "..", "pkg\\m.py"])
def test_names_that_lead_out_do_not_exist(tree: Tree, name: str) -> None:
    """No spelling of a name reaches a file outside the folder."""
    assert not tree.is_file(name)
    assert not tree.is_dir(name)
    assert tree.read(name, max_bytes=100) == Problem(name, 1, "is not in the repository")


def test_links_are_followed_only_inside(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link to a file of the repository is that file; one that leads out, or round, does not exist."""
    monkeypatch.chdir(tree.root)  # where the guard looks for what a relative link names
    (tree.root / "inside.py").symlink_to("pkg/m.py")
    (tree.root / "outside.py").symlink_to("../secret.py")
    (tree.root / "round.py").symlink_to("round.py")
    (tree.root / "up").symlink_to("..")
    assert tree.read_python("inside.py", max_bytes=100) == "x = 1"
    assert [tree.is_file(name) for name in ("outside.py", "round.py", "up/secret.py")] == [False, False, False]


def test_a_file_over_the_limit_is_not_read(tree: Tree) -> None:
    """A file of exactly the limit is read, a larger one is a problem that names it."""
    assert tree.read("pkg/m.py", max_bytes=5) == b"x = 1"
    assert tree.read("pkg/m.py", max_bytes=4) == Problem("pkg/m.py", 1, "is larger than 4 bytes and was not read")


def test_a_named_pipe_is_not_waited_for(tree: Tree) -> None:
    """A pipe without a writer is no file, and is not waited for."""
    os.mkfifo(tree.root / "pipe.py")
    assert not tree.is_file("pipe.py")
    assert tree.read("pipe.py", max_bytes=5) == Problem("pipe.py", 1, "is not a regular file")


def test_names_are_limited(tree: Tree) -> None:
    """A folder of a million files is not listed whole."""
    for number in range(9):
        (tree.root / f"{number}.py").touch()
    assert len(tree.names(limit=4)) == 4


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        ("é".encode(), "é"),
        (b"\xef\xbb\xbfx", "x"),
        (b"# coding: latin-1 \xe9", "# coding: latin-1 é"),
        (b"#!/usr/bin/python\n# -*- coding: cp1252 -*-\n\x80", "#!/usr/bin/python\n# -*- coding: cp1252 -*-\n€"),
        (b"\n# vim: set fileencoding=UTF-8 :\n\xc3\xa9", "\n# vim: set fileencoding=UTF-8 :\né"),
        (b"x = 1\n# coding: latin-1\n", "x = 1\n# coding: latin-1\n"),
        (b"# coding: gbk\n\xc4\xe3", "# coding: gbk\n你"),
    ],
)
def test_source_is_decoded_as_python_does(data: bytes, text: str) -> None:
    """A byte-order mark, a coding comment on the first or second line, else UTF-8."""
    assert decode(data) == text


@pytest.mark.parametrize(
    "data",
    [
        b"\xff",
        b"# coding: rot13\n",
        b"# coding: idna\n",
        b"# coding: none-such\n",
        b"\xef\xbb\xbf# coding: latin-1\n",
        b"# coding: cp999\n",
    ],
)
def test_other_encodings_are_problems(tmp_path: Path, data: bytes) -> None:
    """Bytes that Python could not read as source, or that are read by an odd codec, are problems, not exceptions."""
    (tmp_path / "m.py").write_bytes(data)
    found = Tree(tmp_path).read_python("m.py", max_bytes=100)
    assert isinstance(found, Problem)
    assert found.message.startswith("cannot be decoded: ")
