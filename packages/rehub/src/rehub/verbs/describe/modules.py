"""The modules of a repository, found as Python's import would find them, parsed once, on demand."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from sys import builtin_module_names, stdlib_module_names

from rehub.words.hubconf import Problem
from rehub.words.reading.binding import Bindings
from rehub.words.reading.bindings import bindings
from rehub.words.reading.source import Source, parse
from rehub.world.folder import MAX_NAMES, Tree


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a repository is read.

    Attributes:
        file_bytes: a larger module is not read.
        modules: files read in all.
        bytes: of these files together.
        names: bindings of one module.
        effect_modules: modules looked at for what happens at import.
        weight_modules: modules looked at for weight URLs.
        weight_bytes: of these modules together.
        urls: weight URLs kept.
        dynamic: places that make names kept.
    """

    file_bytes: int = 1_000_000
    modules: int = 400
    bytes: int = 6_000_000
    names: int = 20_000
    effect_modules: int = 60
    weight_modules: int = 150
    weight_bytes: int = 1_500_000
    urls: int = 2_000
    dynamic: int = 200


@dataclass(frozen=True, slots=True)
class Place:
    """Where a module lies: a file, or a folder without ``__init__.py`` (a namespace package)."""

    path: str
    is_file: bool

    @property
    def folder(self) -> str | None:
        """The folder in which its submodules lie, or ``None`` if it cannot have any."""
        if not self.is_file:
            return self.path
        return self.path.rpartition("/")[0] if self.path.rpartition("/")[2] == "__init__.py" else None


@dataclass(slots=True)
class Modules:
    """A repository's modules, and everything that was wrong with them."""

    tree: Tree
    limits: Limits
    roots: tuple[str, ...] = ("",)
    problems: dict[str, Problem] = field(default_factory=dict)
    _sources: dict[str, Source | None] = field(default_factory=dict)
    _bindings: dict[str, Bindings] = field(default_factory=dict)
    _bytes: int = 0
    _listed: dict[str, frozenset[str] | None] = field(default_factory=dict)
    _places: dict[tuple[str | None, str], Place | None] = field(default_factory=dict)

    @property
    def is_cut(self) -> bool:
        """Reading has stopped at one of the limits."""
        return "" in self.problems

    def source(self, file: str) -> Source | None:
        """Give a parsed module, or ``None`` if it cannot be read; the reason is then among the problems."""
        if file not in self._sources:
            self._sources[file] = self._read(file)
        return self._sources[file]

    def bindings(self, source: Source) -> Bindings:
        """Give the bindings of a module."""
        if source.file not in self._bindings:
            self._bindings[source.file] = bindings(source, self.limits.names)
        return self._bindings[source.file]

    def find(self, module: str, level: int, source: Source) -> Place | None:
        """Find a module as an import in ``source`` names it; ``None`` if it is not the repository's."""
        if level == 0:
            return self._absolute(module)
        parts = source.folder.split("/") if source.folder else []
        if level - 1 > len(parts):
            return None
        base = Place("/".join(parts[: len(parts) - (level - 1)]), is_file=False)
        return self._below(self._package(base), module)

    def sub(self, place: Place, name: str) -> Place | None:
        """Find a submodule."""
        key = (place.path, name)
        if key not in self._places:
            folder = place.folder
            self._places[key] = None if folder is None else self._in(folder, name)
        return self._places[key]

    def chain(self, module: str, level: int, source: Source) -> Iterator[Place]:
        """Give every package and module that importing a module runs, outermost first."""
        parts = module.split(".") if module else []
        for count in range(len(parts) + 1):
            dotted = ".".join(parts[:count])
            if (dotted or level) and (place := self.find(dotted, level, source)):
                yield place

    def _absolute(self, module: str) -> Place | None:
        key = (None, module)
        if key not in self._places:
            self._places[key] = self._search(module)
        return self._places[key]

    def _search(self, module: str) -> Place | None:
        name, _, rest = module.partition(".")
        if not name or name in builtin_module_names:
            return None
        tops = [place for root in self.roots if (place := self._in(root, name))]
        # Python takes a folder without __init__.py only if nothing better is anywhere on its path.
        files = [place for place in tops if place.is_file]
        if not files and name in stdlib_module_names:
            return None
        best = [*files, *tops][:1] if files else tops
        found = (self._below(top, rest) for top in best)
        return next((place for place in found if place), None)

    def _below(self, place: Place, dotted: str) -> Place | None:
        now: Place | None = place
        for name in dotted.split(".") if dotted else []:
            now = self.sub(now, name) if now else None
        return now

    def _in(self, folder: str, name: str) -> Place | None:
        listed = self._names(folder)
        if listed is not None and name not in listed and f"{name}.py" not in listed:
            return None
        base = f"{folder}/{name}" if folder else name
        for file in (f"{base}/__init__.py", f"{base}.py"):
            if self.tree.is_file(file):
                return Place(file, is_file=True)
        return Place(base, is_file=False) if name and self._is_namespace(base) else None

    def _names(self, folder: str) -> frozenset[str] | None:
        """Give what a folder holds, so that most imports need no question to the disk; ``None`` if it is too much."""
        if folder not in self._listed:
            names = self.tree.names(folder)
            self._listed[folder] = frozenset(names) if len(names) < MAX_NAMES else None
        return self._listed[folder]

    def _is_namespace(self, base: str) -> bool:
        """Say whether a folder holds modules: ``data/`` full of pictures is not the package ``data``."""
        names = self.tree.names(base, limit=1_000)
        if any(name.endswith(".py") for name in names):
            return True
        # Two levels: PyTorch/Detection/SSD has its modules far down.
        return any(self.tree.is_dir(f"{base}/{name}") and "." not in name for name in names)

    def _package(self, place: Place) -> Place:
        """Give a folder's ``__init__.py``, if it has one: relative imports start from the bare folder."""
        init = f"{place.path}/__init__.py" if place.path else "__init__.py"
        return place if place.is_file or not self.tree.is_file(init) else Place(init, is_file=True)

    def _read(self, file: str) -> Source | None:
        if len(self._sources) >= self.limits.modules or self._bytes >= self.limits.bytes:
            self.problems.setdefault(
                "",
                Problem(
                    file,
                    1,
                    f"was not read: reading stops after {self.limits.modules:,} modules or {self.limits.bytes:,} bytes",
                ),
            )
            return None
        text = self.tree.read_python(file, max_bytes=self.limits.file_bytes)
        if isinstance(text, str):
            self._bytes += len(text)
            parsed = parse(file, text)
            if isinstance(parsed, Source):
                return parsed
            text = parsed
        self.problems[file] = text
        return None
