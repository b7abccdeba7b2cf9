"""Modules of a repository under torch's own tools."""

import copy
import io
import pickle
import sys
import types
import warnings

import pytest

from tests.scope.conftest import Folder, Load

torch = pytest.importorskip("torch")

FILES = {
    "hubconf.py": "from models.net import Net\ndef net(): return Net().eval()",
    "models/net.py": """
import torch
from torch import nn
from typing import List
import ops

class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return ops.twice(self.fc(x))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([Block(), Block()])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for block in self.blocks:
            x = block(x)
        return x


class Late(Net):
    def forward(self, x):
        from ops import twice
        import ops as o
        return o.twice(twice(super().forward(x)))
""",
    "ops.py": "import torch\ndef twice(x: torch.Tensor) -> torch.Tensor:\n    return x * 2\n",
}


@pytest.fixture
def net(folder: Folder, load: Load) -> "torch.nn.Module":
    """Give a model of a repository."""
    return load(folder(FILES))


X = torch.ones(2, 4)


def test_jit_script_and_its_file(net: "torch.nn.Module") -> None:
    """TorchScript compiles a repository's classes and functions, and reads them back from its file."""
    with warnings.catch_warnings(action="ignore"):  # it is deprecated, and will be used for years
        scripted = torch.jit.script(net)
    file = io.BytesIO()
    with warnings.catch_warnings(action="ignore"):
        torch.jit.save(scripted, file)
        file.seek(0)
        assert torch.equal(torch.jit.load(file)(X), net(X))


def test_fx_and_export(net: "torch.nn.Module") -> None:
    """fx and export trace a repository's classes, and what they make runs."""
    assert torch.equal(torch.fx.symbolic_trace(net)(X), net(X))
    assert torch.equal(torch.export.export(net, (X,)).module()(X), net(X))


@pytest.mark.parametrize("users", [False, True], ids=["alone", "beside the user's own"])
def test_compile_with_imports_inside(users: bool, folder: Folder, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """``torch.compile`` follows an import of the repository's own module, not of the user's with the same name."""
    if users:
        mine = types.ModuleType("ops")
        mine.twice = lambda x: x * 0  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "ops", mine)
    late = load(folder({**FILES, "hubconf.py": "from models.net import Late\ndef net(): return Late().eval()"}))
    torch._dynamo.reset()
    compiled = torch.compile(late, backend="eager", fullgraph=True)
    assert torch.equal(compiled(X), late(X))
    assert torch.equal(compiled(X * 2), late(X * 2))


def test_compile_follows_the_users_imports(folder: Folder, load: Load) -> None:
    """``torch.compile`` of the user's own functions imports as before."""
    load(folder(FILES))

    def own(x: "torch.Tensor") -> "torch.Tensor":
        import math

        return x * math.pi

    torch._dynamo.reset()
    assert torch.equal(torch.compile(own, backend="eager", fullgraph=True)(X), own(X))


def test_saving_and_copying(net: "torch.nn.Module") -> None:
    """A whole model is saved and loaded by torch, pickled and copied."""
    file = io.BytesIO()
    torch.save(net, file)
    file.seek(0)
    for again in (torch.load(file, weights_only=False), copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert torch.equal(again(X), net(X))


def test_a_data_loader_with_workers(folder: Folder, load: Load) -> None:
    """A DataLoader's workers use a repository's data set and collate function."""
    text = (
        "import ops, torch\nclass Data(torch.utils.data.Dataset):\n def __len__(self): return 4\n"
        " def __getitem__(self, n):\n  from ops import twice\n  return twice(torch.tensor(n))\n"
        "def net(): return Data()"
    )
    data = load(folder({**FILES, "hubconf.py": text}))
    batches = torch.utils.data.DataLoader(data, batch_size=2, num_workers=2)
    assert [batch.tolist() for batch in batches] == [[0, 2], [4, 6]]
