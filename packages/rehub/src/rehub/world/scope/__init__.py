"""The import system's part of rehub: every checkout is imported below ``rehub.repos``, and sees itself at the top.

What is put into the process, once: a finder for names below ``rehub.repos``; a path hook that makes folders of
checkouts invisible to ordinary imports even while they stand on ``sys.path``; an ``__import__`` that sends the absolute
imports of a checkout's modules to the checkout first; the same for names that are data (``asked.py``, ``pickles.py``);
a watch over torch's operators, and one over what code gets past rehub (``watch.py``). docs/scope.md says what follows,
and what a process cannot keep apart.

Each part is imported when it is first used: reading weights needs one of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rehub.world.scope.arrivals import when
    from rehub.world.scope.bytecode import Bytecode, broken, tag
    from rehub.world.scope.children import tell_children, told
    from rehub.world.scope.detours import detour, original, undo
    from rehub.world.scope.importlib_bootstrap import PACKAGE, Importer, importer
    from rehub.world.scope.notes import Notes
    from rehub.world.scope.proof import Proof
    from rehub.world.scope.scope import Scope
    from rehub.world.scope.traces import shorten
    from rehub.world.scope.visits import inside, visit
    from rehub.world.scope.watch import note

_WHERE = {
    "arrivals": ["when"],
    "bytecode": ["Bytecode", "broken", "tag"],
    "children": ["tell_children", "told"],
    "detours": ["detour", "original", "undo"],
    "importlib_bootstrap": ["PACKAGE", "Importer", "importer"],
    "notes": ["Notes"],
    "proof": ["Proof"],
    "scope": ["Scope"],
    "traces": ["shorten"],
    "visits": ["inside", "visit"],
    "watch": ["note"],
}

__all__ = [
    "PACKAGE",
    "Bytecode",
    "Importer",
    "Notes",
    "Proof",
    "Scope",
    "broken",
    "detour",
    "importer",
    "inside",
    "note",
    "original",
    "shorten",
    "tag",
    "tell_children",
    "told",
    "undo",
    "visit",
    "when",
]


def __getattr__(name: str) -> Any:
    for part, names in _WHERE.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{part}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
