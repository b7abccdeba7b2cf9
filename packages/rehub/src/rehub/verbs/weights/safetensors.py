"""The tensors of a safetensors file. Source: github.com/huggingface/safetensors, "Format"."""

import json
import math
import os
import sys
from collections.abc import Callable
from io import BufferedReader
from pathlib import Path
from typing import Any

from rehub.verbs.weights.storages import MappedFile, read_storage
from rehub.words.errors import MalformedWeightsError, MissingDependencyError

_LENGTH = 8  # bytes of the header's length
_MAX_HEADER = 100_000_000  # bytes, as the format's own library has it
_DTYPES = {
    "BOOL": "bool",
    "U8": "uint8",
    "I8": "int8",
    "F8_E5M2": "float8_e5m2",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E8M0": "float8_e8m0fnu",
    "F8_E4M3FNUZ": "float8_e4m3fnuz",
    "F8_E5M2FNUZ": "float8_e5m2fnuz",
    "I16": "int16",
    "U16": "uint16",
    "F16": "float16",
    "BF16": "bfloat16",
    "I32": "int32",
    "U32": "uint32",
    "F32": "float32",
    "I64": "int64",
    "U64": "uint64",
    "F64": "float64",
    "C64": "complex64",
}


def read_safetensors(path: str, mapped: MappedFile | None, place: Callable[[Any, str], Any]) -> dict[str, Any]:
    """Give a file's tensors by name, in the order of its header.

    Args:
        path: the file.
        mapped: the same, if its tensors shall be mapped.
        place: says where each storage goes; given the storage and the place it has.

    Raises:
        MalformedWeightsError: it is not what its header says.
        MissingDependencyError: it has numbers that this torch does not know.
    """
    import torch

    with Path(path).open("rb") as file:
        header, start = _header(file, path)
        room = os.fstat(file.fileno()).st_size - start
        found: dict[str, Any] = {}
        for name, row in header.items():
            dtype = _dtype(row, path)
            shape, begin, size = _span(row, dtype, room, path)
            storage = place(_storage(file, mapped, start + begin, size, dtype), "cpu")
            strides = torch.empty(shape, device="meta").stride()
            found[name] = torch.empty(0, dtype=dtype, device=storage.device).set_(storage, 0, shape, strides)
        return found


def _header(file: BufferedReader, path: str) -> tuple[dict[str, Any], int]:
    """Give what the header says of each tensor, and where their bytes begin."""
    length = int.from_bytes(file.read(_LENGTH), "little")
    if length > _MAX_HEADER:
        raise MalformedWeightsError(path, f"its header claims {length} bytes; at most {_MAX_HEADER} are read")
    try:
        header = json.loads(file.read(length))
    except (ValueError, RecursionError) as error:
        raise MalformedWeightsError(path, "its header is no JSON") from error
    if not isinstance(header, dict):
        raise MalformedWeightsError(path, "its header is no JSON object")
    header.pop("__metadata__", None)
    return header, _LENGTH + length


def _span(row: Any, dtype: Any, room: int, path: str) -> tuple[list[int], int, int]:
    """Give a tensor's shape, where its bytes begin behind the header, and how many they are."""
    shape, offsets = row.get("shape"), row.get("data_offsets")
    numbers = all(
        isinstance(each, list) and all(type(one) is int and one >= 0 for one in each) for each in (shape, offsets)
    )
    if not numbers or len(offsets) != 2:  # noqa: PLR2004 - begin, end
        raise MalformedWeightsError(path, "a tensor's shape or place is none")
    begin, end = offsets
    if not begin <= end <= room or end - begin != math.prod(shape) * dtype.itemsize:
        raise MalformedWeightsError(path, f"a tensor of shape {shape[:9]} has the bytes {begin} to {end} of {room}")
    return shape, begin, end - begin


def _dtype(row: Any, path: str) -> Any:
    import torch

    name = str(row.get("dtype")) if isinstance(row, dict) else ""
    if name not in _DTYPES or not hasattr(torch, _DTYPES[name]):
        raise MissingDependencyError(path, [f"a torch with {name[:40]}"], "pip install --upgrade torch")
    return getattr(torch, _DTYPES[name])


def _storage(file: BufferedReader, mapped: MappedFile | None, offset: int, size: int, dtype: Any) -> Any:
    """Give some bytes, mapped if they may be; those of the format lie at multiples of 8, which is all it promises."""
    if mapped and sys.byteorder == "little":
        storage = mapped.storage(offset, size, alignment=dtype.itemsize)
        if storage is not None:
            return storage
    storage = read_storage(file, offset, size)
    if sys.byteorder == "big":
        storage.byteswap(dtype)
    return storage
