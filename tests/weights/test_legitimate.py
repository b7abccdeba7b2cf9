"""Files of weights of every age and kind are read, and give what torch itself reads from them."""

import argparse
import io
import pickle
import warnings
import zipfile
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save as save_safetensors
from torch import nn

import rehub
from rehub.verbs.weights import Permission, read_weights
from rehub.words.weightfiles import Fault, Source, look
from tests.weights.making import archive, packed, storage, table, tensor, whole

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
Make = Callable[[], Any]
OLD = {"_use_new_zipfile_serialization": False}


def saved(value: object, **how: Any) -> bytes:
    """Give a file of torch.save."""
    torch.save(value, file := io.BytesIO(), **how)
    return file.getvalue()


def network() -> nn.Module:
    """Give a small model with what state_dicts have: parameters, buffers, counters."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Sequential(nn.Linear(4, 2)))


def checkpoint() -> dict[str, Any]:
    """Give what a training script leaves."""
    net = network()
    optimizer = torch.optim.Adam(net.parameters())
    for each in net.parameters():
        each.grad = torch.ones_like(each)
    optimizer.step()
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 3)
    more = {
        "epoch": 3,
        "best": 0.7,
        "arch": "resnet18",
        "losses": [0.5, 0.25],
        "shape": torch.Size([1, 2]),
        "none": None,
    }
    return {"model": net.state_dict(), "optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict(), **more}


def views() -> dict[str, torch.Tensor]:
    """Give tensors that share a storage, some of them with gaps."""
    base = torch.arange(24.0).reshape(4, 6)
    return {
        "base": base,
        "row": base[1],
        "column": base[:, 2],
        "turned": base.t(),
        "none": base[4:],
        "wide": base[:1].expand(3, 6),
    }


DTYPES = [
    torch.float64,
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint8,
    torch.bool,
    torch.complex64,
    torch.complex128,
    torch.uint16,
    torch.uint32,
    torch.uint64,
    torch.float8_e4m3fn,
    torch.float8_e5m2,
]


def marked() -> nn.Parameter:
    """Give a parameter with an attribute of a library's on it."""
    parameter = nn.Parameter(torch.ones(2))
    parameter._is_hf_initialized = True
    return parameter


VALUES: dict[str, Make] = {
    "a tensor": lambda: torch.ones(2, 3),
    "a state_dict": lambda: network().state_dict(),
    "a checkpoint": checkpoint,
    "views of one storage": views,
    "parameters": lambda: {"p": nn.Parameter(torch.ones(2)), "q": nn.Parameter(torch.ones(2), requires_grad=False)},
    "dictionaries of collections": lambda: OrderedDict(a=Counter("aab"), b=OrderedDict(x=torch.ones(1))),
    "lists and tuples": lambda: [(torch.ones(1), [1, (2.5, "x", None, True)]), {}, []],
    "large and negative numbers": lambda: [2**70, -(2**40), -1, 65536, 255, 1e300],
    "keys that are numbers and tuples": lambda: {0: torch.ones(1), (1, "a"): 2, True: None},
    "texts of all kinds": lambda: {"ключ": "値", "x" * 300: "\udcff"},
    "bytes, sets, complex numbers": lambda: {"b": b"\x00\xff", "s": {1, 2}, "c": 1j, "a": bytearray(b"x")},
    "scalars and nothing": lambda: [torch.tensor(3.5), torch.zeros(0), torch.zeros(0, 3), torch.ones(1, 1, 1, 1, 1, 1)],
    "a device and a dtype": lambda: {"device": torch.device("cuda", 1), "dtype": torch.float16},
    "a quantized tensor": lambda: {"q": torch.quantize_per_tensor(torch.ones(4), 0.1, 0, torch.quint8)},
    "one quantized by channel": lambda: {
        "q": torch.quantize_per_channel(
            torch.ones(2, 4), torch.tensor([0.1, 0.2]), torch.tensor([0, 1]), 0, torch.qint8
        )
    },
    "a parameter with an attribute": lambda: {"p": marked()},
    "metadata of modules": lambda: nn.Sequential(network()).state_dict(),
}
ONLY_NEW: dict[str, Make] = {
    **{f"{dtype}": lambda dtype=dtype: {"x": torch.arange(4).to(dtype)} for dtype in DTYPES},
    "conjugated and negated": lambda: {
        "c": torch.ones(2, dtype=torch.complex64).conj(),
        "n": torch.ones(2, dtype=torch.complex64).conj().imag,
    },
    "sparse": lambda: {
        "coo": torch.eye(3).to_sparse(),
        "csr": torch.eye(3).to_sparse_csr(),
        "bsr": torch.eye(4).to_sparse_bsr((2, 2)),
    },
    "on the meta device": lambda: {"m": torch.empty(1 << 40, device="meta")},
}


