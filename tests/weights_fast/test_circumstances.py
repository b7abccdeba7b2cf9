"""Whatever surrounds a load, and however a module loads, the outcome is torch's."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Any

import pytest
import torch
from torch import nn
from torch.autograd import forward_ad
from torch.nn.utils import parametrizations, prune
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from tests.weights_fast.ways import Load, Ways, facts, is_mapped, same, tensors_of

SEEN: list[str] = []


class _Functions(TorchFunctionMode):
    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        SEEN.append(str(func))
        return func(*args, **(kwargs or {}))


class _Operators(TorchDispatchMode):
    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        SEEN.append(str(func))
        return func(*args, **(kwargs or {}))


AROUND: dict[str, tuple[Callable[[], AbstractContextManager[Any]], bool]] = {
    "nothing": (nullcontext, True),
    "no_grad": (torch.no_grad, True),
    "enable_grad": (torch.enable_grad, True),
    "autocast": (lambda: torch.autocast("cpu", torch.bfloat16), True),
    "inference_mode": (torch.inference_mode, False),
    "forward_ad": (forward_ad.dual_level, False),
    "functions": (_Functions, False),
    "operators": (_Operators, False),
    "device": (lambda: torch.device("cpu"), False),
    "anomaly": (lambda: torch.autograd.set_detect_anomaly(True), True),
}


@pytest.mark.filterwarnings("ignore:Anomaly")
@pytest.mark.parametrize("name", AROUND)
def test_a_load_inside_something(name: str, ways: Ways) -> None:
    """Whoever watches operations, or records them, sees the copies that torch makes."""
    around, taken = AROUND[name]

    def act(state: Any, load: Load) -> tuple[nn.Module, Any]:
        net = nn.Linear(4, 4)
        SEEN.clear()
        with around():
            load(net, state)
        return net, SEEN.copy()

    assert all(same(ways, nn.Linear(4, 4).state_dict(), act)) == taken


@pytest.mark.parametrize("how", ["grad", "vmap"])
def test_a_load_inside_a_transform(how: str, ways: Ways) -> None:
    """A function that is transformed may load a module while it runs."""

    def act(state: Any, load: Load) -> tuple[nn.Module, Any]:
        net = nn.Linear(4, 4)

        def function(x: torch.Tensor) -> torch.Tensor:
            load(net, state)
            return (x * x).sum()

        try:
            return net, getattr(torch.func, how)(function)(torch.ones(3))
        except RuntimeError as error:
            return net, str(error)

    assert not any(same(ways, nn.Linear(4, 4).state_dict(), act))


def test_a_net_of_tensors_made_in_inference_mode(ways: Ways) -> None:
    """A module that is made and loaded in inference mode is copied into."""
    for state, load in ways.both(nn.Linear(4, 4).state_dict()):
        with torch.inference_mode():
            net = nn.Linear(4, 4)
            load(net, state)
        assert not is_mapped(net.weight)
        assert torch.equal(net.weight, state["weight"])


class _Overriding(nn.Linear):
    """Loads twice the weight, as a module may that knows older files."""

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *rest: Any) -> None:
        state_dict[prefix + "weight"] = state_dict.pop(prefix + "w") * 2
        super()._load_from_state_dict(state_dict, prefix, *rest)


class _Own(nn.Linear):
    """Loads by itself, and then asks its class."""

    def load_state_dict(self, state_dict: Any, strict: bool = True, assign: bool = False) -> Any:
        return super().load_state_dict({"weight": state_dict["w"], "bias": state_dict["bias"]}, strict, assign)


class _Tagged(nn.Parameter):
    """A parameter of a class of its own."""


class _Watched(torch.Tensor):
    """A tensor that sees what is done with it."""

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        SEEN.append(getattr(func, "__name__", str(func)))
        return super().__torch_function__(func, types, args, kwargs or {})


def _linear(change: Callable[[nn.Linear], object]) -> nn.Module:
    module = nn.Linear(4, 4)
    change(module)
    return module


def _with_buffers() -> nn.Module:
    module = nn.Linear(4, 4)
    module.register_buffer("kept", torch.rand(4))
    module.register_buffer("passing", torch.rand(4), persistent=False)
    module.register_buffer("nothing", None)
    return module


def _renaming() -> nn.Module:
    module = nn.Linear(4, 4)

    def rename(_module: Any, state_dict: Any, prefix: str, *_: Any) -> None:
        state_dict[prefix + "weight"] = state_dict.pop(prefix + "w")

    module.register_load_state_dict_pre_hook(rename)
    return module


def _listening() -> nn.Module:
    module = nn.Linear(4, 4)
    module.register_load_state_dict_post_hook(lambda net, keys: SEEN.append(str((net.weight.sum().item(), keys))))
    return module


def _compiling() -> nn.Module:
    module, double = nn.Linear(4, 4), torch.compile(lambda x: x * 2, backend="eager", fullgraph=True)

    def hook(_module: Any, state_dict: Any, prefix: str, *_: Any) -> None:
        state_dict[prefix + "bias"] = double(state_dict[prefix + "bias"])

    module.register_load_state_dict_pre_hook(hook)
    return module


W = {"w": torch.rand(4, 4), "bias": torch.rand(4)}
MODULES: dict[str, tuple[Callable[[], nn.Module], Any]] = {
    "an override": (lambda: _Overriding(4, 4), W),
    "its own load_state_dict": (lambda: _Own(4, 4), W),
    "a hook that renames": (_renaming, W),
    "a hook afterwards": (_listening, None),
    "buffers that are not kept": (_with_buffers, None),
    "weight_norm": (lambda: parametrizations.weight_norm(nn.Linear(4, 4)), None),
    "spectral_norm": (lambda: parametrizations.spectral_norm(nn.Linear(4, 4)), None),
    "orthogonal": (lambda: parametrizations.orthogonal(nn.Linear(4, 4)), None),
    "old weight_norm": (lambda: torch.nn.utils.weight_norm(nn.Linear(4, 4)), None),
    "old spectral_norm": (lambda: torch.nn.utils.spectral_norm(nn.Linear(4, 4)), None),
    "pruned": (lambda: prune.l1_unstructured(nn.Linear(4, 4), "weight", amount=0.5), None),
    "frozen": (lambda: nn.Linear(4, 4).requires_grad_(False), None),
    "half": (lambda: nn.Linear(4, 4).half(), None),
    "double, from single": (lambda: nn.Linear(4, 4).double(), nn.Linear(4, 4).state_dict()),
    "on meta": (lambda: nn.Linear(4, 4, device="meta"), nn.Linear(4, 4).state_dict()),
    "a class of parameters": (lambda: _linear(lambda net: setattr(net, "weight", _Tagged(net.weight))), None),
    "a watched tensor": (
        lambda: _linear(lambda net: setattr(net, "weight", nn.Parameter(net.weight.detach().as_subclass(_Watched)))),
        nn.Linear(4, 4).state_dict(),
    ),
    "channels last": (lambda: nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last), None),
    "channels last, from rows": (
        lambda: nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last),
        nn.Conv2d(3, 4, 3).state_dict(),
    ),
    "a lazy module": (lambda: nn.LazyLinear(4), nn.Linear(4, 4).state_dict()),
    "a scalar from one number": (
        lambda: _linear(lambda net: net.register_buffer("count", torch.zeros(()))),
        nn.Linear(4, 4).state_dict() | {"count": torch.ones(1)},
    ),
    "extra state": (lambda: _Extra(4, 4), None),
    "a hook that compiles": (_compiling, None),
    "quantised": (lambda: torch.ao.nn.quantized.Linear(4, 4), None),
    "parameters in lists": (lambda: nn.ParameterList([torch.rand(4), torch.rand(2, 3)]), None),
    "parameters in dicts": (lambda: nn.ParameterDict({"a": torch.rand(4)}), None),
    "an empty one": (lambda: nn.Linear(4, 0), None),
    "missing": (lambda: nn.Linear(4, 4), {"weight": torch.rand(4, 4)}),
    "unexpected": (lambda: nn.Linear(4, 4), nn.Linear(4, 4).state_dict() | {"more": torch.rand(3)}),
    "of another size": (lambda: nn.Linear(4, 4), nn.Linear(5, 4).state_dict()),
}


class _Extra(nn.Linear):
    """Has more to say than tensors."""

    def get_extra_state(self) -> dict[str, Any]:
        return {"said": torch.ones(3)}

    def set_extra_state(self, state: Any) -> None:
        SEEN.append(str(state))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("options", [{}, {"strict": False}, {"assign": True}], ids=["plain", "loose", "assign"])
@pytest.mark.parametrize("name", MODULES)
def test_a_module_of_a_special_kind(name: str, options: dict[str, bool], ways: Ways) -> None:
    """Hooks, overrides, parametrisations, subclasses, errors and what is told of keys are torch's, with each option."""
    make, given = MODULES[name]

    def act(state: Any, load: Load) -> tuple[nn.Module, Any]:
        net = make()
        own = type(net).load_state_dict is not nn.Module.load_state_dict
        SEEN.clear()
        try:
            told = str(net.load_state_dict(state, **options) if own else load(net, state, **options))
        except RuntimeError as error:
            told = str(error)
        return nn.Identity() if options.get("assign") else net, [told, *SEEN, _values(net), _values(state)]

    torch.manual_seed(3)
    same(ways, make().state_dict() if given is None else given, act)


