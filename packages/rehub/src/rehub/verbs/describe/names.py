"""What a name of a module stands for, followed through imports, re-exports, stars and aliases of the repository."""

import ast
import builtins
from dataclasses import dataclass, field, replace
from sys import stdlib_module_names

from rehub.verbs.describe.meaning import MISSING, UNKNOWN, VALUE, Meaning, What
from rehub.verbs.describe.modules import Modules, Place
from rehub.words.hubconf import Dynamic, Problem
from rehub.words.reading.bindings import Binding, Bindings, Via
from rehub.words.reading.listing import Listing, listing
from rehub.words.reading.returned import returned
from rehub.words.reading.source import Source
from rehub.words.reading.statements import executed

MAX_HOPS = 60  # imports, aliases and calls followed in one another; Python's own stack holds a few hundred
MAX_STEPS = 200_000  # expressions looked at in all
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
_REGISTER = "register_model"

# Of these modules of the standard library, a call gives something that can be called.
_WRAPPERS = frozenset(
    {"functools.lru_cache", "functools.cache", "functools.wraps", "functools.update_wrapper", "staticmethod"}
)


@dataclass(slots=True)
class Names:
    """Looks names up; each pair of module and name once."""

    modules: Modules
    phantoms: dict[str, Problem] = field(default_factory=dict)
    _known: dict[tuple[str, str], Meaning] = field(default_factory=dict)
    _stars: dict[str, dict[str, int]] = field(default_factory=dict)
    hops: int = 0
    steps: int = MAX_STEPS

    def look_up(self, source: Source, name: str) -> Meaning:
        """Give what a module-level name stands for."""
        key = (source.file, name)
        if key not in self._known:
            # Modules import each other in circles: on the second visit the name is not there yet, as in Python.
            self._known[key] = MISSING
            self.hops += 1
            self._known[key] = self._find(source, name) if self.hops <= MAX_HOPS else UNKNOWN
            self.hops -= 1
        return self._known[key]

    def _find(self, source: Source, name: str) -> Meaning:
        for binding in reversed(self.modules.bindings(source).of(name)):
            if binding.via is Via.STAR:
                meaning = self._through_star(source, binding, name)
                if meaning is not None:
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
        maybe = star.conditional or is_conditional(self.modules.bindings(target), name)
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
        for binding in self.modules.bindings(source).all:
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
        if missing and not self.modules.bindings(source).dynamic:
            names = ", ".join(missing[:10]) + (f", … ({len(missing)} in all)" if len(missing) > 10 else "")  # noqa: PLR2004
            self.phantoms[source.file] = Problem(source.file, said.line, f"__all__ names what is not there: {names}")

    def _is_submodule(self, source: Source, name: str) -> bool:
        return self.modules.sub(Place(source.file, is_file=True), name) is not None

    def meaning(self, source: Source, binding: Binding) -> Meaning:
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
            case Via.VALUE if isinstance(binding.node, ast.expr):
                return Values(self, source).of(binding.node)
        return MISSING if binding.via is Via.DELETED else VALUE

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
            found += [*self.modules.bindings(now).dynamic, *_lazy(now, self.modules.bindings(now).all)]
            for binding in self.modules.bindings(now).all:
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


