"""What an expression of a module stands for: followed through attributes, calls and what functions return."""

import ast
import builtins
from collections.abc import Mapping
from sys import stdlib_module_names
from typing import TYPE_CHECKING

from rehub.verbs.describe.meaning import UNKNOWN, VALUE, Known, Meaning, What
from rehub.words.reading.fold import Folding
from rehub.words.reading.plain import UNKNOWN as NOT_KNOWN
from rehub.words.reading.returned import returned
from rehub.words.reading.source import Source

if TYPE_CHECKING:
    from rehub.verbs.describe.names import Names

MAX_HOPS = 60  # imports, aliases and calls followed in one another; Python's own stack holds a few hundred
MAX_STEPS = 200_000  # expressions and names looked at in all
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef

# Of these modules of the standard library, a call gives something that can be called.
_WRAPPERS = frozenset(
    {"functools.lru_cache", "functools.cache", "functools.wraps", "functools.update_wrapper", "staticmethod"}
)


class Values:
    """What an expression of a module stands for."""

    def __init__(
        self,
        names: "Names",
        source: Source,
        inner: dict[str, ast.AST] | None = None,
        values: Mapping[str, object] | None = None,
    ) -> None:
        self.names, self.source, self.inner, self.values = names, source, inner or {}, values or {}

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
                return Meaning(What.FUNCTION, self.source, node, values=self.values)
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
                    self.names, self.source, {key: each for key, each in self.inner.items() if key != name}, self.values
                ).of(inner)
            return Meaning(What.CLASS if isinstance(inner, ast.ClassDef) else What.FUNCTION, self.source, inner)
        if name in self.values:
            value = self.values[name]
            return value.described if isinstance(value, Known) else UNKNOWN if value is NOT_KNOWN else VALUE
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
            return Meaning(What.PARTIAL, self.source, node, values=self.values)
        if origin == "getattr" and len(node.args) > 1:
            name = Folding().value(node.args[1], self.values)
            return self.names.attribute(self.of(node.args[0]), name) if isinstance(name, str) else UNKNOWN
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
