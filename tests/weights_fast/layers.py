"""Every kind of module that torch.nn has, made small."""

from collections.abc import Callable, Iterator
from inspect import isclass

import torch
from torch import nn

_ARGUMENTS: dict[str, tuple[object, ...]] = {
    "AdaptiveLogSoftmaxWithLoss": (16, 20, [5, 10]),
    "Bilinear": (3, 4, 5),
    "Embedding": (7, 3),
    "EmbeddingBag": (7, 3),
    "GroupNorm": (2, 4),
    "LayerNorm": ((3, 4),),
    "LazyLinear": (6,),
    "Linear": (3, 4),
    "LinearCrossEntropyLoss": (3, 4),
    "LSTM": (3, 4, 2),
    "GRU": (3, 4, 2),
    "RNN": (3, 4, 2),
    "LSTMCell": (3, 4),
    "GRUCell": (3, 4),
    "RNNCell": (3, 4),
    "MultiheadAttention": (8, 2),
    "PReLU": (3,),
    "RMSNorm": (6,),
    "Transformer": (8, 2, 1, 1, 16),
    "TransformerDecoderLayer": (8, 2, 16),
    "TransformerEncoderLayer": (8, 2, 16),
}


def _arguments(name: str) -> tuple[object, ...] | None:
    """Give what a class is made with, for the smallest that has weights; ``None`` if it is not made alone."""
    if name in _ARGUMENTS:
        return _ARGUMENTS[name]
    if name.startswith("Conv"):
        return (4, 6, 3)
    if name.startswith("LazyConv"):
        return (6, 3)
    if "InstanceNorm" in name:
        shape = () if name.startswith("Lazy") else (4,)
        return (*shape, 1e-5, 0.1, True, True)
    if "Norm" in name:
        return () if name.startswith("Lazy") else (4,)
    return None


def _inputs(name: str) -> torch.Tensor | None:
    """Give what a lazy module learns its shape from."""
    if not name.startswith("Lazy"):
        return None
    dimensions = int(name[-2]) if name[-1] == "d" else 0
    return torch.zeros(2, 4, *[8] * dimensions) if dimensions else torch.zeros(2, 4)


def kinds() -> Iterator[tuple[str, Callable[[], nn.Module]]]:
    """Give each of torch.nn's classes that has weights, and how one is made."""
    for name in sorted(dir(nn)):
        kind = getattr(nn, name)
        arguments = _arguments(name) if isclass(kind) and issubclass(kind, nn.Module) else None
        if arguments is not None and not name.startswith(("CrossMap", "LocalResponse")):
            yield name, _maker(name, kind, arguments)


def _maker(name: str, kind: type[nn.Module], arguments: tuple[object, ...]) -> Callable[[], nn.Module]:
    def make() -> nn.Module:
        module = kind(*arguments)
        inputs = _inputs(name)
        if inputs is not None:
            module(inputs)
        return module

    return make
