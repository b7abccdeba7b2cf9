"""The tensors of a safetensors file. Source: github.com/huggingface/safetensors, "Format"."""

import math
import sys
from collections.abc import Callable, Mapping
from typing import Any

from rehub.verbs.weights.storages import MappedFile, read_storage
from rehub.words.errors import MissingDependencyError
from rehub.words.weightfiles import Source, Tensor


def read_safetensors(
    name: str,
    source: Source,
    tensors: Mapping[str, Tensor],
    mapped: MappedFile | None,
    place: Callable[[Any, str], Any],
) -> dict[str, Any]:
    """Give a file's tensors by name, in the order of its header.

    Args:
        name: what the file is called in messages.
        source: its bytes.
        tensors: what its header says, which was found true.
        mapped: the same file, if its tensors shall be mapped.
        place: says where each storage goes; given the storage and the place it has.

    Raises:
        MissingDependencyError: it has numbers that this torch does not know.
    """
    import torch

    found: dict[str, Any] = {}
    for key, tensor in tensors.items():
        dtype = _dtype(tensor, name)
        storage = place(_storage(source, mapped, tensor.span, dtype), "cpu")
        strides = torch.empty(tensor.shape, device="meta").stride()
        found[key] = torch.empty(0, dtype=dtype, device=storage.device).set_(storage, 0, tensor.shape, strides)
    return found


def _dtype(tensor: Tensor, name: str) -> Any:
    import torch

    found = getattr(torch, tensor.dtype, None)
    if found is None or found.itemsize * math.prod(tensor.shape) != tensor.span[1] - tensor.span[0]:
        raise MissingDependencyError(name, [f"a torch with {tensor.dtype}"], "pip install --upgrade torch")
    return found


def _storage(source: Source, mapped: MappedFile | None, span: tuple[int, int], dtype: Any) -> Any:
    """Give some bytes, mapped if they may be; those of the format lie at multiples of 8, which is all it promises."""
    begin, end = span
    if mapped and sys.byteorder == "little":
        storage = mapped.storage(begin, end - begin, alignment=dtype.itemsize)
        if storage is not None:
            return storage
    storage = read_storage(source, begin, end - begin)
    if sys.byteorder == "big":
        storage.byteswap(dtype)
    return storage
