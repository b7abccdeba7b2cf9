"""Working out expressions of a module that knows the others: what an imported name is, and what calling it gives."""

import ast
import string
from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rehub.verbs.describe.meaning import Known, Meaning, What
from rehub.verbs.describe.values import Values
from rehub.words.reading.fold import Arguments, Folding, Lazy, held, layers, stacked
from rehub.words.reading.methods import substituted
from rehub.words.reading.plain import UNKNOWN, Thing
from rehub.words.reading.running import Running
from rehub.words.reading.source import Source

if TYPE_CHECKING:
    from rehub.verbs.describe.reckoning import Reckoning

MAX_CALLS = 12  # functions called by one another
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
_CONSTANTS = {
    f"string.{name}": getattr(string, name)
    for name in ("ascii_letters", "ascii_lowercase", "ascii_uppercase", "digits", "hexdigits", "punctuation")
}
_TABLES = frozenset({"collections.OrderedDict", "collections.defaultdict", "collections.UserDict"})
_PLAIN = {"str": str, "int": int, "float": float, "bool": bool, "list": list, "tuple": list, "dict": dict}


@dataclass(frozen=True, slots=True)
class Wraps(Thing):
    """``functools.wraps(f)``: what it decorates shows itself as ``f``."""

    wrapped: Known


class ModuleNames(Lazy):
    """A module's names, each looked up when somebody asks for it."""

    def __init__(self, reckoning: "Reckoning", source: Source) -> None:
        self._reckoning, self.source = reckoning, source

    def __getitem__(self, name: str) -> object:
        if name == "__name__":
            return _dotted(self.source)
        found = self._reckoning.value(self.source, name)
        if isinstance(found, Known) and found.meaning.what is What.MISSING:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._reckoning.names.bound(self.source))

    def __len__(self) -> int:
        return len(self._reckoning.names.bound(self.source))


