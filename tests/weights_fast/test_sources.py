"""A state dict may be anything by the time it is loaded: changed, cut, turned, nested, tied."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from rehub.world.memory import files
from tests.weights_fast.ways import Load, Ways, bits, is_mapped, read_mapped, same

State = dict[str, Any]


def _changed(state: State, change: Callable[[torch.Tensor], object]) -> State:
    change(state["weight"])
    return state


def _other(state: State, make: Callable[[torch.Tensor], torch.Tensor]) -> State:
    return state | {"weight": make(state["weight"])}


def _negative(weight: torch.Tensor) -> torch.Tensor:
    return torch.imag(torch.complex(weight, -weight).conj())


# What is done to a mapped state dict before it is loaded, and whether the weight may be mapped afterwards.
CHANGES: dict[str, tuple[Callable[[State], State], bool]] = {
    "nothing": (lambda state: state, True),
    "in place": (lambda state: _changed(state, lambda weight: weight.mul_(2)), False),
    "one number": (lambda state: _changed(state, lambda weight: weight.__setitem__((3, 3), 7)), False),
    "by data": (lambda state: _changed(state, lambda weight: weight.data.mul_(2)), False),
    "by numpy": (lambda state: _changed(state, lambda weight: weight.numpy().__setitem__(0, 3)), False),
    "by its storage": (lambda state: _changed(state, lambda weight: weight.untyped_storage().fill_(1)), False),
    "by a view": (lambda state: _changed(state, lambda weight: weight[0].zero_()), False),
    "to itself": (lambda state: _changed(state, lambda weight: weight.copy_(weight.clone())), False),
    "shared": (lambda state: _changed(state, lambda weight: weight.share_memory_()), False),
    "only read": (lambda state: _changed(state, lambda weight: (weight * 2).sum().item()), True),
    "multiplied": (lambda state: _other(state, lambda weight: weight * 2), False),
    "cloned": (lambda state: _other(state, torch.clone), False),
    "half": (lambda state: _other(state, torch.Tensor.half), False),
    "double": (lambda state: _other(state, torch.Tensor.double), False),
    "transposed": (lambda state: _other(state, torch.t), False),
    "turned round": (lambda state: _other(state, lambda weight: weight.flip(0)), False),
    "negative": (lambda state: _other(state, _negative), False),
    "detached": (lambda state: _other(state, torch.detach), True),
    "a parameter": (lambda state: _other(state, nn.Parameter), True),
    "with a gradient": (lambda state: _other(state, lambda weight: weight.requires_grad_() * 1), False),
    "other bits": (lambda state: _other(state, lambda weight: weight.view(torch.int32).view(torch.float32)), True),
    "other shape": (lambda state: _other(state, lambda weight: weight.view(-1).view(4, 4)), True),
    "an array": (lambda state: _other(state, lambda weight: weight.numpy()), False),
    "sparse": (lambda state: _other(state, torch.Tensor.to_sparse), False),
    "on meta": (lambda state: _other(state, lambda weight: weight.to("meta")), False),
    "too large": (lambda state: _other(state, lambda weight: torch.cat([weight, weight])), False),
    "missing": (lambda state: {"bias": state["bias"]}, False),
    "ordered": (OrderedDict, True),
}


def _weights() -> State:
    torch.manual_seed(5)
    return {"weight": torch.rand(4, 4), "bias": torch.rand(4)}


@pytest.mark.parametrize("name", CHANGES)
def test_what_became_of_the_dict_is_loaded(name: str, ways: Ways) -> None:
    """A tensor is taken from the file only if it still has the file's bytes; else what it has now is copied."""
    change, taken = CHANGES[name]

    def act(state: Any, load: Load) -> tuple[nn.Module, Any]:
        net = nn.Linear(4, 4)
        try:
            told = str(load(net, change(state)))
        except RuntimeError as error:
            told = str(error)
        return net, told

    assert same(ways, _weights(), act)[0] == taken


def test_a_page_that_a_neighbour_was_written_on_is_copied(ways: Ways) -> None:
    """A page is one thing to the system: what shares one with a changed tensor is not taken from the file."""

    def act(state: Any, load: Load) -> tuple[nn.Module, Any]:
        state["bias"].zero_()
        net = nn.Linear(4, 4)
        load(net, state)
        return net, state

    assert not any(same(ways, _weights(), act))


