"""``rehub weights`` and ``rehub trust --weights``: files are told of and allowed by their bytes, and nothing of them runs."""

import json
from pathlib import Path

import pytest
import torch

import rehub
from rehub.words.digest import Digest
from tests.conftest import RunRehub

NO_TORCH = "import sys; sys.modules['torch'] = None; from rehub.__main__ import main; main()"


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """Give a file that is more than weights."""
    torch.save(torch.nn.Linear(2, 2), tmp_path / "whole.pt")
    return tmp_path / "whole.pt"


def test_weights_are_told(tmp_path: Path, rehub_cli: RunRehub) -> None:
    """A file's kind, digest, size and tensors are shown, as text and as JSON."""
    torch.save({"a": torch.ones(2, 3), "n": {"s": torch.tensor(1.5)}}, tmp_path / "w.pt")
    ran = rehub_cli("weights", "inspect", "w.pt")
    assert ran.rc == 0
    assert ran.stdout.splitlines()[-3:] == ["holds   2 tensors", "  a float32 2×3", "  n.s float32 scalar"]
    found = json.loads(rehub_cli("weights", "inspect", "w.pt", "--json").stdout)
    assert found["digest"] == str(Digest.of((tmp_path / "w.pt").read_bytes()))
    assert found["size"] == (tmp_path / "w.pt").stat().st_size
    assert found["tensors"][0] == {"name": "a", "dtype": "float32", "shape": [2, 3], "kind": ""}
    assert (found["runs"], found["wrong"]) == ([], "")


def test_what_would_run_is_told(whole: Path, rehub_cli: RunRehub) -> None:
    """A file that is more than weights ends in 1, with what it would run and the command that would allow it."""
    ran = rehub_cli("weights", "inspect", whole)
    assert (ran.rc, "  torch.nn.modules.linear.Linear" in ran.stdout.splitlines()) == (1, True)
    assert "rehub trust add --weights sha256:" in ran.stderr
    assert json.loads(rehub_cli("weights", "inspect", whole, "--json").stdout)["runs"] == [
        "torch.nn.modules.linear.Linear"
    ]


@pytest.mark.parametrize(
    ("data", "kind"),
    [(b"<html>", "an HTML page, maybe of a login"), (b"", "an empty file"), (b"PK\3\4", "a zip archive")],
)
def test_what_is_no_file_of_weights_is_told(data: bytes, kind: str, tmp_path: Path, rehub_cli: RunRehub) -> None:
    """Anything else is named."""
    (tmp_path / "x").write_bytes(data)
    ran = rehub_cli("weights", "inspect", "x")
    assert (ran.rc, ran.stdout.splitlines()[0]) == (1, f"kind    {kind}")


def test_names_in_a_file_cannot_speak_to_the_terminal(tmp_path: Path, rehub_cli: RunRehub) -> None:
    """Control characters in a tensor's name are shown, not sent."""
    torch.save({"a\x1b[31m\nb": torch.ones(1)}, tmp_path / "w.pt")
    assert "\x1b" not in rehub_cli("weights", "inspect", "w.pt").stdout


def test_a_file_is_allowed_by_its_path_or_digest(whole: Path, rehub_cli: RunRehub) -> None:
    """``trust add``, ``list`` and ``remove`` know files of weights by their digests."""
    digest = str(Digest.of(whole.read_bytes()))
    assert json.loads(rehub_cli("trust", "add", "--weights", whole, "--json").stdout)["added"]["digest"] == digest
    (row,) = json.loads(rehub_cli("trust", "list", "--json").stdout)["weights"]
    assert row["digest"] == digest
    assert rehub_cli("trust", "list").stdout.startswith(f"--weights {digest}\t")
    assert isinstance(rehub.load_state_dict_from_url(whole.as_uri()), torch.nn.Linear)
    assert json.loads(rehub_cli("trust", "remove", "--weights", digest, "--json").stdout)["removed"] == [row]
    assert rehub_cli("trust", "remove", "--weights", digest).rc == 1
    with pytest.raises(rehub.UnsafeWeightsError):
        rehub.load_state_dict_from_url(whole.as_uri())


def test_a_digest_that_is_none_is_a_mistake(rehub_cli: RunRehub) -> None:
    """A name, a URL or half a digest allows nothing."""
    for text in ("nothing.pt", "https://example.org/x.pt", "sha256:1234", "acme/toy"):
        ran = rehub_cli("trust", "add", "--weights", text)
        assert ran.rc == 2, ran.stderr
        assert "expected sha256: and 64 hex digits" in ran.stderr
    assert json.loads(rehub_cli("trust", "list", "--json").stdout) == {"grants": [], "weights": []}


def test_torch_is_not_needed_to_look(whole: Path) -> None:
    """Looking at a file works where torch is not installed."""
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-c", NO_TORCH, "weights", "inspect", str(whole)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "torch.nn.modules.linear.Linear" in done.stdout, done.stderr
