"""What has taken a file's pages behaves like any other model afterwards, and leaves the file alone."""

import copy
import gc
import io
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils import prune

from rehub.world.memory import Index
from tests.weights_fast.ways import Load, Ways, bits, facts, is_mapped, read_mapped, same

STATE = nn.Linear(64, 64).state_dict()


def _saved(net: nn.Module) -> bytes:
    file = io.BytesIO()
    torch.save(net.state_dict(), file)
    return file.getvalue()


def _train(net: nn.Module, steps: int = 3) -> list[float]:
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.1, fused=True)
    losses = []
    for _ in range(steps):
        loss = net(torch.ones(2, 64)).square().sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def _ema(net: nn.Module) -> list[torch.Tensor]:
    averaged = torch.optim.swa_utils.AveragedModel(net)
    _train(net)
    averaged.update_parameters(net)
    return [*averaged.state_dict().values()]


def _grown(net: nn.Module) -> nn.Module:
    with torch.no_grad():
        net.weight.data.resize_(2, 2)
    return net


AFTERWARDS: dict[str, Any] = {
    "forward": lambda net: net(torch.ones(2, 64)).detach(),
    "saved": _saved,
    "pickled": lambda net: pickle.loads(pickle.dumps(net)).state_dict(),
    "copied": lambda net: facts(copy.deepcopy(net)),
    "trained": _train,
    "averaged": _ema,
    "half": lambda net: net.half().state_dict(),
    "double": lambda net: net.to(torch.float64).state_dict(),
    "to the same": lambda net: net.to("cpu").state_dict(),
    "shared": lambda net: (net.share_memory(), net.weight.is_shared(), net.state_dict())[1:],
    "cast by data": lambda net: setattr(net.weight, "data", net.weight.data * 2),
    "pruned": lambda net: prune.l1_unstructured(net, "weight", 0.5).state_dict(),
    "initialised again": lambda net: net.reset_parameters(),
    "cut": _grown,
    "as numpy": lambda net: torch.from_numpy(net.weight.detach().numpy().copy()),
    "filled by numpy": lambda net: net.weight.detach().numpy().fill(3),
    "scripted": lambda net: torch.jit.script(net)(torch.ones(2, 64)).detach(),
    "quantised": lambda net: net.weight.detach().to(torch.bfloat16),
    "chunked": lambda net: [each.clone() for each in net.weight.detach().chunk(3)],
    "vector": lambda net: nn.utils.parameters_to_vector(net.parameters()).detach(),
    "cloned storage": lambda net: net.weight.untyped_storage().clone().tolist(),
}


@pytest.mark.filterwarnings("ignore:.*torch.jit")
@pytest.mark.parametrize("name", AFTERWARDS)
def test_what_is_done_afterwards_comes_to_the_same(name: str, ways: Ways) -> None:
    """Using, saving, copying, training, converting and sharing a model give torch's results."""

    def act(state: Any, load: Load) -> tuple[nn.Module, Any]:
        net = nn.Linear(64, 64)
        load(net, state)
        seen = AFTERWARDS[name](net)
        return net, [facts(seen) if isinstance(seen, nn.Module) else seen, state]

    same(ways, STATE, act)


def test_model_dict_and_file_have_nothing_in_common(ways: Ways) -> None:
    """Training a model changes neither the dict, nor a second model that was loaded from it, nor the file."""
    file = ways.save(STATE)
    before, state = file.read_bytes(), read_mapped(file)
    nets = [nn.Linear(64, 64) for _ in range(2)]
    for net in nets:
        net.load_state_dict(state)
    assert all(is_mapped(net.weight) for net in nets)
    _train(nets[0])
    assert bits(nets[1].state_dict()) == bits(state) == bits(STATE)
    state["weight"].zero_()
    assert bits(nets[1].state_dict()) == bits(STATE)
    assert not torch.equal(nets[0].weight, nets[1].weight)
    assert file.read_bytes() == before


def test_a_second_load_brings_the_weights_back(ways: Ways) -> None:
    """A model that was trained since, and one that was not, have the file's values after loading again."""

    def act(state: Any, load: Load) -> tuple[nn.Module, Any]:
        net, seen = nn.Linear(64, 64), []
        for steps in (0, 2):
            load(net, state)
            seen += [net.weight._version, _train(net, steps)]
        load(net, state)
        return net, seen

    same(ways, STATE, act)


