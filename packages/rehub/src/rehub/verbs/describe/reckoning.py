"""What the names of a repository's modules stand for once all are imported, tables filled and names made.

A module is read twice if it makes names at run time. The first time by itself (:mod:`~rehub.words.reading.bindings`);
the second time with the others at hand, when the imports of all are known.
"""

import ast
from dataclasses import dataclass, field, replace

from rehub.verbs.describe.meaning import MISSING, Known, Meaning, What
from rehub.verbs.describe.modules import Place
from rehub.verbs.describe.names import Names
from rehub.verbs.describe.reach import reached
from rehub.verbs.describe.reader import ModuleNames, Reader
from rehub.verbs.describe.registries import fill
from rehub.verbs.describe.values import MAX_HOPS
from rehub.words.reading.binding import Binding, Bindings, Via
from rehub.words.reading.bindings import bindings
from rehub.words.reading.fold import Budget, stacked
from rehub.words.reading.plain import UNKNOWN, Table
from rehub.words.reading.source import Source

_ALWAYS = ("__builtins__", "__cached__", "__doc__", "__file__", "__loader__", "__name__", "__package__", "__spec__")
MAX_STEPS = 500_000  # nodes visited, for all modules together


@dataclass(slots=True)
class Reckoning:
    """Everything that is worked out about one repository.

    Attributes:
        names: looks names up.
        hubconf: from which the modules are reached.
        budget: of steps, for all modules.
        calls: functions called by one another, at this moment.
    """

    names: Names
    hubconf: Source
    budget: Budget = field(default_factory=lambda: Budget(MAX_STEPS))
    calls: int = 0
    _read: dict[str, Bindings] = field(default_factory=dict)
    _open: set[str] = field(default_factory=set)
    _values: dict[tuple[str, str], object] = field(default_factory=dict)
    _doubtful: set[tuple[str, str]] = field(default_factory=set)
    _filled: set[tuple[str, str]] = field(default_factory=set)
    _filling: bool = False
    _incomplete: bool = False
    _reached: list[Source] | None = None

    def join(self) -> None:
        """Let the names be completed by what is worked out here."""
        self.names.complete, self.names.busy = self.bindings, lambda: bool(self._open)

    def bindings(self, source: Source) -> Bindings:
        """Give a module's bindings with the names that it makes at run time, as far as these can be known."""
        if source.file in self._read:
            return self._read[source.file]
        first = self.names.modules.bindings(source)
        if not first.makes or source.file in self._open or self._filling:
            return first
        self._open.add(source.file)
        around, self._incomplete = self._incomplete, False
        limit = self.names.modules.limits.names
        second = bindings(source, limit, folding=self.reader(source), names=ModuleNames(self, source))
        if self._incomplete:  # what is known of a table is not all of it
            second = replace(second, dynamic=first.dynamic)
        self._incomplete = self._incomplete or around
        self._open.discard(source.file)
        self._read[source.file] = second
        self._renew()
        return second

    def _renew(self) -> None:
        """Work out anew what was not known while a module had not all its names yet."""
        for key in self._doubtful:
            self._values.pop(key, None)
        self._doubtful.clear()
        self.names.renew()

    def reader(self, source: Source) -> Reader:
        """Give who works out expressions of a module."""
        return Reader(self, source)

    def scope(self, source: Source) -> ModuleNames:
        """Give a module's names."""
        return ModuleNames(self, source)

    def value(self, source: Source, name: str) -> object:
        """Give what a module-level name stands for in the end."""
        key = (source.file, name)
        if key not in self._values:
            self._values[key] = UNKNOWN  # for circles
            self.names.hops += 1
            found = self._value(source, name) if self.names.hops <= MAX_HOPS else UNKNOWN
            self.names.hops -= 1
            self._values[key] = found
            if self._open and (found is UNKNOWN or (isinstance(found, Known) and found.meaning.what is What.MISSING)):
                self._doubtful.add(key)
        value = self._values[key]
        if isinstance(value, Table):
            self._complete(value)
        return value

    def _value(self, source: Source, name: str) -> object:
        known = self.bindings(source)
        for binding in reversed(known.of(name)):
            if binding.via is Via.STAR:
                target = self.names.star_target(source, binding)
                if target is not None and name in self.names.exports(target):
                    return self.value(target, name)
            elif binding.via is Via.FROM:
                place = self.names.modules.find(binding.module, binding.level, source)
                return self.of_module(place, binding.attribute) if place else self._known(source, binding)
            elif binding.via is Via.VALUE:
                return self._assigned(source, binding, known)
            else:
                return self._known(source, binding)
        return Known(MISSING)

    def _assigned(self, source: Source, binding: Binding, known: Bindings) -> object:
        if binding.made and isinstance(binding.value, Known):
            return binding.value
        found = known.constants.get(binding.name, UNKNOWN)
        if found is UNKNOWN and isinstance(binding.node, ast.expr) and not binding.made:
            found = self.reader(source).value(binding.node, stacked(binding.values, self.scope(source)))
        if isinstance(found, dict) and not isinstance(found, Table):
            return Table(found, (source.file, binding.name))
        return self._known(source, binding) if found is UNKNOWN else found

    def _known(self, source: Source, binding: Binding) -> object:
        meaning = self.names.meaning(source, binding)
        return UNKNOWN if meaning.what is What.UNKNOWN else Known(meaning)

    def of_module(self, place: Place, name: str) -> object:
        """Give what an attribute of a module stands for: one of its names, or a module below it."""
        source = self.names.modules.source(place.path) if place.is_file else None
        found = self.value(source, name) if source else Known(MISSING)
        if isinstance(found, Known) and found.meaning.what is What.MISSING:
            below = self.names.modules.sub(place, name)
            return Known(Meaning(What.MODULE, place=below, origin=name)) if below else found
        return found

    def everything(self, source: Source, *, before: int | None = None) -> dict[object, object]:
        """Give all names of a module with what they stand for, also modules below it that it imports from.

        Args:
            source: the module.
            before: only names that it binds before this line.
        """
        below = {each.module.partition(".")[0]: each.line for each in self.bindings(source).all if each.level == 1}
        lines = dict.fromkeys(_ALWAYS, 0) | below | self.names.bound(source)
        lines.pop("", None)
        known = [name for name, line in lines.items() if before is None or line < before]
        return {name: self.of_module(Place(source.file, is_file=True), name) for name in known}

    def reached(self) -> list[Source]:
        """Give the modules that importing the hubconf runs."""
        if self._reached is None:
            modules = self.names.modules
            self._reached = reached(modules, self.hubconf, lazily=False, max_modules=modules.limits.modules)
        return self._reached

    def _complete(self, table: Table) -> None:
        """Put into a table what other modules put there; while that is done, others are left as they are."""
        if table.home not in self._filled and not self._filling:
            self._filled.add(table.home)
            self._filling = True
            fill(self, table)
            self._filling = False
        if not self._filling and not table.complete:
            self._incomplete = True
