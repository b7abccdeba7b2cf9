"""Describe a repository: read its ``hubconf.py`` and what that leads to, without running anything.

torch.hub lists every public callable of ``dir(hubconf)``. Of these an **entry** is

- a ``def`` or class of ``hubconf.py`` itself;
- what is imported from a module of this repository, by name or by a star, and then left alone;
- what is assigned: a ``partial``, an alias, the result of a call of the repository's own code.

A **leak** is what torch.hub would list as well, but nobody meant to publish:

- whatever comes from outside the repository (``Path``, ``partial``, ``load_state_dict_from_url``);
- what is imported from the repository and then used by the hubconf's own functions, classes and calls: a tool;
- what is imported from the repository, but is not in an ``__all__`` that is right;
- classes that a star brings from a module without ``__all__``, if that module's own functions build with them;
- what a loop over functions or classes leaves in its variable;
- a function of ``hubconf.py`` that has no docstring, needs an argument, and is used by the rest of it.

``__all__`` is a hint, since torch.hub ignores it: a name in it is an entry, if it is bound; a phantom is a problem.
Modules and plain values are neither. Places that make names at run time are told with their line.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

from rehub.verbs.describe.documentation import document, is_stub
from rehub.verbs.describe.meaning import Meaning, What
from rehub.verbs.describe.modules import Limits, Modules
from rehub.verbs.describe.names import Names, is_conditional
from rehub.verbs.describe.reach import reached
from rehub.verbs.describe.reader import Looker
from rehub.verbs.describe.reckoning import Reckoning
from rehub.words.dependencies import import_name
from rehub.words.errors import HubconfNotFoundError
from rehub.words.hubconf import Dependency, Dynamic, Effect, EffectKind, Entry, Hubconf, Leak, Problem, WeightUrl
from rehub.words.reading.binding import Binding, Via
from rehub.words.reading.effects import effects
from rehub.words.reading.listing import listing
from rehub.words.reading.searchpath import search_path
from rehub.words.reading.source import Source
from rehub.words.reading.uses import tools, used_names
from rehub.words.reading.weights import weight_urls
from rehub.world.folder import Tree

HUBCONF = "hubconf.py"


def describe(tree: Tree, *, where: str = "", limits: Limits | None = None) -> Hubconf:
    """Describe the repository in a folder.

    Whatever is wrong with its files is among ``problems`` of the result; none of it is raised.

    Args:
        tree: the repository's files.
        where: the repository and commit, for the error.
        limits: how much is read.

    Raises:
        HubconfNotFoundError: there is no ``hubconf.py``.
    """
    if not tree.is_file(HUBCONF):
        raise HubconfNotFoundError(where or str(tree.root))
    modules = Modules(tree, limits or Limits())
    hubconf = modules.source(HUBCONF)
    if hubconf is None:
        return Hubconf(problems=tuple(modules.problems.values()))
    modules.roots = (*search_path(hubconf), "")
    reading = _Reading(modules, hubconf)
    reading.read()
    dependencies = reading.dependencies()
    seen_at_import, seen_for_weights = _effects(modules, hubconf), _weights(modules, hubconf, reading.reckoning)
    return Hubconf(
        entries=tuple(sorted(reading.entries, key=lambda each: each.name)),
        leaks=tuple(sorted(reading.leaks, key=lambda each: each.name)),
        dynamic=tuple(_in_order(reading.dynamic)[: modules.limits.dynamic]),
        dependencies=dependencies,
        weights=seen_for_weights,
        effects=seen_at_import,
        problems=tuple(
            dict.fromkeys([*reading.problems, *reading.names.phantoms.values(), *modules.problems.values()])
        ),
    )


@dataclass(slots=True)
class _Reading:
    """One reading of a hubconf's names: each becomes an entry, a leak, or nothing."""

    modules: Modules
    hubconf: Source
    names: Names = field(init=False)
    reckoning: Reckoning = field(init=False)
    entries: list[Entry] = field(default_factory=list)
    leaks: list[Leak] = field(default_factory=list)
    dynamic: set[Dynamic] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    _tools: dict[str, frozenset[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = Names(self.modules)
        self.reckoning = Reckoning(self.names, self.hubconf)
        self.reckoning.join()

    def read(self) -> None:
        """Sort out every public name."""
        bound = self.names.bound(self.hubconf)
        self.names.exports(self.hubconf)  # notes phantoms of __all__
        self.dynamic.update(self.names.makes_names(self.hubconf))
        rules = _Rules.of(self.hubconf, bound)
        for name, line in bound.items():
            if not name.startswith("_") and name != "dependencies":
                self.sort_out(name, line, rules)

    def sort_out(self, name: str, line: int, rules: "_Rules") -> None:
        """Decide what one name is."""
        meaning = self.names.look_up(self.hubconf, name)
        binding = self._binding(name)
        if meaning.what is What.MISSING:
            self._missing(name, line, meaning, binding)
        elif meaning.what in {What.OUTSIDE, What.UNKNOWN}:
            self.leaks.append(Leak(name, meaning.origin or f"{HUBCONF}:{line}", line))
        elif meaning.is_callable and (name in rules.promised or not self._is_leak(name, meaning, binding, rules)):
            self._entry(name, line, meaning)
        elif meaning.is_callable:
            self.leaks.append(Leak(name, _place(meaning, line), line, callable=True))

    def dependencies(self) -> tuple[Dependency, ...] | None:
        """Read ``dependencies``; what cannot be known of it is a problem."""
        said = listing(self.hubconf, "dependencies")
        if said is None:
            return None
        if said.is_text:
            self.problems.append(
                Problem(HUBCONF, said.line, "dependencies is one string, which torch.hub takes letter by letter")
            )
        for text, line in said.unknown:
            self.problems.append(Problem(HUBCONF, line, f"dependencies cannot be known by reading: {text}"))
        found = dict(reversed(said.names))
        return None if said.unknown else tuple(self._dependencies(found))[::-1]

    def _dependencies(self, said: dict[str, int]) -> Iterator[Dependency]:
        """Take the import names; what is none must not come near a command line."""
        for text, line in said.items():
            if name := import_name(text):
                yield Dependency(name, line)
            else:
                self.problems.append(Problem(HUBCONF, line, f"dependencies lists {text[:80]!a}, no import name"))

    def _binding(self, name: str) -> Binding | None:
        """Give the last binding of a name in the hubconf; ``None`` if a star brought it."""
        found = [each for each in self.names.bindings(self.hubconf).of(name) if each.name == name]
        return found[-1] if found else None

    def _is_leak(self, name: str, meaning: Meaning, binding: Binding | None, rules: "_Rules") -> bool:
        if binding is not None and binding.via in {Via.DEF, Via.CLASS}:
            return name in rules.helpers
        if binding is not None and binding.via is Via.VALUE:
            return binding.leftover
        is_tool = binding is None and self._is_tool(name, meaning)
        return name in rules.used or is_tool or (rules.promised_all and name not in rules.promised)

    def _is_tool(self, name: str, meaning: Meaning) -> bool:
        """Say whether a class that a star brought is there only for its own module's functions."""
        source = meaning.source
        if source is None or meaning.what is not What.CLASS:
            return False
        if source.file not in self._tools:
            no_list = listing(source, "__all__") is None
            self._tools[source.file] = tools(source.tree) if no_list else frozenset()
        return name in self._tools[source.file]

    def _entry(self, name: str, line: int, meaning: Meaning) -> None:
        conditional = meaning.maybe or is_conditional(self.names.bindings(self.hubconf), name)
        if meaning.source and meaning.source is not self.hubconf and is_stub(meaning):
            made = self.names.makes_names(meaning.source)
            if made:
                self.dynamic.update(made)
                # A stub that setattr replaces: its signature would be a lie.
                meaning = replace(meaning, node=None)
        if meaning.what is What.OBJECT and meaning.node is None and meaning.source:
            self.dynamic.update(self.names.makes_names(meaning.source))
        self.entries.append(document(self.names, name, meaning, line=line, conditional=conditional))

    def _missing(self, name: str, line: int, meaning: Meaning, binding: Binding | None) -> None:
        """Tell of an import that will fail, unless it is one that may."""
        if binding is None or binding.via is not Via.FROM:
            return
        self.leaks.append(Leak(name, f"{'.' * binding.level}{binding.module}.{binding.attribute}", line))
        if not binding.conditional:
            self.problems.append(
                Problem(HUBCONF, line, f"imports {name}, but {meaning.origin or 'it is not bound there'}")
            )


@dataclass(frozen=True, slots=True)
class _Rules:
    """What a hubconf says of its names.

    Attributes:
        promised: names in ``__all__``.
        promised_all: ``__all__`` is there, known and right.
        used: names that its own definitions and calls use.
        helpers: its own functions that only serve others.
    """

    promised: frozenset[str]
    promised_all: bool
    used: frozenset[str]
    helpers: frozenset[str]

    @classmethod
    def of(cls, hubconf: Source, bound: dict[str, int]) -> "_Rules":
        said = listing(hubconf, "__all__")
        promised = frozenset(name for name, _ in said.names) if said else frozenset()
        right = bool(promised) and bool(said and not said.unknown) and promised <= set(bound)
        used = used_names(hubconf.tree)
        return cls(promised, right, used, frozenset(_helpers(hubconf, used)))


def _helpers(hubconf: Source, used: frozenset[str]) -> Iterator[str]:
    """Give functions that have no docstring, need an argument, and are used by the rest of the hubconf."""
    for function in hubconf.tree.body:
        if isinstance(function, ast.FunctionDef) and function.name in used and not ast.get_docstring(function):
            plain = [*function.args.posonlyargs, *function.args.args]
            if len(plain) > len(function.args.defaults) or None in function.args.kw_defaults:
                yield function.name


def _place(meaning: Meaning, line: int) -> str:
    if meaning.source is None:
        return f"{HUBCONF}:{line}"
    return f"{meaning.source.file}:{getattr(meaning.node, 'lineno', 1)}"


def _effects(modules: Modules, hubconf: Source) -> tuple[Effect, ...]:
    """Give what happens at import, in the hubconf and in the modules that it imports at its top level."""
    sources = reached(modules, hubconf, lazily=False, max_modules=modules.limits.effect_modules)
    found = [each for source in sources for each in effects(source)]
    folders = dict.fromkeys(source.folder for source in sources)
    return (*found, *(each for folder in folders for each in _bytecode(modules.tree, folder)))


def _bytecode(tree: Tree, folder: str) -> Iterator[Effect]:
    """Give the byte-code committed beside modules: Python would run it instead of the source that was read."""
    cache = f"{folder}/__pycache__".lstrip("/")
    for below in (folder, cache):
        for name in tree.names(below):
            if name.endswith((".pyc", ".pyo")):
                path = f"{below}/{name}".lstrip("/")
                yield Effect(EffectKind.BYTECODE, path, 1, path)


def _weights(modules: Modules, hubconf: Source, reckoning: Reckoning) -> tuple[WeightUrl, ...]:
    """Give the weight URLs of the hubconf and of whatever it can import, each once."""
    limits = modules.limits
    sources = reached(modules, hubconf, lazily=True, max_modules=limits.weight_modules, max_bytes=limits.weight_bytes)
    found: dict[str, WeightUrl] = {}
    for source in sources:
        for each in weight_urls(source, folding=Looker(reckoning, source), names=reckoning.scope(source)):
            found.setdefault(each.url, each)
    kept = list(found.values())[: limits.urls]
    return tuple(_in_order(kept))


_Placed = TypeVar("_Placed", Dynamic, WeightUrl)


def _in_order(found: Iterable[_Placed]) -> list[_Placed]:
    """Sort by file and line, the hubconf's own first."""
    return sorted(found, key=lambda each: (each.file != HUBCONF, each.file, each.line))
