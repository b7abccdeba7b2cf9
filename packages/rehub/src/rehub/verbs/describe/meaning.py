"""What a name can stand for, as far as reading tells."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from rehub.verbs.describe.modules import Place
from rehub.words.reading.plain import Thing
from rehub.words.reading.source import Source


class What(StrEnum):
    """What a name stands for, as far as reading tells."""

    FUNCTION = "function"
    CLASS = "class"
    PARTIAL = "partial"
    OBJECT = "object"  # what a call of the repository's own code gave; it may be callable
    MODULE = "module"
    VALUE = "value"  # surely nothing to call
    OUTSIDE = "outside"  # of the standard library, or of another package
    MISSING = "missing"  # not bound where it should be
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a name stands for, and where that is written.

    Attributes:
        source: the module with the definition.
        node: the definition: a ``def``, ``class``, ``lambda``, or the call that made a partial or an object.
        origin: the dotted name of something outside; for a missing name, why.
        place: of a module of the repository.
        made_by: for an object, the inner function or class that the call returns, if reading can tell.
        maybe: it exists only if an ``if``, ``try`` or loop of a star-imported module goes its way.
        values: what names in ``node`` stood for when it was evaluated, in a loop or in a call of a function.
        inner: it was defined by a call of a function.
        doc: documentation that it was given later, by ``f.__doc__ = …``.
    """

    what: What
    source: Source | None = None
    node: ast.AST | None = None
    origin: str = ""
    place: Place | None = None
    made_by: ast.AST | None = None
    maybe: bool = False
    values: Mapping[str, object] = field(default_factory=dict)
    inner: bool = False
    doc: str = ""

    @property
    def is_callable(self) -> bool:
        """It is something of the repository that may be called."""
        return self.what in {What.FUNCTION, What.CLASS, What.PARTIAL, What.OBJECT}


@dataclass(frozen=True, slots=True, eq=False)
class Known(Thing):
    """What a name stands for, as a value that reading works with.

    Attributes:
        meaning: what it is.
        first: the argument that a call of it gets before all others: a class method's class.
        told: attributes that it was given later.
        call: the call that made it, with its module, if a function of the repository did.
    """

    meaning: Meaning
    first: "Known | None" = None
    told: dict[str, str] = field(default_factory=dict)
    call: tuple[Source, ast.Call] | None = None

    @property
    def counts(self) -> bool | None:
        """Whether it counts as true: functions, classes and modules do."""
        return True if self.meaning.what in {What.FUNCTION, What.CLASS, What.PARTIAL, What.MODULE} else None

    @property
    def described(self) -> Meaning:
        """What it is for those who only look at it: what a function made is an object."""
        made = self.meaning
        if self.call is None or made.what is not What.FUNCTION or made.source is None:
            return made
        doc = self.told.get("__doc__", "")
        return Meaning(What.OBJECT, *self.call, made_by=made.node, origin=made.source.file, doc=doc)


VALUE = Meaning(What.VALUE)
UNKNOWN = Meaning(What.UNKNOWN)
MISSING = Meaning(What.MISSING)
