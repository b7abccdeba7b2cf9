"""Files that were made to do harm do none: each is refused by the error in its name, quickly and in little memory."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.conftest import ROOT
from tests.weights import hostile
from tests.weights.making import archive, packed, stream, whole

SECONDS = 1.0  # of computing, for one file
TIMEOUT = 300.0  # seconds for all of them


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Read every hostile file, each in a process of its own; give what came of each."""
    folder = tmp_path_factory.mktemp("hostile")
    names = hostile.place(folder)
    work, scratch, warm = (tmp_path_factory.mktemp(name) for name in ("work", "scratch", "warm"))
    asked = [_warm(warm), *(str(folder / name) for name in names)]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.weights.child", str(work)],
        input=json.dumps(asked),
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(scratch), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    found = {Path(row["file"]).name: row for row in map(json.loads, done.stdout.splitlines())}
    assert found.keys() == set(names), done.stderr
    assert [*work.iterdir(), *scratch.iterdir()] == []
    return found


def _warm(folder: Path) -> list[str]:
    """Write files that make rehub, torch and safetensors import whatever reading needs."""
    from safetensors.torch import save

    torch.save({"w": torch.eye(2).to_sparse()}, folder / "sparse.pt")
    torch.save({"w": torch.ones(2)}, folder / "old.pt", _use_new_zipfile_serialization=False)
    (folder / "one.zip").write_bytes(packed({"x.pth": (folder / "old.pt").read_bytes()}))
    (folder / "x.safetensors").write_bytes(save({"w": torch.ones(2)}))
    for name, data in {
        "bad.pt": archive(whole(hostile.GADGETS["os.system"])),
        "bad": stream(b"."),
        "bomb": hostile.files()["MalformedWeightsError sparse tensor with indices outside"],
    }.items():
        (folder / name).write_bytes(data)
    return [str(each) for each in sorted(folder.iterdir())]


NAMES = [
    *hostile.files(),
    *(f"MalformedWeightsError {name}" for name in ("FIFO", "folder", "link to a FIFO", "device")),
]


@pytest.mark.parametrize("name", NAMES)
def test_hostile_file_is_refused(name: str, ran: dict[str, dict[str, Any]]) -> None:
    """It ends in the error that its name begins with; nothing was imported, run, opened or written for it."""
    row = ran[name]
    assert row["ended"] == name.partition(" ")[0], row["said"]
    assert row["seen"] == []
    assert row["seconds"] < SECONDS


def test_there_are_enough_of_them() -> None:
    """The corpus holds at least 60 files."""
    assert len(NAMES) >= 60
    assert len(set(NAMES)) == len(NAMES)


def test_refusals_name_what_would_run(ran: dict[str, dict[str, Any]]) -> None:
    """The error names each function, however the pickle spells it, and the command that would allow the file."""
    for name in ("zip os.system", "INST", "STACK_GLOBAL", "STACK_GLOBAL by memo", "plain pickle, protocol 4"):
        said = ran[f"UnsafeWeightsError {name}"]["said"]
        assert "\n  os.system" in said, name
        assert "rehub trust add --weights sha256:" in said
