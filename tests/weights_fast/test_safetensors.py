"""A safetensors file is read without its library, mapped where that is possible."""

import json
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from rehub.verbs.weights.reading import read_weights
from rehub.words.errors import MissingDependencyError
from rehub.world.memory import files
from tests.weights_fast.ways import bits, is_mapped

NAMES = {torch.float32: "F32", torch.int64: "I64", torch.bfloat16: "BF16", torch.bool: "BOOL", torch.complex64: "C64"}


def _write(path: Path, tensors: dict[str, torch.Tensor], *, lead: int = 64, **change: Any) -> Path:
    """Write a file whose tensors begin at a multiple of some bytes."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    data = b""
    for name, tensor in tensors.items():
        content = bytes(tensor.contiguous().view(-1).view(torch.uint8).tolist()) if tensor.numel() else b""
        place = [len(data), len(data) + len(content)]
        header[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": place} | change
        data += content
    text = json.dumps(header).encode()
    text += b" " * (-(len(text) + 8) % lead)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def _read(path: Path, **options: Any) -> dict[str, torch.Tensor]:
    return read_weights(path, immutable=True, **options)  # type: ignore[no-any-return]


def _tensors() -> dict[str, torch.Tensor]:
    return {
        "weight": torch.rand(4, 4),
        "bias": torch.rand(4),
        "many": torch.arange(6).view(2, 3),
        "half": torch.rand(3, 5, dtype=torch.bfloat16),
        "scalar": torch.tensor(3.0),
        "none": torch.zeros(0, 4),
        "wave": torch.rand(4, dtype=torch.complex64),
        "mask": torch.tensor([True, False]),
    }


@pytest.mark.parametrize("remote", [False, True], ids=["mapped", "read"])
def test_every_tensor_is_there(remote: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names, order, shapes and bits are the file's; on a network file system nothing is mapped."""
    monkeypatch.setattr(files, "_kind", lambda _: 0x6969 if remote else 0)
    tensors = _tensors()
    found = _read(_write(tmp_path / "w.safetensors", tensors))
    assert list(found) == list(tensors)
    for name, tensor in tensors.items():
        assert bits(found[name]) == bits(tensor)
        assert found[name].stride() == tensor.stride()
    assert is_mapped(found["weight"]) != remote


def test_numbers_that_lie_between_are_read(tmp_path: Path) -> None:
    """A tensor that does not begin where its numbers may begin is read into memory."""
    tensors = {"mask": torch.tensor([True]), "weight": torch.rand(4, 4)}
    found = _read(_write(tmp_path / "w.safetensors", tensors))
    assert bits(found["weight"]) == bits(tensors["weight"])
    assert not is_mapped(found["weight"])


def test_a_model_takes_what_lies_as_torchs_memory_does(tmp_path: Path) -> None:
    """A model gets the file's pages if they begin at a multiple of 64 bytes, and a copy if they do not."""
    state = nn.Linear(4, 4).state_dict()
    for lead, taken in ((64, True), (72, False)):
        net = nn.Linear(4, 4)
        found = _read(_write(tmp_path / f"{lead}.safetensors", state, lead=lead))
        net.load_state_dict(found)
        assert bits(net.state_dict()) == bits(state)
        assert (is_mapped(found["weight"]), is_mapped(net.weight)) == (True, taken)


def test_tensors_go_where_they_are_wanted(tmp_path: Path) -> None:
    """``map_location`` is what it is to ``torch.load``."""
    file = _write(tmp_path / "w.safetensors", _tensors())
    assert {tensor.device.type for tensor in _read(file, map_location="meta").values()} == {"meta"}
    assert {tensor.device.type for tensor in _read(file, map_location={"cpu": "meta"}).values()} == {"meta"}
    assert {tensor.device.type for tensor in _read(file, map_location=lambda storage, _: storage).values()} == {"cpu"}


def test_numbers_that_torch_does_not_have_are_named(tmp_path: Path) -> None:
    """A file may be sound, and newer than this torch."""
    file = _write(
        tmp_path / "w.safetensors", {"weight": torch.rand(2, 2)}, dtype="F6_E2M3", shape=[64, 2], data_offsets=[0, 96]
    )
    file.write_bytes(file.read_bytes() + bytes(80))
    with pytest.raises(MissingDependencyError, match="float6_e2m3fn"):
        _read(file)
