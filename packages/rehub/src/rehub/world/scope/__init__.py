"""The import system's part of rehub: every checkout is imported below ``rehub.repos``, and sees itself at the top.

Three things are put into the process, once: a finder for names below ``rehub.repos``, a path hook that makes folders
of checkouts invisible to ordinary imports even while they stand on ``sys.path``, and an ``__import__`` that sends the
absolute imports of a checkout's modules to the checkout first. docs/scope.md says what follows, and what a process
cannot keep apart.
"""

from rehub.world.scope.bytecode import Bytecode, tag
from rehub.world.scope.children import tell_children, told
from rehub.world.scope.importlib_bootstrap import PACKAGE, Importer, importer
from rehub.world.scope.proof import Proof
from rehub.world.scope.scope import Scope
from rehub.world.scope.traces import shorten
from rehub.world.scope.visit import visit

__all__ = [
    "PACKAGE",
    "Bytecode",
    "Importer",
    "Proof",
    "Scope",
    "importer",
    "shorten",
    "tag",
    "tell_children",
    "told",
    "visit",
]
