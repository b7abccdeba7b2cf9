"""The bindings of a module: each time a name gets a value, and how those of a statement's branches come together."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from rehub.words.hubconf import Dynamic
from rehub.words.reading.plain import UNKNOWN


class Via(StrEnum):
    """How a name is bound."""

    DEF = "def"
    CLASS = "class"
    MODULE = "import"
    FROM = "from … import"
    STAR = "from … import *"
    VALUE = "assignment"
    DELETED = "del"


@dataclass(frozen=True, slots=True)
class Binding:
    """One binding, in the order in which they happen; a later one of the same name wins.

    Attributes:
        name: the name bound; ``*`` for a star import.
        line: where.
        conditional: it happens only if an ``if``, ``try``, ``for``, ``while`` or ``with`` goes its way.
        node: the definition, or the value assigned; ``None`` where no expression stands for the value.
        module: the module imported, dotted.
        level: the dots of a relative import.
        attribute: the name imported from it.
        made: the name was made at run time, by ``globals()[k] = v`` and the like, and could be worked out.
        leftover: it is what a loop has left in its variable.
        value: of such a name, as far as it could be worked out.
        values: what the names in ``node`` stood for at that moment.
    """

    name: str
    via: Via
    line: int
    conditional: bool = False
    node: ast.expr | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | None = None
    module: str = ""
    level: int = 0
    attribute: str = ""
    made: bool = False
    leftover: bool = False
    value: object = UNKNOWN
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bindings:
    """All bindings of a module, and the places that bind names at run time.

    Attributes:
        constants: the values that its names have in the end, as far as they could be worked out.
        places: of a name, in ``all``.
    """

    all: tuple[Binding, ...]
    dynamic: tuple[Dynamic, ...]
    constants: Mapping[str, object]
    places: Mapping[str, list[int]]

    @property
    def makes(self) -> bool:
        """Some names are made at run time, whether they are known or not."""
        return bool(self.dynamic) or any(each.made for each in self.all)

    def of(self, name: str) -> list[Binding]:
        """Give the bindings that a name may have: its own, and star imports, in order."""
        own = self.places.get(name, ())
        return [self.all[place] for place in sorted((*own, *(self.places.get("*", ()) if name != "*" else ())))]


def imported(node: ast.Import | ast.ImportFrom) -> list[Binding]:
    """Bind what an import brings."""
    if isinstance(node, ast.Import):
        # "import a.b" binds a; "import a.b as c" binds the module a.b.
        return [
            Binding(
                each.asname or each.name.partition(".")[0],
                Via.MODULE,
                node.lineno,
                module=each.name,
                attribute=each.asname or "",
            )
            for each in node.names
        ]
    return [
        Binding(
            each.asname or each.name,
            Via.STAR if each.name == "*" else Via.FROM,
            node.lineno,
            module=node.module or "",
            level=node.level,
            attribute=each.name,
        )
        for each in node.names
    ]


def unvalued(target: ast.expr, line: int) -> list[Binding]:
    """Bind the names of a target whose value no expression stands for."""
    return [Binding(name, Via.VALUE, line) for name in _names(target)]


def _names(target: ast.expr) -> list[str]:
    return [each.id for each in ast.walk(target) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)]


def conditional(found: list[Binding]) -> list[Binding]:
    """Give bindings as they are where it is not sure that they happen."""
    return [replace(each, conditional=True) for each in found if each.via is not Via.DELETED]


def merged(ways: list[list[Binding]], *, exhaustive: bool) -> list[Binding]:
    """Join the bindings of branches, of which one is taken; the first branch wins, unless it says only ``None``."""
    names = [{each.name for each in way} for way in ways]
    always = set.intersection(*names) if exhaustive and names else set()
    found: list[Binding] = []
    for place in reversed(range(len(ways))):
        elsewhere = set().union(*(names[:place] + names[place + 1 :]))
        kept = [each for each in ways[place] if not (_is_none(each) and each.name in elsewhere)]
        found += [each for each in kept if each.name in always] + conditional(
            [each for each in kept if each.name not in always]
        )
    return found


def _is_none(binding: Binding) -> bool:
    return isinstance(binding.node, ast.Constant) and binding.node.value is None


def gives_up(body: list[ast.stmt]) -> bool:
    """Say whether a block ends with a ``raise``."""
    return bool(body) and isinstance(body[-1], ast.Raise)
