"""``rehub lock --check``."""

import json
from pathlib import Path

import pytest

from tests.conftest import RunRehub
from tests.world import Repo, World

pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def locked(world: World, toy: Repo, rehub_cli: RunRehub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a lock of one model, and nobody to ask from then on."""
    monkeypatch.setenv("REHUB_MIRRORS", world.mirrors)
    monkeypatch.setenv("REHUB_TRUST", "always")
    ran = rehub_cli("lock", "acme/toy:v1", "net", "width=2")
    assert ran.rc == 0, ran.stderr
    world.hub.stop()


def test_a_lock_that_has_it_all(rehub_cli: RunRehub, tmp_path: Path) -> None:
    """A lock that is complete, and has what the program loads, is good; the network is not used."""
    (tmp_path / "train.py").write_text("import torch\nnet = torch.hub.load('acme/toy:v1', 'net', width=2)\n")
    ran = rehub_cli("lock", "--check", "train.py")
    assert (ran.rc, ran.stdout) == (0, "1 model in rehub.lock, no fault\n"), ran.stderr


def test_what_a_program_loads_and_the_lock_lacks(rehub_cli: RunRehub, tmp_path: Path) -> None:
    """A call that is not in the lock is told with its line and the command, and the exit code is 1."""
    (tmp_path / "train.py").write_text("import torch\nnet = torch.hub.load('acme/toy:v1', 'net', width=3)\n")
    (tmp_path / "more").mkdir()
    (tmp_path / "more/x.py").write_text("import rehub\nrehub.load('acme/inner', 'part')\n")
    ran = rehub_cli("lock", "--check", "train.py", "more")
    assert ran.rc == 1
    assert ran.stdout.splitlines() == [
        "unlocked    train.py:2: net(width=3) of acme/toy@v1 is not in the lock",
        "  rehub lock acme/toy@v1 net width=3",
        "unlocked    more/x.py:2: acme/inner is not in the lock",
        "  rehub lock acme/inner part",
        "1 model in rehub.lock, 2 faults",
    ]


def test_notes_are_no_faults(rehub_cli: RunRehub, tmp_path: Path) -> None:
    """Another environment is told, and is no fault; the JSON says which is which."""
    lock = tmp_path / "rehub.lock"
    lock.write_text(lock.read_text().replace('python = "', 'python = "9.'))
    ran = rehub_cli("lock", "--check", "--json")
    found = json.loads(ran.stdout)
    assert (ran.rc, found["good"], found["lock"]) == (0, True, "rehub.lock")
    assert [(each["kind"], each["is_fault"], each["where"]) for each in found["findings"]] == [
        ("environment", False, "net")
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "could not be read: No such file or directory"),
        ("version = 2\n", "rehub.lock, line 1 cannot be read: it is of version 2"),
        ("<<<<<<< HEAD\n", "git checkout --conflict=diff3"),
    ],
)
def test_what_is_no_lock(text: str | None, words: str, rehub_cli: RunRehub, tmp_path: Path) -> None:
    """A lock that is not there, or cannot be read, is refused with the reason."""
    (tmp_path / "rehub.lock").unlink()
    if text is not None:
        (tmp_path / "rehub.lock").write_text(text)
    ran = rehub_cli("lock", "--check")
    assert ran.rc == 1
    assert words in ran.stderr


def test_a_model_has_to_be_named(rehub_cli: RunRehub) -> None:
    """Without --check a ref and an entry are needed, as ever."""
    assert [rehub_cli("lock", *words).rc for words in ((), ("acme/toy",))] == [2, 2]
    assert "Missing argument 'ENTRY'" in rehub_cli("lock", "acme/toy").stderr