def _values(of: Any) -> Any:
    tensors = tensors_of(of) if isinstance(of, nn.Module) else of
    return {
        name: str(tensor) if not isinstance(tensor, torch.Tensor) or tensor.is_meta else tensor.detach().tolist()
        for name, tensor in tensors.items()
        if not isinstance(tensor, nn.parameter.UninitializedTensorMixin)
    }


def test_assigned_tensors_are_the_dicts(ways: Ways) -> None:
    """``assign=True`` gives the module the dict's own memory, as ever."""
    for state, load in ways.both(nn.Linear(4, 4).state_dict()):
        net = nn.Linear(4, 4)
        load(net, state, assign=True)
        assert net.weight.data_ptr() == state["weight"].data_ptr()


def test_modules_that_swap_tensors_are_the_same(ways: Ways) -> None:
    """torch's own way to exchange whole tensors goes on as it does."""

    def act(state: Any, load: Load) -> tuple[nn.Module, Any]:
        net = nn.Linear(4, 4)
        torch.__future__.set_swap_module_params_on_conversion(True)
        try:
            load(net, state)
        finally:
            torch.__future__.set_swap_module_params_on_conversion(False)
        return net, None

    same(ways, nn.Linear(4, 4).state_dict(), act)


def test_a_load_inside_a_load(ways: Ways) -> None:
    """A hook may load another module meanwhile."""

    def act(state: Any, load: Load) -> tuple[nn.Module, Any]:
        nets = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)])
        nets[0].register_load_state_dict_post_hook(lambda *_: load(nets[1], state) and None)
        load(nets[0], state)
        return nets, None

    same(ways, nn.Linear(4, 4).state_dict(), act)


