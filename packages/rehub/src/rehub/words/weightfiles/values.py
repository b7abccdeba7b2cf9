"""What a pickle would make, written down instead of made: enough to judge it, and to tell of it."""

from dataclasses import dataclass, field
from typing import Any

from rehub.words.weightfiles.allowed import DTYPES, ITEM_SIZES
from rehub.words.weightfiles.faults import Unsound

_MAX_DIMENSIONS = 64  # of a tensor; Source: c10/util/DimVector.h and TensorIterator, which know no more
_LARGEST = 1 << 62  # bytes, or elements, of anything
_MAX_EXPANDED = 1 << 30  # bytes that a view may seem to have, if it repeats what its storage has


@dataclass(slots=True, eq=False)
class Global:
    """A function or class, by its name."""

    name: str


@dataclass(slots=True, eq=False)
class Thing:
    """Something small and harmless: a device, a layout, a set, bytes."""

    name: str
    holds: tuple[Any, ...] = ()


@dataclass(slots=True, eq=False)
class Table:
    """A dictionary: of Python, or one of ``collections``."""

    name: str = "dict"
    rows: list[tuple[Any, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class Storage:
    """The elements that tensors are views of.

    Attributes:
        key: which one it is in the file.
        dtype: of its elements, by torch's name.
        numel: how many there are.
        location: which device it was on: ``cpu``, ``cuda:0``.
        start: where in the file's own storage it begins, in elements: an old stream has views of storages.
    """

    key: str
    dtype: str
    numel: int
    location: str
    start: int = 0

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.numel * ITEM_SIZES[self.dtype]


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """A tensor.

    Attributes:
        dtype: of its elements, by torch's name.
        shape: its sizes.
        storage: what it is a view of; ``None`` for one without elements of its own: sparse, or on the meta device.
        kind: ``""``, ``"parameter"``, ``"sparse"``, ``"quantized"`` or ``"meta"``.
        span: where in the file its bytes begin and end, in a format that has no storages.
    """

    dtype: str
    shape: tuple[int, ...]
    storage: Storage | None = None
    kind: str = ""
    span: tuple[int, int] = (0, 0)


def view(storage: Any, offset: Any, shape: Any, stride: Any, dtype: Any = None) -> Tensor:
    """Give a tensor that lies inside its storage.

    Args:
        storage: what it is a view of.
        offset: where it begins, in elements.
        shape: its sizes.
        stride: how far apart its elements are, in each dimension.
        dtype: of its elements, if not the storage's.

    Raises:
        Unsound: it reaches outside, or is none.
    """
    if not isinstance(storage, Storage):
        raise _wrong("a tensor is no view of a storage")
    kind = storage.dtype if dtype is None else dtype_of(dtype)
    sizes, strides, begin = numbers(shape), numbers(stride), number(offset)
    if len(sizes) != len(strides):
        raise _wrong(f"a tensor of {len(sizes)} dimensions has strides for {len(strides)}")
    item = ITEM_SIZES[kind]
    reach = sum((size - 1) * step for size, step in zip(sizes, strides, strict=True)) + 1 if all(sizes) else 0
    if (begin + reach) * item > storage.size:
        raise _wrong(f"a tensor reaches {(begin + reach) * item} bytes into a storage of {storage.size}")
    if elements(sizes) * item > max(storage.size, _MAX_EXPANDED):
        raise _wrong(
            f"a tensor {list(sizes)} would have {elements(sizes) * item} bytes, of a storage of {storage.size}"
        )
    return Tensor(kind, sizes, storage)


def dtype_of(value: Any) -> str:
    """Give the dtype that a value names.

    Raises:
        Unsound: it names none.
    """
    if not isinstance(value, Global) or value.name not in DTYPES:
        raise _wrong("a tensor has no dtype")
    return DTYPES[value.name]


def elements(shape: tuple[int, ...]) -> int:
    """Give how many elements a tensor of some sizes has.

    Raises:
        Unsound: more than can be counted.
    """
    total = 1
    for size in shape:
        total *= size
        if total > _LARGEST:
            raise _wrong(f"a tensor {list(shape)[:8]} is larger than memory can be")
    return total


def numbers(value: Any) -> tuple[int, ...]:
    """Give sizes or strides, of a tuple, a list or a torch.Size.

    Raises:
        Unsound: they are something else, negative or too many.
    """
    found = value.holds if isinstance(value, Thing) and value.name == "torch.Size" else value
    if not isinstance(found, tuple | list) or len(found) > _MAX_DIMENSIONS:
        raise _wrong(f"a tensor's sizes are no list of at most {_MAX_DIMENSIONS} numbers")
    return tuple(number(each) for each in found)


def number(value: Any) -> int:
    """Give a number that counts something.

    Raises:
        Unsound: it is none, negative, or larger than anything there is.
    """
    if type(value) is not int or not 0 <= value <= _LARGEST:
        raise _wrong(f"{_shown(value)} stands where a number from 0 belongs")
    return value


def _shown(value: Any) -> str:
    return str(value)[:40] if isinstance(value, int | str) else "something else"


def _wrong(said: str) -> Unsound:
    return Unsound(f"in its pickle, {said}")