class Reader(Folding):
    """Works out expressions of one module; all readers of a repository share one budget."""

    def __init__(self, reckoning: "Reckoning", source: Source) -> None:
        super().__init__(reckoning.budget)
        self.reckoning, self.source, self.names = reckoning, source, reckoning.names

    def attribute(self, owner: object, name: str) -> object:
        """Give what ``owner.name`` stands for."""
        if not isinstance(owner, Known):
            return UNKNOWN
        meaning = owner.meaning
        if name == "__name__" and isinstance(meaning.node, _FUNCTIONS | ast.ClassDef):
            return meaning.node.name
        if meaning.what is What.MODULE and meaning.place is not None:
            return self.reckoning.of_module(meaning.place, name)
        if meaning.what is What.CLASS:
            return self._of_class(owner, name)
        found = self.names.attribute(meaning, name)
        return _CONSTANTS.get(found.origin, UNKNOWN if found.what is What.UNKNOWN else Known(found))

    def _of_class(self, owner: Known, name: str) -> object:
        for each in self.names.lineage(owner.meaning):
            for node in reversed(each.node.body) if isinstance(each.node, ast.ClassDef) and each.source else ():
                match node:
                    case ast.FunctionDef() if node.name == name:
                        ways = {by.id for by in node.decorator_list if isinstance(by, ast.Name)}
                        return Known(
                            Meaning(What.FUNCTION, each.source, node), owner if "classmethod" in ways else None
                        )
                    case ast.Assign(targets=[ast.Name(id=found)], value=value) if found == name and each.source:
                        return self.reckoning.reader(each.source).value(value, self.reckoning.scope(each.source))
        return UNKNOWN

    def call(self, node: ast.Call, function: object, given: Arguments, names: Mapping[str, object]) -> object:
        """Give what a call gives: a plain value, or something with what is known of it."""
        if isinstance(function, Wraps):
            return function.wrapped
        if not isinstance(function, Known):
            builtin = node.func.id if isinstance(node.func, ast.Name) and node.func.id not in names else ""
            return self._builtin(builtin, node, given.args)
        found: object = UNKNOWN
        if function.meaning.what is What.OUTSIDE:
            found = self._outside(function.meaning.origin, given)
        elif function.meaning.what is What.FUNCTION:
            found = self._run(function, given)
        if found is UNKNOWN:
            meaning = Values(self.names, self.source, values=held(node, names)).of(node)
            return UNKNOWN if meaning.what in {What.UNKNOWN, What.VALUE, What.MISSING} else Known(meaning)
        return replace(found, call=(self.source, node)) if isinstance(found, Known) and found.meaning.inner else found

    def _builtin(self, name: str, node: ast.Call, args: list[object]) -> object:  # noqa: PLR0911 - one case each
        match name, args:
            case "globals" | "vars" | "locals" | "dir", []:
                now = None if self.reckoning.calls else node.lineno
                found = self.reckoning.everything(self.source, before=now)
                return sorted(found, key=str) if name == "dir" else found
            case "dir" | "vars", [Known(meaning=Meaning(what=What.MODULE, place=place))] if place and place.is_file:
                module = self.names.modules.source(place.path)
                found = self.reckoning.everything(module) if module else {}
                return sorted(found, key=str) if name == "dir" else found
            case "getattr", [owner, str(attribute), *_]:
                return self.attribute(owner, attribute)
            case "callable", [Known(meaning=meaning)]:
                # What is imported from outside is hardly ever something else than a class or a function.
                return meaning.is_callable or meaning.what is What.OUTSIDE
            case "callable", [value] if value is not UNKNOWN:
                return False
            case "isinstance", [Known(meaning=meaning), _] if _is_name(node.args[1], "type"):
                sure = {What.CLASS: True, What.FUNCTION: False, What.PARTIAL: False}
                return sure.get(meaning.what, UNKNOWN)
            case "isinstance", [value, _] if isinstance(node.args[1], ast.Name) and node.args[1].id in _PLAIN:
                return UNKNOWN if value is UNKNOWN else isinstance(value, _PLAIN[node.args[1].id])
        return UNKNOWN

    def _outside(self, origin: str, given: Arguments) -> object:
        if origin == "re.sub" and len(given.args) == 3 and not given.words:  # noqa: PLR2004 - pattern, replacement, text
            return substituted(*given.args)
        if origin == "functools.wraps" and given.args and isinstance(given.args[0], Known):
            return Wraps(given.args[0])
        if origin in _TABLES:
            plain = [each for each in given.args if isinstance(each, dict)]
            return {**plain[0], **given.words} if plain else dict(given.words)
        return UNKNOWN

    def _run(self, function: Known, given: Arguments) -> object:
        """Go through a function of the repository; of its own names, its module's and those around it."""
        meaning = function.meaning
        source, node = meaning.source, meaning.node
        if source is None or self.reckoning.calls >= MAX_CALLS:
            return UNKNOWN
        reader = self.reckoning.reader(source)
        args = [function.first, *given.args] if function.first else given.args
        scope = stacked({}, *layers(meaning.values), self.reckoning.scope(source))
        self.reckoning.calls += 1
        found: object = UNKNOWN
        match node:
            case ast.Lambda():
                scope.update(_parameters(reader, node.args, Arguments(args, given.words), scope))
                found = reader.value(node.body, scope)
            case ast.FunctionDef():
                scope.update(_parameters(reader, node.args, Arguments(args, given.words), scope))
                found = Running(reader).call(node.body, scope)
        self.reckoning.calls -= 1
        return found

    def anonymous(self, node: ast.Lambda, names: Mapping[str, object]) -> object:
        """Give what a lambda stands for."""
        return Known(Meaning(What.FUNCTION, self.source, node, values=_around(names), inner=True))

    def defined(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, names: Mapping[str, object]
    ) -> object:
        """Give what a definition stands for."""
        what = What.CLASS if isinstance(node, ast.ClassDef) else What.FUNCTION
        return Known(Meaning(what, self.source, node, values=_around(names), inner=self.reckoning.calls > 0))

    def set_attribute(self, owner: object, name: str, value: object) -> None:
        """Remember documentation that a function gives to one that it has made."""
        if isinstance(owner, Known) and isinstance(value, str) and len(owner.told) < 10:  # noqa: PLR2004 - a few
            owner.told[name] = value


class Looker(Reader):
    """Knows what other modules' names stand for, but goes through no function."""

    def call(self, node: ast.Call, function: object, given: Arguments, names: Mapping[str, object]) -> object:  # noqa: ARG002
        """Give nothing."""
        return UNKNOWN


def _around(names: Mapping[str, object]) -> ChainMap[str, object]:
    """Give the names around a definition, as they will be when it is called; a module's are looked up then."""
    return stacked(*(each for each in layers(names) if not isinstance(each, Lazy)))


def _parameters(
    reader: Reader, wanted: ast.arguments, given: Arguments, names: Mapping[str, object]
) -> dict[str, object]:
    """Give a function's parameters their values."""
    plain = [*wanted.posonlyargs, *wanted.args]
    defaults = dict(
        zip([each.arg for each in plain][len(plain) - len(wanted.defaults) :], wanted.defaults, strict=True)
    )
    defaults |= {each.arg: node for each, node in zip(wanted.kwonlyargs, wanted.kw_defaults, strict=True) if node}
    found = {each.arg: value for each, value in zip(plain, given.args, strict=False)}
    every = {each.arg for each in [*plain, *wanted.kwonlyargs]}
    found |= {name: value for name, value in given.words.items() if name in every}
    found |= {name: reader.value(node, names) for name, node in defaults.items() if name not in found}
    if wanted.vararg:
        found[wanted.vararg.arg] = given.args[len(plain) :]
    if wanted.kwarg:
        found[wanted.kwarg.arg] = {name: value for name, value in given.words.items() if name not in every}
    return {name: found.get(name, UNKNOWN) for name in [*every, *found]}


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _dotted(source: Source) -> str:
    return source.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
