"""The header of a safetensors file: it runs nothing, but can lie.

The library itself refuses holes, overlaps and sizes that are wrong. Two things it accepts are refused here as well: a
name that is there twice, and names that look like paths. Source: safetensors 0.8, safetensors/src/tensor.rs.
"""

import json
import re
from itertools import pairwise
from typing import Any

from rehub.words.weightfiles.faults import Unsound
from rehub.words.weightfiles.source import Source
from rehub.words.weightfiles.values import Tensor, elements, numbers

MAX_HEADER = 16 << 20  # bytes; the library takes 100 MB
_LENGTH = 8  # bytes of the header's length
_BITS = {
    "BOOL": ("bool", 8),
    "U8": ("uint8", 8),
    "I8": ("int8", 8),
    "F4": ("float4_e2m1fn_x2", 4),
    "F6_E2M3": ("float6_e2m3fn", 6),
    "F6_E3M2": ("float6_e3m2fn", 6),
    "F8_E5M2": ("float8_e5m2", 8),
    "F8_E4M3": ("float8_e4m3fn", 8),
    "F8_E8M0": ("float8_e8m0fnu", 8),
    "F8_E4M3FNUZ": ("float8_e4m3fnuz", 8),
    "F8_E5M2FNUZ": ("float8_e5m2fnuz", 8),
    "I16": ("int16", 16),
    "U16": ("uint16", 16),
    "F16": ("float16", 16),
    "BF16": ("bfloat16", 16),
    "I32": ("int32", 32),
    "U32": ("uint32", 32),
    "F32": ("float32", 32),
    "I64": ("int64", 64),
    "U64": ("uint64", 64),
    "F64": ("float64", 64),
    "C64": ("complex64", 64),
}
_TRICKS = re.compile(r"\A[/~]|\\|(?:\A|/)\.\.?(?:/|\Z)|[\x00-\x1f\x7f]|\A[A-Za-z]:|\A\Z")


def read_safetensors(source: Source) -> dict[str, Tensor]:
    """Give the file's tensors by name.

    Raises:
        Unsound: the header is not what the file is.
    """
    length = int.from_bytes(source.read(0, _LENGTH), "little")
    if length > min(MAX_HEADER, source.size - _LENGTH):
        raise Unsound(
            f"its header claims {length} bytes; the file has {source.size}, and at most {MAX_HEADER} are read"
        )
    header = _json(source.read(_LENGTH, length))
    _check_metadata(header.pop("__metadata__", {}))
    spans: list[tuple[int, int]] = []
    found = {name: _tensor(name, row, _LENGTH + length, spans) for name, row in header.items()}
    spans.sort()
    ends = [0, *(end for _, end in spans)]
    if [begin for begin, _ in spans] != ends[:-1] or any(end < begin for begin, end in pairwise(ends)):
        raise Unsound("its tensors overlap, or there is a hole between them")
    if ends[-1] != source.size - _LENGTH - length:
        raise Unsound(f"its tensors have {ends[-1]} bytes, and {source.size - _LENGTH - length} follow the header")
    return found


def _json(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Unsound("its header is no JSON text") from error
    if not isinstance(found, dict):
        raise Unsound("its header is no JSON object")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unsound("its header has a name twice")
    return found


def _no_constant(name: str) -> Any:
    raise Unsound(f"its header has {name} in it")


def _check_metadata(metadata: Any) -> None:
    if not isinstance(metadata, dict) or not all(isinstance(each, str) for each in metadata.values()):
        raise Unsound("its __metadata__ is no object of texts")


def _tensor(name: str, row: Any, start: int, spans: list[tuple[int, int]]) -> Tensor:
    if _TRICKS.search(name):
        raise Unsound(f"it has a tensor with the name {name[:80]!a}")
    if not isinstance(row, dict) or row.keys() != {"dtype", "shape", "data_offsets"}:
        raise Unsound(f"its header says of {name[:80]!a} something else than dtype, shape and data_offsets")
    dtype, bits = _BITS.get(str(row["dtype"]), (None, 0))
    if dtype is None:
        raise Unsound(f"{name[:80]!a} has the dtype {str(row['dtype'])[:40]!a}, which is none of safetensors'")
    offsets = numbers(row["data_offsets"])
    shape = numbers(row["shape"])
    if len(offsets) != 2 or (offsets[1] - offsets[0]) * 8 != elements(shape) * bits:  # noqa: PLR2004 - begin, end
        raise Unsound(f"{name[:80]!a} is {list(shape)} of {dtype}, and has {list(offsets)[:3]} as its bytes")
    spans.append((offsets[0], offsets[1]))
    return Tensor(dtype, shape, span=(start + offsets[0], start + offsets[1]))
