"""What a name of a module stands for, followed through imports, re-exports, stars and aliases of the repository."""

import ast
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from rehub.verbs.describe.meaning import MISSING, UNKNOWN, VALUE, Known, Meaning, What
from rehub.verbs.describe.modules import Modules, Place
from rehub.verbs.describe.values import MAX_HOPS, MAX_STEPS, Values
from rehub.words.hubconf import Dynamic, Problem
from rehub.words.reading.binding import Binding, Bindings, Via
from rehub.words.reading.listing import Listing, listing
from rehub.words.reading.plain import UNKNOWN as NOT_KNOWN
from rehub.words.reading.source import Source
from rehub.words.reading.statements import executed

_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
_REGISTER = "register_model"


@dataclass(slots=True)
class Names:
    """Looks names up; each pair of module and name once.

    Attributes:
        complete: gives a module's bindings with the names that it makes at run time, as far as these can be known.
        busy: says whether that is under way: what is not there now may be there then.
    """

    modules: Modules
    complete: Callable[[Source], Bindings] | None = None
    busy: Callable[[], bool] = lambda: False
    phantoms: dict[str, Problem] = field(default_factory=dict)
    _known: dict[tuple[str, str], Meaning] = field(default_factory=dict)
    _asked: set[tuple[str, str]] = field(default_factory=set)
    _circles: int = 0
    _doubtful: set[tuple[str, str]] = field(default_factory=set)
    _stars: dict[str, dict[str, int]] = field(default_factory=dict)
    hops: int = 0
    steps: int = MAX_STEPS

    def bindings(self, source: Source) -> Bindings:
        """Give the bindings of a module."""
        return self.complete(source) if self.complete else self.modules.bindings(source)

    def look_up(self, source: Source, name: str) -> Meaning:
        """Give what a module-level name stands for."""
        key = (source.file, name)
        if key in self._known:
            return self._known[key]
        if key in self._asked:
            # Modules import each other in circles: on the second visit the name is not there yet, as in Python.
            self._circles += 1
            return MISSING
        self._asked.add(key)
        circles = self._circles
        self.hops += 1
        self.steps -= 1
        found = self._find(source, name) if self.hops <= MAX_HOPS and self.steps > 0 else UNKNOWN
        self.hops -= 1
        self._asked.discard(key)
        if found.what is What.MISSING and self._circles > circles and self._asked:
            return found  # the name may be there on another way
        self._known[key] = found
        if found.what in {What.MISSING, What.UNKNOWN} and self.busy():
            self._doubtful.add(key)
        return found

    def renew(self) -> None:
        """Look up anew what was not there: a module has got more names. Stars that are being opened stay marked."""
        for key in self._doubtful:
            self._known.pop(key, None)
        self._doubtful.clear()
        self._stars = {file: found for file, found in self._stars.items() if not found}

    def _find(self, source: Source, name: str) -> Meaning:
        for binding in reversed(self.bindings(source).of(name)):
            if binding.via is Via.STAR:
                meaning = self._through_star(source, binding, name)
                if meaning is not None and meaning.what is not What.MISSING:
                    return meaning
            else:
                return self.meaning(source, binding)
        return MISSING

    def _through_star(self, source: Source, star: Binding, name: str) -> Meaning | None:
        target = self.star_target(source, star)
        if target is None:
            return None
        exported = self.exports(target)
        if name not in exported:
            return None
        meaning = self.look_up(target, name)
        maybe = star.conditional or is_conditional(self.bindings(target), name)
        return replace(meaning, maybe=True) if maybe else meaning

    def star_target(self, source: Source, star: Binding) -> Source | None:
        """Give the module of the repository that a star import opens, if it is one."""
        place = self.modules.find(star.module, star.level, source)
        return self.modules.source(place.path) if place and place.is_file else None

    def exports(self, source: Source) -> dict[str, int]:
        """Give the names that ``from module import *`` brings, each with the line of the module that binds it."""
        if source.file not in self._stars:
            self._stars[source.file] = {}  # for circles
            self.hops += 1
            self._stars[source.file] = self._exports(source) if self.hops <= MAX_HOPS else {}
            self.hops -= 1
        return self._stars[source.file]

    def _exports(self, source: Source) -> dict[str, int]:
        bound = self.bound(source)
        said, registered = listing(source, "__all__"), self._registered(source)
        if said is None:
            return {
                name: line
                for name, line in bound.items()
                if (name in registered if registered else not name.startswith("_"))
            }
        listed = {name for name, _ in said.names} | registered
        self._note_phantoms(source, said, bound)
        if said.unknown:
            listed |= {name for name in bound if not name.startswith("_")}
        return {name: line for name, line in bound.items() if name in listed}

    def _registered(self, source: Source) -> frozenset[str]:
        """Give the functions that timm's decorator adds to the module's ``__all__``, or makes one of, as it runs.

        Source: register_model, timm/models/_registry.py (timm 1.0), and timm/models/registry.py before that.
        """
        if not self.look_up(source, _REGISTER).origin.startswith("timm.models."):
            return frozenset()
        return frozenset(
            each.name
            for each in executed(source.tree)
            if isinstance(each, ast.FunctionDef)
            and any(isinstance(by, ast.Name) and by.id == _REGISTER for by in each.decorator_list)
        )

    def bound(self, source: Source) -> dict[str, int]:
        """Give all names that a module binds, stars opened, with the line in this module."""
        found: dict[str, int] = {}
        for binding in self.bindings(source).all:
            if binding.via is Via.DELETED:
                found.pop(binding.name, None)
            elif binding.via is not Via.STAR:
                found[binding.name] = binding.line
            elif (target := self.star_target(source, binding)) is not None:
                found |= dict.fromkeys(self.exports(target), binding.line)
            if len(found) > self.modules.limits.names:
                break
        return found

    def _note_phantoms(self, source: Source, said: Listing, bound: dict[str, int]) -> None:
        missing = [name for name, _ in said.names if name not in bound and not self._is_submodule(source, name)]
        if missing and not self.bindings(source).dynamic:
            names = ", ".join(missing[:10]) + (f", … ({len(missing)} in all)" if len(missing) > 10 else "")  # noqa: PLR2004
            self.phantoms[source.file] = Problem(source.file, said.line, f"__all__ names what is not there: {names}")

    def _is_submodule(self, source: Source, name: str) -> bool:
        return self.modules.sub(Place(source.file, is_file=True), name) is not None

    def meaning(self, source: Source, binding: Binding) -> Meaning:  # noqa: PLR0911 - one case a form
        """Give what one binding binds its name to."""
        match binding.via:
            case Via.DEF:
                return Meaning(What.FUNCTION, source, binding.node)
            case Via.CLASS:
                return Meaning(What.CLASS, source, binding.node)
            case Via.MODULE:
                dotted = binding.module if binding.attribute else binding.name
                place = self.modules.find(dotted, 0, source)
                return Meaning(What.MODULE, place=place, origin=dotted)
            case Via.FROM:
                return self._imported(source, binding)
            case Via.VALUE if binding.made:
                return self._made(source, binding)
            case Via.VALUE if isinstance(binding.node, ast.expr):
                return Values(self, source).of(binding.node)
        return MISSING if binding.via is Via.DELETED else VALUE

    def _made(self, source: Source, binding: Binding) -> Meaning:
        """Give what a name made at run time stands for; if that is not known, something that may be called."""
        if isinstance(binding.value, Known):
            return binding.value.described
        if binding.value is not NOT_KNOWN:
            return VALUE
        node = binding.node if isinstance(binding.node, ast.expr) else None
        found = Values(self, source, values=binding.values).of(node) if node else UNKNOWN
        return Meaning(What.OBJECT, source) if found.what in {What.UNKNOWN, What.MISSING} else found

    def _imported(self, source: Source, binding: Binding) -> Meaning:
        dotted = "." * binding.level + binding.module
        place = self.modules.find(binding.module, binding.level, source)
        if place is not None:
            return self.attribute(Meaning(What.MODULE, place=place, origin=dotted), binding.attribute)
        top = self.modules.find(binding.module.partition(".")[0], binding.level, source)
        if binding.level or (top is not None and top.is_file):
            return Meaning(What.MISSING, origin=f"no module {dotted} in the repository")
        return Meaning(What.OUTSIDE, origin=f"{dotted}.{binding.attribute}")

    def attribute(self, owner: Meaning, name: str) -> Meaning:
        """Give what ``owner.name`` stands for."""
        if owner.what is What.MODULE and owner.place is not None:
            return self._of_module(owner.place, name)
        if owner.what in {What.MODULE, What.OUTSIDE}:
            return Meaning(What.OUTSIDE, origin=f"{owner.origin}.{name}")
        if owner.what is What.CLASS:
            found = self.method(owner, name)
            return found if found is not None else UNKNOWN
        return UNKNOWN

    def _of_module(self, place: Place, name: str) -> Meaning:
        source = self.modules.source(place.path) if place.is_file else None
        found = self.look_up(source, name) if source else MISSING
        if found.what is What.MISSING and (below := self.modules.sub(place, name)):
            return Meaning(What.MODULE, place=below, origin=name)
        if found.what is What.MISSING and (place.is_file and source is None):
            return replace(UNKNOWN, origin=place.path)
        if found.what is What.MISSING and source and self.makes_names(source):
            return Meaning(What.OBJECT, source)
        return replace(found, origin=f"{place.path} has no {name}") if found == MISSING else found

    def makes_names(self, source: Source) -> tuple[Dynamic, ...]:
        """Give the places where a module, or one whose names it takes by a star, makes names at run time."""
        seen, waiting, found = {source.file}, [source], []
        while waiting:
            now = waiting.pop(0)
            found += [*self.bindings(now).dynamic, *_lazy(now, self.bindings(now).all)]
            for binding in self.bindings(now).all:
                if binding.via is not Via.STAR:
                    continue
                target = self.star_target(now, binding)
                if target is None:
                    found.append(
                        Dynamic(
                            now.file,
                            binding.line,
                            f"from {'.' * binding.level}{binding.module} import *, from outside the repository",
                        )
                    )
                elif target.file not in seen:
                    seen.add(target.file)
                    waiting.append(target)
        return tuple(found)

    def bases(self, owner: Meaning) -> list[Meaning]:
        """Give what a class of the repository inherits from, directly."""
        if owner.source is None or not isinstance(owner.node, ast.ClassDef):
            return []
        return [Values(self, owner.source).of(base) for base in owner.node.bases]

    def lineage(self, owner: Meaning) -> list[Meaning]:
        """Give a class and what it inherits from, nearest first, each once; classes outside end a line."""
        found: list[Meaning] = []
        waiting = [owner]
        while waiting and len(found) < MAX_HOPS:
            now = waiting.pop(0)
            if not any(now.node is each.node and now.origin == each.origin for each in found):
                found.append(now)
                waiting += self.bases(now)
        return found

    def method(self, owner: Meaning, name: str) -> Meaning | None:
        """Find a method of a class, its own or inherited from a class of the repository."""
        for each in self.lineage(owner):
            if isinstance(each.node, ast.ClassDef):
                for statement in reversed(each.node.body):
                    if isinstance(statement, _FUNCTIONS) and statement.name == name:
                        return Meaning(What.FUNCTION, each.source, statement)
        return None


def is_conditional(found: Bindings, name: str) -> bool:
    """Say whether every binding of a name depends on something."""
    own = [binding.conditional for binding in found.of(name) if binding.name == name]
    return bool(own) and all(own)


def _lazy(source: Source, found: tuple[Binding, ...]) -> list[Dynamic]:
    return [
        Dynamic(source.file, each.line, "a module-level __getattr__")
        for each in found
        if each.name == "__getattr__" and each.via is Via.DEF
    ]
