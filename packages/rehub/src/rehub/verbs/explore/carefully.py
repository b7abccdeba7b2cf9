"""Looking at foreign objects without running their code.

An attribute may be a property, ``__class__`` may lie, ``__getattr__``, ``__repr__`` and metaclasses may do anything. So
types are taken from ``type`` (``isinstance`` would ask ``__class__``), attributes from the dictionaries of objects and
classes, and what cannot be had that way is asked for where it may fail: with :func:`attempt`.
"""

import enum
import inspect
import re
import sys
import types
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, TypeGuard, TypeVar

from rehub.words.text import cut

T = TypeVar("T")

MISSING: Any = object()
MAX_SHOWN = 80  # characters of a default or annotation
_MAX_ITEMS = 6  # of a list that is a default
_PLAIN = (int, float, complex, bool, type(None), type(Ellipsis))
_BRACKETS: dict[type, tuple[str, str]] = {tuple: ("(", ")"), list: ("[", "]"), set: ("{", "}"), dict: ("{", "}")}
_BRACKETS[frozenset] = ("frozenset({", "})")
_TYPING = ("typing", "types", "typing_extensions")
# Quoted text stays; of dotted names the last part says enough: torch.Tensor, rehub.repos.<…>.models.net.Net.
_DOTTED = re.compile(r"('[^']*'|\"[^\"]*\")|\b(?:\w+\.)+(\w+)")


def attempt(act: Callable[[], T], otherwise: T) -> T:
    """Do what may run foreign code, and take ``otherwise`` if that raises; only an interruption goes on."""
    try:
        return act()
    except (Exception, SystemExit, GeneratorExit):  # noqa: BLE001 - foreign code raises what it likes
        return otherwise


def mro(kind: type) -> tuple[type, ...]:
    """Give a class and its bases, whatever its metaclass says."""
    found: tuple[type, ...] = type.__dict__["__mro__"].__get__(kind)
    return found


def own(kind: type) -> Mapping[str, Any]:
    """Give what a class itself defines."""
    found: Mapping[str, Any] = type.__dict__["__dict__"].__get__(kind)
    return found


def in_class(kind: type, name: str) -> Any:
    """Give a class's attribute as it lies there, or ``MISSING``."""
    return next((own(base)[name] for base in mro(kind) if name in own(base)), MISSING)


def attributes(value: object) -> dict[str, Any]:
    """Give an object's own attributes; none if it has no dictionary, or hides it."""
    descriptor = in_class(type(value), "__dict__")
    if type(descriptor) is not types.GetSetDescriptorType:
        return {}
    found: dict[str, Any] = attempt(lambda: descriptor.__get__(value), {})
    return found


def is_a(value: object, kind: type | None) -> bool:
    """Say whether an object is of a class, by what it is and not by what it says."""
    return kind is not None and any(base is kind for base in mro(type(value)))


def is_exactly(value: object, *kinds: type) -> bool:
    """Say whether an object's class is one of these; a metaclass may have its own idea of being equal."""
    return any(type(value) is kind for kind in kinds)


def is_class(value: object) -> TypeGuard[type]:
    """Say whether an object is a class."""
    return is_a(value, type)


def is_guarded(value: object) -> bool:
    """Say whether a class's metaclass wants to answer for it; :mod:`inspect` would ask it at every step."""
    return is_class(value) and in_class(type(value), "__getattribute__") is not in_class(type, "__getattribute__")


def is_callable(value: object) -> bool:
    """Say whether an object can be called."""
    return in_class(type(value), "__call__") is not MISSING


def type_name(kind: type) -> str:
    """Give a class's full name; builtins have only their own."""
    module, name = module_of(kind), qualified(kind)
    return name if module in {"builtins", ""} else f"{module}.{name}"


def qualified(kind: type) -> str:
    """Give a class's name within its module."""
    return str(type.__dict__["__qualname__"].__get__(kind))


def module_of(kind: type) -> str:
    """Give the module that a class says it is from."""
    said = type.__dict__["__module__"].__get__(kind)
    return said if type(said) is str else ""


def docstring(value: object) -> str:
    """Give a function's docstring, or a class's own one, without its indentation."""
    said = own(value).get("__doc__") if is_class(value) else attempt(lambda: value.__doc__, None)
    return inspect.cleandoc(said) if type(said) is str else ""


def first_line(doc: str) -> str:
    """Give the first line of a docstring in which anything is said."""
    return next((each.strip() for each in doc.splitlines() if each.strip()), "")


def shown(value: object) -> str:
    """Write a default as its author would have; of what could run code when it is written, only the class."""
    if is_exactly(value, str, bytes):
        return cut(repr(value[:MAX_SHOWN]), MAX_SHOWN)  # type: ignore[index]
    if is_exactly(value, *_PLAIN):
        return cut(attempt(lambda: repr(value), "…"), MAX_SHOWN)  # Python refuses to write numbers of 4300 digits
    if is_exactly(value, *_BRACKETS):
        return cut(_shown_items(value), MAX_SHOWN)
    return cut(_named(value), MAX_SHOWN)


def _named(value: object) -> str:
    """Write the name of something that has one."""
    if is_class(value):
        return qualified(value)
    if is_exactly(value, types.FunctionType, types.BuiltinFunctionType):
        return str(getattr(value, "__name__", "…"))
    if is_a(value, enum.Enum):
        return f"{qualified(type(value))}.{attributes(value).get('_name_', '…')}"
    if module_of(type(value)) == "torch" and qualified(type(value)) in {"dtype", "device", "Size", "layout"}:
        return repr(value)
    return f"<{qualified(type(value))}>"


def _shown_items(value: Any, level: int = 0) -> str:
    """Write a list, tuple, set or dictionary, down to a few levels."""
    if level > 2 or not value:  # noqa: PLR2004 - levels
        return "…" if value else repr(value)
    pairs = islice(value.items() if type(value) is dict else ((each,) for each in value), _MAX_ITEMS)
    within = [": ".join(_shown_item(each, level) for each in pair) for pair in pairs]
    within += ["…"] if len(value) > _MAX_ITEMS else []
    left, right = _BRACKETS[type(value)]
    single = "," if type(value) is tuple and len(value) == 1 else ""
    return f"{left}{', '.join(within)}{single}{right}"


def _shown_item(value: object, level: int) -> str:
    return _shown_items(value, level + 1) if is_exactly(value, *_BRACKETS) else shown(value)


def annotation(value: object) -> str:
    """Write an annotation: as it stands in the source, or by the last part of each name."""
    if type(value) is str:
        return cut(value, MAX_SHOWN)
    if is_class(value):
        return qualified(value)
    if value is None:
        return "None"
    if module_of(type(value)) in _TYPING:
        text = attempt(lambda: repr(value), "…")
        return cut(_DOTTED.sub(lambda found: found[1] or found[2], text), MAX_SHOWN)
    return shown(value)


def torch_class(*path: str) -> type | None:
    """Give a class of torch, ``torch_class("nn", "Module")``; ``None`` while nobody has imported what defines it."""
    *within, name = path
    module = sys.modules.get(".".join(["torch", *within]))
    # Not getattr: torch imports some of its parts, slow ones, when they are first asked for.
    found = vars(module).get(name) if module else None
    return found if isinstance(found, type) else None
