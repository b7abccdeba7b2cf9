"""Tensors as they are counted: each once, whoever holds it, and without running what a subclass overrides."""

import sys
from collections.abc import Hashable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from rehub.verbs.explore.carefully import attempt, is_a, torch_class
from rehub.words.exploration import Tensors


@dataclass(frozen=True, slots=True)
class Counted:
    """A tensor.

    Attributes:
        key: the same for all tensors that see the same numbers.
        shape: its sizes; ``None`` until the module that holds it is first called.
        numbers: that it holds.
        bytes: that these take.
        dtype: their type.
        device: where they are.
        trainable: whether a training would change them.
    """

    key: Hashable
    shape: tuple[int, ...] | None
    numbers: int
    bytes: int
    dtype: str
    device: str
    trainable: bool


def count(tensor: Any) -> Counted | None:
    """Look at a tensor; ``None`` if it is none, or cannot be looked at."""
    kind: Any = torch_class("Tensor")
    return attempt(lambda: _count(kind, tensor), None) if kind and is_a(tensor, kind) else None


def _count(kind: Any, tensor: Any) -> Counted:
    """Ask ``torch.Tensor`` itself: a subclass may answer otherwise."""
    with _plainly():
        unsized = is_a(tensor, torch_class("nn", "parameter", "UninitializedTensorMixin"))
        numbers = 0 if unsized else kind.numel(tensor)
        return Counted(
            key=_key(kind, tensor),
            shape=None if unsized else tuple(kind.size(tensor)),
            numbers=numbers,
            bytes=numbers * kind.element_size(tensor),
            dtype=str(kind.dtype.__get__(tensor)).removeprefix("torch."),
            device=str(kind.device.__get__(tensor)),
            trainable=kind.requires_grad.__get__(tensor),
        )


def _plainly() -> AbstractContextManager[Any]:
    """Keep torch from handing a call to the tensor's own class."""
    switch = torch_class("_C", "DisableTorchFunctionSubclass")
    return switch() if switch else nullcontext()


def _key(kind: Any, tensor: Any) -> Hashable:
    """Tell tensors apart by the numbers they see, since one parameter may be made of another; else by themselves."""

    def seen() -> tuple[Hashable, ...]:
        # The storage's own identity: data_ptr is 0 for all tensors of the device "meta".
        storage = kind.untyped_storage(tensor)._cdata  # noqa: SLF001
        return storage, kind.storage_offset(tensor), tuple(kind.size(tensor)), kind.stride(tensor)

    itself: tuple[Hashable, ...] = ("tensor", id(tensor))
    return attempt(seen, itself)


def together(tensors: Iterable[Counted]) -> Tensors:
    """Add tensors up, each once."""
    each_once = {each.key: each for each in tensors}.values()
    return Tensors(
        numbers=sum(each.numbers for each in each_once),
        bytes=sum(each.bytes for each in each_once),
        dtypes=tuple(sorted({each.dtype for each in each_once})),
        devices=tuple(sorted({each.device for each in each_once})),
    )


def described(tensor: object) -> str:
    """Say a tensor's shape, type and device."""
    found = count(tensor)
    return f"{found.shape}, {found.dtype}, {found.device}" if found else "…"


def is_packed(value: object) -> bool:
    """Say whether an object holds numbers that only torch's own kernels can see, as quantized modules do."""
    return "torch" in sys.modules and is_a(value, torch_class("ScriptObject"))