def assert_equal(found: Any, expected: Any) -> None:
    """Compare two values with all that is in them."""
    assert type(found) is type(expected)
    if isinstance(expected, torch.Tensor):
        _assert_same_tensor(found, expected)
    elif isinstance(expected, dict):
        assert list(found) == list(expected)
        for key in expected:
            assert_equal(found[key], expected[key])
    elif isinstance(expected, list | tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_equal(one, other)
    else:
        assert found == expected


def _assert_same_tensor(found: torch.Tensor, expected: torch.Tensor) -> None:
    assert (found.dtype, found.shape, found.layout) == (expected.dtype, expected.shape, expected.layout)
    assert (found.requires_grad, found.device, found.__dict__) == (
        expected.requires_grad,
        expected.device,
        expected.__dict__,
    )
    if expected.is_meta:
        return
    if expected.layout is torch.strided:
        assert found.stride() == expected.stride()
    one, other = (
        (each.dequantize() if each.is_quantized else each.to_dense() if each.layout is not torch.strided else each)
        for each in (found, expected)
    )
    assert torch.equal(
        one.detach().cpu().resolve_conj().to(torch.complex128), other.detach().cpu().resolve_conj().to(torch.complex128)
    )


@pytest.mark.parametrize("immutable", [False, True], ids=["copied", "mapped"])
@pytest.mark.parametrize("name", [*VALUES, *ONLY_NEW])
def test_zip_files_are_read(name: str, immutable: bool, tmp_path: Path) -> None:
    """What torch.save writes today is read whole, copied or mapped, and equals what torch.load gives."""
    (tmp_path / "x.pt").write_bytes(saved({**VALUES, **ONLY_NEW}[name]()))
    expected = torch.load(tmp_path / "x.pt", weights_only=True)
    assert_equal(read_weights(tmp_path / "x.pt", immutable=immutable), expected)


@pytest.mark.parametrize("name", VALUES)
def test_old_streams_are_read(name: str, tmp_path: Path) -> None:
    """What torch.save wrote before 1.6 is read by the same rule."""
    (tmp_path / "x.pt").write_bytes(saved(VALUES[name](), **OLD))
    assert_equal(read_weights(tmp_path / "x.pt"), torch.load(tmp_path / "x.pt", weights_only=True))


@pytest.mark.parametrize("how", [{}, OLD], ids=["zip", "stream"])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_zips_with_one_file_are_read(how: dict[str, bool], method: int, tmp_path: Path) -> None:
    """A file that somebody zipped is read as torch.hub reads it, with its warning."""
    (tmp_path / "x.zip").write_bytes(packed({"folder/weights.pth": saved(checkpoint(), **how)}, method))
    with pytest.warns(FutureWarning, match="Falling back to the old format < 1.6"):
        assert_equal(read_weights(tmp_path / "x.zip"), checkpoint())


def test_deflated_files_are_read(tmp_path: Path) -> None:
    """A torch.save file whose members somebody deflated is read, without mapping."""
    with zipfile.ZipFile(io.BytesIO(saved(checkpoint()))) as plain:
        members = {name: plain.read(name) for name in plain.namelist()}
    (tmp_path / "x.pt").write_bytes(packed(members, zipfile.ZIP_DEFLATED))
    assert_equal(read_weights(tmp_path / "x.pt", immutable=True), checkpoint())


@pytest.mark.parametrize("immutable", [False, True], ids=["copied", "mapped"])
def test_safetensors_are_read(immutable: bool, tmp_path: Path) -> None:
    """A safetensors file is read, also with tensors without elements, and goes where map_location says."""
    expected = {"b": torch.arange(3.0), "a": torch.zeros(0, 2), "c": torch.ones(2, dtype=torch.bfloat16)}
    (tmp_path / "x.safetensors").write_bytes(save_safetensors(expected, {"format": "pt"}))
    places: list[Any] = [None, "cpu", torch.device("cpu"), {"cuda": "cpu"}, lambda each, _: each, lambda *_: None]
    for where in places:
        found = read_weights(tmp_path / "x.safetensors", map_location=where, immutable=immutable)
        assert_equal(dict(sorted(found.items())), dict(sorted(expected.items())))
    assert read_weights(tmp_path / "x.safetensors", map_location="meta")["b"].is_meta


def test_files_of_a_big_endian_machine_are_read(tmp_path: Path) -> None:
    """The order of bytes that a file says it has is the order in which it is read."""
    parts = {"data/0": np.array([1, 2, 3, 4], ">f4").tobytes(), "byteorder": b"big"}
    (tmp_path / "x.pt").write_bytes(archive(whole(table(w=tensor())), parts))
    assert torch.equal(read_weights(tmp_path / "x.pt")["w"], torch.tensor([1.0, 2, 3, 4]))


def test_files_of_torch_1_6_are_read(tmp_path: Path) -> None:
    """The first zip files name their storages by long numbers, and have no order of bytes in them."""
    key = "94391712034592"
    (tmp_path / "x.pt").write_bytes(archive(whole(table(w=tensor(storage(key)))), {f"data/{key}": bytes(16)}))
    assert torch.equal(read_weights(tmp_path / "x.pt")["w"], torch.zeros(4))


def test_tensors_go_where_they_are_told(tmp_path: Path) -> None:
    """map_location means what it means to torch.load; a device that is not there is torch's own error."""
    with zipfile.ZipFile(io.BytesIO(saved({"w": torch.ones(2)}))) as plain:
        members = {
            name: plain.read(name).replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0")
            for name in plain.namelist()
        }
    on_gpu = packed(members)
    (tmp_path / "x.pt").write_bytes(on_gpu)
    for where in ("cpu", torch.device("cpu"), {"cuda:0": "cpu"}, lambda each, _: each):
        assert torch.equal(read_weights(tmp_path / "x.pt", map_location=where)["w"], torch.ones(2))
    if not torch.cuda.is_available():
        with pytest.raises(RuntimeError, match="map_location"):
            read_weights(tmp_path / "x.pt")


WANTING = {
    "argparse.Namespace": lambda: {"args": argparse.Namespace(lr=0.1), "model": network().state_dict()},
    "collections.defaultdict": lambda: defaultdict(dict, a={}),
    "numpy._core.multiarray.scalar": lambda: {"best": np.float32(0.5)},
    "torch.nn.modules.linear.Linear": lambda: nn.Linear(2, 2),
    "pathlib": lambda: {"place": Path("x")},
    "pickle protocol 4": None,
}


@pytest.mark.parametrize("name", WANTING)
@pytest.mark.parametrize("how", [{}, OLD], ids=["zip", "stream"])
def test_what_is_more_than_weights_is_named_and_waits_for_permission(
    name: str, how: dict[str, bool], tmp_path: Path
) -> None:
    """Common things in checkpoints that are code are named; with the file's digest allowed, they are read."""
    make = WANTING[name]
    data = saved(make(), **how) if make else saved({"w": torch.ones(1)}, pickle_protocol=4, **how)
    (tmp_path / "x.pt").write_bytes(data)
    with pytest.raises(rehub.UnsafeWeightsError) as caught:
        read_weights(tmp_path / "x.pt")
    assert any(each.startswith(name) for each in caught.value.found)
    hub = rehub.Hub(dir=tmp_path / "hub")
    hub.allow_weights(caught.value.digest)
    assert read_weights(tmp_path / "x.pt", permission=hub.permission()) is not None
    hub.disallow_weights(str(tmp_path / "x.pt"))
    with pytest.raises(rehub.UnsafeWeightsError):
        read_weights(tmp_path / "x.pt", permission=hub.permission())


def test_a_permission_is_for_these_bytes_alone(tmp_path: Path) -> None:
    """A file that was allowed and then changed is refused again."""
    hub = rehub.Hub(dir=tmp_path / "hub")
    (tmp_path / "x.pt").write_bytes(saved(nn.Linear(2, 2)))
    hub.allow_weights(str(tmp_path / "x.pt"))
    (tmp_path / "x.pt").write_bytes(saved(nn.Linear(2, 3)))
    with pytest.raises(rehub.UnsafeWeightsError):
        read_weights(tmp_path / "x.pt", permission=hub.permission())


def test_never_means_never_unless_it_was_allowed_by_name(tmp_path: Path) -> None:
    """Under the policy never, the user's own weights_only=False counts for nothing; always is about repositories."""
    (tmp_path / "x.pt").write_bytes(saved(nn.Linear(2, 2)))
    for mode, own, reads in [
        ("never", True, False),
        ("ask", True, True),
        ("always", False, False),
        ("always", True, True),
    ]:
        hub = rehub.Hub(dir=tmp_path / "hub", trust=mode)  # type: ignore[arg-type]
        permission = hub.permission(users_own_call=own)
        if reads:
            assert isinstance(read_weights(tmp_path / "x.pt", permission=permission), nn.Linear)
        else:
            with pytest.raises(rehub.UnsafeWeightsError):
                read_weights(tmp_path / "x.pt", permission=permission)
    hub = rehub.Hub(dir=tmp_path / "hub", trust="never")
    hub.allow_weights(str(tmp_path / "x.pt"))
    assert isinstance(read_weights(tmp_path / "x.pt", permission=hub.permission()), nn.Linear)


def test_the_digest_that_was_promised_is_proved(tmp_path: Path) -> None:
    """Bytes are hashed before they are read if a digest is given, unless somebody vouches for the open file."""
    from rehub.words.digest import Digest

    data = saved({"w": torch.ones(1)})
    (tmp_path / "x.pt").write_bytes(data)
    assert read_weights(tmp_path / "x.pt", digest=Digest.of(data))
    with pytest.raises(rehub.DigestMismatchError):
        read_weights(tmp_path / "x.pt", digest=Digest.of(b"x"))
    assert read_weights(tmp_path / "x.pt", digest=Digest.of(b"x"), proved=lambda found: found.st_size == len(data))


def test_an_old_torch_reads_no_pickles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below 2.10 torch's own reader of weights is not safe: only safetensors are read."""
    (tmp_path / "x.pt").write_bytes(saved({"w": torch.ones(1)}))
    (tmp_path / "x.safetensors").write_bytes(save_safetensors({"w": torch.ones(1)}))
    monkeypatch.setattr(torch, "__version__", "2.9.1+cpu")
    with pytest.raises(rehub.MissingDependencyError, match=r"torch>=2\.10"):
        read_weights(tmp_path / "x.pt")
    assert torch.equal(read_weights(tmp_path / "x.safetensors")["w"], torch.ones(1))


def test_names_are_told_as_a_state_dict_has_them() -> None:
    """Looking gives each tensor's name, dtype and shape."""
    found = look(Source.of(saved({"model": network().state_dict(), "epoch": 1}))).tensors
    assert {f"model.{name}" for name in network().state_dict()} == found.keys()
    assert found["model.0.weight"].shape == (4, 3, 3, 3)


def test_what_looking_admits_torch_reads() -> None:
    """No file that looking refuses is one that torch's own rule lets by, among these: nothing is refused needlessly."""
    for name, make in {**VALUES, **ONLY_NEW}.items():
        for how in ({}, OLD) if name in VALUES else ({},):
            try:
                look(Source.of(saved(make(), **how)))
            except Fault as fault:
                pytest.fail(f"{name}: {fault}")


def test_user_says_so_and_gets_everything(tmp_path: Path) -> None:
    """The user's own weights_only=False reads a whole model, an old one too, and TorchScript."""
    own = Permission(users_own_call=True)
    for how in ({}, OLD):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            (tmp_path / "x.pt").write_bytes(saved(nn.Linear(2, 2), **how))
        assert isinstance(read_weights(tmp_path / "x.pt", permission=own), nn.Linear)
    torch.jit.save(torch.jit.script(nn.Linear(2, 2)), tmp_path / "script.pt")
    assert isinstance(read_weights(tmp_path / "script.pt", permission=own), torch.jit.ScriptModule)
    (tmp_path / "x.pkl").write_bytes(pickle.dumps({}))
    with pytest.raises(RuntimeError, match="magic number"):
        read_weights(tmp_path / "x.pkl", permission=own)
