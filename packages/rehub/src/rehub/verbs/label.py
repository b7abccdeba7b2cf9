"""What a model carries of its provenance, so that its copies and pickles have it (docs/adr/0017).

It lies in the ``__dict__`` of a torch module, where ``copy``, ``pickle`` and ``model.to()`` take along what they do not
know. A copy in this process shares it; a pickle holds bytes, which need no rehub to be read.
"""

import codecs
import json
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol, Self

from rehub.words.provenance import Provenance

# torch.jit.script makes no attribute of a name that starts like this.
KEY = "__rehub_provenance__"
_MOST = 16 << 20  # bytes that are read


class Telling(Protocol):
    """What knows what an object was made from."""

    def now(self) -> Provenance:
        """Give all that is known by now."""


class Label:
    """Stands in a model's ``__dict__``, and tells what is known when it is asked or pickled."""

    __slots__ = ("made",)

    def __init__(self, made: Telling) -> None:
        self.made = made

    def __copy__(self) -> Self:
        """Be the same one in a copy: what becomes known later is known of the copy, too."""
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Be the same one in a copy."""
        return self

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, str]]:
        """Become bytes, in the one way that torch's own unpickler for weights lets by, too."""
        return codecs.encode, (json.dumps(self.made.now().as_dict()), "utf-8")

    def __repr__(self) -> str:
        return "<what rehub.provenance says>"


def attach(value: object, made: Telling) -> None:
    """Let a torch module carry what it was made from; nothing else is touched."""
    if (own := _own(value)) is not None:
        own[KEY] = Label(made)


def carried(value: object) -> Label | bytes | None:
    """Give what an object carries: a label, or what was one before it was pickled."""
    found = (_own(value) or {}).get(KEY)
    return found if type(found) in {Label, bytes} else None


def read(said: bytes) -> Provenance:
    """Read what was a label before it was pickled.

    Raises:
        MalformedError: it is damaged, or of a newer rehub.
    """
    try:
        data = json.loads(said) if len(said) <= _MOST else None
    except (RecursionError, ValueError):
        data = None
    return Provenance.from_dict(data)


def _own(value: object) -> dict[str, Any] | None:
    """Give a torch module's own attributes, without a word to its class; ``None`` of anything else."""
    module = getattr(sys.modules.get("torch.nn"), "Module", None)
    found = None
    if module is not None and module in type.__dict__["__mro__"].__get__(type(value)):
        with suppress(AttributeError, TypeError):
            found = object.__getattribute__(value, "__dict__")
    return found if type(found) is dict else None