def test_a_hook_that_looks_by_numpy_in_between(ways: Ways) -> None:
    """An array that is made of a tied parameter between its two copies sees the second."""

    def act(state: Any, load: Load) -> tuple[nn.Module, Any]:
        nets, arrays = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)]), []
        nets[1].weight = nets[0].weight
        nets[0].register_load_state_dict_post_hook(lambda *_: arrays.append(nets[0].weight.detach().numpy()))
        load(nets, state)
        return nets, torch.from_numpy(arrays[0].copy())

    same(ways, nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)]).state_dict(), act)


def test_a_mapping_that_is_no_dict_is_left_to_torch(ways: Ways) -> None:
    """What may read a file whenever it is looked at is looked at by torch alone."""
    from collections import UserDict

    def act(state: Any, load: Load) -> tuple[nn.Module, Any]:
        net = nn.Linear(4, 4)
        load(net, UserDict(state))
        return net, None

    assert not any(same(ways, nn.Linear(4, 4).state_dict(), act))


def test_threads_load_at_once(ways: Ways) -> None:
    """Many threads load their modules from one dict, and each gets the values in memory of its own."""
    state = ways.mapped(nn.Linear(64, 64).state_dict())
    nets = [nn.Linear(64, 64) for _ in range(16)]
    threads = [threading.Thread(target=net.load_state_dict, args=(state,)) for net in nets]
    with ExitStack() as stack:
        for thread in threads:
            thread.start()
            stack.callback(thread.join)
    assert all(torch.equal(net.weight, state["weight"]) and is_mapped(net.weight) for net in nets)
    assert len({net.weight.data_ptr() for net in nets}) == len(nets)


def test_a_torch_that_does_not_tell_is_left_alone(ways: Ways, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where torch lacks one of the names that the questions are asked by, everything is copied."""
    monkeypatch.delattr(torch._C, "_storage_Use_Count")
    net, state = nn.Linear(4, 4), ways.mapped(nn.Linear(4, 4).state_dict())
    net.load_state_dict(state)
    assert is_mapped(state["weight"])
    assert not is_mapped(net.weight)


def test_too_many_mappings_are_copied(ways: Ways, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system maps no more, the values are copied."""
    from rehub.world.memory import regions

    def act(state: Any, load: Load) -> tuple[nn.Module, Any]:
        net = nn.Linear(4, 4)
        with monkeypatch.context() as patch:
            patch.setattr(regions, "_map", _full)
            load(net, state)
        return net, facts(net)

    assert not any(same(ways, nn.Linear(4, 4).state_dict(), act))


def _full(*_: object) -> int:
    raise OSError(12, "cannot be mapped")


def test_memory_that_somebody_computes_with_is_kept(ways: Ways) -> None:
    """An operator in another thread holds its tensor; as long as one does, the memory from before is not given back."""
    from rehub.verbs.weights import swapping

    state, net, losses = ways.mapped(nn.Linear(4, 4).state_dict()), nn.Linear(4, 4), []
    hook = net.register_load_state_dict_post_hook(lambda *_: losses.append((net.weight * 2).sum()))
    net.load_state_dict(state)
    assert [tensor is net.weight for tensor, _ in swapping._IN_USE.values()] == [True]
    hook.remove()
    losses.clear()
    nn.Linear(4, 4).load_state_dict(state)
    assert not swapping._IN_USE
