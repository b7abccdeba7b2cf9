"""Whether a lock is complete and current, by what lies here."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rehub.verbs.checklock import Finding, check_lock
from rehub.words.lock import Lock, LockedModel
from rehub.words.ref import Ref
from rehub.world.programs import python_files
from tests.words.locks import MODEL, WEIGHTS

LOCK = Lock((MODEL,))
HERE = dict(MODEL.environment)
INDEX = "import rehub\n"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in the project's folder."""
    monkeypatch.chdir(tmp_path)


def check(lock: Lock, tmp_path: Path, program: str | None = None, **options: object) -> list[Finding]:
    """Check a lock of a project, with one program in it."""
    if program is not None:
        (tmp_path / "train.py").write_text(program)
        options["programs"] = [tmp_path / "train.py"]
    return check_lock(lock, tmp_path / "rehub.lock", installed=HERE.get, **options)  # type: ignore[arg-type]


def test_a_lock_that_is_complete(tmp_path: Path) -> None:
    """A lock whose models are pinned and complete, in the very environment, with what the program loads, has no faults."""
    program = INDEX + "rehub.load('acme/toy:v1', 'net', 3, pretrained=True)\nrehub.load('./mine', 'net')\n"
    assert check(LOCK, tmp_path, program) == []
    assert check(Lock(), tmp_path) == []


