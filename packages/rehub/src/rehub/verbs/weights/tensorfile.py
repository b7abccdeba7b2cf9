"""What the safetensors library reads, placed as ``torch.load`` would place it."""

from collections.abc import Callable
from typing import Any

from rehub.verbs.weights.opened import Opened
from rehub.words.errors import MissingDependencyError

_CPU = "cpu"


def load_safetensors(file: Opened, *, map_location: Any = None, immutable: bool = False) -> dict[str, Any]:
    """Read a safetensors file whose header was found sound.

    Args:
        file: which one.
        map_location: as :func:`torch.load` takes it.
        immutable: its bytes never change again, so that they can be mapped.

    Raises:
        MissingDependencyError: the library is not installed.
    """
    try:
        from safetensors.torch import load, load_file
    except ModuleNotFoundError as error:
        raise MissingDependencyError(file.name, ["safetensors"], "pip install safetensors") from error
    place = file.place
    mapped = immutable and isinstance(place, str)
    found = load_file(place) if mapped else load(file.source.read(0, file.source.size))
    move = _placing(map_location)
    return {name: move(tensor) for name, tensor in found.items()}


def _placing(map_location: Any) -> Callable[[Any], Any]:
    """Give what is done with each tensor, which comes from the CPU."""
    if isinstance(map_location, dict):
        map_location = map_location.get(_CPU)
    if map_location is None:
        return lambda tensor: tensor
    if not callable(map_location):
        return lambda tensor: tensor.to(map_location)
    return lambda tensor: _moved(tensor, map_location(tensor.untyped_storage(), _CPU))


def _moved(tensor: Any, storage: Any) -> Any:
    """Give the same tensor over the storage that the caller's function gave; none means that it stays."""
    if storage is None:
        return tensor
    import torch

    untyped = getattr(storage, "_untyped_storage", storage)
    empty = torch.empty(0, dtype=tensor.dtype, device=untyped.device)
    return empty.set_(untyped, tensor.storage_offset(), tensor.size(), tensor.stride())