class Values:
    """What an expression of a module stands for."""

    def __init__(self, names: Names, source: Source, inner: dict[str, ast.AST] | None = None) -> None:
        self.names, self.source, self.inner = names, source, inner or {}

    def of(self, node: ast.expr) -> Meaning:
        """Give the meaning of an expression."""
        self.names.hops += 1
        self.names.steps -= 1
        found = self._of(node) if self.names.hops <= MAX_HOPS and self.names.steps > 0 else UNKNOWN
        self.names.hops -= 1
        return found

    def _of(self, node: ast.expr) -> Meaning:  # noqa: C901, PLR0911 - a table: one line for each form
        match node:
            case ast.Name(id=name):
                return self._name(name)
            case ast.Attribute(value=owner, attr=name):
                return self.names.attribute(self.of(owner), name)
            case ast.Subscript(value=ast.Attribute(value=owner, attr="__dict__"), slice=ast.Constant(value=str(name))):
                return self.names.attribute(self.of(owner), name)
            case ast.Lambda():
                return Meaning(What.FUNCTION, self.source, node)
            case ast.Call():
                return self._call(node)
            case ast.IfExp(body=first, orelse=second):
                found = self.of(first)
                return found if found.what is not What.VALUE else self.of(second)
            case ast.NamedExpr(value=value):
                return self.of(value)
            case ast.Subscript() | ast.BoolOp() | ast.Starred() | ast.Await():
                return UNKNOWN
        return VALUE

    def _name(self, name: str) -> Meaning:
        if name in self.inner:
            inner = self.inner[name]
            if isinstance(inner, ast.expr):
                # Once only: "model = wrap(model)" would go round for ever.
                return Values(
                    self.names, self.source, {key: each for key, each in self.inner.items() if key != name}
                ).of(inner)
            return Meaning(What.CLASS if isinstance(inner, ast.ClassDef) else What.FUNCTION, self.source, inner)
        found = self.names.look_up(self.source, name)
        if found.what is What.MISSING and hasattr(builtins, name):
            return Meaning(What.OUTSIDE, origin=name)
        return UNKNOWN if found.what is What.MISSING else found

    def _call(self, node: ast.Call) -> Meaning:
        callee = self.of(node.func)
        if callee.what is What.OUTSIDE:
            return self._outside(callee.origin, node)
        if callee.what is What.CLASS:
            return self._instance(callee, node)
        if callee.what is What.FUNCTION and callee.source:
            return self._returned(callee, node)
        return Meaning(What.OBJECT, self.source, node) if callee.is_callable else UNKNOWN

    def _outside(self, origin: str, node: ast.Call) -> Meaning:
        if origin in {"functools.partial", "functools.partialmethod"} and node.args:
            return Meaning(What.PARTIAL, self.source, node)
        if origin == "getattr" and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
            return self.names.attribute(self.of(node.args[0]), str(node.args[1].value))
        if origin == "importlib.import_module" and node.args and isinstance(node.args[0], ast.Constant):
            dotted = str(node.args[0].value)
            return Meaning(What.MODULE, place=self.names.modules.find(dotted, 0, self.source), origin=dotted)
        if origin in _WRAPPERS and node.args:
            return self.of(node.args[-1])
        if origin.partition(".")[0] in stdlib_module_names or hasattr(builtins, origin):
            return VALUE
        return Meaning(What.OUTSIDE, origin=f"{origin}(…)")

    def _instance(self, callee: Meaning, node: ast.Call) -> Meaning:
        line = self.names.lineage(callee)
        # nn.Module has a __call__; a class that inherits nothing from outside has only what is written.
        unknown = any(each.what in {What.OUTSIDE, What.UNKNOWN} and each.origin != "object" for each in line)
        method = self.names.method(callee, "__call__") or (unknown and self.names.method(callee, "forward")) or None
        if method is None and not unknown:
            return VALUE
        return Meaning(
            What.OBJECT,
            self.source,
            node,
            made_by=method.node if method else None,
            origin=method.source.file if method and method.source else "",
        )

    def _returned(self, callee: Meaning, node: ast.Call) -> Meaning:
        """Give what a call of the repository's own function gives, as far as its ``return`` says."""
        if not isinstance(callee.node, _FUNCTIONS | ast.Lambda) or callee.source is None:
            return UNKNOWN
        values, inner = returned(callee.node)
        within = Values(self.names, callee.source, inner)
        found = [within.of(value) for value in values]
        callables = [each for each in found if each.is_callable]
        if callables:
            best = callables[0]
            definition = best.made_by if best.what is What.OBJECT else best.node
            return Meaning(
                What.OBJECT,
                self.source,
                node,
                made_by=definition,
                origin=best.origin or (best.source.file if best.source else ""),
            )
        if all(each.what in {What.VALUE, What.MODULE} for each in found):
            return VALUE  # also if nothing is returned at all
        return Meaning(What.OBJECT, self.source, node)


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