def test_parts_of_one_tensor_are_taken_where_they_lie_well(ways: Ways) -> None:
    """Rows of a larger tensor are the file's bytes, too, if they begin where torch's own memory may begin."""

    def act(state: Any, load: Load) -> tuple[nn.Module, Any]:
        nets = nn.ModuleList(nn.Linear(8, 8, bias=False) for _ in range(3))
        for number, net in enumerate(nets):
            load(net, {"weight": state["all"][8 * number + number // 2 :][:8]})
        return nets, None

    assert same(ways, {"all": torch.rand(30, 8)}, act) == [True, True, False]


@pytest.mark.parametrize("dtype", [torch.bool, torch.bfloat16, torch.float8_e4m3fn, torch.int64, torch.complex64])
def test_numbers_of_each_kind_keep_their_bits(dtype: torch.dtype, ways: Ways) -> None:
    """Every byte arrives as a copy would bring it; truth values are copied, since a copy makes each 0 or 1."""
    many = torch.arange(4096, dtype=torch.int32).mul(2654435761 % 2**31).view(torch.uint8).view(dtype)

    def act(state: Any, load: Load) -> tuple[nn.Module, Any]:
        net = nn.Module()
        net.register_buffer("many", torch.zeros_like(many))
        load(net, state)
        return net, net.many.view(torch.uint8)

    assert same(ways, {"many": many}, act) == [dtype != torch.bool]


def test_a_dict_inside_a_checkpoint_is_mapped(ways: Ways) -> None:
    """What lies beside the weights in a checkpoint, and how deep they lie, makes no difference."""
    saved = {"epoch": 3, "nets": [{"state_dict": _weights()}], "optimizer": {"lr": 0.1}}

    def act(state: Any, load: Load) -> tuple[nn.Module, Any]:
        net = nn.Linear(4, 4)
        load(net, state["nets"][0]["state_dict"])
        return net, state["epoch"]

    assert all(same(ways, saved, act))


def test_tensors_that_share_memory_in_the_file_share_it_when_read(ways: Ways) -> None:
    """Views of one tensor are views of one afterwards, as ``torch.load`` has it."""
    base = torch.rand(64)
    found = ways.mapped({"base": base, "view": base[3:7], "again": base})
    found["base"].zero_()
    assert found["view"].tolist() == [0] * 4
    assert found["again"].data_ptr() == found["base"].data_ptr()


def test_a_read_tensor_is_like_any_other(ways: Ways) -> None:
    """It is not shared memory, has a storage of its own size, begins where torch's do, and may be written to."""
    file = ways.save({"weight": torch.rand(100)})
    before = file.read_bytes()
    weight = read_mapped(file)["weight"]
    assert is_mapped(weight)
    assert (weight.is_shared(), weight.untyped_storage().nbytes(), weight.data_ptr() % 64) == (False, 400, 0)
    weight.add_(1)
    weight.share_memory_()
    assert weight.is_shared()
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    "location",
    [
        None,
        "cpu",
        "meta",
        torch.device("cpu"),
        {"cpu": "cpu"},
        {"cpu": "meta"},
        lambda storage, _: storage,
        lambda *_: None,
    ],
    ids=["none", "name", "meta", "device", "dict", "dict meta", "same", "undecided"],
)
def test_map_location_is_torchs(location: Any, ways: Ways) -> None:
    """Where tensors go is decided as torch decides it."""
    file = ways.save(_weights())
    theirs, ours = torch.load(file, map_location=location), read_mapped(file, map_location=location)
    for name, tensor in theirs.items():
        assert ours[name].device == tensor.device
        assert ours[name].is_meta or bits(ours[name]) == bits(tensor)


def test_what_torch_refuses_is_refused_in_its_words(ways: Ways) -> None:
    """A file with something else than data in it, or on a device that is not here, ends as torch ends it."""
    file = ways.save({"weight": nn.Linear(2, 2)})
    told = []
    for read in (lambda: torch.load(file, weights_only=True), lambda: read_mapped(file)):
        with pytest.raises(Exception, match="weights_only") as caught:
            read()
        told.append((type(caught.value), str(caught.value)))
    assert told[0] == told[1]


def test_old_and_packed_files_are_read(ways: Ways) -> None:
    """A stream from before torch 1.6, and a zip whose members are compressed, are read into memory."""
    import zipfile

    old, packed = ways.folder / "old.pth", ways.folder / "packed.pth"
    torch.save(_weights(), old, _use_new_zipfile_serialization=False)
    with zipfile.ZipFile(ways.save(_weights())) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
    for file in (old, packed):
        found = read_mapped(file)
        assert bits(found) == bits(_weights())
        assert not any(is_mapped(tensor) for tensor in found.values())


def test_network_file_systems_are_read(ways: Ways, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a page fault would be a round trip, nothing is mapped."""
    file = ways.save(_weights())
    assert is_mapped(read_mapped(file)["weight"])
    monkeypatch.setattr(files, "_kind", lambda _: 0x6969)
    found = read_mapped(file)
    assert not is_mapped(found["weight"])
    assert bits(found) == bits(_weights())


def test_numbers_of_another_byte_order_are_turned(ways: Ways) -> None:
    """What a big-endian machine wrote has its numbers turned as torch turns them."""
    import zipfile

    turned = ways.folder / "turned.pth"
    with zipfile.ZipFile(ways.save(_weights())) as source, zipfile.ZipFile(turned, "w") as target:
        for name in source.namelist():
            target.writestr(name, b"big" if name.endswith("byteorder") else source.read(name))
    assert bits(read_mapped(turned)) == bits(torch.load(turned))
    assert bits(torch.load(turned)) != bits(_weights())


def test_a_file_that_changed_all_the_same_is_copied(ways: Ways) -> None:
    """If somebody did touch the file since it was mapped, no new mapping is made of it."""
    file = ways.save(_weights())
    state, net = read_mapped(file), nn.Linear(4, 4)
    file.chmod(0o600)
    net.load_state_dict(state)
    assert not is_mapped(net.weight)
    assert bits(net.weight.detach()) == bits(_weights()["weight"])
