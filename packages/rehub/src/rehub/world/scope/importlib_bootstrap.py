"""The finder, the path hook and the ``__import__`` that rehub puts into the process.

The file's name is part of its work: Python leaves frames of files whose path holds "importlib" and "_bootstrap" out
when it says where a warning comes from, so that a repository's warnings name the repository's lines.
Source: CPython 3.11, Lib/warnings.py, ``_is_internal_frame``.
"""

import builtins
import pkgutil
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib.machinery import FileFinder, ModuleSpec, all_suffixes
from types import FrameType, ModuleType
from typing import Any, cast

from rehub.words.errors import RunError
from rehub.world.scope import dynamo
from rehub.world.scope.arrivals import when
from rehub.world.scope.asked import lead_imports
from rehub.world.scope.libraries import is_library
from rehub.world.scope.loader import PackageLoader, package
from rehub.world.scope.operators import Operators
from rehub.world.scope.pickles import lead_unpickling
from rehub.world.scope.scope import Scope
from rehub.world.scope.threads import act_for, lead_threads, scope_of_thread
from rehub.world.scope.watch import watch

PACKAGE = "rehub.repos"
_START = PACKAGE + "."
_BOUNDARY = act_for.__code__


class Importer:
    """What stands on ``sys.meta_path``, and the scopes that it knows.

    Attributes:
        scopes: by the full names of their packages.
        running: the scopes whose code is being called, once for each call.
        locate: finds the scope of a package that nobody has opened in this process.
        prepare: runs the hubconf of such a one.
        is_offline: says whether a scope's code may open no connection.
    """

    def __init__(self) -> None:
        self.scopes: dict[str, Scope] = {}
        self.running: list[Scope] = []
        self.locate: Callable[[str], Scope | None] = lambda _: None
        self.prepare: Callable[[Scope], None] = lambda _: None
        self.is_offline: Callable[[Scope], bool] = lambda _: False
        self.operators = Operators(self)
        self._previous: Callable[..., Any] = builtins.__import__
        self._lock = threading.RLock()

    def install(self) -> None:
        """Put everything in place; again, if somebody has taken it away since."""
        with self._lock:
            if self not in sys.meta_path:
                sys.meta_path.insert(0, self)
            if self.hides not in sys.path_hooks:
                sys.path_hooks.insert(0, self.hides)
            if not self._is_asked():
                self._previous = builtins.__import__
                builtins.__import__ = self.imports
            lead_imports(self)
            lead_unpickling(self)
            lead_threads(self.behind)
            when("torch.library", self.operators.watch)

    def _is_asked(self) -> bool:
        """Say whether an import still arrives here, maybe by way of somebody else's ``__import__``."""
        probe = _Probe()
        builtins.__import__("sys", probe)
        return probe.asked

    def open(self, scope: Scope) -> Scope:
        """Make a checkout importable; give the scope that is in use for it.

        Raises:
            RunError: another checkout has the name.
        """
        self.install()
        watch(self)
        with self._lock:
            known = self.scopes.setdefault(scope.name, scope)
            if known.proof.root == scope.proof.root:
                return known
            if known.proof.files is None or known.proof.files != scope.proof.files:
                msg = f"{scope.root} and {known.root} would both be imported as {scope.name}"
                raise RunError(msg)
            if not known.proof.stands_for(scope.proof):
                known.forget()
                self.scopes[scope.name] = scope
            return self.scopes[scope.name]

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,  # noqa: ARG002 - the import system's signature
    ) -> ModuleSpec | None:
        """Find a checkout's package or one of its modules; know nothing of any other name."""
        if not fullname.startswith(_START):
            return None
        head, _, tail = fullname[len(_START) :].partition(".")
        known = self.scopes.get(_START + head)
        scope = known or self.locate(head)
        if scope is None:
            return None
        if tail:
            return scope.find(fullname, path)
        prepare = (lambda: None) if known else partial(self.prepare, scope)
        return package(fullname, scope.path, PackageLoader(scope.path, prepare))

    def invalidate_caches(self) -> None:
        """Forget which names were and were not found."""
        for scope in list(self.scopes.values()):
            scope.look_again()

    def imports(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,  # noqa: A002 - __import__'s own names
        locals: Mapping[str, Any] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        """Stand in for ``__import__``: a checkout's absolute imports mean the checkout first."""
        where = globals.get("__name__") if globals is not None else None
        # First of all the way that every import statement of the process takes.
        if level or (type(where) is str and not where.startswith(_START)):
            return self._previous(name, globals, locals, fromlist, level)
        scope = self.of(where or _name_of_caller(sys._getframe(1)))  # noqa: SLF001 - the way to one's caller
        if scope is None or _is_from_c(fromlist):
            return self._previous(name, globals, locals, fromlist, level)
        if not scope.means(name):
            scope.notes.add_package(name)
            return self._previous(name, globals, locals, fromlist, level)
        if dynamo.follows(sys._getframe(1)):  # noqa: SLF001
            dynamo.teach(self.full_name)
        # No function of its own: each level of a chain of imports counts against the limit of recursion.
        found = self._previous(f"{scope.name}.{name}", globals, locals, fromlist, 0)
        return found if fromlist else sys.modules[f"{scope.name}.{name.partition('.')[0]}"]

    def full_name(self, namespace: Mapping[str, Any], name: str) -> str:
        """Give a module's name in ``sys.modules``, as an import statement in some module means it."""
        scope = self.of(namespace.get("__name__"))
        return f"{scope.name}.{name}" if scope is not None and scope.means(name) else name

    def of(self, module: object) -> Scope | None:
        """Tell whose a module is, by its full name."""
        if not isinstance(module, str) or not module.startswith(_START):
            return None
        return self.scopes.get(_START + module[len(_START) :].partition(".")[0])

    def behind(self, frame: FrameType | None, *, but: tuple[str, ...] = ()) -> Scope | None:
        """Tell for whose code a call was made: the nearest that is under way, with only libraries in between.

        Code of the user's own that a checkout calls back acts for the user.

        Args:
            frame: of the call.
            but: starts of the names of modules that act for nobody else.
        """
        while frame is not None:
            where = frame.f_globals.get("__name__")
            if type(where) is str and where.startswith(_START):
                return self.of(where)
            if frame.f_code is _BOUNDARY:
                return cast("Scope", frame.f_locals["scope"])
            if _acts_for_itself(where, frame, but):
                return None
            frame = frame.f_back
        return scope_of_thread()

    def is_importing(self, frame: FrameType | None) -> bool:
        """Say whether a call is made because a checkout, or a library for it, is imported: that happens once."""
        importing = False
        while frame is not None and frame.f_code is not _BOUNDARY:
            where, code = frame.f_globals.get("__name__"), frame.f_code
            is_own = self.of(where) is not None
            if not is_own and _acts_for_itself(where, frame, ()):
                return False
            # A text that is exec'd is no import.
            importing |= code.co_name == "<module>" and not code.co_filename.startswith("<")
            if importing and is_own:
                return True
            frame = frame.f_back
        return importing and frame is not None

    def hides(self, place: str) -> "Hidden":
        """Act as a path hook: answer for folders of checkouts, so that nobody else does.

        A folder of the user's own is hidden only while its code is called, and never where the user had it on
        ``sys.path`` himself.
        """
        for scope in list(self.scopes.values()):
            path = scope.proof.inside(place)
            if path and path not in scope.public and (scope.proof.files is not None or scope in self.running):
                return Hidden(path)
        msg = "not a checkout's folder"
        raise ImportError(msg, path=place)


class Hidden:
    """The finder that finds nothing, for a checkout's folder on ``sys.path``: only its own scope looks there."""

    def __init__(self, path: str) -> None:
        self._path = path

    def find_spec(self, fullname: str, target: ModuleType | None = None) -> None:
        """Find nothing."""

    def iter_modules(self, prefix: str = "") -> Iterator[tuple[str, bool]]:
        """Name what lies there: ``pkgutil.iter_modules(__path__)`` is how many packages import all their parts."""
        real = FileFinder(self._path, (None, all_suffixes()))  # type: ignore[arg-type]
        return iter(pkgutil.iter_importer_modules(real, prefix))  # type: ignore[attr-defined]


class _Probe(dict[str, Any]):
    """A namespace that notices when somebody asks it whose it is."""

    asked = False

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ARG002 - dict's signature
        self.asked = True
        return ""


def _acts_for_itself(where: object, frame: FrameType, but: tuple[str, ...]) -> bool:
    """Say whether what a frame does is not done for the code that has called it."""
    file = _file_of(frame)
    if where is None and file.startswith("<"):  # exec'd in a namespace of nobody: its caller's doing
        return False
    return where == "__main__" or not is_library(file) or (type(where) is str and where.startswith(but))


def _file_of(frame: FrameType) -> str:
    """Give the file that code comes from; of generated code, such as a dataclass's methods, its module's."""
    file = frame.f_code.co_filename
    return str(frame.f_globals.get("__file__", file)) if file.startswith("<") else file


def _is_from_c(fromlist: Sequence[str] | None) -> bool:
    """Say whether C code imports something, in whose name only the nearest Python frame happens to stand.

    It gives an empty list, no import statement does, and takes the module from ``sys.modules`` by its plain name.
    Source: CPython 3.11, Python/import.c, ``PyImport_Import``.
    """
    return isinstance(fromlist, list) and not fromlist


def _name_of_caller(frame: FrameType | None) -> str | None:
    """Find the module that a piece of exec'd code without a name of its own was started from."""
    while frame is not None:
        if name := frame.f_globals.get("__name__"):
            return str(name)
        frame = frame.f_back
    return None


_OURS = Importer()


def importer() -> Importer:
    """Give the process's importer; nothing is in place until it opens a scope, or is told to."""
    return _OURS
