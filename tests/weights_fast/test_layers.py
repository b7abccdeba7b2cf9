"""Every layer of torch.nn, loaded from a mapped file, is what torch's own loading makes of it."""

import pytest
import torch
from torch import nn

from tests.weights_fast.layers import kinds
from tests.weights_fast.ways import Load, Ways, bits, facts, is_mapped, tensors_of

KINDS = dict(kinds())


def test_the_table_has_most_of_torch_nn() -> None:
    """The table is made from torch itself, and would not shrink unnoticed."""
    assert len(KINDS) >= 40


@pytest.mark.filterwarnings("ignore:Lazy modules")
@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
@pytest.mark.parametrize("name", KINDS)
def test_a_layer_is_the_same(name: str, ways: Ways) -> None:
    """Values, versions, identities, ties, the random generator and a step of training are torch's, and all is mapped."""
    torch.manual_seed(1)
    state = KINDS[name]().state_dict()
    theirs, ours = (_loaded(name, found, load) for found, load in ways.both(state))
    assert ours[:-1] == theirs[:-1]
    assert (ours[-1], theirs[-1]) == (sum(tensor.numel() > 0 for tensor in state.values()), 0)


def _loaded(name: str, state: dict[str, torch.Tensor], load: Load) -> tuple[object, ...]:
    torch.manual_seed(2)
    module = KINDS[name]()
    before = {key: id(tensor) for key, tensor in tensors_of(module).items()}
    told = load(module, state)
    after = {key: id(tensor) for key, tensor in tensors_of(module).items()}
    seen = facts(module)
    mapped = sum(is_mapped(tensor) for tensor in module.state_dict().values())
    _train(module)
    kept = {key: bits(tensor) for key, tensor in state.items()}
    return before == after, str(told), torch.get_rng_state().tolist(), seen, facts(module), kept, mapped


def _train(module: nn.Module) -> None:
    """Take one step, as if each weight had its own value as its slope."""
    parameters = list(module.parameters())
    optimizer = torch.optim.SGD(parameters, lr=0.5, momentum=0.9)
    for parameter in parameters:
        parameter.grad = parameter.detach().clone()
    optimizer.step()
