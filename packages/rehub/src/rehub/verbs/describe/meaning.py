"""What a name can stand for, as far as reading tells."""

import ast
from dataclasses import dataclass
from enum import StrEnum

from rehub.verbs.describe.modules import Place
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
    """

    what: What
    source: Source | None = None
    node: ast.AST | None = None
    origin: str = ""
    place: Place | None = None
    made_by: ast.AST | None = None
    maybe: bool = False

    @property
    def is_callable(self) -> bool:
        """It is something of the repository that may be called."""
        return self.what in {What.FUNCTION, What.CLASS, What.PARTIAL, What.OBJECT}


VALUE = Meaning(What.VALUE)
UNKNOWN = Meaning(What.UNKNOWN)
MISSING = Meaning(What.MISSING)