FAULTS: dict[str, tuple[Callable[[LockedModel], LockedModel], str, str, str]] = {
    "no commit": (
        lambda model: replace(model, repositories=()),
        "unpinned",
        "there is no commit of acme/toy@v1",
        "rehub lock acme/toy@v1 net 3 pretrained=True",
    ),
    "the commit of another ref": (
        lambda model: replace(model, ref="acme/toy@v2"),
        "unpinned",
        "there is no commit of acme/toy@v2",
        "rehub lock acme/toy@v2 net 3 pretrained=True",
    ),
    "not complete": (
        lambda model: replace(model, complete=False, unverified=("starts wget", "loads x.so")),
        "incomplete",
        "it is not complete: starts wget, loads x.so",
        "",
    ),
    "not complete, without a reason": (
        lambda model: replace(model, complete=False),
        "incomplete",
        "it is not complete: it is not said what",
        "",
    ),
    "another torch": (
        lambda model: replace(model, environment=(("torch", "2.12.0"),)),
        "environment",
        "torch 2.12.0 when it was locked, 2.13.0+cpu here",
        "",
    ),
    "a package that is gone": (
        lambda model: replace(model, environment=(("timm", "1.0"),)),
        "environment",
        "timm 1.0 when it was locked, not installed here",
        "",
    ),
    "a folder": (
        lambda model: replace(model, ref="./mine", repositories=()),
        "folder",
        "./mine is a folder: a lock does not hold its files",
        "",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_models(name: str, tmp_path: Path) -> None:
    """What a model lacks is told with its name, and with the command that helps if there is one."""
    change, kind, what, command = FAULTS[name]
    (found,) = check(Lock((change(MODEL),)), tmp_path)
    assert found == Finding(kind, "net", what, command)  # type: ignore[arg-type]
    assert found.is_fault == (kind in {"unpinned", "incomplete"})


def test_a_ref_in_another_spelling_is_the_same(tmp_path: Path) -> None:
    """A ref that was edited by hand into another of its forms still finds its commit."""
    assert check(Lock((replace(MODEL, ref="https://github.com/acme/toy.git@v1"),)), tmp_path) == []


PROGRAMS = {
    "another repository": ("rehub.load('acme/other', 'net')", "acme/other is not in the lock", "acme/other net"),
    "another ref": ("rehub.load('acme/toy', 'net')", "acme/toy is not in the lock", "acme/toy net"),
    "another entry": ("rehub.load('acme/toy:v1', 'big')", "big of acme/toy@v1 is not in the lock", "acme/toy@v1 big"),
    "other arguments": (
        "rehub.load('acme/toy:v1', 'net', -1)",
        "net(-1) of acme/toy@v1 is not in the lock",
        "acme/toy@v1 net -- -1",
    ),
    "an entry": ("rehub.entry('acme/toy:v1', 'big')()", "big of acme/toy@v1 is not in the lock", "acme/toy@v1 big"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(name: str, tmp_path: Path) -> None:
    """What a program loads and the lock does not have is a fault, with its line and the command that records it."""
    call, what, command = PROGRAMS[name]
    (found,) = check(LOCK, tmp_path, f"{INDEX}\n{call}\n")
    assert found == Finding("unlocked", f"{tmp_path / 'train.py'}:3", what, f"rehub lock {command}")
    assert found.is_fault


def test_arguments_that_a_lock_does_not_keep(tmp_path: Path) -> None:
    """An argument that could let somebody in is compared as a lock has it: by its class."""
    lock = Lock((replace(MODEL, args=(), kwargs=(("token", "<str>"),)),))
    assert check(lock, tmp_path, INDEX + "rehub.load('acme/toy:v1', 'net', token='s3cret')") == []
    (found,) = check(lock, tmp_path, INDEX + "rehub.load('acme/toy:v1', 'big', token='s3cret')")
    assert "s3cret" not in found.command


@pytest.mark.parametrize(
    "call",
    [
        f"rehub.load('acme/toy@{'a' * 40}', 'net', 3, pretrained=True)",
        "rehub.load('acme/toy:v1', 'net', layers())",
        "rehub.entry('acme/toy:v1', 'net')(7)",
        "rehub.load('toy', 'net', source='local')",
        "rehub.load_state_dict_from_url('https://example.org/net.pth')",
        "rehub.load_state_dict_from_url('https://ada:pw@example.org/net.pth#x')",
    ],
)
def test_programs_that_the_lock_knows(call: str, tmp_path: Path) -> None:
    """A commit that is locked under another ref, arguments that only running tells, folders, and weights are known."""
    assert check(LOCK, tmp_path, INDEX + call) == []


def test_files_that_a_program_asks_for(tmp_path: Path) -> None:
    """A URL that the lock does not have is a fault, told without what it holds of secrets."""
    call = "rehub.download_url_to_file('https://ada:pw@example.org/x.pth?token=s3cret', 'x')"
    (found,) = check(replace(LOCK, weights=(WEIGHTS,)), tmp_path, INDEX + call)
    assert (found.kind, found.what) == ("unlocked", "https://example.org/x.pth is not in the lock")


@pytest.mark.parametrize(
    ("program", "what"),
    [
        ("import rehub\nrehub.load(REPO, 'net')", "what is loaded here is told only by running it"),
        ("import rehub\nrehub.load('acme', 'net')", "'acme' is not a ref"),
        ("\nprint 1", "it is not Python 3"),
        ("#\n# coding: rot13\n", "it cannot be decoded"),
    ],
)
def test_what_reading_cannot_know(program: str, what: str, tmp_path: Path) -> None:
    """What only running a program would tell is a note, not a fault."""
    (found,) = check(LOCK, tmp_path, program)
    assert (found.kind, found.is_fault) == ("unknown", False)
    assert what in found.what


def test_what_is_meant_by_settings(tmp_path: Path) -> None:
    """A ref of a program is looked for as the settings mean it."""
    program = INDEX + "rehub.load('zoo/toy:v1', 'net', 3, pretrained=True)"
    meant = {"zoo/toy@v1": Ref.parse("acme/toy@v1")}
    assert [each.what for each in check(LOCK, tmp_path, program)] == ["zoo/toy@v1 is not in the lock"]
    assert check(LOCK, tmp_path, program, meant=lambda ref: meant[str(ref)]) == []


def test_the_lock_of_the_environment(tmp_path: Path) -> None:
    """The pylock that a lock names must be there, and be the one that it means."""
    lock = replace(LOCK, pylock="pylock.toml", pylock_sha256=hashlib.sha256(b"packages = []").hexdigest())
    file = tmp_path / "pylock.toml"
    assert check(lock, tmp_path) == [Finding("pylock", "pylock.toml", "it is not beside the lock")]
    file.write_bytes(b"packages = []")
    assert check(lock, tmp_path) == []
    file.write_bytes(b"packages = [ ]")
    assert [each.kind for each in check(lock, tmp_path)] == ["pylock"]
    file.unlink()
    os.mkfifo(file)
    assert [each.what for each in check(lock, tmp_path)] == ["it is not a regular file"]


def test_programs_of_a_folder(tmp_path: Path) -> None:
    """Of a folder the programs are read that are the user's own: nothing hidden, installed, built or linked."""
    for name in ("b.py", "a/x.py", "a/y.txt", ".git/x.py", "env/pyvenv.cfg", "env/lib/x.py", "build/x.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "loop").symlink_to(tmp_path)
    assert [str(path.relative_to(tmp_path)) for path in python_files(tmp_path)] == ["b.py", "a/x.py"]
    assert len(list(python_files(tmp_path, most=1))) == 1
    assert list(python_files(tmp_path / "b.py")) == [tmp_path / "b.py"]


def test_this_environment(tmp_path: Path) -> None:
    """By itself it compares with what is installed here, without importing any of it."""
    lock = Lock((replace(MODEL, environment=(("click", "0"), ("no-such-thing", "1"))),))
    found = check_lock(lock, tmp_path / "rehub.lock")
    assert [each.what.partition(" when")[0] for each in found] == ["click 0", "no-such-thing 1"]
    assert found[1].what.endswith("not installed here")
    assert "not installed" not in found[0].what
