"""One checkout as the import system sees it: which names mean its own modules, and where these lie."""

import importlib.util
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.machinery import FrozenImporter, ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from rehub.words.digest import Digest
from rehub.world.scope.bytecode import Bytecode
from rehub.world.scope.loader import Finder, NamespacePath, SourceLoader
from rehub.world.scope.notes import Notes
from rehub.world.scope.proof import Proof


@dataclass(slots=True, eq=False)
class Scope:
    """A checkout's modules.

    Attributes:
        name: of its package, ``rehub.repos.<owner>_<repo>_<digits>``.
        proof: its folder, and what may be imported from there.
        path: the folders searched for its top-level modules: its own, private ``sys.path``.
        label: what it is called in messages: the pin, or the folder.
        opener: who had it loaded last, and is asked when its code wants more from torch.hub.
        torch_dir: what its code said to torch.hub.set_dir, which is its own affair.
        public: folders of it that the user had on ``sys.path`` anyway, which stay open to ordinary imports.
        notes: what its code has got in this process.
    """

    name: str
    proof: Proof
    bytecode: Bytecode
    label: str = ""
    opener: Any = None
    torch_dir: str | None = None
    path: NamespacePath = field(init=False)
    public: frozenset[str] = frozenset()
    notes: Notes = field(default_factory=Notes)
    _finder: Finder = field(init=False)
    _own: dict[str, bool] = field(default_factory=dict)
    _learnt: list[str] = field(default_factory=list)
    _users: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.path = NamespacePath([self.root])
        self._finder = Finder(self.proof, self.bytecode)

    @property
    def root(self) -> str:
        """Its folder."""
        return str(self.proof.root)

    def publish(self, entries: Iterable[object]) -> None:
        """Note what the user's own ``sys.path`` holds; folders of the checkout in it stay open to ordinary imports."""
        entries = list(entries)
        self._users = frozenset(each for each in entries if isinstance(each, str))
        if self.proof.files is None:
            self.public = frozenset(place for each in entries if (place := self.proof.inside(each)))

    def learn(self, entries: Sequence[str]) -> None:
        """Take over the folders of the checkout that its code has put on ``sys.path``.

        Those before everybody else's come before the known ones, the others after: so ``insert(0, …)`` and
        ``append(…)`` mean what they say, also when the checkout's root is not on ``sys.path`` any more.
        """
        if entries == self._learnt:
            return
        self._learnt = list(entries)
        front: list[str] = []
        back: list[str] = []
        side = front
        for each in entries:
            place = self.proof.inside(each) or self._meant(each)
            if place is None:
                side = back
            elif place == self.root or place not in self.public:
                side.append(place)
        fresh = list(dict.fromkeys([*front, *self.path, *back]))
        if fresh != self.path:
            self.path[:] = fresh
            self._own.clear()

    def _meant(self, entry: object) -> str | None:
        """Give the folder that the checkout's code means by a relative entry: it was written for who works in there."""
        if not isinstance(entry, str) or entry in self._users or Path(entry).is_absolute():
            return None
        place = self.proof.inside(str(self.proof.root / entry))
        return place if place and place != self.root and Path(place).is_dir() else None

    def means(self, name: object) -> bool:
        """Say whether an absolute name, as the checkout's code writes it, is one of its own modules."""
        if not isinstance(name, str):
            return False
        if sys.path != self._learnt:
            self.learn(sys.path)
        top = name.partition(".")[0]
        known = self._own.get(top)
        # "No" holds while the name means something else; else a file may have been written meanwhile.
        if known is None or (not known and top not in sys.modules):
            known = self._own[top] = self._look_for(top)
        return known

    def find(self, fullname: str, path: Sequence[str] | None) -> ModuleSpec | None:
        """Find one of the checkout's modules by its full name."""
        places = self.path if path is None else path
        found = self._finder.find(fullname, places)
        if found is None:
            self._finder.refuse_bytecode(fullname, places)
        return found

    def _look_for(self, top: str) -> bool:
        if not top or is_built_in(top):
            return False
        spec = self._finder.find(f"{self.name}.{top}", self.path)
        if spec is None:
            return False
        return spec.loader is not None or _folder_wins(top, spec.submodule_search_locations or [])

    def look_again(self) -> None:
        """Forget which names were and were not found."""
        self._own.clear()
        self._finder.forget()

    def modules(self) -> dict[str, ModuleType]:
        """Give its modules that are imported, by their full names."""
        start = self.name + "."
        return {name: module for name, module in list(sys.modules.items()) if name.startswith(start)}

    def renew(self) -> None:
        """Import anew what was imported from a folder of the user's own, if any of it has changed meanwhile.

        The old modules leave ``sys.modules``; what was made from them goes on working.
        """
        self.look_again()
        if self.proof.files is None and any(map(_is_stale, self.modules().values())):
            self.forget()

    def forget(self) -> None:
        """Take its modules out of ``sys.modules``."""
        for name in [*self.modules(), self.name]:
            sys.modules.pop(name, None)
        self.notes.forget()
        self.look_again()


def is_built_in(top: str) -> bool:
    """Say whether a name is built into Python: such a module wins over any folder, in every Python program."""
    return top in sys.builtin_module_names or FrozenImporter.find_spec(top) is not None


def _folder_wins(top: str, folders: Iterable[str]) -> bool:
    """Say whether a folder without ``__init__.py`` is meant by a name that regular modules may have too.

    Python's rule is that a regular module wins, wherever it lies. It holds here for what is installed (``numpy/`` may
    hold data); the user's own ``utils.py`` is nothing that a repository can mean, if its own folder holds code.
    """
    if _regular(top) is None:
        return True
    if is_everybodys(top):
        return False
    return any(next(Path(folder).rglob("*.py"), None) for folder in folders)


def is_everybodys(top: str) -> bool:
    """Say whether a name is Python's own or an installed package's, not merely a file of the user's."""
    place = _regular(top)
    return place is not None and (
        top in sys.stdlib_module_names or bool({"site-packages", "dist-packages"} & set(Path(place).parts))
    )


def _regular(top: str) -> str | None:
    """Say where the regular module of a name lies that everybody else would get."""
    if top in sys.stdlib_module_names:
        return top
    if top in sys.modules:
        return getattr(sys.modules[top], "__file__", None)
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    return spec.origin if spec else None


def _is_stale(module: ModuleType) -> bool:
    loader = attribute_of(module, "__loader__")
    if not isinstance(loader, SourceLoader) or not loader.seen:
        return False
    try:
        return Digest.of(Path(loader.path).read_bytes()).hex != loader.seen
    except OSError:
        return True


def attribute_of(module: object, name: str) -> object:
    """Give what a module says about itself, without waking one that loads itself when it is touched."""
    try:
        said: dict[str, object] = object.__getattribute__(module, "__dict__")
    except AttributeError:
        return None
    return said.get(name)
