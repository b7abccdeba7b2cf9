"""Whoever took hold of a parameter's memory before the weights were loaded sees what they would with torch alone."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils import dlpack

from tests.weights_fast.ways import Load, Ways, same

ARRAY = np.zeros((4, 4), np.float32)


class Net(nn.Module):
    """A parameter and a buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(4, 4))
        self.register_buffer("mean", torch.rand(4, 4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Use both."""
        return x @ self.weight + self.mean[0]


def _typed(net: Net) -> Any:
    return net.weight._typed_storage()


def _second(net: Net) -> nn.Linear:
    second = nn.Linear(4, 4)
    second.weight.data = net.weight.data
    return second


def _in_inference_mode() -> torch.Tensor:
    with torch.inference_mode():
        return torch.zeros(4, 4)


HOLDS: dict[str, Callable[[Net], Any]] = {
    "view": lambda net: net.weight.view(-1),
    "slice": lambda net: net.mean[1:, 2],
    "transposed": lambda net: net.weight.t(),
    "detached": lambda net: net.weight.detach(),
    "data": lambda net: net.weight.data,
    "state dict": lambda net: net.state_dict(),
    "numpy of a parameter": lambda net: net.weight.detach().numpy(),
    "numpy of a buffer": lambda net: net.mean.numpy(),
    "memoryview": lambda net: memoryview(net.mean.numpy()),
    "storage": lambda net: net.weight.untyped_storage(),
    "typed storage": _typed,
    "dlpack": lambda net: dlpack.from_dlpack(net.mean),
    "dlpack of numpy": lambda net: np.from_dlpack(net.mean),
    "capsule": lambda net: net.mean.__dlpack__(),
    "second parameter": lambda net: nn.Parameter(net.weight),
    "second module": _second,
    "dlpack of a frozen parameter": lambda net: np.from_dlpack(net.weight.requires_grad_(False)),
}
OTHER_MEMORY: dict[str, Callable[[], torch.Tensor]] = {
    "numpy's": lambda: torch.from_numpy(np.zeros((4, 4), np.float32)),
    "a buffer's": lambda: torch.frombuffer(bytearray(64), dtype=torch.float32).view(4, 4),
    "shared": lambda: torch.zeros(4, 4).share_memory_(),
    "part of more": lambda: torch.zeros(8, 4)[:4],
    "part of more, kept by nobody": lambda: torch.zeros(0).set_(torch.zeros(32).untyped_storage(), 16, (4, 4), (4, 1)),
    "transposed": lambda: torch.zeros(4, 4).t(),
    "made in inference mode": _in_inference_mode,
    "expanded": lambda: torch.zeros(1, 4).expand(4, 4),
}


def _values(held: Any) -> Any:
    if isinstance(held, dict):
        return {key: _values(value) for key, value in held.items()}
    if isinstance(held, nn.Module):
        return _values(held.state_dict())
    if type(held).__name__ == "PyCapsule":
        return _values(dlpack.from_dlpack(held))
    if isinstance(held, torch.UntypedStorage | torch.TypedStorage):
        return list(held)
    return torch.as_tensor(held).detach().clone() if not isinstance(held, memoryview) else held.tolist()


@pytest.mark.filterwarnings("ignore:TypedStorage is deprecated")
@pytest.mark.parametrize("name", HOLDS)
def test_a_reference_sees_the_weights(name: str, ways: Ways) -> None:
    """What refers to a parameter's memory has the loaded values, and what is written through it arrives."""

    def act(state: Any, load: Load) -> tuple[nn.Module, Any]:
        net = Net()
        held = HOLDS[name](net)
        load(net, state)
        return net, _values(held)

    assert not all(same(ways, Net().state_dict(), act))


@pytest.mark.parametrize("name", OTHER_MEMORY)
def test_memory_of_another_kind_stays(name: str, ways: Ways) -> None:
    """A parameter over an array, a buffer, shared memory or a part of something keeps its memory."""

    def act(state: Any, load: Load) -> tuple[nn.Module, Any]:
        net = Net()
        memory = OTHER_MEMORY[name]()
        net.mean = memory
        try:
            load(net, state)
        except RuntimeError as error:
            return net, str(error)
        return net, memory.clone()

    assert same(ways, Net().state_dict(), act) == [True, False]


def test_a_parameter_over_an_array_writes_to_it(ways: Ways) -> None:
    """An array that a parameter was made from gets the weights, also if nothing else of torch refers to it."""
    for state, load in ways.both({"weight": torch.full((4, 4), 7.0)}):
        array = np.zeros((4, 4), np.float32)
        net = nn.Linear(4, 4, bias=False)
        net.weight = nn.Parameter(torch.from_numpy(array))
        load(net, state)
        assert array.tolist() == [[7.0] * 4] * 4


def test_what_numpy_has_seen_once_is_copied(ways: Ways) -> None:
    """Whether an array still exists cannot be known, so one that did is enough."""

    def act(state: Any, load: Load) -> tuple[nn.Module, Any]:
        net = Net()
        net.mean.numpy()
        load(net, state)
        return net, None

    assert same(ways, Net().state_dict(), act) == [True, False]


def test_ties_hold(ways: Ways) -> None:
    """One parameter under two names is one afterwards, whether the file ties them or has two values."""

    def act(state: Any, load: Load) -> tuple[nn.Module, Any]:
        net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
        net[1].weight = net[0].weight
        load(net, state)
        return net, net[1].weight is net[0].weight

    tied = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    assert all(same(ways, tied.state_dict() | {"1.weight": tied[0].weight}, act))
    assert any(same(ways, tied.state_dict(), act))


def test_a_graph_that_waits_fails_as_before(ways: Ways) -> None:
    """A backward pass over weights that were loaded in between is refused in torch's words."""

    def act(state: Any, load: Load) -> tuple[nn.Module, Any]:
        net = Net()
        loss = (net.weight**2).sum()
        load(net, state)
        with pytest.raises(RuntimeError, match="modified by an inplace operation") as caught:
            loss.backward()
        return net, str(caught.value)

    assert same(ways, Net().state_dict(), act) == [False, True]


def test_optimizers_hooks_and_gradients_hold(ways: Ways) -> None:
    """What was set up in ``__init__`` goes on working on the loaded values."""

    def act(state: Any, load: Load) -> tuple[nn.Module, Any]:
        net, seen = Net(), []
        net.weight.register_hook(lambda slope: seen.append(slope.clone()))
        optimizer = torch.optim.Adam(net.parameters(), lr=0.1)
        for _ in range(2):
            net(torch.ones(2, 4)).sum().backward()
            optimizer.step()
        load(net, state)
        kept = net.weight.grad.clone()
        net(torch.ones(2, 4)).sum().backward()
        optimizer.step()
        return net, [kept, *seen, optimizer.state_dict()]

    assert same(ways, Net().state_dict(), act)[0]


def test_copies_made_before_stay_as_they_were(ways: Ways) -> None:
    """A deep copy has its own values, and so has a clone."""

    def act(state: Any, load: Load) -> tuple[nn.Module, Any]:
        net = Net()
        copies = [copy.deepcopy(net).state_dict(), net.weight.detach().clone()]
        load(net, state)
        return net, copies

    assert all(same(ways, Net().state_dict(), act))


@pytest.mark.filterwarnings("ignore:.*is deprecated")
@pytest.mark.parametrize(
    "wrap",
    [
        nn.DataParallel,
        lambda net: torch.compile(net, backend="eager"),
        lambda net: torch.jit.trace(net, torch.ones(1, 4)),
        torch.jit.script,
        lambda net: net.__call__,
    ],
    ids=["DataParallel", "compile", "trace", "script", "bound"],
)
def test_wrappers_made_before_answer_with_the_weights(wrap: Callable[[nn.Module], Any], ways: Ways) -> None:
    """What compiled, traced or wrapped a module before uses what it has loaded since."""

    def act(state: Any, load: Load) -> tuple[nn.Module, Any]:
        net = Net()
        wrapped = wrap(net)
        first = wrapped(torch.ones(2, 4))
        load(net, state)
        return net, [first.detach(), wrapped(torch.ones(2, 4)).detach()]

    same(ways, Net().state_dict(), act)


@pytest.mark.filterwarnings("ignore:.*is deprecated")
def test_wrappers_load_by_themselves(ways: Ways) -> None:
    """DataParallel, a compiled module and a script load with their own names for the weights."""
    for wrap in (nn.DataParallel, torch.jit.script, lambda net: torch.compile(net, backend="eager")):

        def act(state: Any, load: Load, wrap: Callable[[nn.Module], Any] = wrap) -> tuple[nn.Module, Any]:
            net = Net()
            wrapped = wrap(net)
            load(wrapped, state)
            return net, wrapped(torch.ones(2, 4)).detach()

        same(ways, wrap(Net()).state_dict(), act)
