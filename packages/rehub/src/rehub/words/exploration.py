"""What exploring an object tells: how it is called, what it can do, how large it is, and what it is made of.

Plain data, so that :func:`dataclasses.asdict` gives the keys of ``rehub explore --json``. ``print`` shows it as text, a
notebook as tables.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath

from rehub.words.hubconf import Parameter


class Kind(StrEnum):
    """What an object is, as far as using it goes."""

    MODULE = "module"  # of torch
    TENSOR = "tensor"
    FUNCTION = "function"  # also bound, partial or compiled
    CLASS = "class"
    CONTAINER = "container"  # a tuple, list or dictionary
    VALUE = "value"  # a number, a text, None
    OBJECT = "object"


class MethodKind(StrEnum):
    """How a method is reached."""

    METHOD = "method"
    CLASS_METHOD = "class method"
    STATIC_METHOD = "static method"
    PROPERTY = "property"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is defined.

    Attributes:
        module: its name, as Python knows it.
        file: a path; empty if there is none, as of what is compiled.
        line: from 1; 0 if it is not known.
    """

    module: str
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        """Give the file as its package knows it, ``models/bert.py:12``; without a file, the module."""
        if not self.file:
            return self.module
        names = self.module.split(".")
        if names[:2] == ["rehub", "repos"]:
            names = names[3:]
        path = PurePath(self.file)
        kept = len(names) + (path.stem == "__init__")
        return "/".join(path.parts[-max(kept, 1) :]) + (f":{self.line}" if self.line else "")


@dataclass(frozen=True, slots=True)
class Input(Parameter):
    """A parameter of a call, with the shape of tensor that its documentation or annotation gives."""

    shape: str | None = None


@dataclass(frozen=True, slots=True)
class Method:
    """Something that can be called, or asked for, by name.

    Attributes:
        name: its name.
        kind: method, class method, static method or property.
        signature: as one calls it, without ``self``; empty if it cannot be known.
        summary: the first line of its documentation.
        owner: the class that defines it; empty of a function.
        place: where.
    """

    name: str
    kind: MethodKind = MethodKind.METHOD
    signature: str = ""
    summary: str = ""
    owner: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Common:
    """Methods that an object has because every object of a well-known class has them.

    Attributes:
        owner: that class: ``torch.nn.Module``, ``dict``.
        names: of the methods.
    """

    owner: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tensors:
    """Tensors, each counted once, also if it is reached in several ways.

    Attributes:
        numbers: that they hold.
        bytes: that these numbers take.
        dtypes: their types, ``float32``.
        devices: where they are, ``cuda:0``.
    """

    numbers: int = 0
    bytes: int = 0
    dtypes: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large a module is.

    Attributes:
        parameters: what a training may change.
        buffers: what else it keeps.
        trainable: how many numbers of the parameters a training would change now.
        tied: names under which the same numbers are found, by group.
        unsized: how many parameters have no size until the module is first called.
    """

    parameters: Tensors = Tensors()
    buffers: Tensors = Tensors()
    trainable: int = 0
    tied: tuple[tuple[str, ...], ...] = ()
    unsized: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """A submodule; or several in a row that are made alike.

    Attributes:
        name: its path, as ``get_submodule`` takes it; empty of the module itself.
        type: its class.
        count: how many these are.
        last: the path of the last of them; ``None`` of a single one.
        own: numbers in the parameters of each that are its own.
        total: numbers in the parameters of each, with those of its submodules.
        inside: how many submodules each holds, at any depth.
        parts: those submodules, as far as was asked for; of the first, where there are several.
        left_out: how many lines more there would be beside these.
    """

    name: str
    type: str
    count: int = 1
    last: str | None = None
    own: int = 0
    total: int = 0
    inside: int = 0
    parts: tuple["Part", ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class Exploration:
    """What there is to know about an object before it is used; nothing of it was called.

    Attributes:
        kind: what it is.
        type: the full name of its class.
        name: of a function or class: its own.
        summary: the first line of the documentation, of its class or of itself.
        place: where that is defined.
        value: a plain value, cut short; of a tensor its shape, type and device.
        call: what calling it calls: ``forward``, ``__call__``, a constructor, itself.
        inputs: the parameters of that, with what is said of each.
        returns: what is said of the result.
        returns_shape: the shape of it, if that is documented.
        methods: its public ones, those of its own class first.
        common: public ones that it shares with every object of a well-known class.
        sizes: of a module.
        training: whether a module is in training mode.
        parts: a module's submodules.
        length: of a container.
        items: what a container holds, or modules that an object keeps.
        notes: what could not be told, and why.
    """

    kind: Kind
    type: str
    name: str = ""
    summary: str = ""
    place: Place | None = None
    value: str | None = None
    call: Method | None = None
    inputs: tuple[Input, ...] = ()
    returns: str | None = None
    returns_shape: str | None = None
    methods: tuple[Method, ...] = ()
    common: tuple[Common, ...] = ()
    sizes: Sizes | None = None
    training: bool | None = None
    parts: Part | None = None
    length: int | None = None
    items: tuple["Item", ...] = ()
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        from rehub.words.telling.exploration import sheet

        return str(sheet(self))

    # What somebody sees who types rehub.explore(model) without a notebook.
    __repr__ = __str__

    def _repr_html_(self) -> str:
        from rehub.words.html import as_html
        from rehub.words.telling.exploration import sheet

        return as_html(sheet(self))


@dataclass(frozen=True, slots=True)
class Item:
    """Something that an object holds.

    Attributes:
        key: how it is reached: ``[0]``, ``['vocals']``, ``.model``.
        found: what it is.
    """

    key: str
    found: Exploration
