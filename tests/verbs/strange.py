"""Objects that define everything they can, and note when any of it runs."""

from typing import Any

import torch
from torch import nn

from rehub.words.exploration import Kind
from tests.verbs.exploring import RAN, ran


class Strange:
    """Everything that it can define raises."""

    def __getattr__(self, name):
        return ran("__getattr__")

    __repr__ = __str__ = __format__ = lambda self, *_: ran("__repr__")
    __eq__ = __hash__ = lambda self, *_: ran("__eq__")
    __bool__ = __len__ = __iter__ = __dir__ = lambda self: ran("__bool__")

    @property
    def __class__(self):
        return ran("__class__")

    def go(self):
        """Go."""


class Liar(Strange):
    __class__ = nn.Module  # type: ignore[assignment]


class Meta(type):
    def __getattribute__(cls, name):
        return ran(f"metaclass: {name}")

    __eq__ = __hash__ = __instancecheck__ = __subclasscheck__ = lambda cls, *_: ran("metaclass")


class Guarded(metaclass=Meta):
    def go(self):
        """Go."""


class HostileModule(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 2)

    def __getattr__(self, name):
        if name in {"_forward_hooks", "fc"}:
            return super().__getattr__(name)
        return ran("__getattr__")

    def named_modules(self, *_: Any, **__: Any):
        RAN.append("named_modules")
        while True:
            yield "", self

    named_parameters = parameters = buffers = children = modules = named_modules  # type: ignore[assignment]
    __repr__ = __dir__ = __len__ = __iter__ = __bool__ = lambda self: ran("dunder")  # type: ignore[assignment]

    def forward(self, x=Strange(), y: Strange = Strange()):  # noqa: B008
        """Do."""


class HostileDict(dict):  # type: ignore[type-arg]
    items = keys = __iter__ = __len__ = __getitem__ = lambda self, *_: ran("dict")  # type: ignore[assignment]


class HostileTuple(tuple):
    __iter__ = __len__ = __getitem__ = lambda self, *_: ran("tuple")  # type: ignore[assignment]


class HostileTensor(torch.Tensor):
    @classmethod
    def __torch_function__(cls, *_: Any, **__: Any):
        return ran("__torch_function__")

    shape = dtype = device = property(lambda self: ran("shape"))


def hostile_buffer() -> Any:
    """Give a module that holds a tensor of a class of its own."""
    model = nn.Module()
    model.register_buffer("b", torch.zeros(3))
    model._buffers["b"] = torch.zeros(3).as_subclass(HostileTensor)
    return model


def own_circle() -> Any:
    """Give a module that holds itself."""
    model = nn.Sequential(nn.Linear(1, 1))
    model.add_module("me", model)
    return model


def shared_blocks() -> Any:
    """Give a module that is reached in 2 ** 60 ways."""
    model = nn.Linear(2, 2)
    for _ in range(60):
        model = nn.Sequential(model, model)  # type: ignore[assignment]
    return model


def endless_wrapped() -> Any:
    """Give a function that is wrapped by itself."""

    def f(): ...

    f.__wrapped__ = f  # type: ignore[attr-defined]
    return f


def wrong_signature() -> Any:
    """Give a function with a signature that is none."""

    def f(): ...

    f.__signature__ = 5  # type: ignore[attr-defined]
    return f


HOSTILE = {
    "strange": (Strange, Kind.OBJECT),
    "a class that is strange": (lambda: Strange, Kind.CLASS),
    "liar": (Liar, Kind.OBJECT),
    "metaclass": (lambda: Guarded, Kind.CLASS),
    "of that metaclass": (lambda: type.__call__(Guarded), Kind.OBJECT),
    "module": (HostileModule, Kind.MODULE),
    "module without __init__": (lambda: nn.Module.__new__(HostileModule), Kind.MODULE),
    "dictionary": (lambda: HostileDict(a=1), Kind.CONTAINER),
    "strange keys": (lambda: {KEY: 1}, Kind.CONTAINER),
    "tuple": (lambda: HostileTuple((1, 2)), Kind.CONTAINER),
    "tensor": (hostile_buffer, Kind.MODULE),
    "module in itself": (own_circle, Kind.MODULE),
    "shared modules": (shared_blocks, Kind.MODULE),
    "wrapped by itself": (endless_wrapped, Kind.FUNCTION),
    "wrong signature": (wrong_signature, Kind.FUNCTION),
}


class Key(Strange):
    """It may be a key: dictionaries ask for no more."""

    __hash__ = object.__hash__
    __eq__ = object.__eq__


KEY = Key()