def test_a_model_loads_from_another(ways: Ways) -> None:
    """A target network takes its values from a model that has the file's pages, and goes its own way."""

    def act(state: Any, load: Load) -> tuple[nn.Module, Any]:
        net, target = nn.Linear(64, 64), nn.Linear(64, 64)
        load(net, state)
        load(target, net.state_dict())
        _train(net)
        first = bits(target.state_dict())
        load(target, net.state_dict())
        return target, [first, net.state_dict()]

    same(ways, STATE, act)


@pytest.mark.filterwarnings("ignore:.*fork")
def test_shared_weights_are_shared(ways: Ways) -> None:
    """After ``share_memory()`` a child that trains the model trains the parent's (Hogwild)."""
    net = nn.Linear(64, 64)
    net.load_state_dict(ways.mapped(STATE))
    net.share_memory()
    child = os.fork()
    if not child:
        with torch.no_grad():
            net.weight.fill_(5)
        os._exit(0)
    os.waitpid(child, 0)
    assert net.weight[3, 3].item() == 5


@pytest.mark.filterwarnings("ignore:.*fork")
def test_a_forked_child_has_its_own(ways: Ways) -> None:
    """What a child writes to an unshared model is not seen by its parent, nor in the file."""
    file = ways.save(STATE)
    net, state = nn.Linear(64, 64), read_mapped(file)
    net.load_state_dict(state)
    child = os.fork()
    if not child:
        with torch.no_grad():
            net.weight.fill_(5)
        again = nn.Linear(64, 64)
        again.load_state_dict(state)
        os._exit(0 if bits(again.state_dict()) == bits(STATE) else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert bits(net.state_dict()) == bits(STATE) == bits(torch.load(file))


def test_weights_travel_to_other_processes(ways: Ways) -> None:
    """A queue of torch's takes a mapped parameter as any other: it is moved to shared memory."""
    from multiprocessing.reduction import ForkingPickler

    net = nn.Linear(64, 64)
    net.load_state_dict(ways.mapped(STATE))
    made, arguments = pickle.loads(ForkingPickler.dumps(net.weight)), bits(STATE["weight"])
    assert bits(made.detach()) == arguments
    assert net.weight.is_shared()


def test_nothing_stays_open_or_mapped(ways: Ways) -> None:
    """Once nobody needs the tensors, the file is closed and its pages are given back."""
    gc.collect()
    before = _open(), len(_maps(ways.folder))
    state, nets = ways.mapped(STATE), [nn.Linear(64, 64) for _ in range(20)]
    for net in nets:
        net.load_state_dict(state)
    assert _open() == before[0] + 1
    assert len(_maps(ways.folder)) > before[1]
    del state, nets, net
    gc.collect()
    assert (_open(), len(_maps(ways.folder))) == before


def test_a_file_that_is_removed_lives_on(ways: Ways) -> None:
    """A cache may be cleaned while a model uses its files."""
    file = ways.save(STATE)
    net, state = nn.Linear(64, 64), read_mapped(file)
    net.load_state_dict(state)
    file.unlink()
    assert bits(net.state_dict()) == bits(state) == bits(STATE)


def test_a_load_of_nothing_mapped_is_torchs_alone(ways: Ways) -> None:
    """Another dict is loaded by torch's code, also while mapped tensors exist."""
    state, net = ways.mapped(STATE), nn.Linear(64, 64)
    net.load_state_dict({name: tensor.clone() for name, tensor in state.items()})
    assert Index()
    assert not is_mapped(net.weight)


@pytest.mark.usefixtures("_counts")
def test_small_tensors_are_copied(ways: Ways) -> None:
    """What is smaller than a few pages is not worth a mapping."""
    large = nn.Linear(256, 256)
    net = nn.Linear(256, 256)
    net.load_state_dict(ways.mapped(large.state_dict()))
    assert (is_mapped(net.weight), is_mapped(net.bias)) == (True, False)


@pytest.fixture
def _counts(monkeypatch: pytest.MonkeyPatch) -> None:
    from rehub.verbs.weights import storages, swapping

    monkeypatch.setattr(storages, "LEAST", 64 << 10)
    monkeypatch.setattr(swapping, "LEAST", 64 << 10)


def _open() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _maps(folder: Path) -> list[str]:
    return [line for line in Path("/proc/self/maps").read_text("utf-8").splitlines() if str(folder) in line]
