"""State dicts in files, loaded as torch does and mapped; and everything that can be said of a module afterwards."""

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn

from rehub.verbs.weights.mapping import load_mapped
from rehub.world.memory import Index
from rehub.world.scope import original

Load = Callable[[nn.Module, Any], Any]


class Ways:
    """A file of weights, read in both ways."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.count = folder, 0

    def save(self, what: Any) -> Path:
        """Write a file that nobody writes to again."""
        self.count += 1
        path = self.folder / f"{self.count}.pth"
        torch.save(what, path)
        path.chmod(0o444)
        return path

    def mapped(self, what: Any, **options: Any) -> Any:
        """Save something, and give it mapped."""
        return read_mapped(self.save(what), **options)

    def both(self, state: Any) -> Iterator[tuple[Any, Load]]:
        """Give a state dict and a ``load_state_dict`` for it: torch's own way, then ours."""
        file = self.save(state)
        yield torch.load(file, weights_only=True), original(nn.Module.load_state_dict)
        yield read_mapped(file), nn.Module.load_state_dict


def read_mapped(path: Path, **options: Any) -> Any:
    """Read a file as the store's are read: by its open descriptor."""
    fd = os.open(path, os.O_RDONLY)
    try:
        return load_mapped(f"/proc/self/fd/{fd}", fd=fd, **options)
    finally:
        os.close(fd)


def is_mapped(tensor: torch.Tensor) -> bool:
    """Say whether a tensor's memory is a file's."""
    return Index().find(tensor.data_ptr(), tensor.nbytes) is not None


def tensors_of(module: nn.Module) -> dict[str, torch.Tensor]:
    """Give parameters and buffers by all their names."""
    return {
        **dict(module.named_parameters(remove_duplicate=False)),
        **dict(module.named_buffers(remove_duplicate=False)),
    }


def bits(value: Any) -> Any:
    """Give what torch.save writes of it, so that not one bit may differ."""
    if isinstance(value, torch.Tensor) and value.is_meta:
        return value.dtype, tuple(value.shape)
    if isinstance(value, torch.Tensor) and value.layout == torch.strided and not value.is_quantized:
        return value.dtype, tuple(value.shape), value.detach().contiguous().view(-1).view(torch.uint8).tolist()
    file = io.BytesIO()
    torch.save(value, file)
    return file.getvalue()


def facts(module: nn.Module) -> dict[str, Any]:
    """Tell everything of a module's tensors that does not depend on where they lie."""
    found, first, memory = {}, {}, {}
    for name, tensor in tensors_of(module).items():
        if isinstance(tensor, nn.parameter.UninitializedTensorMixin):
            found[name] = type(tensor)
            continue
        storage = tensor.untyped_storage()
        found[name] = (
            bits(tensor),
            type(tensor),
            tensor.stride(),
            tensor.storage_offset(),
            storage.nbytes(),
            storage.is_shared(),
            tensor.requires_grad,
            tensor.is_leaf,
            None if tensor.is_inference() else tensor._version,
            tensor.grad is None,
            first.setdefault(id(tensor), name),
            memory.setdefault(storage.data_ptr() or name, name),
        )
    return found


def same(ways: Ways, state: Any, act: Callable[[Any, Load], Any]) -> list[bool]:
    """Do something with a state dict in both ways, and see that it comes to the same.

    Args:
        ways: for the file.
        state: what is saved.
        act: gives a module, and whatever else may differ.

    Returns:
        Of each of the module's tensors, whether it is mapped in ours.
    """
    told = []
    for found, load in ways.both(state):
        torch.manual_seed(2)
        module, seen = act(found, load)
        mapped = [is_mapped(tensor) for tensor in tensors_of(module).values()]
        told.append((facts(module), bits(seen), torch.get_rng_state().tolist(), mapped))
    theirs, ours = told
    assert ours[:-1] == theirs[:-1]
    assert not any(theirs[-1])
    return ours[-1]
